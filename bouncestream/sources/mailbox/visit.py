# SPDX-License-Identifier: GPL-3.0-or-later
"""A visit to a mailbox, for whoever asks how it is (`check`, `mailbox test`, the doctor): connection, certificate,
login, folders, what the server can, and, only where it is asked for, a mail of our own that IDLE must tell of.

A look changes nothing. The mail of ours (`own_mail`) is put only where the server has UIDPLUS, without which it
could not be removed again for sure.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from bouncestream.clock import SystemClock
from bouncestream.config.mailbox import Mailbox
from bouncestream.errors import FolderMissing, MailboxError, ServerRefused, TokenError
from bouncestream.folders import FolderProgress
from bouncestream.printable import mask_all
from bouncestream.settings import shapes
from bouncestream.sources.imap.replies import search_date
from bouncestream.sources.imap.session import Session
from bouncestream.sources.mailbox.connector import Connector
from bouncestream.sources.mailbox.own_mail import OwnMail, new_mark

#: What to do about a refusal that does not say more.
LATER = "try again later, or ask the server's administrator"
#: Seconds for one answer: a person waits. Servers delay the answer to a wrong password.
PATIENCE = 15.0
#: A certificate that ends earlier should be renewed; days.
SOON = 14
#: How long news may take; seconds. Dovecot itself waits half a second.
HEARING = 20.0
#: IDLE has surely begun by then; seconds. The session does not tell when.
_BEGUN = 1.0


#: How far a folder of the mailbox was read, as the outbox knows it; called in a thread.
Known = Callable[[str], FolderProgress | None]


class Visitor(Connector):
    """The connector of whoever looks how a mailbox is. `patience`: seconds for an answer."""

    def __init__(self, box: Mailbox, outbox: Path, patience: float = PATIENCE) -> None:
        super().__init__(replace(box, timeout=min(box.timeout, patience)), outbox, SystemClock())


class Contact(StrEnum):
    """The state of a folder for `run`: read before, renumbered, or new."""

    FIRST = "first"  #: never read: `start` decides which mails are read
    KNOWN = "known"  #: read up to some mail
    RENUMBERED = "renumbered"  #: the server has renumbered its mails since


@dataclass(frozen=True, slots=True)
class FolderSeen:
    """A folder to read, as it was seen."""

    name: str
    trouble: str = ""  #: why it cannot be opened, in words
    near: tuple[str, ...] = ()  #: where it is not there: folders that are, those of a like name first
    fix: str = ""  #: where it is there, and is not opened: what to do
    read_only: bool = False
    mails: int = 0
    contact: Contact = Contact.FIRST
    waiting: int = 0  #: mails that are not read yet, or that the first contact takes in


@dataclass(frozen=True, slots=True)
class Look:
    """The look at a mailbox, which changed nothing."""

    tls: str = ""  #: the version; empty: no TLS
    ends: datetime | None = None  #: of the server's certificate
    can: frozenset[str] = frozenset()  #: what the server offers
    there: tuple[str, ...] = ()  #: all of its folders
    folders: tuple[FolderSeen, ...] = ()  #: those to read
    unmade: tuple[str, ...] = ()  #: folders to move mails to that do not exist yet

    @property
    def first(self) -> str:
        """The first of the folders to read that is there; empty: none is."""
        return next((folder.name for folder in self.folders if not folder.trouble), "")


async def look(box: Mailbox, session: Session, known: Known) -> Look:
    """Look at everything that a session shows. Raises MailboxError."""
    there = await session.folders()
    folders = [await _folder(box, session, name, there, known) for name in box.folders]
    prefix = await session.prefix()
    targets = [box.move_to] if box.after == "move" and box.move_to else []
    targets += [box.unidentified_folder] if box.unidentified_folder else []
    return Look(
        (session.secured.version() or "") if session.secured is not None else "",
        _ends(session),
        session.capabilities,
        tuple(there),
        tuple(folders),
        tuple(name for name in dict.fromkeys(targets) if not {name, prefix + name} & set(there)),
    )


def _ends(session: Session) -> datetime | None:
    certificate = session.secured.getpeercert() if session.secured is not None else None
    if not certificate or "notAfter" not in certificate:
        return None
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)


async def _folder(box: Mailbox, session: Session, name: str, there: Sequence[str], known: Known) -> FolderSeen:
    try:
        selected = await session.select(name)
    except (FolderMissing, ServerRefused) as error:
        what, _, fix = str(error).partition(" Next: ")
        missing = isinstance(error, FolderMissing)
        from difflib import get_close_matches  # few need it

        near = tuple(get_close_matches(name, there, 3, 0.4) or list(there)[:8]) if missing else ()
        return FolderSeen(name, what.rstrip("."), near, fix="" if missing else fix.rstrip(".") or LATER)
    seen = FolderSeen(name, read_only=selected.read_only, mails=selected.exists)
    read = await asyncio.to_thread(known, name)
    if read is None:
        return replace(seen, waiting=await _first_contact(box, session, selected.exists))
    if read.uidvalidity != selected.uidvalidity or 0 < selected.uidnext <= read.last_uid:
        return replace(seen, contact=Contact.RENUMBERED)
    found = [uid for uid in await session.search(f"UID {read.last_uid + 1}:*") if uid > read.last_uid]
    return replace(seen, contact=Contact.KNOWN, waiting=len(found))


async def _first_contact(box: Mailbox, session: Session, exists: int) -> int:
    """The number of mails that `start` covers, to the day: SEARCH SINCE knows no times (RFC 3501 section 6.4.4)."""
    moment = shapes.since(box.start, datetime.now(UTC))
    if moment is None:
        return exists
    if box.start == "now" or not exists:
        return 0
    return len(await session.search(f"SINCE {search_date(moment)}"))


# -- words and rules that all visitors share -----------------------------------------------------------------------


def moved(box: Mailbox) -> str:
    """The mails that are moved to another folder, in words; empty: nothing."""
    what = ["bounce mails"] if box.after == "move" else []
    if box.unidentified_folder:
        what.append("bounces whose recipient cannot be identified")
    return " and ".join(what)


def writes(box: Mailbox) -> bool:
    """Whether mails are flagged or moved there."""
    return box.after != "leave" or bool(moved(box))


def remedy(box: Mailbox, error: MailboxError) -> tuple[str, str]:
    """The obstacle, and what to do about it; addresses are masked."""
    what, _, fix = str(error).partition(" Next: ")
    if not fix and isinstance(error, TokenError):
        fix = f"check the network of this machine, and mailboxes.{box.name}.oauth_…"
    elif not fix and isinstance(error, ServerRefused):
        fix = LATER
    elif not fix:
        fix = f"check mailboxes.{box.name}.host, port and tls, and whether a firewall blocks the connection"
    return mask_all(what).rstrip("."), fix.rstrip(".")


# -- a mail of our own ---------------------------------------------------------------------------------------------


class Untried(StrEnum):
    """Why no mail of ours was put into a folder."""

    NO_IDLE = "the server has no IDLE"
    NO_UIDPLUS = "without UIDPLUS the test mail could not be removed safely"
    NO_FOLDER = "none of the folders exists"
    READ_ONLY = "the folder is read-only"


@dataclass(frozen=True, slots=True)
class Heard:
    """The fate of a mail of ours."""

    folder: str = ""
    untried: Untried | None = None
    seconds: float | None = None  #: until IDLE told of it; None: it did not
    left: str = ""  #: why it was not removed again, in words; empty: it was
    kept: bool = False  #: Gmail keeps a removed mail under All Mail, unless its settings say otherwise


async def hear(visitor: Visitor, ear: Session, folder: str, hearing: float = HEARING) -> Heard:
    """Put a mail of ours into the folder over a second connection, listen for it on `ear` for `hearing` seconds at
    most, and remove it. Raises MailboxError, after having tried to remove it."""
    if not ear.has("IDLE"):
        return Heard(folder, Untried.NO_IDLE)
    if not ear.has("UIDPLUS"):
        return Heard(folder, Untried.NO_UIDPLUS)
    if not folder:
        return Heard(folder, Untried.NO_FOLDER)
    if (await ear.select(folder)).read_only:
        return Heard(folder, Untried.READ_ONLY)
    async with visitor.open() as hand:
        mail = OwnMail(folder, new_mark())
        await mail.open(hand)
        listening = asyncio.create_task(ear.idle(_BEGUN + hearing))
        try:
            await asyncio.sleep(_BEGUN)
            left = ""
            try:
                await mail.put(hand)
                heard = await listening
                took = time.monotonic() - mail.put_at
            finally:
                left = await _removed(mail, hand)
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError, MailboxError):
                await listening
    return Heard(folder, None, took if heard else None, left, not left and ear.has("X-GM-EXT-1"))


async def _removed(mail: OwnMail, hand: Session) -> str:
    """Whatever stands in the way is told with the rest of the try; empty: it is gone."""
    try:
        return await mail.remove(hand)
    except MailboxError as error:
        return mask_all(str(error)).partition(" Next: ")[0]
