# SPDX-License-Identifier: GPL-3.0-or-later
"""Bounce mails delivered to a real Dovecot while Dovecot, the line to it and bouncestream fail in every way; what
was delivered is counted in the sandbox Listmonk and in the folders.
"""

from __future__ import annotations

import asyncio
import random
import re
import smtplib
from collections import Counter
from dataclasses import dataclass, field

from bouncestream.sandbox import Sandbox
from tests.e2e.program import Program
from tests.mailserver.dovecot import PASSWORD, Dovecot, anonymous, dsn, letter
from tests.mailserver.proxy import Proxy
from tests.packages.program import is_built

MAILBOX = """
[mailboxes.inbox]
host = "127.0.0.1"
port = {port}
tls = "none"
user = "bounces"
password = "{password}"
after = "move"
unproven = "accept"
timeout = "1s"
idle = "2s"
retry = "500ms"
retry_login = "1s"
poll = "300ms"
prove = "3s"
canary = {canary}
"""

#: Faults, and how often each comes among 60; of another number, each has the same share.
FAULTS: dict[str, int] = {
    "dovecot": 8,  # kill -9, and up again
    "reset": 10,
    "drop": 6,
    "freeze": 6,  # shorter than the time limit
    "blackhole": 6,  # longer
    "renumber": 4,  # a new UIDVALIDITY
    "kill": 8,  # kill -9 of bouncestream, whatever it does
    "fetched": 4,  # the same at a step: see `wrapped`; a built program dies about then
    "committed": 4,
    "placed": 4,
}

_NUMBER = re.compile(rb"Message-ID: <(\d+)\.(bounce|letter|anonymous)@")


