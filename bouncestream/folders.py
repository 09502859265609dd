# SPDX-License-Identifier: GPL-3.0-or-later
"""The values of the folders of a mailbox: mails on their way from `sources/mailbox` into the outbox, and what it
remembers of them over a restart."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from bouncestream.ports import Receipt, Submission
from bouncestream.record import record


@record(frozen=True, slots=True)
class FolderKey:
    """A folder of a mailbox, and what its UIDs mean (RFC 3501 section 2.3.1.1)."""

    mailbox: str  #: name of the mailbox in the configuration
    folder: str  #: as the configuration names it
    uidvalidity: int


class Filing(StrEnum):
    """The place where a mail belongs once its events are stored."""

    DONE = "done"  #: flagged, or moved to `move_to`
    UNIDENTIFIED = "unidentified"  #: moved to the folder `unidentified`


@record(frozen=True, slots=True)
class FetchedMail:
    """A mail that was read."""

    uid: int
    submission: Submission | None = None  #: None: it is no bounce
    filing: Filing | None = None  #: None: it is left untouched
    arrived_at: datetime | None = None  #: INTERNALDATE, by which it is known again


@record(frozen=True, slots=True)
class MailBatch:
    """A batch of mails that was read of a folder; stored as a whole, in one transaction, or not at all."""

    key: FolderKey
    last_uid: int  #: every mail up to here is done with
    mails: tuple[FetchedMail, ...] = ()
    passed_over: tuple[tuple[int, datetime], ...] = ()  #: UID and INTERNALDATE of mails too old to be read again
    skipped: int = 0  #: mails older than `start`, at the first contact
    below: int = 0  #: only when the folder is opened: mails with a lower UID were there before
    anew: bool = False  #: its numbers begin anew: what was noted about single mails is about other ones now
    aside: int = 0  #: so many of `mails` were set aside unread


class EmitMails(Protocol):
    """The way in which a mailbox hands over what it read."""

    async def mails(self, batch: MailBatch) -> list[Receipt]:
        """Return only once all of it is on disk, with the receipt of each mail that has a submission, in order.

        Raises StoreBusy or StoreUnavailable when nothing was stored.
        """


@record(frozen=True, slots=True)
class FolderProgress:
    """How far a folder was read."""

    uidvalidity: int
    last_uid: int  #: every mail up to here is done with
    skipped: int = 0  #: mails that were older than `start` at the first contact
    below: int = 0  #: mails with a lower UID were there when these numbers were first seen
    renumbered: int = 0  #: how often the server gave new numbers to all mails
    first_read_at: datetime | None = None  #: the first contact, whatever the numbers
    last_at: datetime | None = None  #: when the mail `last_uid` arrived; None: not known
    mails: int = 0  #: that were really read, whatever the numbers
    aside: int = 0  #: that were set aside unread since the last one that was read


@record(frozen=True, slots=True)
class FetchAttempts:
    """How often a mail was tried that could not be fetched or read."""

    count: int
    since: datetime  #: the first try
    why: str = ""  #: what was done with it the last time


@record(frozen=True, slots=True)
class PendingFiling:
    """A filing that a mail still gets, and by what it is known to be that mail."""

    uid: int
    filing: Filing
    arrived_at: datetime | None  #: INTERNALDATE; None: the server did not tell


class MailMemory(Protocol):
    """The memory of mailboxes over a restart, beside `EmitMails`. Every call raises StoreError as that does; what
    changes something returns once it is on the disk."""

    async def progress(self, mailbox: str, folder: str) -> FolderProgress | None: ...

    async def pending_filings(self, key: FolderKey, limit: int) -> list[PendingFiling]:
        """Mails that are still to be flagged or moved, lowest UID first."""

    async def forget_filings(self, key: FolderKey, uids: Sequence[int]) -> None: ...

    async def tries(self, key: FolderKey) -> dict[int, FetchAttempts]:
        """UID → how it was tried, of the mails that could not be fetched or read."""

    async def note_tries(self, key: FolderKey, uids: Sequence[int], why: str) -> None:
        """Count a try of each, before it is made."""

    async def take_tries_back(self, key: FolderKey, uids: Sequence[int]) -> None:
        """Take tries back that failed for a reason that was not the mails'."""
