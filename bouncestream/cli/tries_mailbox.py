# SPDX-License-Identifier: GPL-3.0-or-later
"""What `check` and `mailbox test` try of a mailbox: connection, certificate, login, folders, what `start` takes in,
and what the server cannot do and what that means. Nothing of it changes a mail."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from difflib import get_close_matches
from functools import partial
from pathlib import Path

from bouncestream.cli.tries import Line
from bouncestream.clock import SystemClock
from bouncestream.config import shapes
from bouncestream.config.mailbox import Mailbox
from bouncestream.config.oauth import needs_token
from bouncestream.errors import (
    CertificateRefused,
    FolderMissing,
    LoginRefused,
    MailboxError,
    ServerRefused,
    StoreError,
    TokenError,
)
from bouncestream.outbox.db import Database
from bouncestream.outbox.mailboxes import progress
from bouncestream.ports import Progress
from bouncestream.printable import mask_all
from bouncestream.sources.imap_session import Session
from bouncestream.sources.oauth import TokenSource

#: Seconds for one answer: a person waits. Servers delay the answer to a wrong password.
PATIENCE = 15.0
#: A certificate that ends earlier should be renewed; days.
_SOON = 14

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Door:
    """The way into a mailbox, as `run` goes it; `open` it as often as needed."""

    def __init__(self, box: Mailbox, outbox: Path) -> None:
        self.box = replace(box, timeout=min(box.timeout, PATIENCE))
        self.outbox = outbox
        self._tokens = TokenSource(self.box, outbox, SystemClock()) if needs_token(box) else None

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Session]:
        """A session, logged in. Raises MailboxError."""
        token = None
        if self._tokens is not None:
            try:
                token = await self._tokens.token()
            finally:
                await self._tokens.close()
        session = await Session.connect(self.box, token=token)
        try:
            yield session
        finally:
            await session.close()


async def mailbox(door: Door) -> list[Line]:
    """Everything that can be seen of one mailbox without changing it."""
    box, outbox = door.box, door.outbox
    lines: list[Line] = []
    try:
        async with door.open() as session:
            lines += [_connected(box, session), *await _all(box, outbox, session)]
    except MailboxError as error:
        lines.append(failed(box, error))
    return [replace(line, text=f"{box.name}: {line.text}") for line in lines]


async def _all(box: Mailbox, outbox: Path, session: Session) -> list[Line]:
    lines = [*_ends_soon(session), *abilities(box, session)]
    there = await session.folders()
    for folder in box.folders:
        lines.append(await _folder(box, outbox, session, folder, there))
    return [*lines, *await _targets(box, session, there)]


def failed(box: Mailbox, error: MailboxError) -> Line:
    """What stood in the way, as a finding. What a person must put right is not well; the rest was not examined."""
    what, _, fix = str(error).partition(" Next: ")
    person = isinstance(error, (LoginRefused, CertificateRefused, FolderMissing))
    if not fix and isinstance(error, TokenError):
        fix = f"check the network of this machine, and mailboxes.{box.name}.oauth_…"
    elif not fix and isinstance(error, ServerRefused):
        fix = "try again later, or ask whoever runs the server"
    elif not fix:
        fix = f"check mailboxes.{box.name}.host, port and tls, and whether a firewall is in between"
    return Line("✘", mask_all(what).rstrip("."), fix.rstrip("."), unexamined=not person)


def _connected(box: Mailbox, session: Session) -> Line:
    secured = session.secured
    how = secured.version() if secured is not None else "without TLS, on this machine"
    text = f"{box.host}:{box.real_port} lets {box.user} in ({box.auth}; {how})"
    return Line("✔", mask_all(text))


def _ends_soon(session: Session) -> list[Line]:
    certificate = session.secured.getpeercert() if session.secured is not None else None
    if not certificate or "notAfter" not in certificate:
        return []
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)
    days = (ends - datetime.now(UTC)).days
    if days >= _SOON:
        return []
    return [Line("⚠", f"the server's certificate ends in {days} days", "whoever runs the server must renew it")]


def abilities(box: Mailbox, session: Session) -> list[Line]:
    """What the server can, and what it means for the settings where it cannot."""
    names = ("IDLE", "MOVE", "UIDPLUS", "NAMESPACE", "CONDSTORE", "COMPRESS=DEFLATE")
    can = [name for name in names if session.has(name)]
    lines = [Line("·", f"the server can {', '.join(can) or 'none of IDLE, MOVE, UIDPLUS'}")]
    if not session.has("IDLE"):
        lines.append(Line("·", f"no IDLE: the folders are looked at every {box.poll:g} s instead"))
    moves = _moves(box)
    if moves and not session.has("MOVE") and session.has("UIDPLUS"):
        lines.append(Line("·", f"no MOVE: {moves} are copied, and then that one mail is removed (UID EXPUNGE)"))
    elif moves and not session.has("MOVE"):
        fix = f'set mailboxes.{box.name}.after = "flag" (or "leave") and unidentified = ""'
        lines.append(Line("⚠", f"no MOVE and no UIDPLUS: {moves} are flagged and stay where they are", fix))
    if box.canary and not session.has("UIDPLUS"):
        fix = f"set mailboxes.{box.name}.canary = false"
        lines.append(Line("⚠", "no UIDPLUS: the canary is not used, the folder's state is asked for instead", fix))
    return lines


def _moves(box: Mailbox) -> str:
    what = ["bounce mails"] if box.after == "move" else []
    if box.unidentified_folder:
        what.append("bounces that do not tell whose they are")
    return " and ".join(what)


async def _folder(box: Mailbox, outbox: Path, session: Session, folder: str, there: Sequence[str]) -> Line:
    try:
        selected = await session.select(folder)
    except FolderMissing as error:
        what = str(error).partition(" Next: ")[0]
        near = get_close_matches(folder, there, 3, 0.4) or list(there)[:8]
        fix = f"correct mailboxes.{box.name}.folders; there are for example {', '.join(near)}"
        return Line("✘", what.rstrip("."), fix if near else f"correct mailboxes.{box.name}.folders")
    if selected.read_only and (box.after != "leave" or _moves(box)):
        fix = f'let {mask_all(box.user)} write there, or set mailboxes.{box.name}.after = "leave"'
        return Line("⚠", f"{folder} can be read only: its mails are neither flagged nor moved", fix)
    mails = _some(selected.exists, "mail", "mails")
    known = await _progress(outbox, box.name, folder)
    if known is not None and known.uidvalidity == selected.uidvalidity:
        found = [uid for uid in await session.search(f"UID {known.last_uid + 1}:*") if uid > known.last_uid]
        return Line("✔", f"{folder}: {mails}, {_some(len(found), 'is', 'are')} not read yet")
    if known is not None:
        text = f"{folder}: {mails}; the server has numbered them anew, so they are looked at again"
        return Line("·", text)
    count = await _first_contact(box, session, selected.exists)
    taken = _some(count, "is", "are")
    text = f"{folder}: {mails}; at the first contact {taken} taken in (start = {box.start})"
    return Line("✔", text)


async def _first_contact(box: Mailbox, session: Session, exists: int) -> int:
    """How many mails `start` takes in, to the day: SEARCH SINCE knows no times (RFC 3501 section 6.4.4)."""
    moment = shapes.since(box.start, datetime.now(UTC))
    if moment is None:
        return exists
    if box.start == "now" or not exists:
        return 0
    return len(await session.search(f"SINCE {moment.day}-{_MONTHS[moment.month - 1]}-{moment.year:04d}"))


async def _progress(outbox: Path, name: str, folder: str) -> Progress | None:
    """How far `run` has read the folder; None too where there is no outbox that can be opened."""
    try:
        db = await Database.open(outbox, create=False)
    except StoreError:
        return None
    try:
        return await db.read(partial(progress, mailbox=name, folder=folder))
    except StoreError:
        return None
    finally:
        await db.close()


async def _targets(box: Mailbox, session: Session, there: Sequence[str]) -> list[Line]:
    wanted = [box.move_to] if box.after == "move" and box.move_to else []
    wanted += [box.unidentified_folder] if box.unidentified_folder else []
    prefix = await session.prefix()
    return [
        Line("·", f"{folder} does not exist yet: it is made when the first mail is moved there")
        for folder in dict.fromkeys(wanted)
        if not {folder, prefix + folder} & set(there)
    ]


def _some(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"