@dataclass
class MailStorm:
    """`blow`, then look at what is `wrong`."""

    program: Program
    sandbox: Sandbox
    dovecot: Dovecot
    proxy: Proxy
    rng: random.Random
    mails: int = 500
    faults: int = 60
    pause: tuple[float, float] = (0.1, 0.5)
    bounces: set[int] = field(default_factory=set)
    letters: set[int] = field(default_factory=set)
    anonymous: set[int] = field(default_factory=set)
    told: Counter[str] = field(default_factory=Counter)
    _extra: int = 0
    _server: asyncio.Lock = field(default_factory=asyncio.Lock)  # deliveries, or a restart

    def configure(self) -> None:
        text = MAILBOX.format(port=self.proxy.port, password=PASSWORD, canary=str(self.rng.random() < 0.5).lower())
        self.program.config.write_text(self.program.config.read_text() + text)

    async def blow(self) -> None:
        """Until all mails are delivered and all faults are over; then all is well again."""
        self.configure()
        await self.program.start()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._deliver())
            group.create_task(self._fault())

    async def _deliver(self) -> None:
        """As a mail server does: what was not acknowledged is delivered again."""
        step = max(1, self.faults) * sum(self.pause) / 2 / max(1, self.mails)
        for number in range(self.mails):
            sort = self.rng.random()
            if sort < 0.1:
                mail = letter(number)
                self.letters.add(number)
            elif sort < 0.15:
                mail = anonymous(number)
                self.anonymous.add(number)
            else:
                mail = self._bounce(number)
            await self._bring(mail)
            await asyncio.sleep(step * self.rng.uniform(0, 1.6))

    def _bounce(self, number: int) -> bytes:
        self.bounces.add(number)
        return dsn(f"p{number}@example.com", number=number, size=self.rng.choice((0, 0, 0, 60_000)))

    async def _bring(self, mail: bytes) -> None:
        while True:
            try:
                async with self._server:
                    await asyncio.to_thread(self.dovecot.deliver, mail)
                return
            except (OSError, smtplib.SMTPException):
                await asyncio.sleep(0.05)

    async def _fault(self) -> None:
        names = [name for name, count in FAULTS.items() for _ in range(count)]
        names = [names[number * len(names) // self.faults] for number in range(self.faults)]  # each its share
        self.rng.shuffle(names)
        for name in names:
            await asyncio.sleep(self.rng.uniform(*self.pause))
            self.told[name] += 1
            await getattr(self, f"_{name}")()

    async def _dovecot(self) -> None:
        async with self._server:
            await asyncio.to_thread(self.dovecot.restart)

    async def _renumber(self) -> None:
        async with self._server:
            await asyncio.to_thread(self.dovecot.renumber)

    async def _reset(self) -> None:
        self.proxy.reset()

    async def _drop(self) -> None:
        self.proxy.drop()

    async def _freeze(self) -> None:
        await self._frozen(self.rng.uniform(0.1, 0.6))

    async def _blackhole(self) -> None:
        await self._frozen(self.rng.uniform(1.2, 2.5))

    async def _frozen(self, seconds: float) -> None:
        self.proxy.frozen = True
        await asyncio.sleep(seconds)
        self.proxy.frozen = False

    async def _kill(self) -> None:
        await self.program.kill()
        await self.program.start()

    async def _fetched(self) -> None:
        await self._kill_at("fetched")

    async def _committed(self) -> None:
        await self._kill_at("committed")

    async def _placed(self) -> None:
        await self._kill_at("placed")

    async def _kill_at(self, step: str) -> None:
        """A run that dies when it comes to this step; a mail of its own sees to that."""
        await self.program.kill()
        self.program.environment["BOUNCESTREAM_TEST_KILL"] = step
        try:
            await self.program.start(ready=False)
            self._extra += 1
            await self._bring(self._bounce(self.mails + self._extra))
            if is_built():
                await asyncio.sleep(self.rng.uniform(0.3, 1.0))
            elif await self.program.died(within=15.0):
                self.told[f"died at {step}"] += 1
            await self.program.kill()
        finally:
            del self.program.environment["BOUNCESTREAM_TEST_KILL"]
        await self.program.start()

    async def settled(self, seconds: float) -> str:
        """Until all is recorded and in its place; what is missing by then, in words."""
        missing = "?"
        try:
            async with asyncio.timeout(seconds):
                while True:
                    recorded = len({row["email"] for row in self.sandbox.state()["rows"]})
                    folders = await asyncio.to_thread(self._places)
                    missing = "; ".join(self._misplaced(folders))
                    if recorded < len(self.bounces):
                        missing = f"{recorded} of {len(self.bounces)} are recorded; {missing}"
                    if not missing:
                        return ""
                    await asyncio.sleep(0.2)
        except TimeoutError:
            return missing

    def _places(self) -> dict[str, Counter[int]]:
        """Folder → number of the mail → how often it is there."""
        return {
            folder: Counter(int(match[1]) for mail in self.dovecot.mails(folder) if (match := _NUMBER.search(mail)))
            for folder in ("INBOX", "Processed", "Unidentified")
        }

    def _misplaced(self, folders: dict[str, Counter[int]]) -> list[str]:
        wanted = {"INBOX": self.letters, "Processed": self.bounces, "Unidentified": self.anonymous}
        found = []
        for folder, numbers in wanted.items():
            lost, foreign = numbers - folders[folder].keys(), folders[folder].keys() - numbers
            if lost or foreign:
                found.append(f"{folder} lacks {len(lost)} and has {len(foreign)} that belong elsewhere")
        return found

    def wrong(self) -> Counter[str]:
        """What was not recorded exactly once, or is not what it should be."""
        rows = Counter(row["email"] for row in self.sandbox.state()["rows"])
        wrong: Counter[str] = Counter()
        for number in self.bounces:
            count = rows[f"p{number}@example.com"]
            wrong["lost"] += count == 0
            wrong["doubled"] += count > 1
        wrong["foreign"] += len(rows.keys() - {f"p{number}@example.com" for number in self.bounces})
        wrong["set aside"] += self.program.query("SELECT count(*) FROM quarantined")[0][0]
        unidentified = self.program.query("SELECT count(*) FROM unidentified")[0][0]
        wrong["unidentified"] += abs(unidentified - len(self.anonymous))
        return +wrong
