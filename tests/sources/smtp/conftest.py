# SPDX-License-Identifier: GPL-3.0-or-later
"""A listener on port 0 or on a socket, and an outbox that records, waits or fails when told to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import pytest

from bouncestream.config.model import Config
from bouncestream.config.smtp import Smtp
from bouncestream.health import Health
from bouncestream.metrics import Metrics
from bouncestream.ports import Receipt, Submission
from bouncestream.sources.smtp.listener import Listener, SmtpListeners
from bouncestream.sources.webhook.budget import Budget
from tests.sources.conftest import Clock

TO = "bounces@example.org"


@dataclass
class Kept:
    """A way into the outbox that remembers."""

    submissions: list[Submission] = field(default_factory=list)
    errors: list[Exception | None] = field(default_factory=list)  #: for the next ones, in turn
    gate: asyncio.Event | None = None
    entered: asyncio.Event = field(default_factory=asyncio.Event)

    async def letter(self, submission: Submission) -> Receipt:
        self.entered.set()
        if self.gate is not None:
            await self.gate.wait()
        if self.errors and (error := self.errors.pop(0)) is not None:
            raise error
        self.submissions.append(submission)
        return Receipt()


@dataclass
class Running:
    """One listener, and what is around it."""

    listeners: SmtpListeners
    kept: Kept
    budget: Budget

    @property
    def one(self) -> Listener:
        return self.listeners.listeners["mta"]

    @property
    def where(self) -> str | tuple[str, int]:
        return self.one.settings.path or ("127.0.0.1", self.one.port)

    def refused(self, why: str) -> float:
        from bouncestream.metrics import SMTP_REFUSED

        return self.listeners.metrics.get(SMTP_REFUSED, "mta", why)


Begin = Callable[..., Any]


def config(**settings: Any) -> Config:
    made = Smtp(name="mta", **{"listen": "127.0.0.1:0", "recipients": (TO, "b+*@example.org"), **settings})
    return Config(smtp=MappingProxyType({"mta": made}))


@pytest.fixture
async def begin() -> AsyncIterator[Begin]:
    running: list[Running] = []

    async def begin(*, budget: int = 64 << 20, **settings: Any) -> Running:
        kept, shared = Kept(), Budget(budget)
        listeners = SmtpListeners(kept, shared, Clock(), Health(), Metrics(), 5.0)
        made = Running(listeners, kept, shared)
        running.append(made)
        listeners.reload(config(**settings))
        async with asyncio.timeout(20):
            await made.one.listening.wait()
        return made

    yield begin
    for one in running:
        if one.kept.gate is not None:
            one.kept.gate.set()
        await one.listeners.stop(1.0)
