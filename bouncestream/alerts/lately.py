# SPDX-License-Identifier: GPL-3.0-or-later
"""How much a number that only grows has grown within the last hour. Pure: the time is handed in.

What it was before this process began to look does not count: nobody knows when that happened.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

HOUR = timedelta(hours=1)
#: So many steps are remembered of each number; older ones are taken together.
STEPS = 500


@dataclass(slots=True)
class _Seen:
    total: int
    steps: deque[tuple[datetime, int]] = field(default_factory=deque)


class Lately:
    """Numbers by name."""

    def __init__(self) -> None:
        self._seen: dict[str, _Seen] = {}

    def grown(self, name: str, total: int, now: datetime) -> int:
        """By how much the number has grown within the hour before `now`."""
        seen = self._seen.setdefault(name, _Seen(total))
        if total > seen.total:
            seen.steps.append((now, total - seen.total))
        seen.total = total  # lower: another outbox has taken the place of this one
        steps = seen.steps
        while steps and not now - HOUR < steps[0][0] <= now:  # later than now: the clock was set back
            steps.popleft()
        while len(steps) > STEPS:
            _, first = steps.popleft()
            at, more = steps.popleft()
            steps.appendleft((at, first + more))
        return sum(more for _, more in steps)
