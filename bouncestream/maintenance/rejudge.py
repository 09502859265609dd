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
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from bouncestream.config.model import Config
from bouncestream.errors import StoreError, UsageError
from bouncestream.outbox import operator as browse
from bouncestream.outbox.db import Database
from bouncestream.outbox.delivery import get_meta, quarantine_count, set_meta
from bouncestream.outbox.operator import Quarantined
from bouncestream.outbox.reread import store_again
from bouncestream.ports import Clock, Submission

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


class Rejudge:
    """The task. `config` tells the settings of the mailboxes; `on_commit` is called when there is news for the
    relay."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        config: Config,
        version: str,
        *,
        on_commit: Callable[[], None] = lambda: None,
        pause: float = PAUSE,
    ) -> None:
        self._db = db
        self._clock = clock
        self._config = config
        self._version = version
        self._on_commit = on_commit
        self._pause = pause
        self._done = Rejudged()
        self._after = 0  # the item that was looked at last

    async def run(self) -> Rejudged | None:
        """Until all are judged; None when this version has done so before. It waits while the database is in
        trouble."""
        while True:
            try:
                return await self._run()
            except StoreError as error:
                log.debug("judging again waits: %s", error)
                await asyncio.sleep(TROUBLE_PAUSE)

    async def _run(self) -> Rejudged | None:
        by, waiting = await self._db.read(_standing)
        if by == self._version:
            return None
        if waiting and not self._after:
            log.info("judging %d unidentified bounce mails again, with version %s", waiting, self._version)
        while items := await self._db.read(self._next):
            for item, raw in items:
                await self._judge(item, raw)
                self._after = item.id
            await asyncio.sleep(self._pause)
        await self._db.write(partial(set_meta, name=JUDGED_BY, value=self._version))
        done = self._done
        if done.looked_at:
            log.info(
                "judged %d unidentified bounce mails again: %d identified, %d no bounce to this version, %d stay",
                done.looked_at,
                done.identified,
                done.no_bounce,
                done.looked_at - done.identified - done.no_bounce,
            )
        return done

    def _next(self, conn: sqlite3.Connection) -> list[tuple[Quarantined, bytes]]:
        items = browse.quarantine_items(conn, after=self._after, limit=STEP, unidentified=True)
        found = []
        for item in items:
            try:
                raw = browse.raw_body(conn, item.raw_id)
            except UsageError:  # taken away by hand
                raw = b""
            found.append((item, raw))
        return found

    async def _judge(self, item: Quarantined, raw: bytes) -> None:
        self._done.looked_at += 1
        # Imported when there is a mail: a start without any need not wait for the whole mail reader.
        from bouncestream.judging.mail import PROVIDER, judging_for, read_mail

        if not raw or item.provider != PROVIDER:
            return
        judging = judging_for(self._config, item.source)
        returned = await asyncio.to_thread(read_mail, raw, judging, item.received_at)
        submission = returned.submission
        if submission is not None and not submission.events:
            return  # it still does not tell
        now = self._clock.now()
        if await self._db.write(partial(_store, item=item.id, submission=submission, now=now)):
            self._on_commit()
        if submission is None:
            self._done.no_bounce += 1
        else:
            self._done.identified += 1


def _standing(conn: sqlite3.Connection) -> tuple[str | None, int]:
    return get_meta(conn, JUDGED_BY), quarantine_count(conn, unidentified=True)


def _store(conn: sqlite3.Connection, item: int, submission: Submission | None, now: datetime) -> bool:
    """True when there is something new for the relay."""
    taken = store_again(conn, item, submission, now)
    return taken is not None and taken.changed
