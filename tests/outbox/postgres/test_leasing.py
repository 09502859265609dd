# SPDX-License-Identifier: GPL-3.0-or-later
"""Work is done by the bridge that has the lease, and by no other: it begins, is cut off in time, begins anew."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest

from bouncestream.clock import SystemClock
from bouncestream.crypto.secret import Secret
from bouncestream.errors import BridgeTaken, LeaseLost, StoreError, StoreUnavailable
from bouncestream.health import Health, Status
from bouncestream.lease import GUARD, TTL, Bridge, Lease
from bouncestream.metrics import BRIDGES, LEASE_LEFT, LEASES_LOST, LEASES_TAKEN, Metrics
from bouncestream.outbox.postgres import leasing
from bouncestream.outbox.postgres.leases import TERM, Term
from bouncestream.outbox.postgres.leasing import Leasing


class Clock(SystemClock):
    """A monotonic clock that can be set on."""

    ahead = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead


class Rows:
    """Leases as the database has them, for those who ask through `write`."""

    def __init__(self) -> None:
        self.holder, self.epoch = "", 0
        self.away = False
        self.names: dict[str, str] = {}
        self.board = ""


class Store:
    """A database whose answer is made up by the test: what Leasing's job would have brought."""

    key: Secret | None = None

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.jobs: list[Any] = []

    async def write(self, fn: Callable[..., Any], **_: object) -> Any:
        if self.rows.away:
            raise StoreUnavailable("PostgreSQL is away.")
        return fn(self.rows)


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch) -> Rows:
    rows = Rows()

    def take(rows: Rows, names: list[str], holder: str) -> dict[str, int]:
        if not names or (rows.holder and rows.holder != holder):
            return {}
        rows.epoch += rows.holder != holder
        rows.holder = holder
        return dict.fromkeys(names, rows.epoch)

    def meet(rows: Rows, name: str, run: str, version: str, board: str = "") -> bool:
        rows.board = board or rows.board
        return rows.names.setdefault(name, run) == run

    def give_up(rows: Rows, holder: str) -> None:
        rows.holder = "" if rows.holder == holder else rows.holder

    monkeypatch.setattr(leasing.leases, "take", take)
    monkeypatch.setattr(leasing.leases, "meet", meet)
    monkeypatch.setattr(leasing.leases, "give_up", give_up)
    monkeypatch.setattr(leasing.leases, "leave", lambda rows, name, run: rows.names.pop(name, None))
    monkeypatch.setattr(leasing.leases, "leases", lambda rows: [])
    monkeypatch.setattr(leasing.leases, "bridges", lambda rows: [])
    monkeypatch.setattr(leasing, "RENEW", 0.02)
    monkeypatch.setattr(leasing, "AGAIN", 0.01)
    return rows


Make = Callable[..., Leasing]


@pytest.fixture
async def make(rows: Rows) -> AsyncIterator[Make]:
    tasks: list[asyncio.Task[None]] = []

    def make(name: str = "one") -> Leasing:
        found = Leasing(Store(rows), Clock(), name, "0.1.0", Health(), Metrics())  # type: ignore[arg-type]
        tasks.append(asyncio.create_task(found.run()))
        return found

    yield make
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


class Job:
    """Work that lasts until it is cut off, or told to end."""

    def __init__(self) -> None:
        self.begun = 0
        self.cut = 0
        self.done = asyncio.Event()
        self.changed = asyncio.Event()

    async def __call__(self) -> str:
        self.begun += 1
        self.changed.set()
        try:
            await self.done.wait()
            return "done"
        except asyncio.CancelledError:
            self.cut += 1
            self.changed.set()
            raise

    async def until(self, begun: int, cut: int) -> None:
        async with asyncio.timeout(5):
            while (self.begun, self.cut) != (begun, cut):
                self.changed.clear()
                await self.changed.wait()


async def held(leases: Leasing, job: Callable[[], Awaitable[object]]) -> asyncio.Task[object]:
    return asyncio.ensure_future(leases.hold("relay", job)())  # type: ignore[arg-type, return-value]


async def test_the_one_works_and_the_other_waits_until_the_first_ends(make: Make) -> None:
    one, two = make("one"), make("two")
    jobs = [Job(), Job()]
    first = await held(one, jobs[0])
    await jobs[0].until(1, 0)
    second = await held(two, jobs[1])
    await asyncio.sleep(0.1)
    assert jobs[1].begun == 0
    assert one.safe("relay") and not two.safe("relay")
    jobs[0].done.set()
    assert await first == "done"
    await one.end()
    await jobs[1].until(1, 0)
    jobs[1].done.set()
    assert await second == "done"


