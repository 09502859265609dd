# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a walk through the rows may go, by their numbers, without passing one that becomes visible later. With
one writer: to the newest row. With several bridges on a server each reserves the numbers of its rows before it
commits them, so that a row may become visible after those with higher numbers.
"""

from __future__ import annotations

from collections import deque

from bouncestream.outbox.db import Database
from bouncestream.outbox.delivery import newest_row
from bouncestream.outbox.people import LAST

#: After so many seconds each transaction has committed or is undone; its statements have 30 s.
LATEST = 60.0
#: The newest row is noted so often, in seconds.
NOTED = 1.0


class Latecomers:
    """What a walk knows of the newest row, and since when. It begins with nothing, so that the walk waits for a
    minute."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._noted: deque[tuple[float, int]] = deque()
        self._upto = 0

    async def upto(self, now: float) -> int:
        """The last row that may be looked at; `now` in monotonic seconds. Raises StoreError."""
        if self._db.server is None:
            return LAST
        if not self._noted or self._noted[-1][0] <= now - NOTED:
            self._noted.append((now, await self._db.read(newest_row)))
        while self._noted and self._noted[0][0] <= now - LATEST:
            self._upto = self._noted.popleft()[1]
        return self._upto
