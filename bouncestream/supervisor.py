# SPDX-License-Identifier: GPL-3.0-or-later
"""Whoever begins a task that lasts gives it to a supervisor, which owns it: no task ends unseen.

A task is *restarted* (after a rest that grows, with jitter) or *vital*: without it the process does not do what it
promises, so it ends in order, and systemd starts it anew. In both cases its end is on the health board, as the part
`task:<name>`, and in the log; a bug's traceback once for each kind of bug.
"""

from __future__ import annotations

import asyncio
import logging
import random
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import PurePath
from types import TracebackType

from bouncestream.backoff import backoff
from bouncestream.errors import BouncestreamError, TaskLost
from bouncestream.health import Health, Status

log = logging.getLogger("bouncestream.tasks")

#: The rest after a bug, at first and at most; seconds.
REST, LONGEST_REST = 1.0, 300.0
#: What has gone well for so long, and for longer than it rested, is well again; seconds.
WELL = 60.0

Work = Callable[[], Awaitable[object]]


def words(error: BaseException) -> str:
    """The words for what ended a task: an error of ours in its own words, a bug by its type and place."""
    if isinstance(error, BouncestreamError):
        return str(error)
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    where = _place(error)
    return f"a bug ({type(error).__name__}{f' in {where}' if where else ''})"


def _place(error: BaseException) -> str:
    """The innermost line of ours, as `relay/loop.py, line 7`, or else of anybody."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != __file__]
    for frame in reversed(frames):
        parts = PurePath(frame.filename).parts
        if "bouncestream" in parts:
            inside = parts[len(parts) - parts[::-1].index("bouncestream") :]
            return f"{'/'.join(inside)}, line {frame.lineno}"
    return f"{PurePath(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""


class Bugs:
    """The bugs of one place, and how long that place rests. `what` is its name in the log."""

    def __init__(self, what: str, chance: Callable[[], float] = random.random, *, vital: bool = False) -> None:
        self._what = what
        self._vital = vital  # then it does not rest
        self._chance = chance
        self._told: set[str] = set()
        self._in_a_row = 0
        self._rests_until = float("-inf")
        self._rest = 0.0
        self.why = ""  #: the newest one; empty: it is well

    def note(self, error: BaseException, now: float) -> float:
        """Tell a bug, at `now` (monotonic seconds); how long to rest, in seconds."""
        self.well(now)
        self.why = words(error)
        self._in_a_row += 1
        self._rest = backoff(self._in_a_row, base=REST, cap=LONGEST_REST, jitter=self._chance())
        self._rests_until = now + self._rest
        new = self.why not in self._told
        self._told.add(self.why)
        log.error(
            "%s: %s%s%s",
            self._what,
            self.why,
            "" if self._vital else f"; restarting it in {self._rest:.0f} s",
            ". Next: please report it, with the lines below" if new else "",
            exc_info=error if new else None,
            extra={"traceback": True},
        )
        return self._rest

    @property
    def calm_after(self) -> float:
        """How many seconds after a rest it may be called well."""
        return max(WELL, self._rest)

    def well(self, now: float) -> bool:
        """Whether it is well, by now."""
        if self.why and now >= self._rests_until + self.calm_after:
            self.why, self._in_a_row = "", 0
        return not self.why


@dataclass(eq=False)
class Supervisor:
    """Owner of tasks; use it as an async context, which ends them all, or `stop` it.

    `chance` gives a number in [0, 1), for the jitter; `on_lost` is called when a vital task has ended.
    """

    health: Health
    chance: Callable[[], float] = random.random
    on_lost: Callable[[], None] = lambda: None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set, init=False)
    _lost: str = field(default="", init=False)

    async def __aenter__(self) -> Supervisor:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def keep(
        self,
        name: str,
        work: Work,
        *,
        vital: bool = False,
        finite: bool = False,
        status: Status = Status.RED,
    ) -> asyncio.Task[None]:
        """Begin a task: `work()` is awaited, and again after its end, unless it is `vital`.

        `finite`: it may return, which is no trouble then. `status`: what the board shows while it is down.
        """
        loop = asyncio.get_running_loop()
        task = loop.create_task(self._care(name, work, vital, finite, status), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def raise_lost(self) -> None:
        """Raises TaskLost when a vital task has ended."""
        if self._lost:
            raise TaskLost(self._lost)

    async def stop(self) -> None:
        """Cancel every task, and wait for its end."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _care(self, name: str, work: Work, vital: bool, finite: bool, status: Status) -> None:
        part = f"task:{name}"
        loop = asyncio.get_running_loop()
        bugs = Bugs(f"task {name}", self.chance, vital=vital)
        try:
            while True:
                calm = loop.call_later(bugs.calm_after, self._calm, part)
                error: BaseException
                try:
                    await work()
                    if finite:
                        self._calm(part)
                        return
                    error = TaskLost("it ended unexpectedly")
                except asyncio.CancelledError as cancelled:
                    if _wanted():
                        raise
                    error = cancelled  # of something that it waited for
                except Exception as bug:
                    error = bug
                finally:
                    calm.cancel()
                rest = bugs.note(error, loop.time())
                if vital:
                    self._lost = f"The task {name} has ended: {bugs.why}. bouncestream cannot run without it."
                    self.health.set(part, Status.RED, f"{bugs.why}; bouncestream exits, to be restarted")
                    self.on_lost()
                    return
                self.health.set(part, status, f"{bugs.why}; it will be restarted after a pause")
                await asyncio.sleep(rest)
        finally:
            if _wanted():
                self.health.forget(part)

    def _calm(self, part: str) -> None:
        """Note that a task runs well, or well again."""
        if part in self.health.parts:
            self.health.set(part, Status.GREEN)


def _wanted() -> bool:
    """Whether the end of the running task was asked for, by `cancel`."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
