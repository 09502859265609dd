# SPDX-License-Identifier: GPL-3.0-or-later
"""The outbox as the dashboard reads it: by a read-only connection of its own for each page, on a thread, few pages
at a time, and no query for longer than a moment. The bridge never waits for a page."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from bouncestream.crypto.secret import Secret
from bouncestream.errors import StoreBusy, StoreSlow
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.place import Place
from bouncestream.outbox.view import View, view

#: Seconds that one query may take, and the dozen of the status.
QUERY, STATUS = 0.2, 1.0
#: A piece that takes so many times as long as its own work had to wait for others.
CROWDED = 1.5
#: Pages that are read at the same time, and that wait for their turn.
AT_ONCE, WAITING = 2, 16
#: Seconds that a page may wait and be read.
PAGE = 10.0

T = TypeVar("T")


class Pages:
    """What is asked of the outbox for one page. `rests`: the bridge reads on this machine too, and comes first."""

    def __init__(self, outbox: View, *, rests: bool = True) -> None:
        self._outbox = outbox
        self._rests = rests
        self.hidden = outbox.hidden  #: it is sealed, and not opened

    def read(self, fn: Callable[[Conn], T], within: float = QUERY) -> T:
        """The result of `fn`. Raises StoreError; StoreSlow after a moment, or `within` seconds."""
        return self._outbox.read(fn, within=within)

    def read_status(self, fn: Callable[[Conn], T]) -> T:
        """The same of what takes a dozen queries. Of a disk that is slow it is asked twice, as what was read is in
        memory then."""
        try:
            return self.read(fn, STATUS)
        except StoreSlow:
            return self.read(fn, STATUS)

    def if_in_time(self, fn: Callable[[Conn], T]) -> T | None:
        """The same; None: it takes too long, which the page then says."""
        try:
            return self.read(fn)
        except StoreSlow:
            return None

    def walk(
        self,
        fn: Callable[[Conn, int, int], bool],
        high: int,
        low: int,
        step: int,
        seconds: float = QUERY,
    ) -> int:
        """Call `fn` for one piece of a table after the other, from row `high` down to row `low`, `step` rows each:
        it is given the first and the last row, and returns whether it wants more. Ends after a moment, or so many
        seconds. Returns the lowest row that was looked at. Where others want the processor or the disk, it rests as
        long as it works: the bridge comes first, and less is looked at."""
        until = time.monotonic() + seconds
        while high >= low:
            first = max(low, high - step + 1)
            began, used = time.monotonic(), time.thread_time()
            try:
                more = self.read(lambda conn, one=first, two=high: fn(conn, one, two))  # type: ignore[misc]
            except StoreSlow:
                if step == 1:
                    raise
                step = max(1, step // 8)
                more, first = True, high + 1
            now = time.monotonic()
            if not more or now > until:
                return first
            if self._rests and now - began > CROWDED * (time.thread_time() - used):
                time.sleep(min(now - began, until - now))
            high = first - 1
        return low


@dataclass(eq=False)
class Reader:
    """Reads pages of the outbox at `place`; `key` opens a sealed one."""

    place: Place
    key: Secret | None

    def __post_init__(self) -> None:
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    async def page(self, make: Callable[[Pages], T]) -> T:
        """What `make` makes of the outbox, on a thread. Raises StoreError."""
        if self._waiting >= WAITING:
            raise StoreBusy("Too many pages of the dashboard are asked for at once. Next: try again in a moment.")
        self._waiting += 1
        try:
            async with asyncio.timeout(PAGE), self._turn:
                return await asyncio.to_thread(self._read, make)
        except TimeoutError:
            raise StoreSlow("The outbox could not be read in time. Next: try again in a moment.") from None
        finally:
            self._waiting -= 1

    def _read(self, make: Callable[[Pages], T]) -> T:
        with view(self.place, key=self.key, reveal=self.key is not None) as outbox:
            return make(Pages(outbox, rests=isinstance(self.place, Path)))
