# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an SMTP server refuses its recipients, or everybody. Pure.

A server with a broken table of users answers "User unknown" to each; told as they are, such answers would blocklist
the whole list. So refusals of recipients are weighed against what was sent in the same minute.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import Enum

#: From so many refusals in a minute on, and where no more than a tenth got through, everybody is refused.
LEAST = 20
SHARE = 0.9
MINUTE = 60.0


class Weight(Enum):
    """What becomes of the refusals of a minute."""

    GO = "go"  #: they are the recipients'
    WAIT = "wait"  #: the minute is not over, and nearly all are refused
    HOLD = "hold"  #: nearly everybody is refused


def weigh(refused: int, sent: float, *, over: bool) -> Weight:
    """The weight of `refused` recipients beside so many messages that were sent; `over`: the minute is, and what
    was sent in it is known. Listmonk tells a refusal at once, and counts what it has sent seconds later."""
    if refused <= SHARE * (refused + sent):
        return Weight.GO
    if not over:
        return Weight.WAIT
    return Weight.HOLD if refused >= LEAST else Weight.GO


@dataclass(slots=True)
class Sent:
    """The messages that a campaign has sent, as it was seen to count up."""

    _seen: deque[tuple[float, int]] = field(default_factory=deque)

    def note(self, now: float, total: int) -> None:
        """It has sent so many by now; seconds of a clock that never jumps."""
        if self._seen and total < self._seen[-1][1]:
            self._seen.clear()
        self._seen.append((now, total))
        while len(self._seen) > 2 and self._seen[1][0] <= now - MINUTE:
            self._seen.popleft()

    def lately(self, now: float) -> int | None:
        """How many within the last minute or since it was first seen; None: not known."""
        if len(self._seen) < 2 or now - self._seen[-1][0] > MINUTE:
            return None
        return self._seen[-1][1] - self._seen[0][1]
