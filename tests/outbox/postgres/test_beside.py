# SPDX-License-Identifier: GPL-3.0-or-later
"""A session beside the others: it changes the same outbox, and what holds it up does not hold up the others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import cast

import psycopg
import pytest

from bouncestream.errors import LeaseLost, SinkError, StoreBusy
from bouncestream.lease import Tenure
from bouncestream.outbox import delivery
from bouncestream.outbox.db import Database
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.leasing import Fenced
from bouncestream.outbox.place import Server
from bouncestream.outbox.postgres.db import ServerDatabase
from bouncestream.ports import State

pytestmark = pytest.mark.process


@pytest.fixture
async def db(pg_url: str) -> AsyncIterator[ServerDatabase]:
    made = await Database.open(Server(pg_url, "one"))
    yield cast(ServerDatabase, made)
    await made.close()


async def test_both_count_the_same_events(db: ServerDatabase) -> None:
    beside = db.beside("other")
    for store in (db, beside, db):
        await store.write(partial(delivery.count, changes={State.PENDING: 1}))
    assert (await db.read(delivery.tally))["pending"] == 3
    assert (await beside.read(delivery.tally))["pending"] == 3
    assert await beside.data_version() == await db.data_version()


async def test_what_waits_for_a_lock_holds_nobody_up(db: ServerDatabase, pg_url: str) -> None:
    beside = db.beside("other")
    await db.write(lambda conn: conn.execute("CREATE TABLE theirs (x integer)"))
    with psycopg.connect(pg_url) as theirs:
        theirs.execute("LOCK TABLE theirs")
        waiting = asyncio.create_task(beside.write(lambda conn: conn.execute("SELECT * FROM theirs").fetchall()))
        while not await db.read(lambda conn: conn.execute("SELECT 1 FROM pg_locks WHERE NOT granted").fetchone()):
            await asyncio.sleep(0.01)
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
    fenced = Fenced(db.beside("other"), Tenure("relay", epoch=3), "one:x")
    with pytest.raises(LeaseLost):
        await fenced.write(partial(delivery.count, changes={State.PENDING: 1}))
    assert (await db.read(delivery.tally))["pending"] == 0
