# SPDX-License-Identifier: GPL-3.0-or-later
"""An outbox with the brake on, open or sealed, while the program and its commands are killed and Listmonk fails:
many hard bounces, a release, more of them that blocklist, and an undo of those; what is wrong after each is
counted."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime

import aiohttp

from bouncestream.outbox.backup import backup
from bouncestream.sandbox import Sandbox
from tests.e2e.program import ROOT, Program, event, post
from tests.e2e.storm import Storm

CAMPAIGN = "5a0db0c5-0000-4000-8000-000000000001"
#: What is let through before the brake holds.
MOST = 100


async def killed_now_and_then(program: Program, *args: str, rng: random.Random, kills: int) -> str:
    """A command, begun again after each kill -9, until it has ended by itself with success; what it told then."""
    for turn in range(100):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bouncestream", *args, "--config", str(program.config),
            cwd=ROOT, env={**os.environ, **program.environment},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        try:
            async with asyncio.timeout(rng.uniform(0.5, 3) if turn < kills else 120):
                out, _ = await process.communicate()
        except TimeoutError:
            process.kill()
            await process.wait()
            continue
        if process.returncode == 0 and turn >= kills:
            return out.decode()
        assert b"Traceback" not in out, out.decode()
        await asyncio.sleep(0.2)
    raise AssertionError(out.decode())


@dataclass
class BrakeStorm:
    """`blow`, then look at what is `wrong`."""

    program: Program
    sandbox: Sandbox
    rng: random.Random
    kills: int = 8
    faults: int = 10
    undo_kills: int = 4
    sealed: bool = False
    wrong: Counter[str] = field(default_factory=Counter)
    files: set[str] = field(default_factory=set)  #: that hold an address, of a sealed outbox
    acknowledged: int = 0
    held: int = 0  #: at most
    told: str = ""  #: by the last undo

    def __post_init__(self) -> None:
        # Who comes late enough that the storm does not reach them: those who are blocklisted, and brought back; of
        # those one whom a person blocklists after that; and one whom a person blocklists, and no bounce.
        last = len(self.sandbox.listmonk.database.people)
        self.more, self.own, self.other = range(last - 200, last - 100), last - 150, last - 10

    async def blow(self) -> None:
        """Until all is told, and what is to be undone is."""
        if self.sealed:
            self.program.seal()
        await self._hold()
        await self._release()
        await self._blocklist()
        await self._undo()
        backup(self.program.folder / "outbox.db", self.program.folder / "copy.outbox", datetime.now(UTC))
        self._look()
        self.wrong = +self.wrong

    def _look(self) -> None:
        if self.sealed:
            self.files |= self.program.addresses()

    async def _until(self, states: set[str]) -> None:
        async with asyncio.timeout(120):
            while not self.program.states().keys() <= states:
                await asyncio.sleep(0.1)

    async def _hold(self) -> None:
        self._storm = Storm(self.program, self.sandbox, self.rng, kills=self.kills, faults=self.faults)
        await self._storm.blow()
        self._look()
        self.acknowledged = len(self._storm.acknowledged)
        await self._until({"held", "verified"})
        told = Counter(row["email"] for row in self.sandbox.state()["rows"])
        self.held = self.acknowledged - len(told)
        # What waits together is judged together, so that fewer than the threshold may be let through.
        self.wrong["let through"] += max(0, len(told) - MOST)
        self.wrong["lost"] += self.acknowledged - sum(self.program.states().values())

    async def _release(self) -> None:
        await killed_now_and_then(self.program, "brake", "release", rng=self.rng, kills=3)
        await self.program.settled({"verified": self.acknowledged}, seconds=180)
        self.wrong += self._storm.wrong()
        self._look()

    async def _blocklist(self) -> None:
        """Bounces of a campaign that do what Listmonk does by default, and one that a person does."""
        self.sandbox.listmonk.saved["bounce.actions"] = {
            kind: {"count": 1, "action": "blocklist"} for kind in ("hard", "soft", "complaint")
        }
        self.sandbox.fault("restart")
        for turn in (0, 1):  # a start asks what Listmonk does at a bounce
            await self.program.kill()
            await self.program.start()
            async with aiohttp.ClientSession() as session:
                for number in self.more[turn::2]:
                    await post(session, self.program, event(number, campaign_uuid=CAMPAIGN))
        await self._until({"held", "verified"})
        self.wrong["not held"] += "held" not in self.program.states()
        await killed_now_and_then(self.program, "brake", "release", rng=self.rng, kills=1)
        await self.program.settled({"verified": self.acknowledged + len(self.more)}, seconds=120)
        people = self.sandbox.listmonk.database.by_email
        self.wrong["lost"] += sum(people[f"p{number}@example.com"].status != "blocklisted" for number in self.more)
        for number in (self.own, self.other):
            people[f"p{number}@example.com"].set_status("blocklisted")

    async def _undo(self) -> None:
        async def trouble() -> None:
            for name in ("db_away", "kill", "restart", "freeze", "kill", "html_200", "restart", "db_away"):
                await asyncio.sleep(self.rng.uniform(0.3, 1.5))
                if name == "kill":
                    await self.program.kill()
                    await self.program.start()
                else:
                    self.sandbox.fault(name, seconds=0.5)

        troubles = asyncio.create_task(trouble())
        undo = ("undo", "--campaign", CAMPAIGN)
        await killed_now_and_then(self.program, *undo, rng=self.rng, kills=self.undo_kills)
        await troubles
        self.sandbox.fault("clear")
        self.told = await killed_now_and_then(self.program, *undo, rng=self.rng, kills=0)
        database = self.sandbox.listmonk.database
        blocklisted = {one.email for one in database.people.values() if one.status == "blocklisted"}
        theirs = {f"p{number}@example.com" for number in (self.own, self.other)}
        self.wrong["not undone"] += len(blocklisted - theirs)
        self.wrong["undone, not ours"] += len(theirs - blocklisted)
        self.wrong["opt-in letters"] += self.sandbox.state()["optins"]
        self.wrong["subscriptions"] += sum(
            on.status != "confirmed" for one in database.people.values() for on in one.lists.values()
        )
        rows = Counter(row["email"] for row in self.sandbox.state()["rows"])
        ours = {f"p{number}@example.com" for number in self.more} - theirs
        self.wrong["rows of ours that stand"] += sum(rows[one] > 0 for one in ours)
        self.wrong["rows that are gone"] += rows[f"p{self.own}@example.com"] != 1
        self.wrong += self._storm.wrong()
        wanted = {"dropped": len(ours), "verified": self.acknowledged + 1}
        self.wrong["states"] += self.program.states() != wanted
