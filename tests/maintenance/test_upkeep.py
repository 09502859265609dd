# SPDX-License-Identifier: GPL-3.0-or-later
"""Retention while `run` is up: nothing goes by a clock that is wrong, and nothing soon after a start."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from bouncestream.config.model import Retention
from bouncestream.errors import StoreBusy, StoreError, StoreUnavailable
from bouncestream.health import Health, Status
from bouncestream.maintenance import upkeep
from bouncestream.maintenance.upkeep import Upkeep
from bouncestream.metrics import (
    OUTBOX_BYTES,
    OUTBOX_EVENTS,
    OUTBOX_OLDEST,
    PART_STATE,
    STANDBY_BEHIND,
    STANDBY_LAG,
    STANDBYS,
    Metrics,
)
from bouncestream.outbox import alerts, arrivals, delivery, people
from bouncestream.outbox.db import Database
from bouncestream.outbox.intake import Intake
from bouncestream.outbox.replication import Replication, Standby
from bouncestream.ports import Move, State, Unreadable
from tests.outbox import make
from tests.outbox.make import NOW, event, submission


class Clock:
    """A wall clock and a counting one, which the test moves."""

    def __init__(self, wall: datetime = NOW) -> None:
        self.wall = wall
        self.counted = 0.0

    def now(self) -> datetime:
        return self.wall

    def monotonic(self) -> float:
        return self.counted

    def go(self, **parts: float) -> None:
        self.wall += timedelta(**parts)
        self.counted += timedelta(**parts).total_seconds()


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    db = await Database.open(tmp_path / "outbox.db", lock=True)
    yield db
    await db.close()


async def fill(db: Database, at: datetime, recipient: str = "ann@example.com") -> None:
    """A finished event, its raw body, its key, something in quarantine, and the statistics of the hour."""

    def job(conn: make.sqlite3.Connection) -> None:
        body = submission(event(recipient), unreadable=(Unreadable(f"odd {recipient}"),))
        arrivals.take(conn, body, at)
        for claimed in delivery.claim(conn, now=at, limit=9):
            moves = [Move(claimed.row, to, "as told") for to in (State.POSTED, State.VERIFIED)]
            delivery.settle(conn, moves, at)
        newest, counted = alerts.new_arrivals(conn, at)
        alerts.count_arrivals(conn, newest, counted)

    await db.write(job)


async def holds(db: Database) -> dict[str, int]:
    tables = ("outbox", "history", "raw", "seen", "quarantine", "source_hours")
    count: Callable[[make.sqlite3.Connection], dict[str, int]] = lambda conn: {  # noqa: E731
        table: int(str(make.one(conn, f"SELECT count(*) FROM {table}"))) for table in tables
    }
    return await db.read(count)


class Run:
    """One run of the bridge, as far as upkeep sees it."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self.health, self.clock = Health(), clock
        intake = Intake(db, clock=clock, metrics=Metrics(), health=self.health)
        self.upkeep = Upkeep(db, intake, clock, self.health, Metrics(), Retention())

    @asynccontextmanager
    async def up(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.upkeep.run())
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    async def steps(self) -> None:
        """One hour's retention, to its end."""
        while await self.upkeep._purge():
            pass


@pytest.mark.parametrize("days", [2, 35, 70, 380, 500, 30_000])
async def test_a_start_with_a_clock_that_is_ahead_deletes_nothing(db: Database, days: int) -> None:
    await fill(db, NOW)
    before = await holds(db)
    clock = Clock(NOW + timedelta(days=days))
    for _ in range(3):  # also not by what came in under the wrong clock
        run = Run(db, clock)
        await run.upkeep.believe()
        for _ in range(12):
            await run.steps()
            clock.go(hours=1)
        assert await holds(db) == before
        assert run.health.parts["retention"].state is Status.YELLOW
        assert "days ahead" in run.health.parts["retention"].why
        await fill(db, clock.now(), f"later{clock.counted}@example.com")
        before = await holds(db)


