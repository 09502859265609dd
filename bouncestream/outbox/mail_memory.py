# SPDX-License-Identifier: GPL-3.0-or-later
"""The functions of `mailboxes` as awaited calls on the open outbox: `ports.MailMemory`."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import partial

from bouncestream.outbox import mailboxes
from bouncestream.outbox.db import Database
from bouncestream.ports import Clock, FetchAttempts, FolderKey, PendingFiling, Progress


class StoredMailMemory:
    """Implements `ports.MailMemory`."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def progress(self, mailbox: str, folder: str) -> Progress | None:
        return await self._db.read(partial(mailboxes.progress, mailbox=mailbox, folder=folder))

    async def pending_filings(self, key: FolderKey, limit: int) -> list[PendingFiling]:
        return await self._db.read(partial(mailboxes.pending_filings, key=key, limit=limit))

    async def forget_filings(self, key: FolderKey, uids: Sequence[int]) -> None:
        await self._db.write(partial(mailboxes.forget_filings, key=key, uids=uids), rows=len(uids))

    async def tries(self, key: FolderKey) -> dict[int, FetchAttempts]:
        return await self._db.read(partial(mailboxes.tries, key=key))

    async def note_tries(self, key: FolderKey, uids: Sequence[int], why: str) -> None:
        now = self._clock.now()

        def note(conn: sqlite3.Connection) -> None:
            for uid in uids:
                mailboxes.note_try(conn, key, uid, why, now)

        await self._db.write(note, rows=len(uids))

    async def take_tries_back(self, key: FolderKey, uids: Sequence[int]) -> None:
        def take_back(conn: sqlite3.Connection) -> None:
            for uid in uids:
                mailboxes.take_try_back(conn, key, uid)

        await self._db.write(take_back, rows=len(uids))
