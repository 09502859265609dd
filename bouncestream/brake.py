# SPDX-License-Identifier: GPL-3.0-or-later
"""The blocklist brake: when so many hard bounces come in that a person should look before Listmonk is told, and
which of them are alike. Pure: times are arguments.

A filter that goes wrong at one large mailbox provider tells of thousands of good addresses that they do not exist.
Hard bounces are counted over a window, by campaign, or by source where no campaign is named. Above the threshold
those are held that are alike: of one recipient domain and reason, or told of by one server; where that explains too
little of it, as after an old list is mailed, all of one reason. The rest goes on. It ends by itself when the alike
are less than half of the threshold; what is held waits for a person.

Where much was sent before its answers come, most of the threshold would be told before it is reached. So what comes
so fast that it would be above it before the window is over waits for that: told a little later, or held.
"""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import islice

from bouncestream.record import record

#: Where it is not known how much was sent: so many times the busiest usual hour of the source.
BUSY = 10
#: What makes up this part of the hard bounces in the window, and is this many, is alike; else it is chance.
PART, LEAST = 0.1, 3
#: How fast they come is told by so many, or as many as the threshold if that is less.
SAMPLE = 50
#: Nothing waits for longer to be told, however long the window is.
PATIENCE = timedelta(minutes=30)
#: No more of a window than so many times the threshold are let through, whatever they have in common.
ROOM = 1.7
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
    waits: bool = False  #: it was not told yet, as more may come

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

    held: Mapping[int, str]  #: outbox row → why
    braked: Mapping[str, Braked]
    coming: Sequence[Hard]  #: what was decided about
    at: datetime  #: when
    waits: Mapping[int, datetime] = field(default_factory=dict)  #: outbox row → until when
    patience: Patience | None = None


class Patience:
    """The hard bounces that wait. Nothing changes it: `look` makes the next."""

    def __init__(self, threshold: Threshold, window: Iterable[Hard] = ()) -> None:
        self.threshold = threshold
        self.waiting: dict[int, Hard] = {}
        self._lately: dict[str, tuple[datetime, ...]] = {}  # scope → when the last ones came that are not held
        self._sample = min(SAMPLE, threshold.count)
        for one in window:
            if one.waits:
                self.waiting[one.row] = one
            if not one.held:
                self._note(one)

    def look(
        self, coming: Sequence[Hard], decision: Decision, counted: Counter[str], limit: Callable[[Hard], float]
    ) -> Decision:
        """The decision with those that wait. What waited and turns out to be alike is held. `counted`: scope → how
        many of the window came before."""
        after = Patience(self.threshold)
        after.waiting = dict(self.waiting)
        after._lately = {
            scope: ats for scope, ats in self._lately.items() if ats[-1] > decision.at - self.threshold.window
        }
        held, waits = dict(decision.held), {}
        if decision.braked:
            for row, one in self.waiting.items():
                if (mark := _mark_of(decision.braked.get(one.scope), one)) is not None:
                    held[row] = str(mark)
                    del after.waiting[row]
        for one in coming:
            if one.row in held or after.waiting.pop(one.row, None) is not None:
                continue
            until = one.at + min(self.threshold.window, PATIENCE)
            counted[one.scope] += 1
            many = counted[one.scope] > self.threshold.count
            if many and until > decision.at and after._hurries(one, limit(one)):
                waits[one.row] = until
                after.waiting[one.row] = one
            after._note(one)
        return replace(decision, held=held, waits=waits, patience=after)

    def _hurries(self, one: Hard, limit: float) -> bool:
        """Whether there would be more than `limit` in a window if they went on as the last ones came."""
        lately = self._lately.get(one.scope, ())
        took = one.at - lately[0] if len(lately) == self._sample else self.threshold.window
        return limit > self.threshold.count and took * limit < self.threshold.window * self._sample

    def _note(self, one: Hard) -> None:
        before = self._lately.get(one.scope, ())
        self._lately[one.scope] = (*before, one.at)[-self._sample :]


