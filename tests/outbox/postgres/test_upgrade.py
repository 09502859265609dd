# SPDX-License-Identifier: GPL-3.0-or-later
"""The outbox on PostgreSQL is upgraded by whole steps, once, and never under a bridge that does not know them."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from itertools import chain
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bouncestream.errors import SchemaTooNew, StoreBusy, StoreError, StoreUnavailable
from bouncestream.outbox.batch import Job
from bouncestream.outbox.delivery import get_meta, set_meta, tally
from bouncestream.outbox.place import Server
from bouncestream.outbox.postgres import leases, schema, upgrade
from bouncestream.outbox.postgres.batch import run_batch
from bouncestream.outbox.postgres.connection import Failed, ServerConnection, begin, connect
from bouncestream.outbox.postgres.schema import create, current, gates, version
from bouncestream.outbox.postgres.session import Session, in_snapshot
from bouncestream.outbox.postgres.steps import END_FIRST, GO_ON, Step, gate, newest
from bouncestream.outbox.postgres.upgrade import Upgrade
from tests.outbox import make
from tests.outbox.postgres.newer import ADDS, newer
from tests.postgres.pgbouncer import PgBouncer

pytestmark = pytest.mark.process

NOW = newest()


@pytest.fixture
def old(pg_url: str) -> Iterator[ServerConnection]:
    """The connection of a bridge of this version, to an outbox with an event."""
    conn = connect(Server(pg_url, "old"))
    create(conn)
    make.submit(conn, make.event())
    yield conn
    conn.close()


@pytest.fixture
def new(pg_url: str) -> Iterator[ServerConnection]:
    """The connection of a newer bridge."""
    conn = connect(Server(pg_url, "new"))
    yield conn
    conn.close()


def write(conn: ServerConnection, name: str = "a") -> None:
    """A row in `meta`, as a running bridge writes it. Raises StoreError."""
    fn = partial(set_meta, name=name, value="1")
    (outcome,) = run_batch(conn, [Job(fn, cast(Any, SimpleNamespace(cancelled=lambda: False)), 1, 0)])
    if outcome.error is not None:
        raise outcome.error


def test_a_new_outbox_is_of_the_newest_version(new: ServerConnection, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = schema._schema()
    with newer(END_FIRST + ADDS):
        monkeypatch.setattr(schema, "_schema", lambda: whole + ADDS.encode())
        assert upgrade.pending(new) == "", "there is none yet"
        assert create(new)
        assert version(new) == NOW + 1
        assert gates(new) == [gate(NOW + 1)]
        assert upgrade.upgrade(new) == ""
    with pytest.raises(SchemaTooNew):
        create(new)


def test_it_is_upgraded_once_no_older_bridge_works(old: ServerConnection, new: ServerConnection) -> None:
    leases.meet(old, "two", "1a", "0.1.0")
    with newer(END_FIRST + ADDS):
        for look in (upgrade.pending, upgrade.upgrade):
            assert 'until no older bridge works on it: "two" (0.1.0). Next: stop the older one' in look(new)
        assert version(new) == NOW
    write(old)
    leases.leave(old, "two", "1a")
    with newer(END_FIRST + ADDS):
        assert f"The outbox is upgraded from schema {NOW} to {NOW + 1}" in upgrade.pending(new)
        assert upgrade.upgrade(new) == ""
        assert version(new) == NOW + 1
        assert new.execute("SELECT recipient, more FROM outbox").fetchall() == [("ann@example.com", None)]
        write(new)
        assert upgrade.pending(new) == ""


def test_one_that_was_killed_is_waited_for_no_longer_than_a_lease(
    old: ServerConnection, new: ServerConnection
) -> None:
    leases.meet(old, "two", "1a", "0.1.0")
    old.execute("UPDATE bridge SET seen_at = seen_at - interval '16 seconds'")
    with newer(END_FIRST):
        assert upgrade.upgrade(new) == ""


def test_an_older_bridge_stores_nothing_after_it(old: ServerConnection, new: ServerConnection) -> None:
    """One that was frozen, or cut off from the database, for longer than a lease."""
    for _ in range(8):
        write(old)  # its statements are prepared
    with newer(END_FIRST + ADDS):
        upgrade.upgrade(new)
    with pytest.raises(SchemaTooNew, match="run the newer bouncestream"):
        write(old, "b")
    assert old.conn.closed, "the next connection tells why"
    assert get_meta(new, "b") is None
    with pytest.raises(SchemaTooNew, match=f"has schema version {NOW + 1}; this bouncestream knows"):
        current(new)


def test_an_older_bridge_that_starts_just_then_is_seen(
    old: ServerConnection, new: ServerConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the first look, and before its gate is shut."""

    def starts(conn: ServerConnection) -> list[str]:
        leases.meet(old, "two", "1a", "0.1.0")
        return gates(conn)

    monkeypatch.setattr(upgrade, "gates", starts)
    with newer(END_FIRST):
        assert 'works on it: "two"' in upgrade.upgrade(new)
        assert version(new) == NOW
    write(old)


