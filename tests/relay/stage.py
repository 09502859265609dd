# SPDX-License-Identifier: GPL-3.0-or-later
"""Relays that fall at a step of `tests.relay.steps`, killed or stopped, and those that go on, on an outbox and a
Listmonk of their own. `play`: one falls, and another one goes on. `chain`: many, one after the other.

On a `Stage` they post; on a `TablesStage` those of a forge that `records` do so in Listmonk's tables.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections import Counter
from contextlib import AsyncExitStack, suppress
from typing import Any, Self

from bouncestream.outbox import delivery
from bouncestream.outbox.db import Database
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.place import Server
from bouncestream.outbox.postgres import leases
from bouncestream.sandbox import Action, Sandbox, SandboxSettings, Subscriber
from tests.postgres.cluster import Cluster
from tests.relay.forge import Forge
from tests.relay.steps import RECORDING, RELAY
from tests.relay.tables import COUNTING
from tests.relay.test_several import Bridge, Pair
from tests.sinks.listmonk_db.shape import Listmonk

#: Seconds that leases last.
TTL = 3.0
#: As many events a relay has in hand at its step, of which four at most are under way to Listmonk.
EVENTS = 8
#: Steps of a relay that was told to end.
LATE = ("releasing the lease", "lease released")
FALLS = [(step, how) for step in RELAY for how in (signal.SIGKILL, signal.SIGSTOP)]
RECORDING_FALLS = [(step, how) for step in RECORDING for how in (signal.SIGKILL, signal.SIGSTOP)]
#: Who is stopped here and wakes up after its lease sends that one request: the double that no rule removes, and
#: that is counted (tests/e2e/test_frozen.py).
DOUBLES = ("posting", signal.SIGSTOP)
#: What a fallen bridge has said last.
LAST_WORDS = {signal.SIGKILL: "exit -9", signal.SIGSTOP: "stopped"}


class Forked(Bridge):
    """A bridge that was forked."""

    def __init__(self, forge: Forge, url: str, name: str, sandbox: Sandbox, *step: str) -> None:
        super().__init__(url, name, sandbox)
        self._forge, self._step = forge, step
        self.pid = 0

    async def start(self) -> Self:
        stream = asyncio.StreamReader()
        pipe = open(self._forge.fork(*self._arguments[:5], *self._step), "rb", 0)  # noqa: SIM115 - the loop has it
        protocol = asyncio.StreamReaderProtocol(stream)
        self._pipe, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, pipe)
        self.pid = int(await stream.readline())
        self._reader = asyncio.create_task(self._read(stream))
        return self

    def signal(self, number: int) -> None:
        if not self.said or not self.said[-1].startswith("exit "):
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    async def end(self) -> None:
        self.signal(signal.SIGKILL)
        await self._reader
        self._pipe.close()


class Stage:
    """Where they work. `pair`: takes events in, and looks at what became of them."""

    pair: Pair

    def __init__(self, cluster: Cluster, forge: Forge, people: int = 300) -> None:
        self._cluster, self._forge = cluster, forge
        self._people = people
        self._stack = AsyncExitStack()
        self._bridges = 0

    async def __aenter__(self) -> Self:
        name = await asyncio.to_thread(self._cluster.database)
        self._stack.push_async_callback(asyncio.to_thread, self._cluster.drop, name)
        self._url = self._prepared(self._cluster.url(name))
        actions = {kind: Action(10**6, "none") for kind in ("hard", "soft", "complaint")}
        people = [Subscriber(f"p{i}@example.com") for i in range(self._people)]
        settings = SandboxSettings(row_seconds=0.002, subscribers=people, actions=actions)
        self._sandbox = await self._stack.enter_async_context(Sandbox(settings))
        self.db = await Database.open(Server(self._url, "who takes in"))
        self._stack.push_async_callback(self.db.close)
        self.pair = Pair(self._sandbox, self.db)
        return self

    def _prepared(self, url: str) -> str:
        """The URL of the outbox in that new database."""
        return url

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def bridge(self, *fall: object) -> Forked:
        """One more bridge. `fall`: a step and a signal."""
        self._bridges += 1
        words = [str(int(word)) if isinstance(word, int) else str(word) for word in fall]
        made = await Forked(self._forge, self._url, f"mx{self._bridges}", self._sandbox, *words).start()
        self._stack.push_async_callback(made.end)
        return made

    async def settled(self, but: int = 0, *, feed: int = 0, seconds: float = 60) -> None:
        """Until all events but so many are verified; meanwhile `feed` more come in each time that they are not.
        Raises AssertionError."""
        states: dict[str, int] = {}
        try:
            async with asyncio.timeout(seconds):
                while states.get("verified", 0) < self.pair.taken - but:
                    await asyncio.sleep(0.3 if feed else 0.1)
                    if feed and self.pair.taken + feed <= self._people:
                        await self.pair.emit(feed)
                    states = {k: v for k, v in (await self.db.read(delivery.tally)).items() if v}
        except TimeoutError:
            told = await self.db.read(_stuck)
            raise AssertionError(f"{states} of {self.pair.taken} after {seconds} s: {told}") from None

    def wrong(self) -> tuple[int, int]:
        """How many events have no row in Listmonk, and how many have more than one."""
        found = Counter(row["meta"]["id"] for row in self._rows())
        return self.pair.taken - len(found), sum(count > 1 for count in found.values())

    def _rows(self) -> list[dict[str, Any]]:
        """What was recorded."""
        found: list[dict[str, Any]] = self._sandbox.state()["rows"]
        return found

    async def wake(self, bridge: Forked) -> None:
        """Have one that was stopped go on, until it has asked for its lease again, or has ended."""
        begun = time.monotonic()
        bridge.signal(signal.SIGCONT)
        async with asyncio.timeout(30):
            while bridge.said[-1] != "exit 0":
                await asyncio.sleep(0.1)
                seen = {one.name: one.seen for one in await self.db.read(leases.bridges)}
                if seen.get(bridge.name, 1e9) < time.monotonic() - begun:
                    break
        if "leads" in bridge.said:
            await bridge.until("leads no more")


class TablesStage(Stage):
    """Where the outbox is in Listmonk's database."""

    listmonk: Listmonk

    def _prepared(self, url: str) -> str:
        self.listmonk = Listmonk(url)
        self._stack.callback(self.listmonk.close)
        self.listmonk.make()
        self.listmonk.rules(COUNTING)
        self.listmonk.people(self._people)
        return self.listmonk.url

    def _rows(self) -> list[dict[str, Any]]:
        return self.listmonk.rows()


