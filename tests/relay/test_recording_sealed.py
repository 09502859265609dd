# SPDX-License-Identifier: GPL-3.0-or-later
"""Delivery into Listmonk's tables from a sealed outbox: Listmonk gets what it would get by its API, and in the
tables of the outbox nothing is readable."""

from __future__ import annotations

import asyncio

from bouncestream.event import Kind
from bouncestream.outbox import caused
from bouncestream.outbox.place import Server
from bouncestream.outbox.postgres import switch
from bouncestream.sinks.listmonk_db.deciding import Rule
from tests.outbox.make import KEY
from tests.outbox.postgres.sealing import convert
from tests.relay.tables import Bridge
from tests.sinks.listmonk_db.shape import USUAL, Listmonk

WORDS = "550 5.1.1 no such reader"


def held(listmonk: Listmonk) -> str:
    """All that is in the tables of the outbox, as whoever lacks the key reads it."""
    tables = "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND relnamespace = %s::regnamespace"
    names = listmonk.run(tables, "bouncestream")
    return "".join(str(listmonk.run(f"SELECT t::text FROM {name} AS t")) for (name,) in names)


async def test_what_is_recorded_from_a_sealed_outbox_is_readable_in_listmonk_alone(
    listmonk_tables: Listmonk,
) -> None:
    listmonk_tables.rules(USUAL | {"soft": Rule(1, "unsubscribe")})
    listmonk_tables.grant_more()
    made = Bridge(listmonk_tables)
    made.key, made.seals = KEY, True
    number, mark = listmonk_tables.person("reader1@example.com")
    listmonk_tables.person("reader2@example.com", lists=[3])
    listmonk_tables.person("reader3@example.com", "blocklisted")
    await made.start()
    try:
        await made.emit("reader1@example.com", diagnostic=WORDS, subscriber_uuid=mark)
        await made.emit("reader2@example.com", Kind.SOFT, diagnostic=WORDS)
        for name in ("reader3", "reader4", "reader..5"):
            await made.emit(f"{name}@example.com")
        await made.emit("reader2@example.com", Kind.UNSUBSCRIBE)
        await made.until({"verified": 2, "unstored": 2, "dead": 1, "pending": 1})
        rows = listmonk_tables.rows()
        assert [(row["email"], row["meta"]["diagnostic"]) for row in rows] == [
            ("reader1@example.com", WORDS),
            ("reader2@example.com", WORDS),
        ]
        assert listmonk_tables.stands("reader1@example.com") == ("blocklisted", [])
        assert listmonk_tables.stands("reader2@example.com") == ("enabled", ["unsubscribed"])
        one, two = await made.db.read(lambda conn: caused.causes(conn, caused.Scope()))
        assert (one.subscriber_id, one.bounce_id, two.lists) == (number, rows[0]["id"], {3: "confirmed"})
        told = held(listmonk_tables)
        assert "sealed:" in told and not any(word in told for word in ("reader", WORDS, mark))
    finally:
        await made.stop()


async def test_an_outbox_that_is_sealed_and_opened_meanwhile(listmonk_tables: Listmonk) -> None:
    made = Bridge(listmonk_tables)
    made.key = KEY
    place = Server(listmonk_tables.url, "test")
    for name in "abc":
        listmonk_tables.person(f"reader-{name}@example.com")
    await made.start()
    try:
        await made.emit("reader-a@example.com")
        await made.until({"verified": 1})
        await asyncio.to_thread(switch.switch, place, KEY, seal=True)
        await made.emit("reader-b@example.com")
        await made.until({"verified": 2})
        await asyncio.to_thread(convert, place.url, KEY)
        assert "reader" not in held(listmonk_tables)
        await asyncio.to_thread(switch.switch, place, KEY, seal=False)
        await made.emit("reader-c@example.com")
        await made.until({"verified": 3})
    finally:
        await made.stop()
    assert [row["email"] for row in listmonk_tables.rows()] == [f"reader-{name}@example.com" for name in "abc"]
