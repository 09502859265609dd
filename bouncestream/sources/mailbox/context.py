# SPDX-License-Identifier: GPL-3.0-or-later
"""The context that the tasks of one mailbox share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from bouncestream.config.mailbox import Mailbox
from bouncestream.judging.mail import Judging
from bouncestream.metrics import Metrics
from bouncestream.ports import Clock, EmitMails, MailMemory
from bouncestream.sources.imap.fetch import Forms
from bouncestream.sources.mailbox.board import Board
from bouncestream.sources.mailbox.connector import Gate


@dataclass(slots=True)
class Box:
    """The context of one mailbox. `judging` and `dedupe` may be exchanged at any time."""

    settings: Mailbox
    judging: Judging
    dedupe: float  #: seconds that the marks of events are kept: older mails are not read again
    emit: EmitMails
    memory: MailMemory
    gate: Gate
    board: Board
    clock: Clock
    metrics: Metrics
    chance: Callable[[], float]
    dry_run: bool  #: mails are neither flagged nor moved, and no canary is sent
    mark: str  #: what our canaries carry, which nobody else knows
    forms: Forms = field(default_factory=Forms)  #: how its server is asked for mails
    refused: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Folder → the first UID of the batch that was refused for now, and how often in a row."""