def _stuck(conn: Conn) -> list[tuple[object, ...]]:
    """What happened to the events that are not verified."""
    found: list[tuple[object, ...]] = conn.execute(
        "SELECT o.id, h.at, h.from_state, h.to_state, h.why FROM outbox o JOIN history h ON h.outbox_id = o.id"
        " WHERE o.state != 'verified' ORDER BY o.id, h.id LIMIT 20"
    ).fetchall()
    return found


async def play(step: str, how: signal.Signals, cluster: Cluster, forge: Forge, made: type[Stage] = Stage) -> float:
    """One comes to that step and falls, and another one goes on: nothing is lost, doubled or stuck. Then who was
    stopped wakes up, and changes nothing. Seconds. Raises AssertionError."""
    begun = time.monotonic()
    async with made(cluster, forge) as stage:
        await stage.pair.emit(EVENTS)
        one = await stage.bridge(step, how)
        if step in LATE:
            await stage.settled()
            one.signal(signal.SIGTERM)
        await one.until(LAST_WORDS[how])
        two = await stage.bridge()
        await stage.pair.emit(EVENTS)
        await two.until("leads")
        # What comes in later and is seen shows what will not come any more. Few of these are under way at a time.
        await stage.settled(EVENTS // 2, feed=1)
        await stage.settled()
        assert stage.wrong() == (0, 0)
        if how == signal.SIGSTOP:
            await stage.wake(one)
            await stage.pair.emit(EVENTS)
            await stage.settled()
            assert stage.wrong() == (0, int((step, how) == DOUBLES))
        assert await stage.pair.leader() == two.name
    return time.monotonic() - begun


async def chain(seed: int, falls: int, cluster: Cluster, forge: Forge, made: type[Stage] = Stage) -> bool:
    """So many relays lead one after the other, and each falls at a step by chance, while events come in. Who was
    stopped wakes up before or after the end of its lease, and is killed some time after that. True when the last
    one has delivered all, each event once."""
    rng = random.Random(seed)
    begun = time.monotonic()
    fallen: Counter[str] = Counter()
    wanted = RECORDING_FALLS if made is TablesStage else FALLS
    async with made(cluster, forge, people=20_000) as stage:

        async def feed() -> None:
            while True:
                await stage.pair.emit(rng.randint(1, 2 * EVENTS))
                await asyncio.sleep(rng.uniform(0.1, 0.5))

        async def awake(bridge: Forked, asleep: float, alive: float) -> None:
            await asyncio.sleep(asleep)
            bridge.signal(signal.SIGCONT)
            await asyncio.sleep(alive)
            bridge.signal(signal.SIGKILL)

        unsettled = ""
        try:
            async with asyncio.TaskGroup() as group:
                feeding = group.create_task(feed())
                for _ in range(falls):
                    step, how = rng.choice([one for one in wanted if one != DOUBLES])
                    one = await stage.bridge(step, how)
                    if step in LATE:
                        await one.until("leads", seconds=90)
                        one.signal(signal.SIGTERM)
                    await one.until(LAST_WORDS[how], seconds=90)
                    fallen[how.name] += 1
                    if how == signal.SIGSTOP:
                        group.create_task(awake(one, *(TTL * rng.uniform(0, 2) for _ in range(2))))
                feeding.cancel()
            await stage.bridge()
            await stage.settled(seconds=120)
        except* AssertionError as stuck:
            unsettled = str(stuck.exceptions[0])
        lost, doubled = stage.wrong()
        terms = max(lease.epoch for lease in await stage.db.read(leases.leases))
        what = "recording" if made is TablesStage else "posting"
        print(
            f"chain of relays {what} {seed}: {dict(fallen)}, {terms} terms, {stage.pair.taken} events, {lost} lost,"
            f" {doubled} doubled, {time.monotonic() - begun:.0f} s {unsettled}",
            flush=True,
        )
    return not (lost or doubled or unsettled)
