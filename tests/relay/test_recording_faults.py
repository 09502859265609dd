# SPDX-License-Identifier: GPL-3.0-or-later
"""What is in the way of recording in Listmonk's tables: rights, locks, rows that are refused, a restored outbox."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from functools import partial
from typing import Any

import psycopg
import pytest

from bouncestream.errors import SinkError
from bouncestream.event import BounceEvent, Kind
from bouncestream.health import Status
from bouncestream.outbox import delivery, operator
from bouncestream.outbox.db import Database
from bouncestream.outbox.place import Server
from bouncestream.ports import State, Submission
from bouncestream.relay import recording
from bouncestream.relay.recording import RecordingRelay
from bouncestream.sinks.listmonk.client import ListmonkClient
from tests.relay import tables
from tests.relay.tables import COUNTING, Bridge, made_settled
from tests.sinks.listmonk_db.shape import Listmonk

pytestmark = pytest.mark.process
bridge = tables.bridge
ENDS = ("verified", "unstored", "dead")


async def test_tables_that_do_not_do_are_waited_for(bridge: Bridge) -> None:
    for name in "ab":
        bridge.listmonk.person(f"{name}@example.com")
    for one, (email, statement, words) in enumerate(
        (
            ("a@example.com", "REVOKE UPDATE ON subscribers FROM bouncestream", "lacks UPDATE (status) on subscr"),
            ("b@example.com", "ALTER TABLE bounces RENAME meta TO extra", "bounces.meta is missing"),
        )
    ):
        bridge.listmonk.run(statement)
        await bridge.emit(email)
        await bridge.until_part("listmonk", Status.RED, words)
        assert words in bridge.relay.paused
        assert (await bridge.states())["pending"] == 1
        bridge.listmonk.run("GRANT UPDATE (status) ON subscribers TO bouncestream")
        if one:
            bridge.listmonk.run("ALTER TABLE bounces RENAME extra TO meta")
        await bridge.until({"verified": one + 1})
        await bridge.until_part("relay", Status.GREEN)
        assert not bridge.relay.paused


async def test_tables_that_do_not_do_are_told_before_anything_comes_in(listmonk_tables: Listmonk) -> None:
    listmonk_tables.set("migrations", ["v7.0.0"])
    made = await Bridge(listmonk_tables).start()
    try:
        await made.until_part("listmonk", Status.RED, "does not know")
        listmonk_tables.set("migrations", ["v6.2.0"])
        await made.until_part("listmonk", Status.YELLOW)
        assert not made.relay.paused
    finally:
        await made.stop()


async def test_a_restored_outbox_records_nothing_again(listmonk_tables: Listmonk) -> None:
    listmonk_tables.rules(COUNTING)
    listmonk_tables.person("a@example.com")
    made = await Bridge(listmonk_tables).start()
    for _ in range(3):
        await made.emit("a@example.com", Kind.SOFT)
    await made.until({"verified": 3})
    await made.stop()
    db = await Database.open(Server(listmonk_tables.url, "one"))
    await db.write(restore)
    await db.close()
    await made.start()
    await made.emit("a@example.com")
    await made.until({"verified": 4})
    await made.idle()
    assert await made.db.read(delivery.take_restored) is None
    await made.stop()
    assert [row["kind"] for row in listmonk_tables.rows()] == ["soft"] * 3 + ["hard"]


def restore(conn: Any) -> None:
    """The outbox is as it was before it told anything."""
    conn.execute(
        "UPDATE outbox SET state = 'pending', next_attempt_at = received_at, finished_at = NULL, attempt = 0, "
        "label = ''"
    )
    delivery.count(conn, {State.VERIFIED: -3, State.PENDING: 3})
    delivery.mark_restored(conn, datetime.now(UTC))


async def test_a_row_that_is_refused_holds_no_other_up(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "PUT_OFF", 0.5)
    monkeypatch.setattr(recording, "LIMIT", 2)
    number, _ = bridge.listmonk.person("odd@example.com")
    bridge.listmonk.run(
        "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF NEW.subscriber_id = {number} THEN RAISE 'not this one'; END IF; RETURN NEW; END $$"
    )
    bridge.listmonk.run("CREATE TRIGGER no BEFORE INSERT ON bounces FOR EACH ROW EXECUTE FUNCTION no()")
    await bridge.idle()
    await emit_with(bridge, "odd@example.com")
    await bridge.until({"verified": 20, "dead": 1})
    assert len(bridge.listmonk.rows()) == 20
    assert await put_off(bridge) == 1
    assert any("not this one" in why for why in await bridge.why())


async def test_a_subscriber_who_is_locked_holds_no_other_up(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "PUT_OFF", 2.0)
    bridge.listmonk.person("busy@example.com")
    await bridge.idle()
    with psycopg.connect(bridge.listmonk.admin) as theirs:
        theirs.execute("SELECT 1 FROM subscribers WHERE email = 'busy@example.com' FOR UPDATE")
        await emit_with(bridge, "busy@example.com")
        await bridge.until({"verified": 20, "pending": 1})
    await bridge.until({"verified": 21})
    assert await put_off(bridge) == 1
    events = await bridge.db.read(partial(operator.list_rows, limit=1000))
    assert {row.attempt for row in events} == {1}, "it may still be held by the brake"


async def put_off(bridge: Bridge) -> int:
    """How many events had to wait."""
    sql = "SELECT count(DISTINCT outbox_id) FROM history WHERE to_state = 'pending' AND from_state IN (?, ?)"
    found: int = await bridge.db.read(lambda conn: conn.execute(sql, ("pending", "claimed")).fetchone()[0])
    return found


async def emit_with(bridge: Bridge, email: str) -> None:
    """Emit a bounce among twenty of others, at once."""
    names = [f"p{number}@example.com" for number in range(20)]
    for name in names:
        bridge.listmonk.person(name)
    names.insert(7, email)
    events = tuple(BounceEvent(Kind.HARD, name, "hook", "generic", message_id=f"<{name}>") for name in names)
    await bridge.intake(Submission("hook", "generic", events, raw=b"{}"))


async def test_who_waits_for_listmonk_or_its_tables_turns_seldom(
    listmonk_tables: Listmonk, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Bridge(listmonk_tables)
    turns: Counter[str] = Counter()

    async def turn(relay: RecordingRelay, *, turned: Any = RecordingRelay._turn) -> bool:
        turns["all"] += 1
        busy: bool = await turned(relay)
        return busy

    async def unknown() -> bool:
        raise SinkError("Listmonk is away")

    monkeypatch.setattr(RecordingRelay, "_turn", turn)
    await made.start()
    try:
        await made.idle()
        made.relay._allowed, made.relay._reconciled = unknown, False
        made.relay.wake()
        await made.until_part("listmonk", Status.RED, "Listmonk is away")
        turns.clear()
        await asyncio.sleep(1)
        assert turns["all"] < 10
        made.relay._allowed = None
        listmonk_tables.set("bounce.enabled", False)
        await made.emit("a@example.com")
        await made.until_part("listmonk", Status.RED, "processing is off")
        made.relay._permission_at = 0.0
        turns.clear()
        await asyncio.sleep(1)
        assert turns["all"] < 10
    finally:
        await made.stop()


async def test_a_listmonk_that_hangs_holds_no_bounce_up(
    listmonk_tables: Listmonk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(client: ListmonkClient) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(recording, "PATIENCE", 0.1)
    monkeypatch.setattr(ListmonkClient, "capabilities", hang)
    listmonk_tables.person("a@example.com")
    await made_settled(listmonk_tables)
    made = await Bridge(listmonk_tables).start()
    try:
        await made.until_part("listmonk", Status.YELLOW, "did not answer within 0.1 s")
        await made.emit("a@example.com")
        await made.until({"verified": 1}, seconds=5)
    finally:
        await made.stop()


async def test_a_slow_server_gets_smaller_batches(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    """Subscribers are locked while one is recorded."""

    async def one(size: int) -> None:
        await bridge.emit("nobody@example.com")
        async with asyncio.timeout(20):
            while bridge.relay._size != size:
                await asyncio.sleep(0.01)

    monkeypatch.setattr(recording, "HELD", 1e-6)
    for size in (25, 12, 6):
        await one(size)
    monkeypatch.setattr(recording, "HELD", 60)
    await one(12)


async def test_bounce_processing_that_is_off_is_respected(bridge: Bridge) -> None:
    bridge.listmonk.person("a@example.com")
    bridge.listmonk.set("bounce.enabled", False)
    await bridge.emit("a@example.com")
    await bridge.until_part("listmonk", Status.RED, "bounce processing is off")
    bridge.listmonk.set("bounce.enabled", True)
    await bridge.until({"verified": 1})


async def test_trouble_whose_events_were_dropped_ends_all_the_same(bridge: Bridge) -> None:
    bridge.listmonk.person("a@example.com")
    await bridge.idle()
    bridge.listmonk.set("bounce.enabled", False)
    await bridge.emit("a@example.com")
    await bridge.until_part("listmonk", Status.RED, "bounce processing is off")
    await bridge.db.write(partial(operator.drop, rows=[1], now=datetime.now(UTC)))
    bridge.relay.wake()
    await bridge.idle()
    assert "bounce processing is off" in bridge.relay.paused, "nothing says that it is on"
    bridge.listmonk.set("bounce.enabled", True)
    await bridge.until_part("listmonk", Status.YELLOW, "recorded in its tables all the same")  # its API is away
    assert not bridge.relay.paused


async def test_a_locked_table_holds_up_delivery_and_nothing_else(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "PUT_OFF", 1.0)
    for name in "ab":
        bridge.listmonk.person(f"{name}@example.com")
    with psycopg.connect(bridge.listmonk.admin) as theirs:
        theirs.execute("LOCK TABLE bounces")
        for name in "ab":
            await bridge.emit(f"{name}@example.com")
        await bridge.until_part("relay", Status.RED, "locked")
        assert await bridge.states() == {"pending": 2}
    await bridge.until({"verified": 2})


async def test_who_edits_and_deletes_beside_it_waits_for_no_more_than_a_batch(bridge: Bridge) -> None:
    """As an admin in Listmonk does, and Listmonk itself: many at once, in any order."""
    bridge.listmonk.rules(COUNTING)
    people = 400
    bridge.listmonk.people(people)
    dice, over = random.Random(19), threading.Event()
    longest: dict[str, float] = {}

    def edit() -> set[int]:
        """Until it is over; the people who were deleted."""
        deleted: set[int] = set()
        with psycopg.connect(bridge.listmonk.admin, autocommit=True) as conn:
            while not over.is_set():
                some = dice.sample(range(people), 40)
                names = [f"p{number}@example.com" for number in some]
                deleted.update(some[:1])
                for sql, values in (
                    ("UPDATE subscribers SET name = 'x', status = 'enabled' WHERE email = ANY(%s)", names),
                    ("DELETE FROM subscribers WHERE email = ANY(%s)", names[:1]),
                ):
                    begun = time.monotonic()
                    conn.execute(sql, (values,))
                    longest[sql[:11]] = max(longest.get(sql[:11], 0), time.monotonic() - begun)
        return deleted

    editing = asyncio.create_task(asyncio.to_thread(edit))
    try:
        for start in range(0, people, 25):
            names = [f"p{number}@example.com" for number in range(start, start + 25)]
            told = tuple(BounceEvent(Kind.SOFT, name, "hook", "generic", message_id=f"<{name}>") for name in names)
            await bridge.intake(Submission("hook", "generic", told, raw=b"{}"))
        async with asyncio.timeout(60):
            while (found := await bridge.states()) and sum(found.get(one, 0) for one in ENDS) < people:
                await asyncio.sleep(0.05)
    finally:
        over.set()
    deleted = await editing
    rows = Counter(row["email"] for row in bridge.listmonk.rows())
    assert set(rows.values()) == {1}
    assert rows.keys() == {f"p{number}@example.com" for number in range(people) if number not in deleted}
    assert set(found) == {"verified", "unstored"}
    assert max(longest.values()) < 1, longest
