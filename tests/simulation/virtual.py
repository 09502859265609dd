# SPDX-License-Identifier: GPL-3.0-or-later
"""An event loop whose clock jumps to the next timer: hours of waiting pass in milliseconds, in a fixed order."""

from __future__ import annotations

import asyncio
import selectors
from typing import Any


class Deadlock(Exception):
    """Every task waits for something that no timer will bring."""


class _Selector(selectors.SelectSelector):
    loop: VirtualLoop

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise Deadlock
        if timeout > 0:
            self.loop.jump(timeout)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """Use like any loop; there is no real I/O in it."""

    def __init__(self) -> None:
        self._virtual_now = 0.0
        selector = _Selector()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        return self._virtual_now

    def jump(self, timeout: float) -> None:
        scheduled: list[asyncio.TimerHandle] = self._scheduled  # type: ignore[attr-defined]
        self._virtual_now = max(
            self._virtual_now, scheduled[0].when() if scheduled else self._virtual_now + timeout
        )
