# SPDX-License-Identifier: GPL-3.0-or-later
"""What the brake decides, and which hard bounces wait to be told, as more of them may come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bouncestream.brake.hard import Hard, Mark, Threshold
from bouncestream.record import record

#: How fast they come is told by so many, or as many as the threshold if that is less.
SAMPLE = 50
#: Nothing waits for longer to be told, however long the window is.
PATIENCE = timedelta(minutes=30)
#: So many keys at least are kept, however old: to look for the old ones takes a time that grows with all of them.
ROOM = 1000


@record(frozen=True, slots=True)
class Braked:
    """The brake is on for a campaign or a source: what is alike there, and since when."""

    scope: str
    source: str
    began_at: datetime
    marks: tuple[Mark, ...]

    @property
    def of_campaign(self) -> bool:
        """Whether it is on for a campaign; else for what a source brings that names none."""
        return self.scope != f"source {self.source}"


@dataclass(frozen=True, slots=True)
class Usual:
    """What a count is compared with."""

    sent: Mapping[str, int] = field(default_factory=dict)  #: campaign UUID → mails sent so far, where known
    peak: Mapping[str, int] = field(default_factory=dict)  #: source → events in its busiest usual hour, where known
    #: scope → recipient domain → how many of those who get its mails are there, where asked; 0: not to be had;
    #: None: there was no answer so far
    readers: Mapping[str, Mapping[str, int | None]] = field(default_factory=dict)
    old: Set[tuple[str, str]] = frozenset()  #: scope, domain: known, and to be asked again


@dataclass(frozen=True, slots=True)
class Decision:
    """What is held, and how the brake stands after it."""

    held: Mapping[int, str]  #: outbox row → why
    braked: Mapping[str, Braked]
    coming: Sequence[Hard]  #: what was decided about
    at: datetime  #: when
    waits: Mapping[int, datetime] = field(default_factory=dict)  #: outbox row → until when
    patience: Patience | None = None
    unknown: Sequence[Hard] = ()  #: one of each recipient domain whose readers matter, and were not asked for


def mark_of(on: Braked | None, hard: Hard) -> Mark | None:
    """By which of its marks a hard bounce is held; None: it is not."""
    return next((mark for mark in hard.marks if mark in on.marks), None) if on is not None else None


def keys_of(hard: Hard) -> tuple[str, ...]:
    """What a hard bounce is counted with: its scope, and its recipient domain and reason there."""
    return (hard.scope, f"{hard.scope} {hard.at_domain}") if hard.domain else (hard.scope,)


class Patience:
    """The hard bounces that wait. Nothing changes it: `look` makes the next."""

    def __init__(self, threshold: Threshold, window: Iterable[Hard] = ()) -> None:
        self.threshold = threshold
        self.waiting: dict[int, Hard] = {}
        self._lately: dict[str, tuple[datetime, ...]] = {}  # by key: when the last ones came that are not held
        self._room = ROOM  # with more keys than that, the old ones are forgotten
        self._sample = min(SAMPLE, threshold.count)
        for one in window:
            if one.waits:
                self.waiting[one.row] = one
            if not one.held:
                self._note(one)

    def look(
        self,
        coming: Sequence[Hard],
        decision: Decision,
        counted: Counter[str],
        limits: Callable[[Hard], Mapping[str, float]],
    ) -> Decision:
        """The decision with those that wait. What waited and turns out to be alike is held. `limits`: of those keys
        of a hard bounce of which that is known, how many may come in a window; `counted`: by the same keys, how
        many of the window came before."""
        after = Patience(self.threshold)
        after.waiting = dict(self.waiting)
        after._lately, after._room = dict(self._lately), self._room
        if len(after._lately) > after._room:
            since = decision.at - self.threshold.window
            after._lately = {key: ats for key, ats in after._lately.items() if ats[-1] > since}
            after._room = max(ROOM, 2 * len(after._lately))
        held, waits = dict(decision.held), {}
        if decision.braked:
            for row, one in self.waiting.items():
                if (mark := mark_of(decision.braked.get(one.scope), one)) is not None:
                    held[row] = str(mark)
                    del after.waiting[row]
        for one in coming:
            if one.row in held or after.waiting.pop(one.row, None) is not None:
                continue
            until = one.at + min(self.threshold.window, PATIENCE)
            of = limits(one)
            counted.update(of.keys())
            many = [key for key in of if counted[key] > self.threshold.count]
            if until > decision.at and any(after._hurries(key, one, of[key]) for key in many):
                waits[one.row] = until
                after.waiting[one.row] = one
            after._note(one)
        return replace(decision, held=held, waits=waits, patience=after)

    def _hurries(self, key: str, one: Hard, limit: float) -> bool:
        """Whether there would be more than `limit` in a window if they went on as the last ones came."""
        lately = self._lately.get(key, ())
        took = one.at - lately[0] if len(lately) == self._sample else self.threshold.window
        return limit > self.threshold.count and took * limit < self.threshold.window * self._sample

    def _note(self, one: Hard) -> None:
        for key in keys_of(one):  # its domain too where the limit there is not known: that may be told later
            self._lately[key] = (*self._lately.get(key, ()), one.at)[-self._sample :]
