# SPDX-License-Identifier: GPL-3.0-or-later
"""A stream of webhooks to two bridges whose PostgreSQL dies, again and again, and whose standby takes over. With a
synchronous standby what was acknowledged has to be in Listmonk, once; with an asynchronous one, what the outbox has
lost has to be told. `make chaos` plays it.

Every other one with a synchronous standby is on a sealed outbox, and every third one records in Listmonk's tables.
"""

from __future__ import annotations

import asyncio
import json
import random
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import aiohttp

from bouncestream.cli.demo.dovecot import free_port
from bouncestream.errors import StoreError
from bouncestream.outbox import delivery
from bouncestream.outbox.db import Database
from bouncestream.outbox.place import Server
from bouncestream.sandbox import Action, Sandbox, SandboxSettings, Subscriber
from tests.e2e import bridges
from tests.e2e.bridges import SILENT, bridge
from tests.e2e.program import KEY, Program, event, post
from tests.postgres.cluster import Cluster
from tests.relay.steps import STEPS
from tests.sinks.listmonk_db.shape import BRIDGE, Listmonk

#: How the primary goes: killed with all its processes; ended by SIGQUIT; killed while commits wait for a standby
#: that gets nothing more; handed over in order; stopped (SIGSTOP) until the standby has taken over, then awake for
#: a moment, as a primary that nobody has fenced yet.
WAYS = ("killed", "immediate", "unconfirmed", "handed over", "hung")
#: Steps of a bridge, which stops itself there while the primary is killed. Without those of its end and of mails,
#: and without the one at which a bridge that sleeps for too long doubles.
STEPS_OF_BRIDGES = tuple(
    name for name in STEPS if name not in ("posting", "mails fetched", "releasing the lease", "lease released")
)
#: Those of a bridge that records in Listmonk's tables.
STEPS_RECORDING = ("taking the lease", "lease taken", "renewing the lease", "storing", "stored")
#: Seconds after the promotion within which both bridges take in again, and one delivers what came in since.
INTAKE, RELAY = 10.0, 90.0
PEOPLE = 40_000
#: The times of the program's own defaults, which the tests shorten otherwise.
OWN_TIMES = {"margin": "60s", "grace": "10m"}


class Servers:
    """A primary and its standby on two ports that stay; which of the two is the primary changes."""

    def __init__(self, *, synchronous: bool) -> None:
        self._synchronous = synchronous
        self.primary = Cluster(quick=False)
        self.standby: Cluster | None = None
        self._other = free_port()

    def start(self) -> None:
        """Both run when this returns."""
        self.primary.start()
        self.rebuild()

    def rebuild(self) -> None:
        """Make the standby anew, in the place of the primary that is gone."""
        self.standby = self.primary.standby(synchronous=self._synchronous, port=self._other)

    def go(self, way: str) -> None:
        """The primary goes, one of WAYS; `hung` stops it."""
        match way:
            case "immediate":
                self.primary.stop("immediate")
            case "handed over":
                self.primary.stop("fast")
            case "hung":
                self.primary.pause()
            case _:
                self.primary.kill()

    def take_over(self) -> Cluster:
        """The standby is the primary when this returns; the former one."""
        assert self.standby is not None
        self.standby.promote()
        former, self.primary, self.standby = self.primary, self.standby, None
        self._other = former.port
        return former

    def close(self) -> None:
        for one in (self.primary, self.standby):
            if one is not None:
                one.close()

    def url(self, database: str, user: str = "postgres") -> str:
        """Of the outbox on either."""
        assert self.standby is not None
        return self.primary.url(database, self.standby, user=user, target_session_attrs="read-write")


