# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings erasures to their end while `run` is up: of a person whose events were on their way to Listmonk, and of
one whose command was cut off. It walks the whole outbox once for all of them, in steps, between which others get
their turn.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from bouncestream.errors import StoreError
from bouncestream.mail.spellings import Spellings
from bouncestream.outbox import erasing, traces
from bouncestream.outbox.db import Database
from bouncestream.outbox.erasing import Erasure
from bouncestream.outbox.traces import Cursor, Traces
from bouncestream.ports import Clock

log = logging.getLogger("bouncestream.erasures")

#: How often it is looked, and the pause between two steps; seconds.
EVERY, PAUSE = 30.0, 0.05
#: A command that has not ended after so long was cut off.
CUT_OFF = timedelta(minutes=10)
#: So many people are looked for in one walk.
TOGETHER = 50


@dataclass(eq=False)
class Erasures:
    """The task. Whatever is wrong with the outbox, it tries again."""

    db: Database
    clock: Clock
    every: float = EVERY
    pause: float = PAUSE

    async def run(self) -> None:
        """For ever."""
        while True:
            try:
                await self.turn()
            except StoreError as error:
                log.debug("erasures are delayed: %s", error)
            await asyncio.sleep(self.every)

    async def turn(self) -> int:
        """Go on with what there is; returns how many erasures came to their end."""
        waiting = await self.db.read(erasing.erasures)
        if not waiting:
            return 0
        old = self.clock.now() - CUT_OFF
        cut_off = [one for one in waiting if one.waiting is None and one.asked_at <= old]
        for at in range(0, len(cut_off), TOGETHER):
            await self._walk(cut_off[at : at + TOGETHER])
        for one in waiting:
            if one.waiting is not None:
                await self._settled(one)
        ended = len(waiting) - len(await self.db.read(erasing.erasures))
        if ended > 0:
            await self.db.empty_log()
            log.info("%d erasures of persons are complete", ended)
        return ended

    async def _walk(self, people: Sequence[Erasure]) -> None:
        who, cursor = Spellings(name for one in people for name in one.names), Cursor(others=None)
        left: tuple[int, ...] = ()
        while not cursor.ended:
            if found := await self.db.read(partial(traces.look, who=who, cursor=cursor)):
                job = partial(erasing.wipe, who=who, traces=found, now=self.clock.now())
                left += (await self.db.write(job, rows=100)).waiting
            await asyncio.sleep(self.pause)
        for one in people:
            await self.db.write(partial(erasing.looked, names=one.names, waiting=left))

    async def _settled(self, one: Erasure) -> None:
        """Erase those events of a person that have arrived meanwhile."""
        rows = one.waiting or ()
        who = Spellings(one.names)
        job = partial(erasing.wipe, who=who, traces=Traces(events=rows), now=self.clock.now())
        left = (await self.db.write(job, rows=len(rows))).waiting
        if left != rows:
            await self.db.write(partial(erasing.looked, names=one.names, waiting=left))
