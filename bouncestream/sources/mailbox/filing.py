# SPDX-License-Identifier: GPL-3.0-or-later
"""The filing of bounce mails once their events are stored: flagged, or moved to another folder. Never deleted.

A move without MOVE (RFC 6851) is COPY, then \\Deleted and UID EXPUNGE (RFC 4315) of just those that the server says
to have copied; where it cannot or does not say so, the mail stays, flagged. What is owed is remembered in the
outbox, so that each step may be repeated: what was copied already carries a keyword of ours, where the server keeps
keywords.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import partial

from bouncestream.config.mailbox import Mailbox
from bouncestream.errors import ServerRefused
from bouncestream.folders import Filing, FolderKey, MailMemory, PendingFiling
from bouncestream.metrics import MAILS_PLACED, Metrics
from bouncestream.sources.imap.fetch import halved
from bouncestream.sources.imap.session import Session
from bouncestream.sources.mailbox import rules
from bouncestream.sources.mailbox.own_mail import COPIED, expunge

log = logging.getLogger("bouncestream.mailbox")

#: The keyword that a mail carries once it was read; one that was copied to its place has `COPIED`.
READ = "$Bouncestream"

#: So many mails are done together.
SOME = 100
#: So many refusals at most are spent on finding which of them it is that is refused.
REFUSALS = 10


async def settle(
    session: Session, key: FolderKey, since: int, settings: Mailbox, memory: MailMemory, metrics: Metrics
) -> tuple[bool, str]:
    """Do what is owed to the mails of the open folder, `SOME` at most. Whether the server was asked for anything
    (then what arrived meanwhile may have gone unheard), and what stands in the way, in words. `since`: mails with a
    higher UID were read over this session; the others must first show that they are the ones that were read.

    One mail of which the server refuses it hinders no other. Raises ServerRefused when it refuses it of any, once
    the others are done; ConnectionLost, StoreError.
    """
    owed = await memory.pending_filings(key, SOME)
    if not owed:
        return False, ""
    known = await _known(session, [due for due in owed if due.uid <= since])
    strange = [due.uid for due in owed if due.uid <= since and due.uid not in known]
    if strange:
        log.warning(
            "%s: %s: %d mails that waited to be flagged or moved are gone or can no longer be identified: "
            "left alone",
            *(key.mailbox, key.folder, len(strange)),
        )
        await memory.forget_filings(key, strange)
    hindrance = ""

    async def file(filing: Filing, uids: Sequence[int]) -> None:
        nonlocal hindrance
        if rules.filing(settings, filing) is not None:
            hindrance = await _place(session, uids, rules.target(settings, filing)) or hindrance
            metrics.add(MAILS_PLACED, key.mailbox, filing.value, by=len(uids))
        await memory.forget_filings(key, uids)

    for filing in Filing:
        uids = [due.uid for due in owed if due.filing is filing and due.uid not in strange]
        if refusals := await halved(uids, partial(file, filing), REFUSALS):
            raise refusals[-1]
    return True, hindrance


async def _known(session: Session, owed: Sequence[PendingFiling]) -> set[int]:
    """The filings of mails that arrived when the mails did that were read under their UIDs: since then the server
    may have been restored from a backup, and have given their numbers to others."""
    if not any(due.arrived_at for due in owed):
        return set()
    dates = await session.dates([due.uid for due in owed])
    return {due.uid for due in owed if due.arrived_at is not None and dates.get(due.uid) == due.arrived_at}


async def _place(session: Session, uids: Sequence[int], folder: str) -> str:
    """Flag mails, or move them to `folder` if there is one. Returns what stands in the way, in words."""
    if not folder:
        await _flag(session, uids)
        return ""
    if session.has("MOVE") or session.has("UIDPLUS"):
        return await _in_made_folder(session, uids, folder)
    await _flag(session, uids)
    return "the server has neither MOVE nor UIDPLUS: mails are flagged, not moved"


def _keywords(session: Session) -> bool:
    return session.selected is not None and session.selected.keywords


async def _flag(session: Session, uids: Sequence[int]) -> None:
    await session.store(uids, f"\\Seen {READ}" if _keywords(session) else "\\Seen")


async def _in_made_folder(session: Session, uids: Sequence[int], folder: str) -> str:
    """Move, into a folder that is made if it is missing. Some servers (Courier, many of cPanel's) keep a person's
    folders below INBOX, and want to have that said. Returns what stands in the way, in words."""
    prefix = ""
    try:
        return await _move(session, uids, folder)
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
    return await _move(session, uids, prefix + folder)


async def _move(session: Session, uids: Sequence[int], folder: str) -> str:
    if session.has("MOVE"):
        await session.move(uids, folder)
        return ""
    flags = await session.flags(uids)
    there = [uid for uid in uids if uid in flags]
    copied = {uid for uid in there if COPIED.lower() in {flag.lower() for flag in flags[uid]}}
    waiting = [uid for uid in there if uid not in copied]
    if waiting:
        new = await session.copy(waiting, folder)
        if new and _keywords(session):
            await session.store(sorted(new), COPIED)
        copied |= new
    if copied:
        await session.store(sorted(copied), "\\Deleted")
        if more := await expunge(session, sorted(copied)):
            log.error("%s", more)
    kept = [uid for uid in there if uid not in copied]
    if not kept:
        return ""
    await _flag(session, kept)
    return "the server does not report what it copied (COPYUID): mails are copied and flagged, but not removed"
