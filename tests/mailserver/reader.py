# SPDX-License-Identifier: GPL-3.0-or-later
"""Mailboxes as `run` reads them, into a real outbox, with what became of the mails at hand."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

from bouncestream.clock import SystemClock
from bouncestream.config.mailbox import Mailbox
from bouncestream.config.model import Config, Retention
from bouncestream.crypto.secret import Secret
from bouncestream.folders import EmitMails, MailMemory
from bouncestream.health import Health, Status
from bouncestream.metrics import Metrics
from bouncestream.outbox.db import Database
from bouncestream.outbox.intake import Intake
from bouncestream.outbox.mailboxes import StoredMailMemory
from bouncestream.sources.mailbox.listener import Mailboxes
from tests.mailserver.dovecot import PASSWORD, USER

#: Times of a mailbox, as short as a test wants them.
QUICK: dict[str, Any] = {
    "timeout": 5.0,
    "retry": 0.3,
    "retry_login": 0.5,
    "poll": 0.2,
    "idle": 30.0,
    "prove": 600.0,
}


def mailbox(port: int, **settings: Any) -> Mailbox:
    """The mailbox `bounces` on a server of the tests; without TLS unless told otherwise."""
    given = {
        "name": "bounces",
        "host": "127.0.0.1",
        "port": port,
        "tls": "none",
        "user": USER,
        "password": Secret(PASSWORD),
        "unproven": "accept",
        **QUICK,
    }
    return Mailbox(**(given | settings))


class Reader:
    """`async with Reader(folder, mailbox(port)) as reader`. What waits here looks until the time is up."""

    def __init__(
        self,
        folder: Path,
        *mailboxes: Mailbox,
        dry_run: bool = False,
        dedupe: float = 400 * 86400.0,
        emit: Callable[[Intake], EmitMails] = lambda intake: intake,
        memory: Callable[[StoredMailMemory], MailMemory] = lambda memory: memory,
    ) -> None:
        self.path = folder / "outbox.db"
        self.config = Config(
            mailboxes=MappingProxyType({one.name: one for one in mailboxes}),
            retention=replace(Retention(), dedupe=dedupe),
        )
        self.health = Health()
        self.metrics = Metrics()
        self._dry_run = dry_run
        self._emit = emit
        self._memory = memory

    async def __aenter__(self) -> Self:
        clock = SystemClock()
        self.db = await Database.open(self.path, lock=True)
        intake = Intake(self.db, clock=clock, metrics=self.metrics, health=self.health)
        self.memory = StoredMailMemory(self.db, clock)
        self.mailboxes = Mailboxes(
            self._emit(intake),
            self._memory(self.memory),
            clock,
            self.health,
            self.metrics,
            outbox=self.path,
            instance="tests",
            dry_run=self._dry_run,
            chance=lambda: 0.5,
        )
        self.mailboxes.reload(self.config)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.mailboxes.stop(5)
        await self.db.close()

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=5)) as conn:
            return conn.execute(sql).fetchall()

    @property
    def recipients(self) -> list[str]:
        """Of all events, in the order of their arrival."""
        return [row[0] for row in self.query("SELECT recipient FROM outbox ORDER BY id")]

    @property
    def state(self) -> tuple[Status, str]:
        """How the mailbox is on the health board, and why."""
        part = self.health.parts.get("mailbox:bounces")
        return (part.state, part.why) if part is not None else (Status.GREEN, "")

    async def until(self, true: Callable[[], object], seconds: float = 20) -> None:
        """Until something holds; there is no other signal of a database or of a mail server."""
        try:
            async with asyncio.timeout(seconds):
                while not true():
                    await asyncio.sleep(0.01)
        except TimeoutError:
            raise AssertionError(f"it never came true; {self.state}, {self.recipients[-5:]}") from None

    async def stored(self, number: int, seconds: float = 20) -> None:
        """Until so many events are stored; then it is exactly so many."""
        await self.until(lambda: len(self.recipients) >= number, seconds)
        assert len(self.recipients) == number

    async def listening(self, seconds: float = 20) -> None:
        """Until it has read all and listens."""
        await self.until(lambda: self.state[0] is Status.GREEN and self.state[1].startswith("listening"), seconds)

    async def told(self, words: str, light: Status | None = None, seconds: float = 20) -> None:
        """Until the health board says these words."""
        await self.until(lambda: words in self.state[1] and light in (None, self.state[0]), seconds)
