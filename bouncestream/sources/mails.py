# SPDX-License-Identifier: GPL-3.0-or-later
"""The sources of mail: mailboxes, and listeners for mail servers. Each is imported only where one is configured, as
that costs a start some hundredths of a second, and memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from bouncestream.config.model import Config
from bouncestream.folders import EmitMails, MailMemory
from bouncestream.health import Health
from bouncestream.metrics import Metrics
from bouncestream.ports import Clock, EmitLetter
from bouncestream.sources.webhook.budget import Budget
from bouncestream.supervisor import Work

if TYPE_CHECKING:
    from bouncestream.sources.mailbox.listener import Mailboxes
    from bouncestream.sources.smtp.listener import SmtpListeners


class EmitBoth(EmitMails, EmitLetter, Protocol):
    """The way into the outbox for both."""


@dataclass(eq=False)
class MailSources:
    """All of them. `reload` begins and exchanges, `stop` ends. `outbox` and `instance`: see `Mailboxes`; `grace`:
    seconds for what is in hand where a listener is exchanged."""

    emit: EmitBoth
    memory: MailMemory
    budget: Budget
    clock: Clock
    health: Health
    metrics: Metrics
    outbox: Path
    instance: str
    grace: float
    dry_run: bool = False
    #: See `Mailboxes`.
    hold: Callable[[Work, Callable[[], None]], Work] = lambda work, ended: work
    _mailboxes: Mailboxes | None = field(default=None, init=False)
    _listeners: SmtpListeners | None = field(default=None, init=False)

    def reload(self, config: Config) -> None:
        """Take mail from these from now on; those whose settings are the same go on undisturbed."""
        if self._mailboxes is None and config.mailboxes:
            from bouncestream.sources.mailbox.listener import Mailboxes

            self._mailboxes = Mailboxes(
                self.emit,
                self.memory,
                self.clock,
                self.health,
                self.metrics,
                outbox=self.outbox,
                instance=self.instance,
                dry_run=self.dry_run,
                hold=self.hold,
            )
        if self._listeners is None and config.smtp:
            from bouncestream.sources.smtp.listener import SmtpListeners

            self._listeners = SmtpListeners(
                self.emit, self.budget, self.clock, self.health, self.metrics, self.grace
            )
        for source in (self._mailboxes, self._listeners):
            if source is not None:
                source.reload(config)

    async def stop(self, grace: float) -> None:
        """End all of them; what is not done within `grace` seconds is cut off, and comes again."""
        await asyncio.gather(*(one.stop(grace) for one in (self._mailboxes, self._listeners) if one is not None))
