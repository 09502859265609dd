# SPDX-License-Identifier: GPL-3.0-or-later
"""The budget for the bodies of all requests in hand: without one, each connection could hold a whole one.

A body counts as its bytes come in, not by its Content-Length: to announce costs nothing. When the budget is used
up, bodies whose sender has proven nothing make room first, the one that is waited for longest before the others;
when there is none, whoever needs more is told to come again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from bouncestream.errors import StoreBusy

#: Bytes of bodies in memory at the same time; more only if one alone may be larger (max_body).
BODIES = 64 * 1024 * 1024


@dataclass(eq=False)
class Budget:
    """Bytes that are in use, of `limit`."""

    limit: int
    used: int = 0
    #: Shares of strangers, which may make room, in the order in which they began to be waited for.
    waiting: dict[Share, None] = field(default_factory=dict)

    def take(self, size: int, share: Share) -> None:
        """Count `size` bytes. Raises StoreBusy when there is no room for them."""
        while self.used + size > self.limit:
            longest = next((one for one in self.waiting if one is not share), None)
            if longest is None:
                raise StoreBusy(f"pending requests exceed {self.limit >> 20} MiB")
            longest.cut()
        self.used += size


@dataclass(eq=False, slots=True)
class Share:
    """The share of the budget that one request has; to be released in the end."""

    _budget: Budget
    _size: int = 0
    _end: Callable[[], None] | None = None
    was_cut: bool = False

    def grow(self, size: int) -> None:
        """Count `size` more bytes of the body. Raises StoreBusy."""
        if self.was_cut:
            raise StoreBusy("it was dropped in favour of another request")
        self._budget.take(size, self)
        self._size += size

    def waits(self, end: Callable[[], None]) -> None:
        """The rest of a stranger's body is waited for; `end` is called when it has to make room."""
        self._end = end
        self._budget.waiting[self] = None

    def settled(self) -> None:
        """The body is there."""
        self._end = None
        self._budget.waiting.pop(self, None)

    def cut(self) -> None:
        """Make room."""
        self.was_cut = True
        end = self._end
        self.release()
        if end is not None:
            end()

    def release(self) -> None:
        """The request is answered."""
        self.settled()
        self._budget.used -= self._size
        self._size = 0
