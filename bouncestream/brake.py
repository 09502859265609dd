# SPDX-License-Identifier: GPL-3.0-or-later
"""The blocklist brake: when so many hard bounces come in that a person should look before Listmonk is told, and
which of them are alike. Pure: times are arguments.

A filter that goes wrong at one large mailbox provider tells of thousands of good addresses that they do not exist.
Hard bounces are counted over a window, by campaign, or by source where no campaign is named. Above the threshold
those are held that are alike: of one recipient domain and reason, or told of by one server; where that explains too
little of it, as after an old list is mailed, all of one reason. The rest goes on. It ends by itself when the alike
are less than half of the threshold; what is held waits for a person.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache

from bouncestream.record import record

#: Where it is not known how much was sent: so many times the busiest usual hour of the source.
BUSY = 10
#: What makes up this part of the hard bounces in the window, and is this many, is alike; else it is chance.
PART, LEAST = 0.1, 3
#: No more of a window than so many times the threshold are let through, whatever they have in common.
ROOM = 1.8
#: So many hard bounces of a window are remembered; more than that are above any threshold.
MOST = 100_000

#: How servers name themselves in a diagnostic: Postfix and Sendmail, Exim, and as RFC 3464 has it.
_SERVER = re.compile(
    r"\b(?:host|by|from MTA|remote-mta: dns;)\s+\[?((?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,20})\.?(?=[\[\s:;,(\]]|$)",
    re.IGNORECASE | re.ASCII,
)
#: What differs from one person's diagnostic to the next: what stands in brackets, and then, also where it was glued
#: to one, an address or a number.
_BRACKETS = re.compile(r"<[^>]{0,300}>|\[[^\]]{0,100}\]")
_OWN = re.compile(r"(?<!\S)\S*(?:@|%40)\S*|(?<![\w.])[\w.]*\d[\w.]*", re.ASCII)


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

    @property
    def scope(self) -> str:
        """What it is counted with."""
        return self.campaign or f"source {self.source}"

    @property
    def marks(self) -> tuple[Mark, ...]:
        """What it may share with others, the most telling first."""
        found = [Mark("domain", self.domain, self.reason)] if self.domain else []
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


@record(frozen=True, slots=True)
class Braked:
    """The brake is on for a campaign or a source: what is alike there, and since when."""

    scope: str
    source: str
    began_at: datetime
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Usual:
    """What a count is compared with."""

    sent: Mapping[str, int] = field(default_factory=dict)  #: campaign UUID → mails sent so far, where known
    peak: Mapping[str, int] = field(default_factory=dict)  #: source → events in its busiest usual hour, where known


@dataclass(frozen=True, slots=True)
class Decision:
    """What is held, and how the brake stands after it."""

    held: Mapping[int, str] = field(default_factory=dict)  #: outbox row → why
    braked: Mapping[str, Braked] = field(default_factory=dict)
    window: Sequence[Hard] = ()


class Brake:
    """The hard bounces of the window, and where the brake is on. `decide` changes nothing: `apply` does."""

    def __init__(self, threshold: Threshold, window: Iterable[Hard] = (), braked: Iterable[Braked] = ()) -> None:
        self.threshold = threshold
        self.window: Sequence[Hard] = tuple(window)
        self.braked: Mapping[str, Braked] = {one.scope: one for one in braked}

    def limit(self, scope: str, source: str, usual: Usual) -> float:
        """How many of a scope are let through in a window."""
        if (sent := usual.sent.get(scope)) is not None:
            return max(self.threshold.count, self.threshold.share * sent)
        return max(self.threshold.count, BUSY * usual.peak.get(source, 0))

    def decide(self, coming: Sequence[Hard], now: datetime, usual: Usual) -> Decision:
        """What is done with these hard bounces, which are about to be told. All of them are judged by what came in
        with them: what a backlog brings at once is not let through one by one."""
        lately = self._lately(now)
        before = {one.row for one in lately}
        window = [*lately, *(one for one in coming if one.at > now - self.threshold.window)]
        window = window[-MOST:]
        scopes: dict[str, list[Hard]] = {}
        for one in window:
            scopes.setdefault(one.scope, []).append(one)
        braked = {}
        for scope, hards in scopes.items():
            if (on := self._scope(scope, hards, before, now, usual)) is not None:
                braked[scope] = on
        held = {one.row: str(mark) for one in coming if (mark := _mark_of(braked.get(one.scope), one)) is not None}
        return Decision(held, braked, [replace(one, held=True) if one.row in held else one for one in window])

    def apply(self, decision: Decision) -> None:
        """Take over what was decided, once it is stored."""
        self.window, self.braked = decision.window, decision.braked

    def _lately(self, now: datetime) -> list[Hard]:
        since = now - self.threshold.window
        return [one for one in self.window if one.at > since]

    def _scope(
        self, scope: str, hards: Sequence[Hard], before: Set[int], now: datetime, usual: Usual
    ) -> Braked | None:
        """How the brake stands for one campaign or source. `before`: the rows that are not about to be told."""
        source = hards[-1].source
        limit = self.limit(scope, source, usual)
        on = self.braked.get(scope)
        if on is not None and sum(_mark_of(on, one) is not None for one in hards) < limit / 2:
            on = None
        rest = [one for one in hards if _mark_of(on, one) is None]
        if on is None:
            return Braked(scope, source, now, tuple(_alike(rest, limit / 2))) if len(rest) > limit else None
        through = sum(not one.held and (one.row in before or _mark_of(on, one) is None) for one in hards)
        if len(rest) <= limit and through <= ROOM * limit:
            return on
        return replace(on, marks=(*on.marks, *_alike(rest, limit / 4)))


def _alike(hards: Sequence[Hard], goal: float) -> list[Mark]:
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


def _mark_of(on: Braked | None, hard: Hard) -> Mark | None:
    """By which of its marks a hard bounce is held; None: it is not."""
    return next((mark for mark in hard.marks if mark in on.marks), None) if on is not None else None


@lru_cache(maxsize=1000)
def server_of(diagnostic: str) -> str:
    """The domain of the server that a diagnostic names, without the number of the machine; empty: it names none."""
    found = _SERVER.search(diagnostic[:1000])
    if found is None:
        return ""
    labels = found[1].lower().split(".")
    return ".".join(labels[1:] if len(labels) > 2 else labels)


def phrase(diagnostics: Iterable[str]) -> str:
    """The words that most of these diagnostics share, without what is a person's own; empty: there are none."""
    shared = (" ".join(_OWN.sub(" ", _BRACKETS.sub(" ", text[:300])).split()) for text in diagnostics)
    counted = Counter(words[:80].strip(" .:;,-") for words in shared)
    total = counted.total()
    words, count = max(counted.items(), key=lambda pair: pair[1], default=("", 0))
    return words if len(words) > 5 and count * 2 > total else ""
