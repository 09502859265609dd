# SPDX-License-Identifier: GPL-3.0-or-later
"""Soft bounces that forget (`[policy.soft] mode = "bridge"`): when so many soft bounces of a person, on different
days within a window, and without a sign of life since, say that the mailbox is as good as gone. Pure.

The order is policy, proof, unsure, decay: what one of them has decided is not raised by the next. So a reason for
which the policy has a word does not count, nor what proves nothing, nor what is unsure. And only reasons count that
speak of the mailbox: a refusal of the sender, of the content or of the rate says nothing about the person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType

#: Reason (`mail.reason`) → its class. Reasons of no class never count: deferral, policy, content, rate.
CLASSES: Mapping[str, str] = {
    "mailbox_full": "mailbox",
    "mailbox_disabled": "mailbox",
    "moved_owner": "mailbox",
    "delivery_program": "mailbox",
    "network": "unreachable",
    "expired": "unreachable",
    "system_full": "unreachable",
    "system_error": "unreachable",
    "loop": "unreachable",
    "rejected": "unknown",
    "undetermined": "unknown",
}

#: Class → on so many days.
COUNTS: Mapping[str, int] = {"mailbox": 5, "unreachable": 7, "unknown": 7}


@dataclass(frozen=True, slots=True)
class Decay:
    """`[policy.soft]` as it is applied."""

    counts: Mapping[str, int] = field(default_factory=lambda: MappingProxyType(dict(COUNTS)))  #: 0: never
    window: timedelta = timedelta(days=180)


@dataclass(frozen=True, slots=True)
class Bounce:
    """A soft bounce that counts: proven, sure, without a word of the policy, and not raised."""

    event_id: str
    at: datetime  #: aware, UTC
    reason: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How a person stands in one class of reasons."""

    kind: str  #: the class
    days: tuple[datetime, ...]  #: of each day the newest bounce; the newest first
    needed: int  #: on so many days; 0: never

    @property
    def reached(self) -> bool:
        return 0 < self.needed <= len(self.days)

    @property
    def missing(self) -> int:
        """So many more days are missing."""
        return max(0, self.needed - len(self.days))

    @property
    def since(self) -> datetime:
        """A sign of life that is newer than this one leaves fewer bounces than are needed. Only when `reached`."""
        return self.days[self.needed - 1]


def standings(bounces: Iterable[Bounce], rule: Decay, now: datetime) -> list[Standing]:
    """How a person stands by their bounces, the class that is nearest to its count first. Several bounces of one
    day (UTC) are one: a campaign in ten parts is one day's bad luck."""
    days: dict[str, dict[str, datetime]] = {}
    for one in bounces:
        kind = CLASSES.get(one.reason, "")
        if not kind or not now - rule.window <= one.at <= now + timedelta(hours=1):
            continue
        found = days.setdefault(kind, {})
        day = f"{one.at:%Y-%m-%d}"
        found[day] = max(one.at, found.get(day, one.at))
    made = [
        Standing(kind, tuple(sorted(found.values(), reverse=True)), rule.counts.get(kind, COUNTS[kind]))
        for kind, found in days.items()
    ]
    return sorted(made, key=lambda one: (one.needed == 0, one.missing, one.kind))


def evidence(standing: Standing, rule: Decay, clicks: str) -> str:
    """Why an event is told as hard. `clicks`: what is known of signs of life."""
    first, last = standing.days[-1], standing.days[0]
    return (
        f"soft bounces on {len(standing.days)} days ({standing.kind}), from {first:%Y-%m-%d} to {last:%Y-%m-%d}, "
        f"within {rule.window.days} days, {clicks}: told as hard ([policy.soft])"
    )


def in_words(found: Iterable[Standing], rule: Decay) -> list[str]:
    """How a person stands, for an operator."""
    told = []
    for one in found:
        if not one.needed:
            told.append(
                f"{one.kind}: soft bounces on {len(one.days)} days; never told as hard ([policy.soft] count)"
            )
            continue
        more = "the count is reached"
        if one.missing:
            more = "1 more day is missing" if one.missing == 1 else f"{one.missing} more days are missing"
        days = f"{len(one.days)} of {one.needed} days in {rule.window.days} days"
        told.append(f"{one.kind}: soft bounces on {days}; {more}")
    return told
