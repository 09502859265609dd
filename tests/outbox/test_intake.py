# SPDX-License-Identifier: GPL-3.0-or-later
"""The way in: bounded, counted, honest when it cannot store, and well again by itself."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
from collections.abc import Callable
from datetime import datetime
from functools import partial
from types import SimpleNamespace

import pytest

from bouncestream.errors import StoreBusy, StoreUnavailable
from bouncestream.event import Kind
from bouncestream.health import Health, Status
from bouncestream.metrics import (
    ACKNOWLEDGED_LOST,
    EVENTS_DUPLICATE,
    EVENTS_RECEIVED,
    INTAKE_WAITING,
    QUARANTINED,
    Metrics,
)
from bouncestream.outbox import delivery
from bouncestream.outbox.acknowledged import GONE, Acknowledged
from bouncestream.outbox.db import Database
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.intake import Intake
from bouncestream.ports import Emit, Receipt, Unreadable
from tests.outbox.make import NOW, event, submission


class Clock:
    seconds = 0.0

    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return self.seconds


class Bench:
    """An intake with all that it is made of."""

    def __init__(self, db: Database, **options: object) -> None:
        self.db = db
        self.clock, self.metrics, self.health = Clock(), Metrics(), Health()
        self.woken = 0
        self.intake: Emit = Intake(
            db,
            clock=self.clock,
            metrics=self.metrics,
            health=self.health,
            on_commit=self.wake,
            **options,  # type: ignore[arg-type]
        )

    def wake(self) -> None:
        self.woken += 1

    def lights(self) -> tuple[Status, Status]:
        return self.health.parts["intake"].state, self.health.parts["outbox"].state


GREEN = (Status.GREEN, Status.GREEN)


async def hold_up(db: Database) -> tuple[asyncio.Task[None], Callable[[], None]]:
    """Keep the writer busy until the returned function is called."""
    gate, running, loop = threading.Event(), asyncio.Event(), asyncio.get_running_loop()

    def hold(conn: sqlite3.Connection) -> None:
        loop.call_soon_threadsafe(running.set)
        gate.wait(30)

    task = asyncio.create_task(db.write(hold))
    await running.wait()
    return task, gate.set


async def test_a_submission_is_stored_counted_and_told(db: Database) -> None:
    bench = Bench(db)
    both = submission(event(), event("b@example.com", Kind.SOFT), event(), unreadable=(Unreadable("odd"),))
    assert await bench.intake(both) == Receipt(accepted=2, duplicates=1, quarantined=1)
    assert (await db.read(delivery.tally))["pending"] == 2
    metrics = bench.metrics
    assert metrics.get(EVENTS_RECEIVED, "ses", "hard") == metrics.get(EVENTS_RECEIVED, "ses", "soft") == 1
    assert metrics.get(EVENTS_DUPLICATE, "ses") == metrics.get(QUARANTINED, "ses") == 1
    assert metrics.get(INTAKE_WAITING) == 0
    assert bench.woken == 1
    assert bench.lights() == GREEN


async def test_a_duplicate_wakes_nobody(db: Database) -> None:
    bench = Bench(db)
    for _ in range(3):
        await bench.intake(submission(event()))
    assert bench.woken == 1


async def test_an_empty_submission_costs_no_commit(db: Database) -> None:
    bench = Bench(db)
    held, let_go = await hold_up(db)
    assert await bench.intake(submission()) == Receipt()
    let_go()
    await held


@pytest.mark.parametrize("options", [{"max_events": 3}, {"max_bytes": 30}])
async def test_what_waits_is_bounded_by_whole_submissions(db: Database, options: dict[str, int]) -> None:
    bench = Bench(db, **options)
    held, let_go = await hold_up(db)
    tasks = [
        asyncio.create_task(bench.intake(submission(event(f"{n}@example.com"), raw=b"0123456789")))  # type: ignore[arg-type]
        for n in range(3)
    ]
    await asyncio.sleep(0)
    assert bench.metrics.get(INTAKE_WAITING) == 3
    with pytest.raises(StoreBusy, match="intake queue is full"):
        await bench.intake(submission(event("late@example.com"), raw=b"0123456789"))
    assert bench.lights() == (Status.YELLOW, Status.GREEN)
    let_go()
    await held
    await asyncio.gather(*tasks)
    assert (await bench.intake(submission(event("late@example.com")))).accepted == 1
    assert bench.lights() == GREEN


async def test_one_that_is_larger_than_the_queue_has_its_place_when_that_is_empty(db: Database) -> None:
    bench = Bench(db, max_events=2, max_bytes=10)
    many = submission(*(event(f"{n}@example.com") for n in range(5)), raw=b"x" * 100)
    assert (await bench.intake(many)).accepted == 5


async def test_a_cancelled_request_gives_its_place_back(db: Database) -> None:
    bench = Bench(db)
    held, let_go = await hold_up(db)
    task = asyncio.create_task(bench.intake(submission(event())))  # type: ignore[arg-type]
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert bench.metrics.get(INTAKE_WAITING) == 0
    let_go()
    await held
    assert (await db.read(delivery.tally))["pending"] == 0


async def test_a_disk_that_is_nearly_full_is_not_tried(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(db)
    blocks = [1000]
    monkeypatch.setattr(os, "statvfs", lambda _: SimpleNamespace(f_blocks=9, f_bavail=blocks[0], f_frsize=4096))
    with pytest.raises(StoreUnavailable, match="3 MiB left, and 64 MiB are kept in reserve"):
        await bench.intake(submission(event()))
    assert bench.lights() == (Status.RED, Status.RED)
    blocks[0] = 1_000_000
    with pytest.raises(StoreUnavailable):
        await bench.intake(submission(event()))  # looked at once a second
    bench.clock.seconds += 1
    assert (await bench.intake(submission(event()))).accepted == 1
    assert bench.lights() == GREEN


async def test_a_directory_that_is_gone_is_said(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_: object) -> None:
        raise FileNotFoundError(2, "No such file or directory")

    bench = Bench(db)
    monkeypatch.setattr(os, "statvfs", gone)
    with pytest.raises(StoreUnavailable, match="No such file"):
        await bench.intake(submission(event()))


async def test_a_failing_database_is_red_until_it_works(db: Database) -> None:
    bench = Bench(db)

    def limit(conn: sqlite3.Connection, pages: int) -> None:
        conn.execute(f"PRAGMA max_page_count = {pages}")

    await db._alone(limit, 1)
    big = event(diagnostic="x" * 2000)
    with pytest.raises(StoreUnavailable, match="full"):
        await bench.intake(submission(*(event(f"{n}@example.com", diagnostic=big.diagnostic) for n in range(50))))
    assert bench.lights() == (Status.RED, Status.RED)
    assert "Next: free up space" in bench.health.parts["outbox"].why
    await db._alone(limit, 100_000)
    assert (await bench.intake(submission(event()))).accepted == 1
    assert bench.lights() == GREEN


async def test_it_revives_without_anyone_sending(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(db)
    assert isinstance(bench.intake, Intake)
    assert await bench.intake.revive()
    with monkeypatch.context() as patch:
        patch.setattr(os, "statvfs", lambda _: SimpleNamespace(f_blocks=9, f_bavail=0, f_frsize=4096))
        with pytest.raises(StoreUnavailable):
            await bench.intake(submission(event()))
        assert not await bench.intake.revive()
        assert bench.lights() == (Status.RED, Status.RED)
    assert await bench.intake.revive()
    assert bench.lights() == GREEN


async def test_many_at_once_are_all_stored_and_each_has_its_own_receipt(db: Database) -> None:
    bench = Bench(db)
    receipts = await asyncio.gather(
        *(bench.intake(submission(event(f"{n % 700}@example.com"))) for n in range(1000))
    )
    assert sum(receipt.accepted for receipt in receipts) == 700
    assert sum(receipt.duplicates for receipt in receipts) == 300
    assert (await db.read(delivery.tally))["pending"] == 700


async def test_what_is_acknowledged_while_it_is_compared_is_not_called_lost(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench, recent, read = Bench(db), Acknowledged(), db.read
    intake = bench.intake
    assert isinstance(intake, Intake)
    intake._acknowledged = recent
    recent.add(["gone"], 0)
    recent.doubtful = True

    async def late(fn: Callable[[Conn], object]) -> object:
        def then(conn: Conn) -> object:
            recent.add(["committed since"], 0)  # once the reader's view is taken
            return fn(conn)

        return await read(then)

    monkeypatch.setattr(db, "read", late)
    assert await intake.revive()
    assert bench.metrics.get(ACKNOWLEDGED_LOST) == 1
    assert await read(partial(delivery.get_meta, name=GONE)) == "1", "the bridge that alerts may be another one"
    assert recent.ids() == ["committed since"]
