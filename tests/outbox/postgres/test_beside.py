# SPDX-License-Identifier: GPL-3.0-or-later
"""A session beside the others: it changes the same outbox, and what holds it up does not hold up the others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from functools import partial
from typing import Any, cast

import psycopg
import pytest

from bouncestream.errors import LeaseLost, SinkError, StoreBusy, StoreSlow
from bouncestream.outbox import delivery
from bouncestream.outbox.db import Database
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.place import Server
from bouncestream.outbox.postgres import beside, leases
from bouncestream.outbox.postgres.db import ServerDatabase
from bouncestream.outbox.postgres.leases import TERM, Term
from bouncestream.ports import State

pytestmark = pytest.mark.process


@pytest.fixture
async def db(pg_url: str) -> AsyncIterator[ServerDatabase]:
    made = await Database.open(Server(pg_url, "one"))
    yield cast(ServerDatabase, made)
    await made.close()


async def until_one_waits(db: ServerDatabase) -> None:
    while not await db.read(lambda conn: conn.execute("SELECT 1 FROM pg_locks WHERE NOT granted").fetchone()):
        await asyncio.sleep(0.01)


async def test_both_count_the_same_events(db: ServerDatabase) -> None:
    other = db.beside("other")
    for store in (db, other, db):
        await store.write(partial(delivery.count, changes={State.PENDING: 1}))
    assert (await db.read(delivery.tally))["pending"] == 3
    assert (await other.read(delivery.tally))["pending"] == 3
    assert await other.data_version() == await db.data_version()


async def test_what_waits_for_a_lock_holds_nobody_up(db: ServerDatabase, pg_url: str) -> None:
    other = db.beside("other")
    await db.write(lambda conn: conn.execute("CREATE TABLE theirs (x integer)"))
    with psycopg.connect(pg_url) as theirs:
        theirs.execute("LOCK TABLE theirs")
        waiting = asyncio.create_task(other.write(lambda conn: conn.execute("SELECT * FROM theirs").fetchall()))
        await until_one_waits(db)
        await db.write(partial(delivery.count, changes={State.PENDING: 1}))
        assert not waiting.done()
        with pytest.raises(StoreBusy):
            await waiting


async def test_what_a_job_raises_undoes_it(db: ServerDatabase) -> None:
    def job(conn: Conn) -> None:
        delivery.count(conn, {State.PENDING: 1})
        raise SinkError("no")

    with pytest.raises(SinkError, match="no"):
        await db.beside("other").write(job)
    assert (await db.read(delivery.tally))["pending"] == 0


async def test_a_lost_lease_is_found_out_there_too(db: ServerDatabase) -> None:
    count = partial(delivery.count, changes={State.PENDING: 1})
    with pytest.raises(LeaseLost):
        await under(Term("relay", "one:x", 3), db.beside("other").write(count))
    assert (await db.read(delivery.tally))["pending"] == 0


async def under(term: Term, work: Coroutine[Any, Any, object]) -> object:
    """Await work that is done under a lease."""
    token = TERM.set(term)
    try:
        return await work
    finally:
        TERM.reset(token)


async def test_who_waits_for_a_lock_lets_the_lease_be_renewed(
    db: ServerDatabase, pg_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beside, "LOCKED", 4.0)
    other = db.beside("other")
    take = partial(leases.take, names=["relay"], holder="one:x")
    term = Term("relay", "one:x", (await db.write(take))["relay"])
    await db.write(lambda conn: conn.execute("CREATE TABLE theirs (x integer)"))
    with psycopg.connect(pg_url) as theirs:
        theirs.execute("LOCK TABLE theirs")
        job = other.write(lambda conn: conn.execute("SELECT * FROM theirs").fetchall())
        waiting = asyncio.create_task(under(term, job))
        await until_one_waits(db)
        assert await db.write(take) == {"relay": term.epoch}
        assert not waiting.done()
        theirs.rollback()
        await waiting


async def test_a_lease_that_is_taken_over_meanwhile_is_lost(db: ServerDatabase, pg_url: str) -> None:
    other, count = db.beside("other"), partial(delivery.count, changes={State.PENDING: 1})
    take = partial(leases.take, names=["relay"])
    term = Term("relay", "one:x", (await db.write(partial(take, holder="one:x")))["relay"])
    await db.write(lambda conn: conn.execute("CREATE TABLE theirs (x integer)"))

    def job(conn: Conn) -> None:
        count(conn)
        conn.execute("SELECT * FROM theirs").fetchall()

    with psycopg.connect(pg_url) as theirs:
        theirs.execute("LOCK TABLE theirs")
        waiting = asyncio.create_task(under(term, other.write(job)))
        await until_one_waits(db)
        await db.write(partial(leases.give_up, holder="one:x"))
        assert await db.write(partial(take, holder="two:y")) == {"relay": term.epoch + 1}
        theirs.rollback()
        with pytest.raises(LeaseLost):
            await waiting
    assert (await db.read(delivery.tally))["pending"] == 0


async def test_a_statement_takes_no_longer_than_it_may(db: ServerDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beside, "PATIENCE", 0.1)
    with pytest.raises(StoreSlow):
        await db.beside("other").write(lambda conn: conn.execute("SELECT pg_sleep(20)").fetchall())
