# SPDX-License-Identifier: GPL-3.0-or-later
"""The queue behind the 200: 1,000 places in memory, first in first out, one worker.

Measured (2026-11, with the bounces table locked): 1,001 posts are answered, the one in the worker's hand and 1,000
that wait; the next ones get no answer until a place is free. A restart closes those connections without an answer,
loses the queue, and the statement in hand may outlive it: its row appeared when the lock ended. The next Listmonk's
first statement waits behind it for the same lock, in the database's order.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from bouncestream.sandbox.posted import Bounce

PLACES = 1_000
_BREATH = 64  # rows applied in a row at speed 0 before others may run
_CATCH_UP = 0.01  # a timer that fires late is made up for, by this much at most


class Worker:
    """A queue and the one task that empties it."""

    def __init__(self, record: Callable[[Bounce], None], seconds: Callable[[], float]) -> None:
        self._record = record
        self._seconds = seconds
        self.queue: deque[Bounce] = deque()
        self.in_hand: Bounce | None = None
        self._blocked: deque[tuple[asyncio.Future[bool], Bounce]] = deque()
        self._work = asyncio.Event()
        self._moving = asyncio.Event()
        self._moving.set()
        #: Statements that wait for a lock in the database, with who waits for their end; None: there is no lock.
        self._locked: list[tuple[Bounce, asyncio.Future[None]]] | None = None
        self._watchers = 0  # so many wait for a condition
        self._changed = asyncio.Event()

    @property
    def blocked(self) -> int:
        """The number of posts that wait for a place."""
        return sum(not future.done() for future, _ in self._blocked)

    @property
    def watched(self) -> bool:
        """Whether somebody waits for a condition."""
        return bool(self._watchers)

    @property
    def empty(self) -> bool:
        """Whether it is empty: nothing queued or in hand, nobody waiting for a place, no statement for a lock."""
        return not self.queue and self.in_hand is None and not self.blocked and not self._locked

    async def put(self, bounce: Bounce) -> bool:
        """Take a place in the queue, waiting for one; False if a restart came first."""
        if len(self.queue) >= PLACES or self._blocked:
            future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
            self._blocked.append((future, bounce))
            self.notify()
            return await future
        self.queue.append(bounce)
        self._work.set()
        return True

    def hold(self, held: bool) -> None:
        """Stop or go on: a stalled database, or a frozen process."""
        if held:
            self._moving.clear()
        else:
            self._moving.set()

    def lock(self, locked: bool) -> None:
        """Let no statement end until the lock does; then they end in their order, whoever sent them."""
        if locked:
            self._locked = self._locked or []
            return
        waited, self._locked = self._locked or [], None
        for bounce, future in waited:
            self._record(bounce)
            if not future.done():
                future.set_result(None)

    def restart(self) -> list[Bounce]:
        """Lose the queue, as a restart does; returns what was lost. A statement that waits for a lock goes on in
        the database, and nobody waits for its end."""
        for _, statement in self._locked or ():
            if not statement.done():
                statement.set_result(None)
        lost = list(self.queue)
        self.queue.clear()
        for future, _ in self._blocked:
            if not future.done():
                future.set_result(False)
        self._blocked.clear()
        self.notify()
        return lost

    async def run(self) -> None:
        """Apply rows, one at a time, for ever."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        applied = 0
        while True:
            while not self.queue:
                self._work.clear()
                await self._work.wait()
            self.in_hand = self.queue.popleft()
            self._admit()
            if seconds := self._seconds():
                due = max(due, loop.time() - _CATCH_UP) + seconds
                if (delay := due - loop.time()) > 0:
                    await asyncio.sleep(delay)
            elif (applied := applied + 1) % _BREATH == 0:
                await asyncio.sleep(0)
            if not self._moving.is_set():
                await self._moving.wait()
            bounce = self.in_hand
            if self._locked is None:
                self.in_hand = None
                self._record(bounce)
            else:
                statement: asyncio.Future[None] = loop.create_future()
                self._locked.append((bounce, statement))
                await statement
                self.in_hand = None
            if self._watchers:
                self.notify()

    def _admit(self) -> None:
        while self._blocked and len(self.queue) < PLACES:
            future, bounce = self._blocked.popleft()
            if not future.done():  # else its handler was cancelled by a shutdown
                self.queue.append(bounce)
                future.set_result(True)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Return once the condition holds; it is looked at after each request and each row."""
        self._watchers += 1
        try:
            while not condition():
                await self._changed.wait()
        finally:
            self._watchers -= 1

    def notify(self) -> None:
        """Have the conditions looked at that somebody waits for."""
        self._changed.set()
        self._changed = asyncio.Event()
