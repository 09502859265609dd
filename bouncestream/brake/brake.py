# SPDX-License-Identifier: GPL-3.0-or-later
"""The brake: the hard bounces of the window, and what is done with those that come."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice

from bouncestream.brake.hard import Hard, Mark, Threshold, alike
from bouncestream.brake.patience import Braked, Decision, Patience, Usual, keys_of, mark_of

#: Where it is not known how much was sent: so many times the busiest usual hour of the source.
BUSY = 10
#: No more of a window than so many times the threshold are let through, whatever they have in common.
ROOM = 1.7
#: So many hard bounces of a window are remembered; more than that are above any threshold.
MOST = 100_000


@dataclass(slots=True)
class _Scope:
    """The hard bounces of the window that are counted together, each under its place there: those that its brake
    does not mean, and those that it does."""

    rest: dict[int, Hard] = field(default_factory=dict)
    alike: dict[int, Hard] = field(default_factory=dict)
    through: int = 0  #: those that are not held, of all
    domains: Counter[Mark | None] = field(default_factory=Counter)  #: all, by recipient domain and reason

    def __len__(self) -> int:
        return len(self.rest) + len(self.alike)

    def add(self, place: int, hard: Hard, on: Braked | None) -> None:
        (self.rest if mark_of(on, hard) is None else self.alike)[place] = hard
        self.through += not hard.held
        self.domains[hard.at_domain] += 1

    def drop(self, place: int) -> None:
        found = self.rest.pop(place, None) or self.alike.pop(place)
        self.through -= not found.held
        self.domains[found.at_domain] -= 1
        if not self.domains[found.at_domain]:
            del self.domains[found.at_domain]

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
        counted: Counter[str] = Counter()
        for one in coming:
            if (scope := self._scopes.get(one.scope)) is not None:
                counted[one.scope] = len(scope)
                counted[f"{one.scope} {one.at_domain}"] = scope.domains[one.at_domain]

        def limits(one: Hard) -> dict[str, float]:
            found = {one.scope: self.limit(one.scope, one.source, usual)}
            if (own := self.own_limit(one.scope, one.domain, usual)) is not None:
                found[keys_of(one)[-1]] = own
            return found

        return replace(self.patience.look(coming, decision, counted, limits), unknown=self._unknown(coming, usual))

    def _unknown(self, coming: Sequence[Hard], usual: Usual) -> list[Hard]:
        """One hard bounce of each recipient domain of which so many come that it matters how many readers it has,
        where that was not asked yet, or is to be asked again."""
        found: dict[tuple[str, str], Hard] = {}
        came: Counter[tuple[str, Mark | None]] = Counter()
        for one in coming:
            came[one.scope, one.at_domain] += 1
            before = self._scopes[one.scope].domains[one.at_domain] if one.scope in self._scopes else 0
            many = before + came[one.scope, one.at_domain] > self.threshold.count
            known = one.domain in usual.readers.get(one.scope, {}) and (one.scope, one.domain) not in usual.old
            if not many or not one.domain or known:
                continue
            if self.limit(one.scope, one.source, usual) > self.threshold.count:
                found[one.scope, one.domain] = one
        return list(found.values())

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

    def own_limit(self, scope: str, domain: str, usual: Usual) -> float | None:
        """How many of a recipient domain and one reason are let through in a window, as it has so many readers;
        None: that is not known."""
        readers = usual.readers.get(scope, {}).get(domain)
        return max(self.threshold.count, self.threshold.share * readers) if readers else None

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
        held = {one.row: str(mark) for one in coming if (mark := mark_of(braked.get(one.scope), one)) is not None}
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
        refusing = self._refusing(name, scope, gone, fresh, compared)
        already = sum(number for mark, number in refusing.items() if on is not None and mark in on.marks)
        newly = refusing.total() - already

        def others(hards: Iterable[Hard]) -> list[Hard]:
            return [one for one in hards if one.at_domain not in refusing]

        more = [one for one in fresh if mark_of(on, one) is None]
        rest = len(scope.rest) - sum(place in scope.rest for place in gone) + len(more)
        if on is None or size - rest - already < limit / 2:
            unasked = self._unasked(name, scope, gone, fresh, compared)
            refusing += unasked
            already += unasked.total()
            marks: list[Mark] = []
            if size - already - newly > limit:
                marks = alike(others([*scope.but(gone), *fresh]), usual)
            if not (marks or refusing):
                return None
            began_at = on.began_at if on is not None and already else now
            return Braked(name, source, began_at, (*refusing, *marks))
        rest -= newly
        through = scope.through - sum(not self._window[place].held for place in gone)
        through += sum(not one.held and (one.row in again or mark_of(on, one) is None) for one in fresh)
        added = [mark for mark in refusing if mark not in on.marks]
        if rest > usual / 2 and (rest > usual * 2 or through > ROOM * limit):
            unexplained = [one for place, one in scope.rest.items() if place not in gone]
            added += alike(others([*unexplained, *more]), usual / 2)
        return replace(on, marks=(*on.marks, *added)) if added else on

    def _refusing(
        self, name: str, scope: _Scope, gone: Set[int], fresh: Sequence[Hard], compared: Usual
    ) -> Counter[Mark]:
        """How many there are of each recipient domain and reason that are too many for the readers there."""
        found: Counter[Mark] = Counter()
        if not compared.readers.get(name):
            return found
        on = self.braked[name].marks if name in self.braked else ()
        for mark, number in self._at_domains(on, scope, gone, fresh).items():
            own = self.own_limit(name, mark.name, compared)
            if own is not None and (number > own or (mark in on and number >= own / 2)):
                found[mark] = number
        return found

    def _unasked(
        self, name: str, scope: _Scope, gone: Set[int], fresh: Sequence[Hard], compared: Usual
    ) -> Counter[Mark]:
        """How many there are of what the brake is on for at a recipient domain of which nobody told yet how many
        readers it has, as after a start: half of the least limit keep it on."""
        on = self.braked[name].marks if name in self.braked else ()
        told = compared.readers.get(name, {})
        counted = self._at_domains(on, scope, gone, fresh).items()
        half = self.threshold.count / 2
        return Counter({m: n for m, n in counted if m in on and told.get(m.name) is None and n >= half})

    def _at_domains(
        self, on: Sequence[Mark], scope: _Scope, gone: Set[int], fresh: Sequence[Hard]
    ) -> dict[Mark, int]:
        """How many there are of each recipient domain and reason that comes, or that the brake is on for."""
        came = Counter(one.at_domain for one in fresh)
        left = Counter(self._window[place].at_domain for place in gone)
        marks = [mark for mark in dict.fromkeys((*on, *came)) if mark is not None and mark.kind == "domain"]
        return {mark: scope.domains[mark] + came[mark] - left[mark] for mark in marks}
