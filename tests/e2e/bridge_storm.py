# SPDX-License-Identifier: GPL-3.0-or-later
"""A load of events on two bridges with one outbox on PostgreSQL, while either is killed, stopped for longer than
its lease, or cut off from the database. What was acknowledged has to be in Listmonk, once.

`make chaos` plays it into the sandbox. Into a real Listmonk, whose subscribers it makes and whose bounces it
deletes, and counts by SQL:
python -m tests.e2e.bridge_storm URL USER TOKEN POSTGRES [--events 5000] [--faults 30] [--first SEED]
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import psycopg

from bouncestream.outbox import delivery
from bouncestream.outbox.db import Database
from bouncestream.outbox.place import Server
from bouncestream.sandbox import Sandbox
from tests.e2e import bridges
from tests.e2e.bridges import TTL, bridge, deliver
from tests.e2e.program import Program
from tests.mailserver.proxy import Proxy
from tests.postgres.cluster import Cluster

#: What is done to a bridge, and for how many terms of a lease at most.
FAULTS = {"kill": 1.0, "freeze": 2.5, "frozen": 2.0, "deaf": 2.0, "mute": 2.0, "reset": 0.5}

#: Address → its rows in Listmonk.
Rows = Callable[[], Awaitable[Counter[str]]]


@dataclass
class BridgeStorm:
    """The storm. `network`: the proxy before PostgreSQL, of each bridge; `pace`: seconds between two events of each
    of eight senders."""

    pair: tuple[Program, Program]
    network: tuple[Proxy, Proxy]
    rng: random.Random
    events: int
    faults: int
    pace: float
    told: Counter[str] = field(default_factory=Counter)
    acknowledged: set[int] = field(default_factory=set)
    sent: int = 0
    over: bool = False

    async def blow(self) -> None:
        """Until all faults are over and all events are acknowledged."""
        async with bridges.running(*self.pair), aiohttp.ClientSession() as session:
            load = [asyncio.create_task(self._load(session)) for _ in range(8)]
            try:
                for _ in range(self.faults):
                    await asyncio.sleep(self.rng.uniform(0.2, 1.0) * TTL)
                    await self._fault(self.rng.randrange(2))
            finally:
                self.over = True
            await asyncio.gather(*load)
            await self.settled()

    async def settled(self) -> None:
        """Until the outbox has told all of them. Raises AssertionError."""
        db = await Database.open(Server(self.pair[1].environment["BOUNCESTREAM__OUTBOX__URL"], "who looks"))
        try:
            async with asyncio.timeout(300):
                while (found := {k: v for k, v in (await db.read(delivery.tally)).items() if v}) != {
                    "verified": len(self.acknowledged)
                }:
                    await asyncio.sleep(0.2)
        except TimeoutError:
            raise AssertionError(f"{found} of {len(self.acknowledged)}") from None
        finally:
            await db.close()

    async def _load(self, session: aiohttp.ClientSession) -> None:
        while self.sent < self.events:
            number, self.sent = self.sent, self.sent + 1
            while number not in self.acknowledged:
                try:
                    await deliver(session, self.pair, number)
                    self.acknowledged.add(number)
                except TimeoutError:
                    continue
            if not self.over:
                await asyncio.sleep(self.pace * self.rng.uniform(0.5, 1.5))

    async def _fault(self, which: int) -> None:
        one, network = self.pair[which], self.network[which]
        kind = self.rng.choice(sorted(FAULTS))
        seconds = FAULTS[kind] * TTL * self.rng.uniform(0.1, 1.0)
        self.told[kind] += 1
        if kind == "kill":
            await one.kill()
            await asyncio.sleep(seconds)
            await one.start(ready=False)
        elif kind == "freeze":
            bridges.freeze(one)
            await asyncio.sleep(seconds)
            bridges.wake(one)
        elif kind == "reset":
            network.refuse = True
            network.reset()
            await asyncio.sleep(seconds)
            network.refuse = False
        else:
            setattr(network, kind, True)
            await asyncio.sleep(seconds)
            setattr(network, kind, False)
        if self.rng.random() < 0.7:  # the next one meets it before it is well again, else
            async with aiohttp.ClientSession() as session:
                await bridges.until_intake(session, one, 200, seconds=60)


async def storm(
    listmonk: str, rows: Rows, seed: int, *, events: int, faults: int, pace: float, user: str, token: str
) -> bool:
    """One storm; True when all that was acknowledged was recorded exactly once."""
    cluster = Cluster(quick=False)
    try:
        await asyncio.to_thread(cluster.start)
        name = cluster.database()
        url = cluster.url(name)
        with tempfile.TemporaryDirectory() as folder:
            async with Proxy(cluster.port) as first, Proxy(cluster.port) as second:
                pair = [
                    bridge(
                        Path(folder),
                        url.replace(f":{cluster.port}/", f":{each.port}/"),
                        called,
                        listmonk,
                        silent=bridges.SILENT,
                        user=user,
                        token=token,
                    )
                    for called, each in (("one", first), ("two", second))
                ]
                weather = BridgeStorm(
                    (pair[0], pair[1]), (first, second), random.Random(seed), events, faults, pace
                )
                begun, unsettled = time.monotonic(), ""
                try:
                    await weather.blow()
                except AssertionError as error:
                    unsettled = str(error)
        taken = cluster.psql("SELECT coalesce(max(epoch), 0) FROM lease WHERE name = 'relay'", name)
        told = cluster.psql("SELECT value FROM meta WHERE name = 'doubled'", name) or "0"
        posted = cluster.psql("SELECT coalesce(sum(attempt - unsent), 0) FROM outbox", name)
    finally:
        cluster.close()
    found = await rows()
    lost = sum(f"p{number}@example.com" not in found for number in weather.acknowledged)
    doubled = sum(count > 1 for count in found.values())
    print(
        f"bridge storm {seed}: {dict(weather.told)}, {taken} terms of the relay,"
        f" {len(weather.acknowledged)} acknowledged, {posted} posted, {sum(found.values())} rows, {lost} lost,"
        f" {doubled} doubled ({told} counted), {time.monotonic() - begun:.0f} s {unsettled}",
        flush=True,
    )
    return not lost and not unsettled and doubled == int(told) == 0


async def into_the_sandbox(seed: int, events: int = 2000, faults: int = 20) -> bool:
    """One storm into the sandbox."""
    from bouncestream.sandbox import Action, SandboxSettings, Subscriber

    actions = {kind: Action(10**6, "none") for kind in ("hard", "soft", "complaint")}
    people = [Subscriber(f"p{i}@example.com") for i in range(events)]
    async with Sandbox(SandboxSettings(row_seconds=0.0005, subscribers=people, actions=actions)) as sandbox:
        one = next(iter(sandbox.settings.users.values()))

        async def rows() -> Counter[str]:
            return bridges.rows(sandbox)

        return await storm(
            sandbox.url, rows, seed, events=events, faults=faults, pace=0.1, user=one.name, token=one.token
        )


def _subscribers(postgres: str, count: int) -> None:
    """Make them, as an import does, and forget the bounces that they have. Listmonk acts upon none: so a double
    leaves its trace."""
    with psycopg.connect(postgres, autocommit=True) as conn:
        conn.execute(
            "INSERT INTO subscribers (uuid, email, name, status)"
            " SELECT gen_random_uuid(), 'p' || i || '@example.com', '', 'enabled' FROM generate_series(0, %s) AS i"
            " ON CONFLICT DO NOTHING",
            (count - 1,),
        )
        conn.execute("DELETE FROM bounces")
        none = "jsonb_build_object('count', 1000000, 'action', 'none')"
        conn.execute(
            f"UPDATE settings SET value = jsonb_build_object('hard', {none}, 'soft', {none}, 'complaint', {none})"
            " WHERE key = 'bounce.actions'"
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("url", "user", "token", "postgres"):
        parser.add_argument(name)
    parser.add_argument("--events", type=int, default=5000)
    parser.add_argument("--faults", type=int, default=30)
    parser.add_argument("--first", type=int, default=0)
    args = parser.parse_args()
    _subscribers(args.postgres, args.events)
    input("The settings were changed by SQL: restart Listmonk, and press Enter. ")

    async def rows() -> Counter[str]:
        with psycopg.connect(args.postgres) as conn:
            found = conn.execute(
                "SELECT s.email, count(*) FROM bounces b JOIN subscribers s ON s.id = b.subscriber_id GROUP BY 1"
            )
            return Counter(dict(found.fetchall()))

    pace = args.faults * 2.2 * TTL * 8 / args.events
    good = asyncio.run(
        storm(
            args.url,
            rows,
            args.first,
            events=args.events,
            faults=args.faults,
            pace=pace,
            user=args.user,
            token=args.token,
        )
    )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
