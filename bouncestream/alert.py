# SPDX-License-Identifier: GPL-3.0-or-later
"""The values that watching works with: how an alert stands, what a person is told, and over which channel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

#: Levels of an alert, the mildest first. `ok` is what a resolved one is told as.
LEVELS = ("info", "warning", "error")

#: A rule and what it is about (a source, a mailbox, a finding …); empty: the bridge as a whole.
Key = tuple[str, str]


class What(StrEnum):
    """Why a person is told something."""

    FIRED = "fired"  #: it began
    REPEATED = "repeated"  #: it goes on, or has become worse
    RESOLVED = "resolved"  #: it is over
    TEST = "test"  #: somebody asked for it: `bouncestream alert test`
    SUMMARY = "summary"  #: the day or the week


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice: one message to a person. Its texts are printable, without addresses and secrets."""

    id: int
    at: datetime
    what: What
    level: str  #: `info`, `warning` or `error`
    title: str
    text: str
    fix: str = ""
    rule: str = ""
    subject: str = ""
    since: datetime | None = None  #: when the alert fired

    @property
    def key(self) -> Key:
        """Notices of one key replace each other as long as they are not sent."""
        return (self.rule or self.what.value, self.subject)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A notice on its way over one channel."""

    notice: Notice
    channel: str
    tries: int = 0
    due_at: datetime | None = None  #: when it is tried (again); None: it is over
    ended_at: datetime | None = None
    sent: bool = False
    error: str = ""  #: why the last try failed


@dataclass(frozen=True, slots=True)
class AlertState:
    """How one alert stands; with what a rule counts (dead letters …), so that a restart tells nothing twice."""

    rule: str
    subject: str = ""
    level: str = "warning"
    active: bool = False
    fired_at: datetime | None = None
    bad_at: datetime | None = None  #: when it was last bad; the calm before `resolved` counts from here
    told_at: datetime | None = None  #: when a person was last told
    resolved_at: datetime | None = None
    value: int = 0  #: of a counting rule: the number as it was last seen
    base: int = 0  #: of a counting rule: the number before it fired
    told: int = 0  #: of a counting rule: how much more than `base` was told
    text: str = ""
    fix: str = ""
    bad_since: datetime | None = None  #: since when without a break; of this run only

    @property
    def key(self) -> Key:
        return (self.rule, self.subject)
