# SPDX-License-Identifier: GPL-3.0-or-later
"""The outbox's memory of mailboxes: how far each folder was read, and what its mails still get. Each is a
synchronous function on one connection, a job of the writer, and may run twice.

The truth about what was read is here, never in a flag of the mailbox: `store_mails` commits the events of a batch
of mails, how far the folder is read and what is to be done to each mail in ONE transaction. A crash before it means
that the batch is fetched again; a crash after it, that only flagging and moving are repeated.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from bouncestream.folders import FetchAttempts, Filing, FolderKey, FolderProgress, MailBatch, PendingFiling
from bouncestream.outbox import codec
from bouncestream.outbox.arrivals import take_many
from bouncestream.outbox.db import Database
from bouncestream.outbox.delivery import WHY_LIMIT
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.mail_room import SOME, MailRoom
from bouncestream.outbox.queries import QUERIES
from bouncestream.outbox.tables import Stored
from bouncestream.ports import Clock, Submission


def progress(conn: Conn, mailbox: str, folder: str) -> FolderProgress | None:
    """How far a folder was read; None for one that was never read."""
    found = conn.execute(QUERIES["folder_progress"], (mailbox, folder)).fetchone()
    if found is None:
        return None
    uidvalidity, last_uid, skipped, below, renumbered, first, last_at, mails, aside = found
    first_at, last = codec.moment(first), codec.moment(last_at) if last_at else None
    return FolderProgress(uidvalidity, last_uid, skipped, below, renumbered, first_at, last, mails, aside)


def store_mails(
    conn: Conn, batch: MailBatch, now: datetime, *, disk: int | None = 1 << 50, aside: int = 0
) -> list[Stored]:
    """Store what a batch of mails brought, what they still get, and that the folder is read up to `last_uid`; for
    each mail with a submission what became of it, in order. `disk` and `aside`: see `mail_room`."""
    at = codec.stamp(now)
    room = MailRoom(conn, batch.key.mailbox, now, disk=disk, aside=aside)
    told = [mail.submission for mail in batch.mails if mail.submission is not None]
    kept = [room.keep(submission) for submission in told]
    room.close()
    rest = iter(take_many(conn, [(submission, now) for submission in kept if submission is not None]))
    taken = [_counted(whole) if less is None else next(rest) for whole, less in zip(told, kept, strict=True)]
    for one, whole, less in zip(taken, told, kept, strict=True):
        one.shortened = whole is not less
    key = (batch.key.mailbox, batch.key.folder, batch.key.uidvalidity)
    if batch.anew:  # the numbers in it are those of other mails now
        for name in ("forget_all_marks", "forget_all_tries", "forget_all_passed_over"):
            conn.execute(QUERIES[name], key[:2])
    conn.executemany(
        QUERIES["insert_mark"],
        [(*key, mail.uid, mail.filing.value, _stamp(mail.arrived_at)) for mail in batch.mails if mail.filing],
    )
    conn.executemany(
        QUERIES["insert_passed_over"],
        [(*key, uid, codec.stamp(arrived)) for uid, arrived in batch.passed_over],
    )
    last_at = next((mail.arrived_at for mail in batch.mails if mail.uid == batch.last_uid), None)
    how_far = {
        "mailbox": batch.key.mailbox,
        "folder": batch.key.folder,
        "uidvalidity": batch.key.uidvalidity,
        "last_uid": batch.last_uid,
        "last_at": _stamp(last_at),
        "at": at,
        "skipped": batch.skipped,
        "below": batch.below,
        "mails": len(batch.mails) - batch.aside,
        "aside": batch.aside,
        "anew": batch.anew,
    }
    conn.execute(QUERIES["advance_folder"], how_far)
    conn.execute(QUERIES["forget_tries"], (*key, batch.last_uid))
    return taken


def store_letter(
    conn: Conn, submission: Submission, now: datetime, *, disk: int | None, aside: int
) -> Stored | None:
    """Store what a mail brought that has no other place than here; None: there is no room, and nothing is stored.
    So those set aside are kept whole. `disk` and `aside`: see `mail_room`."""
    room = MailRoom(conn, submission.source, now, disk=disk, aside=aside, whole=SOME)
    kept = room.keep(submission)
    if kept is None:
        return None
    taken = take_many(conn, [(kept, now)])[0]
    if not taken.duplicates:
        room.close()
    return taken


def _stamp(moment: datetime | None) -> str | None:
    return codec.stamp(moment) if moment is not None else None


def _counted(submission: Submission) -> Stored:
    """Of a mail that is not stored at all."""
    unidentified = any(unreadable.unidentified for unreadable in submission.unreadable)
    return Stored(unidentified=int(unidentified), quarantined=int(not unidentified))


def pending_filings(conn: Conn, key: FolderKey, limit: int) -> list[PendingFiling]:
    """The mails of a folder that are still to be flagged or moved, lowest UID first; at most `limit`."""
    found = conn.execute(QUERIES["marks"], (key.mailbox, key.folder, key.uidvalidity, limit))
    return [PendingFiling(uid, Filing(place), codec.moment(at) if at else None) for uid, place, at in found]


def forget_filings(conn: Conn, key: FolderKey, uids: Sequence[int]) -> None:
    """Forget the filings of mails that have got what they were to get."""
    conn.executemany(QUERIES["delete_mark"], [(key.mailbox, key.folder, key.uidvalidity, uid) for uid in uids])


def note_tries(conn: Conn, key: FolderKey, uids: Sequence[int], why: str, now: datetime) -> None:
    """Count that mails could not be fetched or read. Stored before the next try, so that a mail that takes the
    process down is known after it."""
    why, at = codec.visible(why, WHY_LIMIT), codec.stamp(now)
    conn.executemany(
        QUERIES["count_try"], [(key.mailbox, key.folder, key.uidvalidity, uid, why, at) for uid in uids]
    )


def take_tries_back(conn: Conn, key: FolderKey, uids: Sequence[int]) -> None:
    """A try failed for a reason that was not the mails'."""
    conn.executemany(QUERIES["take_try_back"], [(key.mailbox, key.folder, key.uidvalidity, uid) for uid in uids])


def tries(conn: Conn, key: FolderKey) -> dict[int, FetchAttempts]:
    """UID → how it was tried, for the mails that could not be fetched or read and still wait."""
    found = conn.execute(QUERIES["tries"], (key.mailbox, key.folder, key.uidvalidity))
    return {uid: FetchAttempts(count, codec.moment(at), why) for uid, count, at, why in found}


class StoredMailMemory:
    """The mail memory: these functions as awaited calls on the open outbox. Implements `folders.MailMemory`."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def progress(self, mailbox: str, folder: str) -> FolderProgress | None:
        return await self._db.read(partial(progress, mailbox=mailbox, folder=folder))

    async def pending_filings(self, key: FolderKey, limit: int) -> list[PendingFiling]:
        return await self._db.read(partial(pending_filings, key=key, limit=limit))

    async def forget_filings(self, key: FolderKey, uids: Sequence[int]) -> None:
        await self._db.write(partial(forget_filings, key=key, uids=uids), rows=len(uids))

    async def tries(self, key: FolderKey) -> dict[int, FetchAttempts]:
        return await self._db.read(partial(tries, key=key))

    async def note_tries(self, key: FolderKey, uids: Sequence[int], why: str) -> None:
        job = partial(note_tries, key=key, uids=uids, why=why, now=self._clock.now())
        await self._db.write(job, rows=len(uids))

    async def take_tries_back(self, key: FolderKey, uids: Sequence[int]) -> None:
        await self._db.write(partial(take_tries_back, key=key, uids=uids), rows=len(uids))
