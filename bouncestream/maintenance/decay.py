# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts soft bounces (`[policy.soft] mode = "bridge"`) while `run` is up: looks at each new one, and where its
person has reached the count, asks Listmonk for a click since. Without one the bounce is told as hard, once.

A Listmonk that is away raises nobody: the bounce waits. Where the token may not look, nothing is known of clicks,
and the evidence says so. What came in before the mode was switched on is counted, but raises nobody by itself.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Protocol

from bouncestream.config.model import Config
from bouncestream.decay import evidence, standings
from bouncestream.errors import SinkError, SinkRefused, StoreError
from bouncestream.mail.spellings import names_of
from bouncestream.outbox import codec, raising
from bouncestream.outbox.db import Database
from bouncestream.outbox.delivery import get_meta, newest_row, set_meta
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.latecomers import Latecomers
from bouncestream.ports import Clock

log = logging.getLogger("bouncestream.decay")

#: How often new soft bounces are looked at, and after trouble; seconds. And how many rows at a time.
EVERY, AFTER_TROUBLE, ROWS = 10.0, 60.0, 500
#: In `meta`: the row that was looked at last.
CURSOR = "decay_row"

NO_CLICK, UNKNOWN = "without a click since", "clicks not known"


class Clicks(Protocol):
    """The part of the sink that is needed here."""

    async def clicked(self, emails: Sequence[str], uuid: str, since: datetime) -> bool:
        """Whether the subscriber has clicked a link since a time. Raises SinkError, SinkRefused: it may not be
        asked."""


@dataclass(eq=False)
class Soft:
    """The task. `config` gives the present configuration."""

    db: Database
    clicks: Clicks
    clock: Clock
    config: Callable[[], Config]
    #: Whether the token may look subscribers up; None: not known yet, so nobody is raised.
    may_look: Callable[[], bool | None]
    on_commit: Callable[[], None] = lambda: None

    def __post_init__(self) -> None:
        self._latecomers = Latecomers(self.db)

    async def run(self) -> None:
        """For ever."""
        while True:
            wait = EVERY
            try:
                wait = 0.0 if await self.turn() else EVERY
            except (SinkError, StoreError) as error:
                log.debug("soft bounces are counted later: %s", error)
                wait = AFTER_TROUBLE
            await asyncio.sleep(wait)

    async def turn(self) -> bool:
        """Look at the next rows; True: there may be more. Raises StoreError, and SinkError where Listmonk does not
        tell: then these rows are looked at again."""
        policy = self.config().policy
        if policy.soft.mode != "bridge":
            return False
        after = await self.db.read(partial(get_meta, name=CURSOR))
        if after is None:
            newest = await self.db.read(newest_row)
            await self.db.write(partial(set_meta, name=CURSOR, value=str(newest)))
            return False
        upto = await self._latecomers.upto(self.clock.monotonic())
        bounces, last = await self.db.read(partial(raising.soft_after, after=int(after), limit=ROWS, upto=upto))
        for row in bounces:
            await self._look(row)
        if last != int(after):
            await self.db.write(partial(set_meta, name=CURSOR, value=str(last)))
        return last - int(after) >= ROWS

    async def _look(self, row: codec.Row) -> None:
        config, told = self.config(), row.event
        rule, now = config.policy.soft.rule, self.clock.now()
        rules, unproven = config.policy.rules, config.unproven
        job = partial(raising.counted_with, row=row.id, rules=rules, unproven=unproven, later=False)
        counts, found = await self.db.read(job)
        if not counts:
            return
        for standing in standings(found, rule, now):
            if not standing.reached:
                continue
            if (known := await self._no_click(told, standing.since)) == "":
                continue
            words = evidence(standing, rule, known)
            if await self.db.write(partial(_raise, row=row.id, words=words, now=now)):
                log.info("event %d is told as hard: %s", row.id, words)
                self.on_commit()
            return

    async def _no_click(self, told: codec.Columns, since: datetime) -> str:
        """What is known of clicks, in words; empty: there was one. Raises SinkError."""
        may_look = self.may_look()
        if may_look is None:
            raise SinkError("it is not known yet what the token may do")
        try:
            if may_look and await self.clicks.clicked(names_of(told.recipient), told.subscriber_uuid, since):
                return ""
        except SinkRefused:
            return UNKNOWN
        return NO_CLICK if may_look else UNKNOWN


def _raise(conn: Conn, row: int, words: str, now: datetime) -> bool:
    return raising.told_as_hard(conn, row, words, now)
