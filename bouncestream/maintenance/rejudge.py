# SPDX-License-Identifier: GPL-3.0-or-later
"""After an upgrade: bounce mails that did not tell whose they are (*unidentified*) are judged again, as a newer
mail reader may find what an older one did not.

They were kept raw. One task of `run` goes through them once for each version of the program, in small steps with
pauses, beside everything else; `judged_by` in `meta` notes the version once it is through. Cut off before, it
begins again at the next start, which repeats nothing: event and mark of a mail are stored in one transaction.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from bouncestream.config.model import Config
from bouncestream.errors import StoreError, UsageError
from bouncestream.outbox.db import Database
from bouncestream.outbox.delivery import get_meta, quarantine_count, set_meta
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.operator import raw_input
from bouncestream.outbox.quarantine import Quarantined, quarantine_items, store_again
from bouncestream.ports import Clock, RawInput, Submission

log = logging.getLogger("bouncestream.rejudge")

#: In `meta`: the version that has judged all that is unidentified.
JUDGED_BY = "judged_by"

#: Mails that are read from the outbox at a time (a mail has up to 256 KiB), and the pause after them; seconds.
STEP, PAUSE = 20, 0.1

#: Wait so long after the database was in trouble; seconds.
TROUBLE_PAUSE = 30.0


@dataclass(slots=True)
class Rejudged:
    """The result of judging again."""

    looked_at: int = 0
    identified: int = 0  #: became events (or were known already)
    no_bounce: int = 0  #: this version does not take it for a bounce


@dataclass(eq=False)
class Rejudge:
    """The task. `config` tells the settings of the mailboxes; `on_commit` is called when there is news for the
    relay."""

    db: Database
    clock: Clock
    config: Config
    version: str
    on_commit: Callable[[], None] = lambda: None
    pause: float = PAUSE
    _done: Rejudged = field(default_factory=Rejudged, init=False)
    _after: int = field(default=0, init=False)  # the item that was looked at last

    async def run(self) -> Rejudged | None:
        """Until all are judged; None when this version has done so before. It waits while the database is in
        trouble."""
        while True:
            try:
                return await self._run()
            except StoreError as error:
                log.debug("judging again is delayed: %s", error)
                await asyncio.sleep(TROUBLE_PAUSE)

    async def _run(self) -> Rejudged | None:
        by, waiting = await self.db.read(_standing)
        if by == self.version:
            return None
        if waiting and not self._after:
            log.info("judging %d unidentified bounce mails again, with version %s", waiting, self.version)
        while items := await self.db.read(self._next):
            for item, came in items:
                await self._judge(item, came)
                self._after = item.id
            await asyncio.sleep(self.pause)
        await self.db.write(partial(set_meta, name=JUDGED_BY, value=self.version))
        done = self._done
        if done.looked_at:
            log.info(
                "judged %d unidentified bounce mails again: %d identified, %d not bounces, %d unchanged",
                done.looked_at,
                done.identified,
                done.no_bounce,
                done.looked_at - done.identified - done.no_bounce,
            )
        return done

    def _next(self, conn: Conn) -> list[tuple[Quarantined, RawInput | None]]:
        items = quarantine_items(conn, after=self._after, limit=STEP, unidentified=True)
        found: list[tuple[Quarantined, RawInput | None]] = []
        for item in items:
            try:
                found.append((item, raw_input(conn, item)))
            except UsageError:  # taken away by hand
                found.append((item, None))
        return found

    async def _judge(self, item: Quarantined, came: RawInput | None) -> None:
        self._done.looked_at += 1
        if came is None:
            return
        # Imported when there is a mail: a start without any need not wait for the whole mail reader.
        from bouncestream.judging.stored import StillUnreadable, identified_again

        try:
            submission = await asyncio.to_thread(identified_again, came, self.config)
        except StillUnreadable:
            return
        now = self.clock.now()
        if await self.db.write(partial(_store, item=item.id, submission=submission, now=now)):
            self.on_commit()
        if submission.events:
            self._done.identified += 1
        else:
            self._done.no_bounce += 1


def _standing(conn: Conn) -> tuple[str | None, int]:
    return get_meta(conn, JUDGED_BY), quarantine_count(conn, unidentified=True)


def _store(conn: Conn, item: int, submission: Submission, now: datetime) -> bool:
    """True when there is something new for the relay."""
    taken = store_again(conn, item, submission, now)
    return taken is not None and taken.changed