async def test_work_is_cut_off_when_another_has_the_lease_and_begins_anew(make: Make, rows: Rows) -> None:
    one, job = make(), Job()
    task = await held(one, job)
    await job.until(1, 0)
    rows.holder = "two:2b"
    rows.epoch += 1
    await job.until(1, 1)
    assert one.metrics.get(LEASES_LOST, "relay") == 1
    rows.holder = ""
    await job.until(2, 1)
    assert one.metrics.get(LEASES_TAKEN, "relay") == 2
    job.done.set()
    assert await task == "done"


async def test_work_is_cut_off_before_a_lease_ends_that_is_not_renewed(make: Make, rows: Rows) -> None:
    one, job = make(), Job()
    task = await held(one, job)
    await job.until(1, 0)
    rows.away = True
    await asyncio.sleep(0.05)
    clock = one.clock
    assert isinstance(clock, Clock)
    clock.ahead += TTL - GUARD - 0.1
    one._tell()
    await job.until(1, 1)
    assert clock.monotonic() < one.tenure("relay").until
    clock.ahead += 2 * GUARD
    rows.holder, rows.epoch = "two:2b", rows.epoch + 1
    rows.away = False
    async with asyncio.timeout(5):
        while not one.metrics.get(LEASES_LOST, "relay"):
            await asyncio.sleep(0.01)
    rows.holder = ""
    await job.until(2, 1)
    job.done.set()
    await task


async def test_work_goes_by_its_own_term_also_when_its_bridge_has_the_next_one(make: Make, rows: Rows) -> None:
    """What it knows is of its own term. `ServerDatabase` proves it in each transaction."""
    one = make()
    terms: list[Term | None] = []
    begun, more = asyncio.Event(), asyncio.Event()

    async def job() -> None:
        async def part() -> None:
            await more.wait()
            terms.append(TERM.get())

        terms.append(TERM.get())
        begun.set()
        await part_of(part)

    async def part_of(part: Callable[[], Awaitable[None]]) -> None:
        await asyncio.ensure_future(part())  # type: ignore[arg-type]

    task = await held(one, job)
    await begun.wait()
    one.tenure("relay").epoch = 9
    more.set()
    await task
    assert terms == [Term("relay", one.holder, 1)] * 2
    assert TERM.get() is None
    with one.term("relay"):
        assert TERM.get() == Term("relay", one.holder, 9)


async def test_work_that_misses_its_cut_is_cut_off_again(
    make: Make, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leasing, "CUT_AGAIN", 0.05)
    one, job = make(), Job()

    async def misses() -> None:
        with suppress(asyncio.CancelledError):
            await job()
        await job()

    task = asyncio.ensure_future(one.hold("relay", misses)())  # type: ignore[arg-type, var-annotated]
    await job.until(1, 0)
    rows.holder, rows.epoch = "two:2b", rows.epoch + 1
    await job.until(2, 2)
    task.cancel()
    await asyncio.wait([task])


async def test_a_former_leader_says_no_more_how_what_it_led_is(make: Make, rows: Rows) -> None:
    one, job = make(), Job()

    async def fails() -> None:
        one.health.set("relay", Status.RED, "PostgreSQL is away.")
        await job()

    task = asyncio.ensure_future(one.hold("relay", fails, lambda: one.health.forget("relay", "brake"))())  # type: ignore[arg-type, var-annotated]
    await job.until(1, 0)
    assert not one.health.ready
    rows.holder, rows.epoch = "two:2b", rows.epoch + 1
    await job.until(1, 1)
    async with asyncio.timeout(5):
        while "relay" in one.health.parts:
            await asyncio.sleep(0.01)
    assert one.health.ready
    task.cancel()
    await asyncio.wait([task])


async def test_what_it_raises_is_told_and_a_cancelled_one_has_ended(make: Make) -> None:
    one, job = make(), Job()

    async def fails() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await one.hold("relay", fails)()
    task = await held(one, job)
    await job.until(1, 0)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled() and job.cut == 1


async def test_an_outbox_that_cannot_be_asked_is_no_bug_of_the_work(make: Make) -> None:
    """Else the relay would rest, for up to five minutes, after a failover that met it as it began."""
    one, job = make(), Job()
    errors: list[StoreError] = [StoreUnavailable("PostgreSQL is away."), LeaseLost("Another bridge has it.")]

    async def fails_at_first() -> None:
        if errors:
            raise errors.pop()
        await job()

    task = asyncio.ensure_future(one.hold("relay", fails_at_first)())  # type: ignore[arg-type, var-annotated]
    await job.until(1, 0)
    assert not errors and not task.done()
    task.cancel()
    await asyncio.wait([task])


