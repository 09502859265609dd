# SPDX-License-Identifier: GPL-3.0-or-later
"""Two relays on one PostgreSQL, as processes: one of them delivers, whichever is killed, stopped or cut off, and
each event is recorded once. Their leases last for 1.5 s instead of 15."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

import pytest

from bouncestream.clock import SystemClock
from bouncestream.event import BounceEvent, Kind
from bouncestream.health import Health
from bouncestream.metrics import ACKNOWLEDGED_LOST, Metrics
from bouncestream.outbox import delivery
from bouncestream.outbox.db import Database
from bouncestream.outbox.intake import Intake
from bouncestream.outbox.place import Server
from bouncestream.outbox.postgres import leases
from bouncestream.ports import Submission
from bouncestream.sandbox import Action, Sandbox, SandboxSettings, Subscriber
from tests.postgres.cluster import Cluster
from tests.postgres.pgbouncer import PgBouncer

pytestmark = pytest.mark.process

TTL = 1.5
PEOPLE = 600


class Bridge:
    """One relay as a process."""

    def __init__(self, url: str, name: str, sandbox: Sandbox, *step: str) -> None:
        user = next(iter(sandbox.settings.users.values()))
        self.name = name
        self._arguments = [url, name, sandbox.url, user.name, user.token, str(TTL), *step]
        self.said: list[str] = []
        self._changed = asyncio.Event()

    async def start(self) -> Bridge:
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.relay.several",
            *self._arguments,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL if not os.environ.get("SHOW") else None,
        )
        assert self.process.stdout is not None
        self._reader = asyncio.create_task(self._read(self.process.stdout))
        return self

    async def _read(self, stdout: asyncio.StreamReader) -> None:
        async for line in stdout:
            self.said.append(line.decode().strip())
            self._changed.set()

    async def until(self, line: str, times: int = 1, seconds: float = 30) -> None:
        """Until it has said that so often. Raises AssertionError with what it has said."""
        try:
            async with asyncio.timeout(seconds):
                while self.said.count(line) < times:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(f"{self.name} did not say {line!r}: {self.said}") from None

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    async def end(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()
        await self._reader


class Pair:
    """Two bridges, and the outbox as a third one that only takes in."""

    def __init__(self, sandbox: Sandbox, db: Database) -> None:
        self.sandbox, self.db = sandbox, db
        self.metrics = Metrics()
        self.intake = Intake(
            db, clock=SystemClock(), metrics=self.metrics, health=Health(), on_commit=lambda: None, min_free=0
        )
        self.taken = 0

    async def emit(self, count: int) -> None:
        """So many events more, each about a person of its own."""
        numbers = range(self.taken, self.taken + count)
        events = [
            BounceEvent(Kind.HARD, f"p{i}@example.com", "hook", "generic", message_id=f"<{i}@x>") for i in numbers
        ]
        await self.intake(Submission("hook", "generic", tuple(events), raw=b"{}"))
        self.taken += count

    async def begun(self) -> None:
        """Until the leader is in the midst of it."""
        while len(self.sandbox.state()["rows"]) < 50:
            await asyncio.sleep(0.01)

    async def delivered(self, seconds: float = 60) -> None:
        """Until all that was taken in is verified. Raises AssertionError with where it stands."""
        states: dict[str, int] = {}
        try:
            async with asyncio.timeout(seconds):
                while states != {"verified": self.taken}:
                    await asyncio.sleep(0.05)
                    states = {k: v for k, v in (await self.db.read(delivery.tally)).items() if v}
        except TimeoutError:
            raise AssertionError(f"{states} of {self.taken}") from None

    def exactly_once(self) -> None:
        ids = [row["meta"]["id"] for row in self.sandbox.state()["rows"]]
        assert len(ids) == len(set(ids)) == self.taken

    async def leader(self) -> str:
        """The name of the bridge that has the lease."""
        found = [lease for lease in await self.db.read(leases.leases) if lease.left > 0]
        return found[0].holder.partition(":")[0] if found else ""


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    # With the usual actions the first hard bounce blocklists, and then a double would leave no trace.
    actions = {kind: Action(1000, "none") for kind in ("hard", "soft", "complaint")}
    people = [Subscriber(f"p{i}@example.com") for i in range(PEOPLE)]
    async with Sandbox(SandboxSettings(row_seconds=0.002, subscribers=people, actions=actions)) as running:
        yield running


Make = Callable[..., Any]


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


async def pair_on(url: str, sandbox: Sandbox, stack: AsyncExitStack) -> tuple[Pair, Bridge, Bridge]:
    """Two bridges, the first of which leads."""
    db = await Database.open(Server(url, "third"))
    stack.push_async_callback(db.close)
    bridges = []
    for name in ("one", "two"):
        bridge = await Bridge(url, name, sandbox).start()
        stack.push_async_callback(bridge.end)
        await bridge.until("ready" if bridges else "leads")
        bridges.append(bridge)
    return Pair(sandbox, db), bridges[0], bridges[1]


async def test_the_other_goes_on_when_the_leader_is_killed(
    pg_url: str, sandbox: Sandbox, stack: AsyncExitStack
) -> None:
    pair, one, two = await pair_on(pg_url, sandbox, stack)
    await pair.emit(200)
    await pair.begun()
    one.signal(signal.SIGKILL)
    await pair.emit(100)
    await two.until("leads")
    await pair.delivered()
    pair.exactly_once()
    assert await pair.leader() == "two"


async def test_the_follower_can_be_killed_and_the_leader_can_end_in_order(
    pg_url: str, sandbox: Sandbox, stack: AsyncExitStack
) -> None:
    pair, one, two = await pair_on(pg_url, sandbox, stack)
    two.signal(signal.SIGKILL)
    await pair.emit(100)
    await pair.delivered()
    three = await Bridge(pg_url, "three", sandbox).start()
    stack.push_async_callback(three.end)
    await three.until("ready")
    await pair.emit(100)
    one.signal(signal.SIGTERM)
    await one.until("ended")
    await three.until("leads", seconds=TTL / 3 + 2)
    await pair.delivered()
    pair.exactly_once()


async def test_a_leader_that_was_stopped_does_nothing_when_it_wakes_up(
    pg_url: str, sandbox: Sandbox, stack: AsyncExitStack
) -> None:
    pair, one, two = await pair_on(pg_url, sandbox, stack)
    await pair.emit(200)
    await pair.begun()
    one.signal(signal.SIGSTOP)
    await two.until("leads")
    await asyncio.sleep(TTL)  # stopped for two terms in all
    one.signal(signal.SIGCONT)
    await pair.emit(100)
    await one.until("leads no more")
    await pair.delivered()
    pair.exactly_once()
    assert await pair.leader() == "two"


async def test_two_bridges_of_one_name_do_not_both_run(
    pg_url: str, sandbox: Sandbox, stack: AsyncExitStack
) -> None:
    await pair_on(pg_url, sandbox, stack)
    again = await Bridge(pg_url, "one", sandbox).start()
    stack.push_async_callback(again.end)
    async with asyncio.timeout(30):
        assert await again.process.wait() == 1
    assert "ready" not in again.said


async def test_behind_a_pooler(pg_url: str, pgbouncer: PgBouncer, sandbox: Sandbox, stack: AsyncExitStack) -> None:
    pair, one, two = await pair_on(pgbouncer.url(pg_url.rsplit("/", 1)[1]), sandbox, stack)
    await pair.emit(100)
    one.signal(signal.SIGKILL)
    await two.until("leads")
    await pair.delivered()
    pair.exactly_once()


async def test_what_a_standby_lacks_that_takes_over_is_told(
    primary: Cluster, sandbox: Sandbox, stack: AsyncExitStack
) -> None:
    standby = await asyncio.to_thread(partial(primary.standby, synchronous=False))
    stack.callback(standby.close)
    pair, *_ = await pair_on(primary.url("postgres", standby), sandbox, stack)
    await pair.emit(10)
    await pair.delivered()
    primary.hold_back()
    await pair.emit(7)
    primary.kill()
    standby.promote()
    async with asyncio.timeout(20):
        while not pair.metrics.get(ACKNOWLEDGED_LOST):
            await pair.intake.look()
            await pair.intake.revive()
            await asyncio.sleep(0.1)
    assert pair.metrics.get(ACKNOWLEDGED_LOST) == 7


async def test_the_standby_takes_over_from_a_killed_primary(
    primary: Cluster, sandbox: Sandbox, stack: AsyncExitStack
) -> None:
    standby = await asyncio.to_thread(partial(primary.standby, synchronous=True))
    stack.callback(standby.close)
    pair, *_ = await pair_on(primary.url("postgres", standby), sandbox, stack)
    await pair.emit(100)
    await pair.begun()
    primary.kill()
    standby.promote()
    async with asyncio.timeout(10):
        while True:
            try:
                await pair.emit(50)
                break
            except Exception:
                await asyncio.sleep(0.1)
    await pair.delivered()
    pair.exactly_once()
