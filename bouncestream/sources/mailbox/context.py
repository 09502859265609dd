# SPDX-License-Identifier: GPL-3.0-or-later
"""The context that the tasks of one mailbox share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from bouncestream.config.mailbox import Mailbox
from bouncestream.folders import EmitMails, MailMemory
from bouncestream.health import Health, Status
from bouncestream.judging.mail import Judging
from bouncestream.metrics import Metrics
from bouncestream.ports import Clock
from bouncestream.sources.imap.fetch import Forms
from bouncestream.sources.mailbox.connector import Connector

_ORDER = (Status.RED, Status.YELLOW, Status.GREEN)


class MailboxHealth:
    """The health of a mailbox as its one part `mailbox:<name>`, put together from its folders: the worst of the
    lines counts, and is told; when all is well, all are."""

    def __init__(self, mailbox: str, health: Health) -> None:
        self._part = f"mailbox:{mailbox}"
        self._health = health
        self._lines: dict[str, tuple[Status, str]] = {}
        self._closed = False

    def set(self, line: str, status: Status, why: str) -> None:
        """`line`: a folder, or whatever else has something to say."""
        self._lines[line] = (status, why)
        self._tell()

    def forget(self, line: str) -> None:
        """Forget a line: it has nothing to say any more."""
        if self._lines.pop(line, None) is not None:
            self._tell()

    def leave(self, name: str) -> None:
        """Forget all lines of a folder, or of whatever has this name: another bridge reads it now."""
        for line in [line for line in self._lines if line == name or line.startswith(f"{name}, ")]:
            del self._lines[line]
        if self._lines:
            self._tell()
        elif not self._closed:
            self._health.forget(self._part)

    def close(self) -> None:
        """The mailbox is not read any more."""
        self._closed = True
        self._health.parts.pop(self._part, None)

    def _tell(self) -> None:
        if self._closed:
            return  # a task that is just ending has nothing to say any more
        worst = min((status for status, _ in self._lines.values()), key=_ORDER.index, default=Status.GREEN)
        said = [why for status, why in self._lines.values() if status is worst]
        self._health.set(self._part, worst, "; ".join(dict.fromkeys(said)))


@dataclass(slots=True)
class MailboxContext:
    """The context of one mailbox. `judging` and `dedupe` may be exchanged at any time."""

    settings: Mailbox
    judging: Judging
    dedupe: float  #: seconds that the marks of events are kept: older mails are not read again
    emit: EmitMails
    memory: MailMemory
    connector: Connector
    health: MailboxHealth
    clock: Clock
    metrics: Metrics
    chance: Callable[[], float]
    dry_run: bool  #: mails are neither flagged nor moved, and no canary is sent
    mark: str  #: what our canaries carry, which nobody else knows
    forms: Forms = field(default_factory=Forms)  #: how its server is asked for mails
    refused: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Folder → the first UID of the batch that was refused for now, and how often in a row."""