def test_none_starts_between_the_last_look_and_the_step(
    old: ServerConnection, new: ServerConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked, looks = upgrade._waits, []

    def look(conn: ServerConnection, steps: tuple[Step, ...]) -> str:
        found = looked(conn, steps)
        if conn.in_transaction:
            with pytest.raises(Failed, match="lock timeout"):
                old.execute(f"SELECT true FROM {gate(NOW)}")  # as `begin` of its version does
            looks.append(found)
        return found

    monkeypatch.setattr(upgrade, "_waits", look)
    old.execute("SET lock_timeout = '50ms'")
    with newer(END_FIRST):
        assert upgrade.upgrade(new) == ""
    assert looks == [""]


def test_its_readers_are_told_the_same(old: ServerConnection, new: ServerConnection, pg_url: str) -> None:
    session = Session(Server(pg_url, "old"))
    session.run(in_snapshot, tally)
    with newer(END_FIRST):
        upgrade.upgrade(new)
    for _ in range(2):
        with pytest.raises(SchemaTooNew):
            session.run(in_snapshot, tally)
    session.drop()


def test_older_bridges_go_on_beside_a_step_that_only_adds(
    old: ServerConnection, new: ServerConnection, pg_url: str
) -> None:
    leases.meet(old, "two", "1a", "0.1.0")
    for _ in range(8):
        write(old)
    with newer(GO_ON + ADDS):
        assert upgrade.upgrade(new) == ""
        write(new)
    assert gates(new) == [gate(NOW), gate(NOW + 1)]
    write(old)
    make.submit(old, make.event("bob@example.com"))
    again = connect(Server(pg_url, "three"))
    assert not create(again), "nor is one refused that is started now"
    write(again)
    again.close()
    with newer(GO_ON + ADDS, END_FIRST):
        assert "waits for its upgrade" in upgrade.upgrade(new)
        leases.leave(old, "two", "1a")
        assert upgrade.upgrade(new) == ""
        assert gates(new) == [gate(NOW + 2)]
    with pytest.raises(SchemaTooNew):
        write(old)


def test_what_was_begun_is_finished_by_the_next(old: ServerConnection, new: ServerConnection, pg_url: str) -> None:
    end = END_FIRST + "\nCREATE TABLE half (id bigint);\nSELECT pg_terminate_backend(pg_backend_pid());"
    session = Session(Server(pg_url, "new"))
    with newer(GO_ON + ADDS, end), pytest.raises(StoreUnavailable):
        session.run(upgrade.upgrade)
    session.drop()
    assert version(new) == NOW + 1
    write(old)
    with newer(GO_ON + ADDS, END_FIRST + "\nCREATE TABLE half (id bigint);"):
        assert upgrade.upgrade(new) == ""
        assert version(new) == NOW + 2


def test_a_step_that_fails_changes_nothing(old: ServerConnection, new: ServerConnection) -> None:
    with (
        newer(END_FIRST + ADDS + "ALTER TABLE nowhere ADD COLUMN a text;"),
        pytest.raises(StoreUnavailable, match=r'nothing of it was done .*"nowhere" does not exist'),
    ):
        upgrade.upgrade(new)
    assert (version(new), gates(new)) == (NOW, [gate(NOW)])
    write(old)


async def test_two_that_start_at_once_upgrade_it_once(old: ServerConnection, pg_url: str) -> None:
    async def until_done(name: str) -> list[str]:
        one, said = Upgrade(Server(pg_url, name)), []
        while why := await one.look():
            said.append(why)
            await asyncio.sleep(0.02)
        return said

    with newer(END_FIRST + ADDS + "SELECT pg_sleep(0.2);"):
        both = await asyncio.gather(until_done("one"), until_done("two"))
        assert version(old) == NOW + 1
    assert any("Another bridge upgrades the outbox just now" in why for why in chain(*both))


def test_a_change_that_is_under_way_is_waited_for(
    old: ServerConnection, new: ServerConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upgrade, "LOCKED", 0.1)
    begin(old)
    old.execute("INSERT INTO meta (name, value) VALUES ('a', '1')")
    session = Session(new_server(new))
    with newer(END_FIRST), pytest.raises(StoreBusy):
        session.run(upgrade.upgrade)
    old.execute("COMMIT")
    with newer(END_FIRST):
        assert session.run(upgrade.upgrade) == ""
    session.drop()


def new_server(conn: ServerConnection) -> Server:
    info = conn.conn.info
    return Server(f"postgresql://{info.user}@{info.host}:{info.port}/{info.dbname}", "new")


@pytest.mark.parametrize("says", [GO_ON, END_FIRST])
def test_a_change_whose_bridge_is_frozen_in_it_is_ended(
    old: ServerConnection, new: ServerConnection, monkeypatch: pytest.MonkeyPatch, says: str
) -> None:
    """In the middle of a pipeline, where no timeout of the server counts."""
    monkeypatch.setattr(upgrade, "FROZEN", 0.05)

    found = []

    def change() -> None:
        with old.hurrying():
            begin(old)
            set_meta(old, "b", "1")
            old.execute("SELECT count(*) FROM outbox").fetchone()
            time.sleep(0.1)
            with newer(says + ADDS):
                found.append(upgrade.upgrade(new))

    with pytest.raises(Failed):
        change()
    assert found == [""]
    assert get_meta(new, "b") is None


def test_a_change_that_begins_meanwhile_is_refused(old: ServerConnection, new: ServerConnection) -> None:
    """It has a view of the database from before, and does nothing until the step is done."""
    found: list[StoreError] = []

    def change() -> None:
        try:
            write(old, "b")
        except StoreError as error:
            found.append(error)

    def take() -> None:
        with suppress(SchemaTooNew):  # the program that it looks with afterwards is the older one again
            upgrade.upgrade(new)

    begun = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(0.5)%' AND pid <> pg_backend_pid()"
    step, late = threading.Thread(target=take), threading.Thread(target=change)
    with newer(END_FIRST + "\nSELECT pg_sleep(0.5);"):
        step.start()
        while not old.execute(begun).fetchone()[0]:
            time.sleep(0.01)
    late.start()
    late.join()
    step.join()
    assert [type(error) for error in found] == [SchemaTooNew]
    assert get_meta(new, "b") is None
    assert version_of(new) == NOW + 1


def version_of(conn: ServerConnection) -> int:
    return int(conn.execute("SELECT value FROM meta WHERE name = 'schema'").fetchone()[0])


async def test_a_start_looks_before_it_changes_anything(old: ServerConnection, pg_url: str) -> None:
    with newer(END_FIRST):
        one = Upgrade(Server(pg_url, "new"))
        assert "The outbox is upgraded" in await one.look()
        assert version_of(old) == NOW
        assert await one.look() == ""
        assert version_of(old) == NOW + 1
    with pytest.raises(SchemaTooNew):
        await Upgrade(Server(pg_url, "old")).look()
    with pytest.raises(StoreUnavailable, match="does not answer"):
        await Upgrade(Server("postgresql://127.0.0.1:1/x", "one")).look()


async def test_a_look_at_a_server_that_hangs_ends(
    old: ServerConnection, pg_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upgrade, "SILENT", 0.2)
    monkeypatch.setattr(upgrade, "pending", lambda conn: conn.execute("SELECT pg_sleep(10)").fetchone()[0])
    began = time.monotonic()
    with pytest.raises(StoreUnavailable):
        await Upgrade(Server(pg_url, "new")).look()
    assert time.monotonic() - began < 5


async def test_a_start_tries_a_step_that_failed_again_and_not_too_often(old: ServerConnection, pg_url: str) -> None:
    one = Upgrade(Server(pg_url, "new"))
    with newer(END_FIRST + "\nALTER TABLE nowhere ADD COLUMN a text;"):
        await one.look()
        assert "does not exist" in await one.look()
    with newer(END_FIRST):
        assert "does not exist" in await one.look(), "it pauses"
        one._not_before = float("-inf")
        assert await one.look() == ""


def test_behind_a_pooler(pg_url: str, pgbouncer: PgBouncer, old: ServerConnection) -> None:
    url = pgbouncer.url(pg_url.rsplit("/", 1)[1])
    older, newest_ = (connect(Server(url, name)) for name in ("older", "newest"))
    try:
        write(older)
        with newer(END_FIRST + ADDS):
            assert upgrade.upgrade(newest_) == ""
            write(newest_)
        with pytest.raises(SchemaTooNew):
            write(older)
    finally:
        older.close()
        newest_.close()
