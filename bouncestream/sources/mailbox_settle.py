# SPDX-License-Identifier: GPL-3.0-or-later
"""What bounce mails get once their events are stored: flagged, or moved to another folder. Never deleted.

A move without MOVE (RFC 6851) is COPY, then \\Deleted and UID EXPUNGE (RFC 4315) of just those; where the server
has neither, the mail stays, flagged. What is owed is remembered in the outbox, so that each step may be repeated:
what was copied already carries a keyword of ours, where the server keeps keywords.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from bouncestream.config.mailbox import Mailbox
from bouncestream.errors import ServerRefused
from bouncestream.metrics import MAILS_PLACED, Metrics
from bouncestream.ports import FolderKey, MailMemory, Place
from bouncestream.sources import mailbox_rules as rules
from bouncestream.sources.imap_session import Session

log = logging.getLogger("bouncestream.mailbox")

#: Keywords that our mails carry: read, and copied to its place.
READ, COPIED = "$Bouncestream", "$BouncestreamCopied"

#: So many mails are done together.
SOME = 100


async def settle(
    session: Session, key: FolderKey, settings: Mailbox, memory: MailMemory, metrics: Metrics
) -> tuple[bool, str]:
    """Do what is owed to the mails of the open folder, `SOME` at most. Whether the server was asked for anything
    (then what arrived meanwhile may have gone unheard), and what stands in the way, in words.

    Raises ServerRefused when the server refuses it, ConnectionLost, StoreError.
    """
    owed = await memory.marks(key, SOME)
    if not owed:
        return False, ""
    hindrance = ""
    for place in Place:
        uids = [uid for uid, where in owed if where is place]
        if not uids:
            continue
        if rules.place(settings, place) is not None:
            folder = rules.target(settings, place)
            if not folder:
                await _flag(session, uids)
            elif session.has("MOVE") or session.has("UIDPLUS"):
                await _in_made_folder(session, uids, folder)
            else:
                await _flag(session, uids)
                hindrance = "the server has neither MOVE nor UIDPLUS: mails are flagged, not moved"
            metrics.add(MAILS_PLACED, key.mailbox, place.value, by=len(uids))
        await memory.forget_marks(key, uids)
    return True, hindrance


def _keywords(session: Session) -> bool:
    return session.selected is not None and session.selected.keywords


async def _flag(session: Session, uids: Sequence[int]) -> None:
    await session.store(uids, f"\\Seen {READ}" if _keywords(session) else "\\Seen")


async def _in_made_folder(session: Session, uids: Sequence[int], folder: str) -> None:
    """Move, into a folder that is made if it is missing. Some servers (Courier, many of cPanel's) keep a person's
    folders below INBOX, and want to have that said."""
    prefix = ""
    try:
        await _move(session, uids, folder)
        return
    except ServerRefused as error:
        if error.code not in ("TRYCREATE", "NONEXISTENT", "CANNOT", ""):
            raise
    try:
        await session.create(folder)
    except ServerRefused:
        prefix = await session.prefix()
        if not prefix or folder.startswith(prefix):
            raise
        await session.create(prefix + folder)
    await _move(session, uids, prefix + folder)


async def _move(session: Session, uids: Sequence[int], folder: str) -> None:
    if session.has("MOVE"):
        await session.move(uids, folder)
        return
    flags = await session.flags(uids)
    there = [uid for uid in uids if uid in flags]
    waiting = [uid for uid in there if COPIED.lower() not in {flag.lower() for flag in flags[uid]}]
    if waiting:
        await session.copy(waiting, folder)
        if _keywords(session):
            await session.store(waiting, COPIED)
    if there:
        await session.store(there, "\\Deleted")
        await session.expunge(there)
