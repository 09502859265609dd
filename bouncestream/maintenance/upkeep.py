# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps the outbox small and sound while `run` is up: retention, space, gauges, coming back after trouble."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from bouncestream.config.model import Retention
from bouncestream.errors import LeaseLost, StoreBusy, StoreError
from bouncestream.health import Health, Status
from bouncestream.maintenance.believed import Believed
from bouncestream.metrics import (
    OUTBOX_BYTES,
    OUTBOX_EVENTS,
    OUTBOX_OLDEST,
    PART_STATE,
    STANDBY_BEHIND,
    STANDBY_LAG,
    STANDBYS,
    Metrics,
)
from bouncestream.outbox import delivery, people, retention
from bouncestream.outbox.db import Database
from bouncestream.outbox.intake import Intake
from bouncestream.outbox.mail_room import aside_bytes
from bouncestream.outbox.replication import Replication, replication
from bouncestream.ports import Clock
from bouncestream.supervisor import Supervisor

log = logging.getLogger("bouncestream.upkeep")

#: How often it is looked whether the files of the outbox are still there; seconds.
LOOK_EVERY = 1.0
#: How often gauges are renewed and a troubled intake is tried; seconds.
EVERY = 5.0
#: How often retention begins (at first so long after the start), and the pause between two of its steps; seconds.
PURGE_EVERY, PURGE_PAUSE = 3600.0, 0.2
#: How often at most it is noted that the clock is believed: retention asks at each step; seconds.
NOTE_EVERY = 600.0
#: A file that is damaged, or could not be read, is looked at again so often; seconds.
LOOK_AGAIN = 3600.0
#: Its part on the board, which no other trouble that passes makes green again.
FILE = "outbox-file"
LIGHTS = (Status.GREEN, Status.YELLOW, Status.RED)


@dataclass(eq=False)
class Upkeep:
    """The upkeep: one task beside the relay; `settings` may be exchanged by a reload."""

    db: Database
    intake: Intake
    clock: Clock
    health: Health
    metrics: Metrics
    settings: Retention
    may_purge: Callable[[], bool] = lambda: True  #: with several bridges, one does, and within its `term`
    term: Callable[[], AbstractContextManager[object]] = nullcontext
    _believed: Believed | None = field(default=None, init=False)
    _noted_at: float = field(default=float("-inf"), init=False)
    #: Rows of an earlier version may be there, in which the person is not noted.
    _nameless: bool = field(default=True, init=False)

    async def run(self) -> None:
        """Keep up the outbox, for ever."""
        async with Supervisor(self.health) as side:
            side.keep("looks", self._look)
            await self._run()

    async def _look(self) -> None:
        """Look beside all else: what is done to a database that does not answer may wait for a minute."""
        while True:
            await self.intake.look()
            await asyncio.sleep(LOOK_EVERY)

    async def _run(self) -> None:
        purge_at = self.clock.monotonic() + PURGE_EVERY
        look_at = self.clock.monotonic()
        while True:
            if self.clock.monotonic() >= look_at:
                sound = await self._look_for_damage()
                look_at = float("inf") if sound else self.clock.monotonic() + LOOK_AGAIN
            try:
                await self.intake.revive()
                await self.renew_gauges()
                if self._believed is None:
                    self.intake.aside = await self.db.read(aside_bytes)
                    await self.believe()
                if self._nameless:
                    self._nameless = await self.db.write(people.fill, rows=100)
                    if self._nameless:
                        await asyncio.sleep(PURGE_PAUSE)
                        continue
                if self.clock.monotonic() >= purge_at and self.may_purge():
                    with self.term():
                        more = await self._retention()
                    purge_at = self.clock.monotonic() + (PURGE_PAUSE if more else PURGE_EVERY)
                    if more:
                        await asyncio.sleep(PURGE_PAUSE)
                        continue
            except StoreError as error:
                log.debug("maintenance is delayed: %s", error)
            await asyncio.sleep(EVERY)

    async def renew_gauges(self) -> None:
        """Renew the gauges of the outbox in /metrics."""
        now = self.clock.now()
        tally, oldest, standbys = await self.db.read(
            lambda conn: (delivery.tally(conn), delivery.oldest_pending(conn, now), replication(conn))
        )
        for state, count in tally.items():
            self.metrics.set(OUTBOX_EVENTS, count, state)
        self.metrics.set(OUTBOX_OLDEST, oldest)
        for name, size in zip(("database", "wal"), await self.db.sizes(), strict=True):
            self.metrics.set(OUTBOX_BYTES, size, name)
        self._replicated(standbys or Replication())
        self.metrics.forget(PART_STATE)
        for name, part in self.health.parts.items():
            self.metrics.set(PART_STATE, LIGHTS.index(part.state), name)

    def _replicated(self, found: Replication) -> None:
        """The gauges of the standbys; of those with one name the slowest."""
        metrics = self.metrics
        metrics.forget(STANDBYS, STANDBY_LAG, STANDBY_BEHIND)
        for one in found.standbys:
            metrics.add(STANDBYS, one.sync or "hidden")
            for metric, value in ((STANDBY_LAG, one.lag), (STANDBY_BEHIND, one.behind)):
                if value is not None:
                    metrics.set(metric, max(value, metrics.get(metric, one.name)), one.name)

    async def _look_for_damage(self) -> bool:
        """The whole file, beside the work: a large one would hold up the start by seconds. Whether it is sound."""
        try:
            await self.db.check()
        except StoreBusy as error:
            log.debug("the outbox is looked at for damage later: %s", error)
            return False
        except StoreError as error:
            self.health.set(FILE, Status.RED, str(error))
            return False
        if FILE in self.health.parts:
            self.health.set(FILE, Status.GREEN)
        return True

    async def _retention(self) -> bool:
        """Run a step of retention; what keeps it from its work for longer than a moment is told."""
        try:
            return await self._purge()
        except (StoreBusy, LeaseLost):
            raise
        except StoreError as error:
            self.health.set("retention", Status.YELLOW, f"no expired data is deleted: {error}")
            return False

    async def _purge(self) -> bool:
        """Purge, by one step of retention; True when another has something to do."""
        if not await self.believe():
            return False
        now = self.clock.now()
        done = await self.db.write(
            partial(
                retention.purge,
                raw_before=now - timedelta(seconds=self.settings.raw),
                events_before=now - timedelta(seconds=self.settings.events),
                dedupe_before_day=int((now.timestamp() - self.settings.dedupe) // 86400),
                now=now,
            ),
            rows=100,
        )
        if not done.more:
            self.intake.aside = await self.db.read(aside_bytes)
        if done.events or done.raw or done.quarantine:
            await self.db.vacuum_step()
        return done.more

    async def believe(self) -> bool:
        """Whether the clock may be believed. How it is doubted is told; when it was believed is noted."""
        now, monotonic = self.clock.now(), self.clock.monotonic()
        if self._believed is None:
            last = await self.db.read(retention.last_time)
            self._believed = Believed(last, now, monotonic)
            if last is not None:  # what comes in under a clock in doubt must not vouch for it at the next start
                await self.db.write(partial(retention.note_time, at=last))
        before = self.health.parts.get("retention")
        if not self._believed.judge(now, monotonic):
            self.health.set("retention", Status.YELLOW, self._believed.why)
            return False
        if before is not None:
            self.health.set("retention", Status.GREEN)
        if monotonic - self._noted_at >= NOTE_EVERY:
            await self.db.write(partial(retention.note_time, at=now))
            self._noted_at = monotonic
        return True
