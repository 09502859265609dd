# SPDX-License-Identifier: GPL-3.0-or-later
"""A hard bounce as the brake looks at it, what it may have in common with others, and how many are too many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from bouncestream.record import record

#: What makes up this part of the hard bounces in the window, and is this many, is alike; else it is chance.
PART, LEAST = 0.1, 3


@record(frozen=True, slots=True)
class Threshold:
    """`[brake] hard`: more than `count` in `window`, and more than `share` of what was sent."""

    count: int
    window: timedelta
    share: float

    def __str__(self) -> str:
        seconds = int(self.window.total_seconds())
        size, unit = next((size, unit) for size, unit in ((3600, "h"), (60, "m"), (1, "s")) if seconds % size == 0)
        return f"{self.count} in {seconds // size}{unit} and {self.share * 100:g}%"


@record(frozen=True, slots=True)
class Hard:
    """A hard bounce, as far as the brake looks at it."""

    row: int  #: outbox.id
    at: datetime  #: when it came in
    campaign: str  #: UUID; empty: none is named
    source: str
    domain: str  #: of the recipient
    reason: str
    server: str  #: the domain of the server that refused it; empty: it does not tell
    held: bool = False  #: the brake has held it
    waits: bool = False  #: it was not told yet, as more may come

    @property
    def scope(self) -> str:
        """What it is counted with."""
        return self.campaign or f"source {self.source}"

    @property
    def at_domain(self) -> Mark | None:
        """What it shares with others at its recipient's domain."""
        return Mark("domain", self.domain, self.reason) if self.domain else None

    @property
    def marks(self) -> tuple[Mark, ...]:
        """What it may share with others, the most telling first."""
        found = [self.at_domain] if self.at_domain is not None else []
        if self.server:
            found.append(Mark("server", self.server, ""))
        return (*found, Mark("reason", "", self.reason))


@record(frozen=True, slots=True)
class Mark:
    """What hard bounces have in common."""

    kind: str  #: `domain` (and reason), `server`, or `reason`
    name: str  #: the domain of the recipients, or of the server
    reason: str

    def __str__(self) -> str:
        reason = self.reason.replace("_", " ") or "no reason given"
        if self.kind == "reason":
            return reason
        return f"{self.name} ({reason})" if self.kind == "domain" else f"server {self.name}"


def alike(hards: Sequence[Hard], goal: float) -> list[Mark]:
    """What explains that there are so many, so that without it there are no more than `goal`."""
    found: list[Mark] = []
    rest = list(hards)
    enough = max(LEAST, PART * len(hards))
    while len(rest) > goal:
        counted = Counter(mark for one in rest for mark in one.marks if mark.kind != "reason")
        mark, count = max(counted.items(), key=lambda pair: pair[1], default=(None, 0))
        if mark is None or count < enough:
            mark, _ = max(Counter(one.marks[-1] for one in rest).items(), key=lambda pair: pair[1])
        found.append(mark)
        rest = [one for one in rest if mark not in one.marks]
    return found
