# SPDX-License-Identifier: GPL-3.0-or-later
"""Follows deletions (`[privacy] follow_deletions`): whom Listmonk no longer knows is erased here as well. Beside
retention, once an hour, some thousand rows at a time, 100 names a call; what is found is noted as an erasure, which
`maintenance.erasures` carries out.

Everything that is odd erases nobody: a Listmonk that is away, refuses, or answers strangely (`judging.deletions`).
Whoever seems to be gone is asked for twice.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from bouncestream.errors import SinkError, StoreError
from bouncestream.health import Health, Status
from bouncestream.judging.deletions import FEW, Person, gone
from bouncestream.mail.spellings import names_of
from bouncestream.outbox import codec, erasing
from bouncestream.outbox.db import Database
from bouncestream.outbox.delivery import get_meta, set_meta
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.queries import QUERIES
from bouncestream.ports import Clock, Subscriber

log = logging.getLogger("bouncestream.erasures")

#: How often it asks, how many rows it looks at then, and how many people it asks for in one call; the pause between
#: two calls. Seconds.
EVERY, ROWS, PEOPLE, PAUSE = 3600.0, 20_000, 50, 0.2
#: In `meta`: the row that was looked at last.
CURSOR = "follow_row"
#: And whether an answer of this round was odd: it may be of another Listmonk, by which not even a few are erased.
ODD = "follow_odd"
#: Its part in `/readyz`.
PART = "deletions"


class Directory(Protocol):
    """The part of the sink that is needed here. Each call raises SinkError."""

    async def newest_subscriber(self) -> Subscriber | None: ...

    async def find(self, emails: Collection[str], uuids: Collection[str]) -> tuple[set[str], list[Subscriber]]: ...


@dataclass(eq=False)
class Deletions:
    """The task. `wanted` tells whether it is switched on, as a reload changes that."""

    db: Database
    directory: Directory
    clock: Clock
    health: Health
    wanted: Callable[[], bool]
    rows: int = ROWS
    pause: float = PAUSE

    async def run(self) -> None:
        """For ever."""
        while True:
            await asyncio.sleep(EVERY)
            if self.wanted():
                await self.turn()
            if not self.wanted():
                self.health.forget(PART)

    async def turn(self) -> int:
        """Look at the next rows; returns how many people are erased."""
        try:
            people, last = await self.db.read(partial(next_people, limit=self.rows))
            before = await self.db.read(partial(get_meta, name=ODD)) or ""
            left, why = await self._gone(people, few=0 if before else FEW)
            for one in left:
                names = tuple(dict.fromkeys(name for told in one.names for name in names_of(told)))
                await self.db.write(partial(erasing.ask, names=names, now=self.clock.now(), suppress=False))
            await self.db.write(partial(set_meta, name=CURSOR, value=str(last)))
            odd = "1" if last and (why or (before and not people)) else ""
            if odd != before:
                await self.db.write(partial(set_meta, name=ODD, value=odd))
        except (SinkError, StoreError) as error:
            self._tell(f"nobody was erased: {error}")
            return 0
        if why:  # the next people come next: these are asked for again when all were
            self._tell(f"nobody was erased: {why}")
        elif PART in self.health.parts:
            self.health.set(PART, Status.GREEN)
        if left:
            log.info("%d persons are no longer in Listmonk and are erased here", len(left))
        return len(left)

    async def _gone(self, people: Sequence[Person], few: int) -> tuple[list[Person], str]:
        """Ask for all, and a second time for those who seem to be gone. `few`: so few may be all."""
        canary = await self.directory.newest_subscriber() if people else None
        if canary is None:
            return [], "Listmonk shows no subscriber at all" if people else ""
        left: list[Person] = list(people)
        for first in (True, False):
            asked, found = set[str](), list[Subscriber]()
            for at in range(0, len(left), PEOPLE):
                some = left[at : at + PEOPLE]
                emails = {email for one in some for email in one.emails} | {canary.email.lower()}
                answered, there = await self.directory.find(emails, {one.uuid for one in some if one.uuid})
                if canary.email.lower() not in {one.email.lower() for one in there}:
                    return [], "Listmonk's answer lacks a subscriber who is there"
                asked |= answered
                found += there
                await asyncio.sleep(self.pause)
            if not first:
                known = {name.lower() for one in found for name in (one.email, one.uuid)}
                return [one for one in left if not any(name.lower() in known for name in one.names)], ""
            left, why = gone(left, asked, found, canary.email, few)
            if why or not left:
                return [], why
        return left, ""

    def _tell(self, why: str) -> None:
        """What keeps it from its work, once: it tries again by itself."""
        part = self.health.parts.get(PART)
        if part is None or part.state is Status.GREEN:
            log.warning("[privacy] follow_deletions: %s. It will be tried again", why)
        self.health.set(PART, Status.YELLOW, why)


def next_people(conn: Conn, limit: int) -> tuple[list[Person], int]:
    """The people of the next finished rows, and the last row; from the beginning once all were looked at."""
    after = int(get_meta(conn, CURSOR) or 0)
    rows = [codec.row(values) for values in conn.execute(QUERIES["rows_after"], {"after": after, "limit": limit})]
    last = rows[-1].id if len(rows) == limit else 0
    return list(dict.fromkeys(_people(rows))), last


def _people(rows: Iterable[codec.Row]) -> Iterable[Person]:
    for row in rows:
        told = row.event
        if row.finished_at is None or told.person == b"\x00":
            continue
        yield Person(names_of(told.recipient), told.subscriber_uuid)
