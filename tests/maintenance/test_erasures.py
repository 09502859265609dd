# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from bouncestream.maintenance.erasures import CUT_OFF, Erasures
from bouncestream.outbox import erasing
from bouncestream.outbox.db import Database
from bouncestream.ports import State
from tests.outbox import make
from tests.outbox.make import NOW
from tests.outbox.test_erasing import ANN, erase, remains, settled
from tests.outbox.test_traces import everything


class StillClock:
    def now(self) -> object:
        return NOW

    def monotonic(self) -> float:
        return 0.0


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    with closing(make.connect(tmp_path / "outbox.db")):
        pass
    db = await Database.open(tmp_path / "outbox.db", lock=True)
    yield db
    await db.close()


def task(db: Database) -> Erasures:
    return Erasures(db, StillClock(), pause=0)  # type: ignore[arg-type]


async def test_whose_events_have_arrived_is_erased(db: Database) -> None:
    def begin(conn: sqlite3.Connection) -> None:
        make.submit(conn, *(make.event("ann@example.com", message_id=f"<{n}>") for n in range(2)))
        make.claim(conn)
        assert erase(conn).waiting == (1, 2)
        make.settle(conn, 1, State.POSTED, State.VERIFIED)

    await db.write(begin)
    assert await task(db).turn() == 0
    assert [one.waiting for one in await db.read(erasing.erasures)] == [(2,)]
    await db.write(lambda conn: make.settle(conn, 2, State.POSTED, State.VERIFIED))
    assert await task(db).turn() == 1
    assert await db.read(lambda conn: make.rows(conn, "recipient")) == [("erased",)] * 2
    assert remains(db.path, "ann@example.com") == [], "nor in the log"
    assert await task(db).turn() == 0


async def test_a_command_that_was_cut_off_is_done_and_one_that_runs_is_left_alone(db: Database) -> None:
    await db.write(everything)
    await db.write(settled)
    await db.write(lambda conn: erasing.ask(conn, ANN, NOW, suppress=False))
    assert await task(db).turn() == 0
    old = NOW - CUT_OFF - timedelta(seconds=1)
    for name in ("bob@example.com", *ANN):
        await db.write(lambda conn, name=name: erasing.ask(conn, [name], old, suppress=False))  # type: ignore[misc]
    assert await task(db).turn() == 2
    left = await db.read(lambda conn: [one for (one,) in make.rows(conn, "recipient") if "@" in str(one)])
    assert left == ["joann@example.com"]