async def test_nothing_begins_after_the_end(make: Make, rows: Rows) -> None:
    rows.holder = "two:2b"
    one, job = make(), Job()
    task = await held(one, job)
    one.stop()
    rows.holder = ""
    await asyncio.sleep(0.1)
    assert job.begun == 0
    task.cancel()
    await asyncio.wait([task])


async def test_what_is_held_is_renewed_until_its_work_has_ended(make: Make, rows: Rows) -> None:
    one, job = make(), Job()
    task = await held(one, job)
    await job.until(1, 0)
    one.stop()
    until = one.tenure("relay").until
    async with asyncio.timeout(5):
        while one.tenure("relay").until < until + 0.1:
            await asyncio.sleep(0.01)
    job.done.set()
    assert await task == "done"
    await one.end()
    await asyncio.sleep(0.1)
    assert (rows.holder, rows.names) == ("", {}), "nor is it taken again"


async def test_a_second_bridge_of_one_name_is_refused_and_a_restart_is_not(
    make: Make, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leasing, "TTL", 0.1)
    one, again = make(), make()
    await one.begin()
    with pytest.raises(BridgeTaken, match="give each one a"):
        await again.begin()
    begin = asyncio.ensure_future(again.begin())
    await asyncio.sleep(0.03)
    rows.names["one"] = again.run_mark  # that run had been killed: TTL later it counts no more
    await begin


async def test_the_health_board_is_told_to_the_others(make: Make, rows: Rows) -> None:
    one = make()
    await one.begin()
    one.health.set("listmonk", Status.RED, "it is away")
    async with asyncio.timeout(5):
        while "listmonk" not in Bridge("one", "1a", "0.1.0", 9, 1, rows.board).parts:
            await asyncio.sleep(0.01)
    assert '"it is away"' in rows.board
    one.db.key = Secret("sealed")
    async with asyncio.timeout(5):
        while "it is away" in rows.board:
            await asyncio.sleep(0.01)
    assert "its words are with the bridge one" in rows.board and '"red"' in rows.board


async def test_what_was_seen_of_others_grows_old(make: Make, rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    rows.holder, rows.epoch = "two:2b", 1
    monkeypatch.setattr(leasing.leases, "leases", lambda rows: [Lease("relay", rows.holder, rows.epoch, TTL)])
    monkeypatch.setattr(leasing.leases, "bridges", lambda rows: [Bridge("two", "2b", "0.1.0", 60, 0)])
    one, job = make(), Job()
    task = await held(one, job)
    async with asyncio.timeout(5):
        while one.leader("relay") != "two" or one.metrics.get(BRIDGES) != 1:
            await asyncio.sleep(0.01)
    assert one.health.parts["leases"].state is Status.GREEN
    rows.away = True
    clock = one.clock
    assert isinstance(clock, Clock)
    clock.ahead += TTL
    async with asyncio.timeout(5):
        while one.health.parts["leases"].state is not Status.YELLOW or one.metrics.get(BRIDGES) != 0:
            await asyncio.sleep(0.01)
    assert one.leader("relay") == ""
    task.cancel()
    await asyncio.wait([task])


async def test_a_second_bridge_of_its_name_is_told_later_too(make: Make, rows: Rows) -> None:
    """This one was frozen for longer than a lease when the other one was started."""
    one = make()
    await one.begin()
    rows.names["one"] = "another run"
    async with asyncio.timeout(5):
        while (part := one.health.parts.get("leases")) is None or part.state is not Status.RED:
            await asyncio.sleep(0.01)
    assert 'Another bridge called "one" runs' in part.why
    rows.names.clear()
    async with asyncio.timeout(5):
        while one.health.parts["leases"].state is not Status.GREEN:
            await asyncio.sleep(0.01)


async def test_what_nobody_does_is_on_the_board(make: Make, rows: Rows) -> None:
    one, job = make(), Job()
    rows.away = True
    task = await held(one, job)
    await asyncio.sleep(0.05)
    assert one.health.parts["leases"].state is Status.YELLOW
    rows.away = False
    await job.until(1, 0)
    await asyncio.sleep(0.05)
    assert one.health.parts["leases"].state is Status.GREEN
    assert TTL - 1 < one.metrics.get(LEASE_LEFT, "relay") <= TTL
    job.done.set()
    await task