@dataclass
class FailoverStorm:
    """The storm: so many failovers, each in one of WAYS, or with both bridges killed and one of them stopped at one
    of `steps`. `rows`: address → its rows in Listmonk."""

    pair: tuple[Program, Program]
    servers: Servers
    rows: Callable[[], Awaitable[Counter[str]]]
    rng: random.Random
    failovers: int
    steps: tuple[str, ...]
    told: Counter[str] = field(default_factory=Counter)
    #: number → when it was acknowledged, and by which of the two
    acknowledged: dict[int, tuple[float, int]] = field(default_factory=dict)
    intake: list[float] = field(default_factory=list)  #: seconds after each promotion until both took in
    relay: list[float] = field(default_factory=list)  #: until something that came in after it was recorded
    reported: int = 0  #: that are lost, by the bridges themselves
    sent: int = 0
    over: bool = False

    async def blow(self) -> None:
        """Until all failovers are over and all that was sent is acknowledged. Raises AssertionError where it takes
        too long."""
        async with bridges.running(*self.pair), aiohttp.ClientSession() as session:
            load = [asyncio.create_task(self._load(session)) for _ in range(8)]
            try:
                for _ in range(self.failovers):
                    await asyncio.sleep(self.rng.uniform(0.2, 2.0))
                    await self._failover()
                self.over = True
                await asyncio.gather(*load)
                await self._settled()
            finally:
                for task in load:
                    task.cancel()
                await asyncio.gather(*load, return_exceptions=True)
                with suppress(aiohttp.ClientError):
                    self.reported = sum([await _reported(session, each) for each in self.pair])

    async def _load(self, session: aiohttp.ClientSession) -> None:
        """As a proxy and a provider do: what is not answered 200 is sent again, to the other one."""
        while not self.over:
            number, self.sent = self.sent, self.sent + 1
            turn = number
            while number not in self.acknowledged:
                try:
                    await post(session, self.pair[turn % 2], event(number), within=2)
                    self.acknowledged[number] = time.monotonic(), turn % 2
                except (aiohttp.ClientError, TimeoutError, OSError):
                    turn += 1
                    await asyncio.sleep(0.1)
            await asyncio.sleep(self.rng.uniform(0.02, 0.1))

    async def _failover(self) -> None:
        """One failover, from the end of the primary to a new standby."""
        way = self.rng.choice((*WAYS, "at a step") if self.steps else WAYS)
        self.told[way] += 1
        asleep = await self._bridge_at_a_step() if way == "at a step" else None
        if way == "unconfirmed":
            await asyncio.to_thread(self.servers.primary.hold_back)
            await asyncio.sleep(self.rng.uniform(0, 1.5))
        await asyncio.to_thread(self.servers.go, way)
        await asyncio.sleep(self.rng.uniform(0, 2.0))
        former = await asyncio.to_thread(self.servers.take_over)
        promoted = time.monotonic()
        if way == "hung":
            former.resume()
            await asyncio.sleep(self.rng.uniform(0, 2.0))
            await asyncio.to_thread(former.kill)
            promoted = time.monotonic()
        await asyncio.to_thread(former.close)
        if asleep is not None:
            bridges.wake(asleep)
        self.intake.append(await self._until(promoted, self._both_took_in, INTAKE + 60))
        self.relay.append(await self._until(promoted, self._recorded, RELAY + 60))
        await asyncio.to_thread(self.servers.rebuild)

    async def _bridge_at_a_step(self) -> Program:
        """Kill both, and have one of them come to a step and stop there."""
        step = self.rng.choice(self.steps)
        self.told[step] += 1
        for each in self.pair:
            await each.kill()
        one, two = self.rng.sample(self.pair, 2)
        one.environment["BOUNCESTREAM_TEST_AT"] = f"{step}:19"
        await one.start(ready=False)
        one.environment["BOUNCESTREAM_TEST_AT"] = ""
        if step not in ("storing", "stored"):
            await bridges.frozen(one)
        await two.start()
        await bridges.frozen(one)
        return one

    async def _until(self, since: float, seen: Callable[[float], Awaitable[float]], within: float) -> float:
        """Seconds from then until it was seen. Raises AssertionError."""
        at = 0.0
        try:
            async with asyncio.timeout(within):
                while not (at := await seen(since)):
                    await asyncio.sleep(0.3)
        except TimeoutError:
            raise AssertionError(f"not within {within:.0f} s after the promotion: {seen.__name__}") from None
        return at - since

    async def _both_took_in(self, since: float) -> float:
        """When the second of the two had taken in something; 0: not yet."""
        first: dict[int, float] = {}
        for at, which in self.acknowledged.values():
            if at > since:
                first[which] = min(at, first.get(which, at))
        return max(first.values()) if len(first) == 2 else 0.0

    async def _recorded(self, since: float) -> float:
        """Now, once something that came in since is in Listmonk; else 0."""
        found = await self.rows()
        new = [number for number, (at, _) in self.acknowledged.items() if at > since]
        return time.monotonic() if any(f"p{number}@example.com" in found for number in new) else 0.0

    async def _settled(self) -> None:
        """Until the outbox has told all that it has. Raises AssertionError, and StoreError."""
        environment = self.pair[1].environment
        key = KEY if "BOUNCESTREAM__PRIVACY__KEY" in environment else None
        db = await Database.open(Server(environment["BOUNCESTREAM__OUTBOX__URL"], "who looks"), key=key)
        try:
            async with asyncio.timeout(600):
                while found := {k: v for k, v in (await db.read(delivery.tally)).items() if v and k != "verified"}:
                    await asyncio.sleep(0.2)
        except TimeoutError:
            raise AssertionError(f"{found} of {len(self.acknowledged)}") from None
        finally:
            await db.close()


async def _reported(session: aiohttp.ClientSession, bridge: Program) -> int:
    """How many acknowledged events a bridge says that PostgreSQL has lost."""
    async with session.get(f"{bridge.url}/metrics") as answer:
        lines = (await answer.text()).splitlines()
    return sum(int(float(line.split()[-1])) for line in lines if line.startswith("bouncestream_acknowledged_lost"))


