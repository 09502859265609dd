# SPDX-License-Identifier: GPL-3.0-or-later
"""When a label is read: soon and then more seldom while something of it is unsettled (`Schedule`), and a few times
after that where a double may still come (`LaterReads`). Pure; times are the monotonic clock, in seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

#: How soon a label is read again when its last read brought nothing new; seconds.
FIRST_READ, READ_GROWTH, READ_LIMIT = 0.05, 2.0, 30.0
#: While events are posted to a label all the time it is read no more often than that; seconds. A read costs as much
#: as posting dozens of events does, and shows all that were posted since the last one.
READ_PACE = 0.25
#: So many later reads there are, the first a margin after what gave rise to them, each of the others after so many
#: times the wait before it.
LATER_READS, LATER_GROWTH = 4, 4

#: Which later read of a label is next (0 for the first), and in how many seconds.
Next = tuple[int, float]


@dataclass(slots=True)
class Schedule:
    """When a label is read next."""

    at: float = float("-inf")
    wait: float = FIRST_READ
    read_at: float = float("-inf")

    def reset(self, now: float) -> None:
        self.at, self.wait = max(now, self.read_at + READ_PACE), FIRST_READ

    def was_read(self, began: float, *, fresh: bool) -> None:
        """Read again soon after something new was seen, else more and more seldom."""
        if fresh:
            self.wait = FIRST_READ
        self.read_at, self.at = began, began + self.wait
        self.wait = min(self.wait * READ_GROWTH, READ_LIMIT)


class LaterReads:
    """Labels that are read again later. Where more than one attempt of an event may have been sent, a read that
    shows one of them does not tell whether another one will be recorded: that double would stay hidden.

    The outbox keeps them over a restart: `plan` and `were_read` answer with what to write down, by label."""

    def __init__(self, margin: float) -> None:
        self.margin = margin  #: seconds
        self._due: dict[str, tuple[float, int]] = {}  #: label → when, and which of its reads

    def __bool__(self) -> bool:
        return bool(self._due)

    def wait(self, step: int) -> float:
        """Seconds before that read, from the read before it."""
        return float(self.margin * LATER_GROWTH ** min(step, LATER_READS - 1))

    def restore(self, kept: Mapping[str, Next], now: float) -> None:
        """Take over what an earlier run left, or another bridge has asked for: the earlier read counts. No clock
        that jumped makes a wait longer than it ever was."""
        for label, (step, wait) in kept.items():
            found = now + min(max(wait, 0.0), self.wait(step)), step
            self._due[label] = min(found, self._due.get(label, found))

    def plan(self, labels: Iterable[str], now: float) -> dict[str, Next | None]:
        """Begin anew with these."""
        return {label: self._set(label, 0, now) for label in labels}

    def were_read(self, labels: Iterable[str], began: float) -> dict[str, Next | None]:
        """Go on with those of the labels whose time had come; None after the last read."""
        due = [label for label in labels if label in self._due and self._due[label][0] <= began]
        return {label: self._set(label, self._due[label][1] + 1, began) for label in due}

    def _set(self, label: str, step: int, now: float) -> Next | None:
        if step >= LATER_READS:
            del self._due[label]
            return None
        wait = self.wait(step)
        self._due[label] = now + wait, step
        return step, wait

    def due(self, now: float) -> list[str]:
        """Whose time has come, the longest due first."""
        return sorted((label for label, (at, _) in self._due.items() if at <= now), key=lambda k: self._due[k])

    def next_at(self) -> float | None:
        """When the next one is due; None: there is none."""
        return min((at for at, _ in self._due.values()), default=None)
