# SPDX-License-Identifier: GPL-3.0-or-later
"""Refusals on their way to the outbox: each waits until it is clear whether its server refused recipients or
everybody, and then until it is stored.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeGuard

from bouncestream.event import Kind
from bouncestream.judging.refusal import EVERYBODY, LISTMONK_LOG, MANY, Refusal, judge
from bouncestream.metrics import SENDING_FAILED, Metrics
from bouncestream.policy import Rules
from bouncestream.ports import Clock, Emit, RawInput, Submission
from bouncestream.sources.listmonk_log.flood import MINUTE, Weight, weigh

#: So many events are stored at the same time.
BATCH = 200
#: Minutes whose refusals are counted.
MINUTES = 3000
#: Refusals that wait; the lines of more stay in Listmonk's log until some are stored.
MOST = 10_000


@dataclass(slots=True)
class Waiting:
    """A refusal that is weighed or stored yet."""

    refusal: Refusal
    submission: Submission
    minute: tuple[str, str]  #: campaign, minute of the log
    hard: bool
    since: float


@dataclass(eq=False, slots=True)
class Weighing:
    """All refusals that wait. `rules` may change; `sent` tells how many messages got through in the minute of one,
    by now; None: that is not known."""

    emit: Emit
    rules: Rules
    clock: Clock
    metrics: Metrics
    sent: Callable[[Waiting, float], float | None]
    waiting: list[Waiting] = field(default_factory=list)
    _refused: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def full(self) -> bool:
        """Whether no more may be added: the outbox takes none."""
        return len(self.waiting) >= MOST

    def add(self, refusal: Refusal, at: datetime) -> None:
        """Judge it; `at`: by the log's clock. What is no person's doing is counted."""
        found = self._judged(refusal)
        if isinstance(found, str):
            self.metrics.add(SENDING_FAILED, found)
            return
        minute = (refusal.campaign, f"{at:%Y-%m-%d %H:%M}")
        hard = any(event.kind is Kind.HARD for event in found.events)
        if hard:
            self._refused[minute] += 1
            if len(self._refused) > MINUTES:
                del self._refused[next(iter(self._refused))]
        self.waiting.append(Waiting(refusal, found, minute, hard, self.clock.monotonic()))

    async def settle(self) -> None:
        """Store what was weighed. Raises StoreError; what was not stored is tried again."""
        now = self.clock.monotonic()
        ready: list[tuple[Waiting, Submission, str]] = []
        for one in self.waiting:
            sent = self.sent(one, now) if one.hard else None
            weight = self._weight(one, sent, now)
            if weight is Weight.HOLD:
                ready.append((one, self._held(one), MANY if sent is None else EVERYBODY))
            elif weight is Weight.GO:
                ready.append((one, one.submission, ""))
        for at in range(0, len(ready), BATCH):
            some = ready[at : at + BATCH]
            answers = await asyncio.gather(*(self.emit(told) for _, told, _ in some), return_exceptions=True)
            stored = [taken for taken, got in zip(some, answers, strict=True) if not _failed(got)]
            for cause, number in Counter(cause for _, _, cause in stored if cause).items():
                self.metrics.add(SENDING_FAILED, cause, by=number)
            gone = {id(one) for one, _, _ in stored}
            self.waiting = [one for one in self.waiting if id(one) not in gone]
            for error in filter(_failed, answers):
                raise error

    def _judged(self, refusal: Refusal) -> Submission | str:
        raw = RawInput(LISTMONK_LOG, LISTMONK_LOG, self.clock.now(), refusal.raw(), "application/json")
        return judge(refusal, raw, self.rules)

    def _weight(self, one: Waiting, sent: float | None, now: float) -> Weight:
        if not one.hard:
            return Weight.GO
        return weigh(self._refused[one.minute], sent or 0, over=now - one.since >= MINUTE)

    def _held(self, one: Waiting) -> Submission:
        found = self._judged(replace(one.refusal, everybody=True))
        assert not isinstance(found, str)
        return found


def _failed(answer: object) -> TypeGuard[BaseException]:
    return isinstance(answer, BaseException)