class _Tables:
    """Listmonk's tables beside the outbox, which go with it to the server that takes over."""

    def __init__(self, servers: Servers, name: str) -> None:
        self._servers, self._name = servers, name
        made = Listmonk(servers.primary.url(name))
        try:
            made.make()
            made.run(
                "INSERT INTO subscribers (uuid, email, name)"
                f" SELECT gen_random_uuid(), 'p' || i || '@example.com', '' FROM generate_series(0, {PEOPLE}) AS i"
            )
            rule = {"count": 10**6, "action": "none"}  # so that a double leaves its trace
            made.set("bounce.actions", dict.fromkeys(("hard", "soft", "complaint"), rule))
        finally:
            made.close()

    async def rows(self) -> Counter[str]:
        sql = (
            "SELECT coalesce(json_object_agg(email, n), '{}') FROM (SELECT s.email, count(*) AS n FROM bounces b"
            " JOIN subscribers s ON s.id = b.subscriber_id GROUP BY 1) AS t"
        )
        return Counter(json.loads(await asyncio.to_thread(self._servers.primary.psql, sql, self._name)))


async def storm(seed: int, failovers: int = 5, *, synchronous: bool = True, own_times: bool = False) -> bool:
    """One storm; True when nothing was lost or doubled, or the loss was told. `own_times`: not shortened."""
    actions = {kind: Action(10**6, "none") for kind in ("hard", "soft", "complaint")}
    people = [Subscriber(f"p{i}@example.com") for i in range(PEOPLE)]
    settings = SandboxSettings(row_seconds=0.0005, subscribers=people, actions=actions)
    sealed, recording = synchronous and seed % 2 == 1, synchronous and seed % 3 == 2
    servers = Servers(synchronous=synchronous)
    begun, unsettled = time.monotonic(), ""
    found: Counter[str] = Counter()
    try:
        await asyncio.to_thread(servers.start)
        name = await asyncio.to_thread(servers.primary.database)
        tables = await asyncio.to_thread(_Tables, servers, name) if recording else None
        url = servers.url(name, BRIDGE if recording else "postgres")
        with tempfile.TemporaryDirectory() as folder:
            async with Sandbox(settings) as sandbox:
                weather = FailoverStorm(
                    _pair(Path(folder), url, sandbox.url, sealed=sealed, recording=recording, own_times=own_times),
                    servers,
                    tables.rows if tables is not None else partial(_posted, sandbox),
                    random.Random(seed),
                    failovers,
                    () if not synchronous else STEPS_RECORDING if recording else STEPS_OF_BRIDGES,
                )
                try:
                    await weather.blow()
                except (AssertionError, TimeoutError, StoreError) as error:
                    unsettled = f"{type(error).__name__}: {error}"
                found = await weather.rows()
        gone: set[str] = set()
        if not synchronous:
            kept = await asyncio.to_thread(servers.primary.psql, "SELECT recipient FROM outbox", name)
            gone = {f"p{number}@example.com" for number in weather.acknowledged} - set(kept.split())
    finally:
        await asyncio.to_thread(servers.close)
    lost = sum(f"p{number}@example.com" not in found for number in weather.acknowledged)
    doubled = sum(count > 1 for count in found.values())
    kind = [name for name, on in (("sealed", sealed), ("its tables", recording), ("own times", own_times)) if on]
    print(
        f"failover storm {seed} ({', '.join(['synchronous' if synchronous else 'asynchronous', *kind])}):"
        f" {dict(weather.told)}, {len(weather.acknowledged)} acknowledged, {lost} not in Listmonk,"
        f" {doubled} doubled, {len(gone)} gone from the outbox, {weather.reported} told as lost;"
        f" intake after {_span(weather.intake)}, relay after {_span(weather.relay)};"
        f" {time.monotonic() - begun:.0f} s {unsettled}",
        flush=True,
    )
    late = max(weather.intake, default=0) > INTAKE or max(weather.relay, default=0) > RELAY
    right = lost == doubled == weather.reported == 0 if synchronous else len(gone) <= weather.reported
    return right and not late and not unsettled


def _pair(
    folder: Path, url: str, listmonk: str, *, sealed: bool, recording: bool, own_times: bool
) -> tuple[Program, Program]:
    times = OWN_TIMES if own_times else {}
    one, two = (
        bridge(folder, url, name, listmonk, silent=0 if own_times else SILENT, **times) for name in ("one", "two")
    )
    for each in (one, two):
        if own_times:
            del each.environment["BOUNCESTREAM_TEST_TTL"], each.environment["BOUNCESTREAM_TEST_GAP"]
        if sealed:
            each.seal()
        if recording:
            each.environment["BOUNCESTREAM__LISTMONK_DB__ENABLED"] = "true"
    return one, two


async def _posted(sandbox: Sandbox) -> Counter[str]:
    return bridges.rows(sandbox)


def _span(seconds: list[float]) -> str:
    return f"{min(seconds):.1f} to {max(seconds):.1f} s" if seconds else "?"
