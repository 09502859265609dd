# SPDX-License-Identifier: GPL-3.0-or-later
"""Group commit: how many jobs share one, and that nobody waits for more than there is to gain."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest

from bouncestream.metrics import COMMITS, Metrics
from bouncestream.outbox.batch import Job, Outcome, run_batch
from bouncestream.outbox.db import CHECKPOINT_CHANGES, Database
from tests.outbox.test_db import Opened, blocked, insert, recipients


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[Job]]:
    """The jobs of each commit."""
    found: list[Sequence[Job]] = []

    def noted(conn: sqlite3.Connection, jobs: Sequence[Job]) -> list[Outcome]:
        found.append(jobs)
        return run_batch(conn, jobs)

    monkeypatch.setattr("bouncestream.outbox.db.run_batch", noted)
    return found


async def test_jobs_that_wait_share_a_few_commits(opened: Opened, path: Path) -> None:
    metrics = Metrics()
    db = await opened(path, metrics=metrics)
    tasks = await blocked(db, *(insert(f"{n}@example.com") for n in range(100)))
    await asyncio.gather(*tasks)
    assert 2 <= metrics.get(COMMITS) <= 5
    assert len(await db.read(recipients)) == 100


async def test_all_who_wait_share_one_commit(opened: Opened, path: Path, batches: list[Sequence[Job]]) -> None:
    db = await opened(path)
    await asyncio.gather(*await blocked(db, *(insert(f"{n}@example.com") for n in range(100))))
    assert [len(jobs) for jobs in batches] == [1, 100]


async def test_who_is_alone_never_waits_for_more(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bouncestream.outbox.db.GATHER", 60)
    async with asyncio.timeout(20):
        for number in range(5):
            await db.write(insert(f"{number}@example.com"))


async def test_after_a_rush_a_single_job_waits_only_as_long_as_may_be(db: Database) -> None:
    await asyncio.gather(*await blocked(db, *(insert(f"{n}@example.com") for n in range(100))))
    async with asyncio.timeout(20):
        await db.write(insert("last@example.com"))
    assert len(await db.read(recipients)) == 101


@pytest.mark.parametrize(("limits", "most"), [({"commit_limit_rows": 10}, 10), ({"commit_limit_bytes": 2000}, 20)])
async def test_a_commit_has_limits(
    opened: Opened, path: Path, batches: list[Sequence[Job]], limits: dict[str, int], most: int
) -> None:
    db = await opened(path, **limits)
    write = db.write
    db.write = partial(write, rows=1, size=100)  # type: ignore[method-assign]
    await asyncio.gather(*await blocked(db, *(insert(f"{n}@example.com") for n in range(100))))
    sizes = [len(jobs) for jobs in batches]
    assert max(sizes) == most
    assert sum(sizes) == 101
    assert await write(lambda conn: 7, rows=10_000, size=1 << 30) == 7  # larger than the limits: alone
    assert len(batches[-1]) == 1


async def test_the_log_goes_into_the_database_beside_the_commits(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody who waits for a commit waits for that."""
    began, go_on = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()
    moved: list[tuple[int, int]] = []

    def slow(conn: sqlite3.Connection) -> None:
        loop.call_soon_threadsafe(began.set)
        assert go_on.wait(20)
        moved.append(conn.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()[1:])

    def many(conn: sqlite3.Connection, domain: str) -> None:
        for number in range(CHECKPOINT_CHANGES // 5):
            insert(f"{number}@{domain}")(conn)

    monkeypatch.setattr("bouncestream.outbox.connection.write_back", slow)
    async with asyncio.timeout(20):
        await db.write(partial(many, domain="example.com"))
        await db.write(partial(many, domain="example.org"))
        await began.wait()
        await db.write(insert("meanwhile@example.com"))
    go_on.set()
    assert len(await db.read(recipients)) == 2 * (CHECKPOINT_CHANGES // 5) + 1
    assert moved
    assert moved[0][0] == moved[0][1] > 0