async def test_after_the_clock_is_set_right_retention_goes_on(db: Database) -> None:
    await fill(db, NOW - timedelta(days=800))
    await fill(db, NOW, "new@example.com")
    clock = Clock(NOW + timedelta(days=500))
    run = Run(db, clock)
    await run.steps()
    assert (await holds(db))["outbox"] == 2
    clock.wall = NOW + timedelta(minutes=1)
    await run.steps()
    assert (await holds(db))["outbox"] == 1
    assert run.health.parts["retention"].state is Status.GREEN


async def test_an_outbox_at_rest_for_long_is_purged_a_day_later(db: Database) -> None:
    await fill(db, NOW - timedelta(days=800))
    await fill(db, NOW - timedelta(days=500), "new@example.com")
    clock = Clock()
    run = Run(db, clock)
    for _ in range(24):
        await run.steps()
        clock.go(hours=1)
    assert (await holds(db))["outbox"] == 2
    await run.steps()
    assert (await holds(db))["outbox"] == 1  # the newest stays in any case


async def test_a_quiet_bridge_is_believed_at_each_start(db: Database) -> None:
    await fill(db, NOW - timedelta(days=20))
    clock = Clock()
    first = Run(db, clock)
    for _ in range(25):
        await first.steps()
        clock.go(hours=1)
    again = Run(db, clock)
    assert await again.upkeep.believe()
    assert "retention" not in again.health.parts


