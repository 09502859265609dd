# SPDX-License-Identifier: GPL-3.0-or-later
"""What was acknowledged a moment ago, for an outbox on a server: a standby that takes over may lack it, unless it
is a synchronous one. After trouble it is compared with what is there, so that a loss is told.

Nothing is put back: an event that is gone here may have been delivered before, and would count twice.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

from bouncestream.outbox.delivery import rows_of
from bouncestream.outbox.engine import Conn

#: How long it is remembered, in seconds, and how many at most: standbys lag by less, or are no use.
KEEP, LIMIT = 60.0, 50_000
#: In `meta`: so many were found to be gone, by whichever bridge had acknowledged them.
GONE = "acknowledged_lost"
#: So many are looked up at once.
AT_ONCE = 1000


class Acknowledged:
    """The ids of the events that were acknowledged lately, oldest first. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._ids: deque[tuple[float, str]] = deque(maxlen=LIMIT)
        self.doubtful = False  #: there was trouble: they have to be compared, and none is forgotten before

    def add(self, ids: Iterable[str], now: float) -> None:
        """Remember events whose commit was told."""
        self._ids.extend((now, one) for one in ids)
        while not self.doubtful and self._ids and self._ids[0][0] < now - KEEP:
            self._ids.popleft()

    def ids(self) -> list[str]:
        """Those that are remembered now, oldest first. Taken before the reading begins: what is acknowledged after
        that is newer than what a reader sees."""
        return [one for _, one in self._ids]

    def compared(self, missing: Iterable[str]) -> None:
        """Note the result: those that are missing are told once."""
        gone = set(missing)
        kept = [one for one in self._ids if one[1] not in gone]
        self._ids.clear()
        self._ids.extend(kept)
        self.doubtful = False


def missing(conn: Conn, ids: Sequence[str]) -> list[str]:
    """Those of these events that are not in the outbox, in their order."""
    there: set[str] = set()
    for start in range(0, len(ids), AT_ONCE):
        there |= rows_of(conn, ids[start : start + AT_ONCE]).keys()
    return [one for one in ids if one not in there]
