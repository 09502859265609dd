# SPDX-License-Identifier: GPL-3.0-or-later
"""A load of events while bouncestream is killed and Listmonk fails in every way; what was answered is counted."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field

import aiohttp

from bouncestream.sandbox import Sandbox
from tests.e2e.program import Program, event, post

#: fault → how long it lasts; None: it is over at once
FAULTS: dict[str, float | None] = {
    "restart": None,
    "db_away": 0.3,
    "stall": 0.8,
    "writes_stall": 0.8,
    "row_error": None,
    "webhooks_off": 0.3,
    "processing_off": 0.3,
    "freeze": 0.6,
    "html_200": 0.3,
    "forbid_one": 0.5,
}


@dataclass
class Storm:
    program: Program
    sandbox: Sandbox
    rng: random.Random
    kills: int = 20
    faults: int = 20
    pause: tuple[float, float] = (0.1, 0.6)
    acknowledged: set[int] = field(default_factory=set)
    sent: int = 0
    over: bool = False

    async def blow(self) -> None:
        """Until all kills and faults are over, and every event that was begun is acknowledged."""
        await self.program.start()
        async with aiohttp.ClientSession() as session:
            load = [asyncio.create_task(self._load(session)) for _ in range(8)]
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._kill())
                    group.create_task(self._fault())
            finally:
                self.over = True
                self.sandbox.fault("clear")
            await asyncio.gather(*load)

    async def _load(self, session: aiohttp.ClientSession) -> None:
        """Like an ESP: what is not answered 200 is sent again, the same."""
        while not self.over:
            number = self.sent
            self.sent += 1
            while number not in self.acknowledged:
                try:
                    await post(session, self.program, event(number))
                    self.acknowledged.add(number)
                except (aiohttp.ClientError, TimeoutError, OSError):
                    await asyncio.sleep(0.05)
            await asyncio.sleep(0.01)

    async def _kill(self) -> None:
        for _ in range(self.kills):
            await asyncio.sleep(self.rng.uniform(*self.pause))
            await self.program.kill()
            await self.program.start()

    async def _fault(self) -> None:
        names = list(FAULTS) * (self.faults // len(FAULTS) + 1)
        self.rng.shuffle(names)
        for name in names[: self.faults]:
            await asyncio.sleep(self.rng.uniform(*self.pause))
            self.sandbox.fault(name, seconds=FAULTS[name])

    def wrong(self) -> Counter[str]:
        """What was acknowledged and not recorded exactly once."""
        rows = Counter(row["email"] for row in self.sandbox.state()["rows"])
        wrong: Counter[str] = Counter()
        for number in self.acknowledged:
            count = rows[f"p{number}@example.com"]
            wrong["lost"] += count == 0
            wrong["doubled"] += count > 1
        return +wrong
