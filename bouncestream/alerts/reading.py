# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules and their readings of a snapshot; lengths and sizes in words. Pure; the rules stand in `rules`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from bouncestream.alerts.snapshot import Numbers, Snapshot
from bouncestream.config.alerting import Alerts

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0


class Verdict(Enum):
    """The verdict of a rule on a snapshot."""

    BAD = "bad"
    BETWEEN = "between"  #: not bad enough to begin, not well enough to end
    FINE = "fine"


@dataclass(frozen=True, slots=True)
class Reading:
    """The reading of a rule about one subject. Texts may hold foreign words: they are made printable when told."""

    verdict: Verdict = Verdict.BAD
    subject: str = ""
    seen: str = ""  #: what was seen; of a counting rule with {n} for how many are new
    fix: str = ""
    level: str = ""  #: where it is not the rule's
    value: int | None = None  #: of a counting rule


Look = Callable[[Snapshot, Alerts], Sequence[Reading] | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: one thing to watch."""

    id: str
    level: str
    title: str  #: what is wrong, in a few words
    when: str  #: when it fires, for the documents
    look: Look  #: None: it cannot be told now, so nothing changes
    after: Callable[[Alerts], float] = lambda _: 0.0  #: seconds that it must be bad before it fires
    calm: float = 5 * MINUTE  #: seconds that it must be fine before it is resolved
    #: of a subject that is not read: whether it could not be looked at, so that nothing changes; else it is fine
    unknown: Callable[[Snapshot, str], bool] = lambda snapshot, subject: False


def counting(number: Callable[[Numbers], int], seen: str, fix: str) -> Look:
    """The look of a rule about a number of the outbox that grows; `seen` with {n} for how many are new."""

    def look(s: Snapshot, _: Alerts) -> Sequence[Reading] | None:
        return None if s.numbers is None else [Reading(seen=seen, fix=fix, value=number(s.numbers))]

    return look


def bad_if(bad: bool, seen: str, fix: str = "", *, fine: bool | None = None) -> list[Reading]:
    """A reading about the whole; `fine` where that is not just the opposite of `bad`."""
    if bad:
        return [Reading(Verdict.BAD, seen=seen, fix=fix)]
    return [Reading(Verdict.BETWEEN if fine is False else Verdict.FINE)]


def span(seconds: float) -> str:
    """A length of time in words: `45 s`, `12 min`, `3.5 h`, `4 days`."""
    if seconds < 2 * MINUTE:
        return f"{seconds:.0f} s"
    if seconds < 2 * HOUR:
        return f"{seconds / MINUTE:.0f} min"
    if seconds < 2 * DAY:
        return f"{seconds / HOUR:.3g} h"
    return f"{seconds / DAY:.3g} days"


def size(count: int) -> str:
    """Bytes in words."""
    return f"{count / 2**30:.1f} GiB" if count >= 2**30 else f"{count / 2**20:.0f} MiB"
