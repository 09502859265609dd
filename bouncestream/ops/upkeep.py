# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps the outbox small and sound while `run` is up: retention, space, gauges, coming back after trouble."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from functools import partial

from bouncestream.config.model import Retention
from bouncestream.errors import StoreError
from bouncestream.health import Health, Light
from bouncestream.metrics import OUTBOX_BYTES, OUTBOX_EVENTS, OUTBOX_OLDEST, PART_STATE, Metrics
from bouncestream.outbox import store
from bouncestream.outbox.db import Database
from bouncestream.outbox.intake import Intake
from bouncestream.outbox.retention import purge
from bouncestream.ports import Clock

log = logging.getLogger("bouncestream.upkeep")

#: How often it is looked whether the files of the outbox are still there; seconds.
LOOK_EVERY = 1.0
#: How often gauges are renewed and a troubled intake is tried; seconds.
EVERY = 5.0
#: How often retention begins, and the pause between two of its steps; seconds.
PURGE_EVERY, PURGE_PAUSE = 3600.0, 0.2
#: A wall clock that moved this much more than the monotonic one has jumped: nothing is deleted then.
JUMP = 3600.0
LIGHTS = (Light.GREEN, Light.YELLOW, Light.RED)


class Upkeep:
    """One task beside the relay; `settings` may be exchanged by a reload."""

    def __init__(
        self, db: Database, intake: Intake, clock: Clock, health: Health, metrics: Metrics, settings: Retention
    ) -> None:
        self._db = db
        self._intake = intake
        self._clock = clock
        self._health = health
        self._metrics = metrics
        self.settings = settings
        self._drift = self._wall_minus_monotonic()

    async def run(self) -> None:
        """For ever."""
        purge_at = self._clock.monotonic() + PURGE_PAUSE
        await self._look_for_damage()
        while True:
            try:
                await self._intake.revive()
                await self.renew_gauges()
                if self._clock.monotonic() >= purge_at:
                    more = await self._purge()
                    purge_at = self._clock.monotonic() + (PURGE_PAUSE if more else PURGE_EVERY)
                    if more:
                        await asyncio.sleep(PURGE_PAUSE)
                        continue
            except StoreError as error:
                log.debug("upkeep waits: %s", error)
            for _ in range(round(EVERY / LOOK_EVERY)):
                await asyncio.sleep(LOOK_EVERY)
                await self._intake.look()

    async def renew_gauges(self) -> None:
        """What /metrics shows of the outbox."""
        now = self._clock.now()
        tally, oldest = await self._db.read(lambda conn: (store.tally(conn), store.oldest_pending(conn, now)))
        for state, count in tally.items():
            self._metrics.set(OUTBOX_EVENTS, count, state)
        self._metrics.set(OUTBOX_OLDEST, oldest)
        for name, suffix in (("database", ""), ("wal", "-wal")):
            path = self._db.path.with_name(self._db.path.name + suffix)
            self._metrics.set(OUTBOX_BYTES, path.stat().st_size if path.exists() else 0, name)
        for name, part in self._health.parts.items():
            self._metrics.set(PART_STATE, LIGHTS.index(part.state), name)

    async def _look_for_damage(self) -> None:
        """The whole file, beside the work: a large one would hold up the start by seconds."""
        try:
            await self._db.check()
        except StoreError as error:
            self._health.set("outbox", Light.RED, str(error))

    async def _purge(self) -> bool:
        """One step of retention; True when another has something to do."""
        drift = self._wall_minus_monotonic()
        jumped, self._drift = abs(drift - self._drift) > JUMP, drift
        if jumped:
            log.warning("the clock has jumped: retention skips this run, as a wrong clock would delete everything")
            return False
        now = self._clock.now()
        done = await self._db.write(
            partial(
                purge,
                raw_before=now - timedelta(seconds=self.settings.raw),
                events_before=now - timedelta(seconds=self.settings.events),
                dedupe_before_day=int((now.timestamp() - self.settings.dedupe) // 86400),
            ),
            rows=100,
        )
        if done.events or done.raw or done.quarantine:
            await self._db.vacuum_step()
        return done.more

    def _wall_minus_monotonic(self) -> float:
        return self._clock.now().timestamp() - self._clock.monotonic()