async def test_it_first_runs_an_hour_after_the_start(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    await fill(db, NOW - timedelta(days=800))
    await fill(db, NOW, "new@example.com")
    monkeypatch.setattr(upkeep, "EVERY", 0.0)
    clock = Clock()
    run = Run(db, clock)
    turned, purged = asyncio.Event(), asyncio.Event()
    gauges, purge = run.upkeep.renew_gauges, run.upkeep._purge

    async def renew() -> None:
        await gauges()
        turned.set()

    async def note() -> bool:
        more = await purge()
        purged.set()
        return more

    monkeypatch.setattr(run.upkeep, "renew_gauges", renew)
    monkeypatch.setattr(run.upkeep, "_purge", note)
    async with run.up(), asyncio.timeout(20):
        for _ in range(5):
            await turned.wait()
            turned.clear()
        clock.go(minutes=59)
        for _ in range(5):
            await turned.wait()
            turned.clear()
        assert not purged.is_set()
        clock.go(minutes=2)
        await purged.wait()


async def test_the_gauges_tell_what_waits_and_what_is_done(db: Database) -> None:
    await fill(db, NOW)
    await db.write(lambda conn: arrivals.take(conn, submission(event("waits@example.com")), NOW))
    run = Run(db, Clock(NOW + timedelta(seconds=90)))
    run.health.set("listmonk", Status.YELLOW, "slow")
    await run.upkeep.renew_gauges()
    metrics = run.upkeep.metrics
    assert [metrics.get(OUTBOX_EVENTS, state) for state in ("pending", "verified", "dead")] == [1, 1, 0]
    assert metrics.get(OUTBOX_OLDEST) == 90
    assert metrics.get(OUTBOX_BYTES, "database") == db.path.stat().st_size
    assert metrics.get(PART_STATE, "listmonk") == 1
    run.health.forget("listmonk")
    await run.upkeep.renew_gauges()
    assert ("listmonk",) not in metrics.of(PART_STATE) and not metrics.of(STANDBYS), (
        "what there is no more has no old value"
    )


async def test_the_gauges_tell_of_the_standbys_of_postgresql(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    found = Replication(
        (Standby("db2", "sync", None, 0), Standby("db2", "async", 2.5, 4096), Standby("", "", None, None))
    )
    monkeypatch.setattr("bouncestream.maintenance.upkeep.replication", lambda conn: found)
    run = Run(db, Clock())
    for _ in range(2):
        await run.upkeep.renew_gauges()
    metrics = run.upkeep.metrics
    assert metrics.of(STANDBYS) == {("sync",): 1, ("async",): 1, ("hidden",): 1}
    assert metrics.of(STANDBY_LAG) == {("db2",): 2.5}
    assert metrics.of(STANDBY_BEHIND) == {("db2",): 4096}


async def test_damage_is_told_at_the_start_and_the_upkeep_goes_on(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trouble that comes and passes does not mend it; only another look does."""
    run = Run(db, Clock())
    looks = 0
    trouble: list[StoreError] = [StoreUnavailable("The outbox is damaged."), StoreBusy("It is locked.")]

    async def check() -> None:
        nonlocal looks
        looks += 1
        if trouble:
            raise trouble.pop(0)

    monkeypatch.setattr(db, "check", check)
    monkeypatch.setattr(upkeep, "EVERY", 0.01)
    async with run.up(), asyncio.timeout(20):
        await until(lambda: upkeep.FILE in run.health.parts)
        run.upkeep.intake._fail(StoreUnavailable("The disk is full."))
        await until(lambda: run.health.parts["outbox"].state is Status.GREEN)
        for count, state in ((1, Status.RED), (2, Status.RED), (3, Status.GREEN)):
            await until(lambda count=count: looks == count)  # type: ignore[misc]
            await run.upkeep.intake(submission(event(f"{count}@example.com")))
            assert run.health.parts[upkeep.FILE].state is state
            assert run.health.stores is run.health.ready is (state is Status.GREEN)
            run.clock.go(seconds=upkeep.LOOK_AGAIN)
        assert looks == 3, "it is sound"


async def until(what: Callable[[], bool]) -> None:
    while not what():
        await asyncio.sleep(0.005)


async def test_the_files_are_looked_at_while_persons_are_filled_in(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run(db, Clock())
    filled, looks = asyncio.Event(), 0

    async def look() -> None:
        nonlocal looks
        looks += 1
        if looks == 3:
            filled.set()

    monkeypatch.setattr(people, "fill", lambda _: True)  # a million rows of an earlier version
    monkeypatch.setattr(upkeep, "PURGE_PAUSE", 0.01)
    monkeypatch.setattr(run.upkeep.intake, "look", look)
    async with run.up(), asyncio.timeout(20):
        await filled.wait()


@pytest.mark.parametrize("error", [StoreUnavailable("The disk is full."), StoreBusy("It is locked.")])
async def test_what_keeps_retention_from_its_work_is_told_unless_it_passes(
    db: Database, monkeypatch: pytest.MonkeyPatch, error: StoreError
) -> None:
    await fill(db, NOW)
    run = Run(db, Clock())
    await run.upkeep.believe()

    async def refused(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(db, "write", refused)
    if isinstance(error, StoreBusy):
        with pytest.raises(StoreBusy):
            await run.upkeep._retention()
        assert "retention" not in run.health.parts
    else:
        assert not await run.upkeep._retention()
        assert run.health.parts["retention"].state is Status.YELLOW
        assert run.health.parts["retention"].why == "no expired data is deleted: The disk is full."


async def test_what_is_deleted_gives_its_space_back(db: Database) -> None:
    def old(conn: make.sqlite3.Connection) -> None:
        for number in range(40):
            body = submission(event(f"{number}@example.com"), raw=random.Random(number).randbytes(9000))
            arrivals.take(conn, body, NOW - timedelta(days=800))

    await db.write(old)
    await fill(db, NOW)
    pages: Callable[[make.sqlite3.Connection], object] = lambda conn: make.one(conn, "PRAGMA page_count")  # noqa: E731
    before = int(str(await db.read(pages)))
    await Run(db, Clock()).steps()
    assert int(str(await db.read(pages))) < before - 30


async def test_rows_of_an_earlier_version_get_their_person_after_the_start(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for recipient in ("ann@example.com", "bob@example.com"):
        await fill(db, NOW, recipient)
    noted = await db.read(lambda conn: make.rows(conn, "person, domain"))
    await db.write(lambda conn: conn.execute("UPDATE outbox SET person = x'', domain = ''") and None)
    monkeypatch.setattr(people, "fill", partial(people.fill, limit=1))
    monkeypatch.setattr(upkeep, "PURGE_PAUSE", 0)
    async with Run(db, Clock()).up(), asyncio.timeout(20):
        while await db.read(lambda conn: make.rows(conn, "person, domain")) != noted:
            await asyncio.sleep(0)