@dataclass(slots=True)
class _Scope:
    """The hard bounces of the window that are counted together, each under its place there: those that its brake
    does not mean, and those that it does."""

    rest: dict[int, Hard] = field(default_factory=dict)
    alike: dict[int, Hard] = field(default_factory=dict)
    through: int = 0  #: those that are not held, of all

    def __len__(self) -> int:
        return len(self.rest) + len(self.alike)

    def add(self, place: int, hard: Hard, on: Braked | None) -> None:
        (self.rest if _mark_of(on, hard) is None else self.alike)[place] = hard
        self.through += not hard.held

    def drop(self, place: int) -> None:
        found = self.rest.pop(place, None) or self.alike.pop(place)
        self.through -= not found.held

    def but(self, gone: Set[int]) -> list[Hard]:
        """All in their order, without those of some places."""
        return [hard for place, hard in sorted((self.rest | self.alike).items()) if place not in gone]

    def source(self, gone: Set[int]) -> str:
        """The source of the newest, without those of some places."""
        both = (next((place for place in reversed(of) if place not in gone), 0) for of in (self.rest, self.alike))
        place = max(both)
        return (self.rest.get(place) or self.alike[place]).source


class Brake:
    """The hard bounces of the window, and where the brake is on. `decide` changes nothing: `apply` does. Both take
    a time that grows with what comes and what leaves the window, and not with what is in it."""

    def __init__(self, threshold: Threshold, window: Iterable[Hard] = (), braked: Iterable[Braked] = ()) -> None:
        self.threshold = threshold
        self.braked: Mapping[str, Braked] = {one.scope: one for one in braked}
        window = tuple(window)
        self.patience = Patience(threshold, window)
        self._fill(window)

    def judge(self, coming: Sequence[Hard], now: datetime, usual: Usual) -> Decision:
        """`decide`, and who waits for more to come."""
        waiting = self.patience.waiting
        decision = self.decide([one for one in coming if one.row not in waiting], now, usual)
        counted = Counter({one.scope: len(self._scopes.get(one.scope, ())) for one in coming})
        return self.patience.look(coming, decision, counted, lambda one: self.limit(one.scope, one.source, usual))

    def _fill(self, window: Iterable[Hard]) -> None:
        self._window: dict[int, Hard] = {}  # by place: what comes later has a higher one
        self._times: list[tuple[datetime, int]] = []  # when which place came in, sorted; some have left already
        self._rows: Counter[int] = Counter()
        self._scopes: dict[str, _Scope] = {}
        self._place = 0
        for one in window:
            self._add(one)

    @property
    def window(self) -> Sequence[Hard]:
        """What is counted, in the order in which it came."""
        return tuple(self._window.values())

    @property
    def sources(self) -> set[str]:
        """The newest source of each campaign or source that is counted."""
        return {scope.source(frozenset()) for scope in self._scopes.values()}

    def limit(self, scope: str, source: str, usual: Usual) -> float:
        """How many of a scope are let through in a window."""
        if (sent := usual.sent.get(scope)) is not None:
            return max(self.threshold.count, self.threshold.share * sent)
        return max(self.threshold.count, BUSY * usual.peak.get(source, 0))

    def decide(self, coming: Sequence[Hard], now: datetime, usual: Usual) -> Decision:
        """What is done with these hard bounces, which are about to be told. All of them are judged by what came in
        with them: what a backlog brings at once is not let through one by one."""
        counted, old, gone = self._moved(coming, now)
        left: dict[str, set[int]] = {}
        for place in gone:
            left.setdefault(self._window[place].scope, set()).add(place)
        fresh: dict[str, list[Hard]] = {}
        for one in counted:
            fresh.setdefault(one.scope, []).append(one)
        rows = Counter(self._window[place].row for place in old)
        again = {one.row for one in counted if self._rows[one.row] > rows[one.row]}
        braked = {}
        for scope in dict.fromkeys((*self._scopes, *fresh)):
            on = self._scope(scope, left.get(scope, set()), fresh.get(scope, []), again, now, usual)
            if on is not None:
                braked[scope] = on
        held = {one.row: str(mark) for one in coming if (mark := _mark_of(braked.get(one.scope), one)) is not None}
        return Decision(held, braked, coming, now)

    def apply(self, decision: Decision) -> None:
        """Take over what was decided, once it is stored."""
        self.patience = decision.patience or self.patience
        counted, _, gone = self._moved(decision.coming, decision.at)
        for place in gone:
            self._drop(place)
        del self._times[: self._expired(decision.at)]
        before, self.braked = self.braked, decision.braked
        if not decision.held.keys().isdisjoint(self._rows):  # it was let through before, and came again
            self._fill([replace(one, held=one.held or one.row in decision.held) for one in self.window])
        for name, scope in self._scopes.items():
            if self.braked.get(name) != before.get(name):
                self._scopes[name] = fresh = _Scope()
                for place, one in sorted((scope.rest | scope.alike).items()):
                    fresh.add(place, one, self.braked.get(name))
        for one in counted:
            self._add(replace(one, held=True) if one.row in decision.held else one)

    def _moved(self, coming: Sequence[Hard], now: datetime) -> tuple[Sequence[Hard], Set[int], Set[int]]:
        """What of `coming` is in the window; the places that are too old for it, and all that leave it."""
        since = now - self.threshold.window
        counted = [one for one in coming if one.at > since][-MOST:]
        old = {place for _, place in self._times[: self._expired(now)] if place in self._window}
        many = len(self._window) - len(old) + len(counted) - MOST
        return counted, old, old.union(islice((place for place in self._window if place not in old), max(0, many)))

    def _expired(self, now: datetime) -> int:
        """How many of `_times` are too old."""
        return bisect_left(self._times, (now - self.threshold.window, self._place + 1))

    def _add(self, hard: Hard) -> None:
        place = self._place = self._place + 1
        self._window[place] = hard
        insort(self._times, (hard.at, place))
        self._rows[hard.row] += 1
        self._scopes.setdefault(hard.scope, _Scope()).add(place, hard, self.braked.get(hard.scope))

    def _drop(self, place: int) -> None:
        hard = self._window.pop(place)
        self._rows[hard.row] -= 1
        if not self._rows[hard.row]:
            del self._rows[hard.row]
        scope = self._scopes[hard.scope]
        scope.drop(place)
        if not scope:
            del self._scopes[hard.scope]

    def _scope(
        self, name: str, gone: Set[int], fresh: Sequence[Hard], again: Set[int], now: datetime, compared: Usual
    ) -> Braked | None:
        """How the brake stands for one campaign or source. `gone`: the places that leave the window; `again`: the
        rows that are in it already."""
        scope = self._scopes.get(name) or _Scope()
        size = len(scope) - len(gone) + len(fresh)
        if not size:
            return None
        source = fresh[-1].source if fresh else scope.source(gone)
        limit = self.limit(name, source, compared)
        usual = max(self.threshold.count / 2, limit / 10)  #: so many that nothing explains go on
        on = self.braked.get(name)
        more = [one for one in fresh if _mark_of(on, one) is None]
        rest = len(scope.rest) - sum(place in scope.rest for place in gone) + len(more)
        if on is None or size - rest < limit / 2:
            if size <= limit:
                return None
            return Braked(name, source, now, tuple(_alike([*scope.but(gone), *fresh], usual)))
        through = scope.through - sum(not self._window[place].held for place in gone)
        through += sum(not one.held and (one.row in again or _mark_of(on, one) is None) for one in fresh)
        if rest <= usual / 2 or (rest <= usual * 2 and through <= ROOM * limit):
            return on
        others = [one for place, one in scope.rest.items() if place not in gone]
        return replace(on, marks=(*on.marks, *_alike([*others, *more], usual / 2)))


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
