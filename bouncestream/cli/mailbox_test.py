# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream mailbox test NAME`: logs in, says what the server can, lists the folders, and tries IDLE with a
mail of our own, where that mail can be removed again for sure."""

from __future__ import annotations

import argparse
import asyncio
import secrets
import time
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

from bouncestream.cli import show as out
from bouncestream.cli import tries
from bouncestream.cli.mailbox_named import named
from bouncestream.cli.opened import configuration
from bouncestream.cli.tries import Line
from bouncestream.cli.tries_mailbox import Door, failed, mailbox
from bouncestream.config.mailbox import Mailbox
from bouncestream.errors import MailboxError
from bouncestream.printable import printable
from bouncestream.sources.imap_session import Session

#: How long news may take; seconds. Dovecot itself waits half a second.
HEARING = 20.0
#: IDLE has surely begun by then; seconds. The session does not tell when.
_BEGUN = 1.0


def run(args: argparse.Namespace) -> int:
    """Try everything; the exit code says how it is."""
    config = configuration(args)
    box = named(config, args.name)
    return asyncio.run(_test(Door(box, Path(config.outbox.path))))


async def _test(door: Door) -> int:
    box = door.box
    lines = await mailbox(door)
    tries.tell(lines)
    if any(line.sign == "✘" and line.unexamined for line in lines) or not any(line.sign == "✔" for line in lines):
        return tries.code(lines)
    more: list[Line] = []
    try:
        async with door.open() as session:
            out.heading("Folders")
            there = await session.folders()
            for folder in there:
                print(f"  {printable(folder)}{'  (read)' if folder in box.folders else ''}")
            out.heading("IDLE")
            more += await _idle(door, session, next((f for f in box.folders if f in there), ""))
    except MailboxError as error:
        more.append(failed(box, error))
    tries.tell(more)
    code = tries.code([*lines, *more])
    out.heading("All is well." if code == 0 else "Not all is well: see ⚠ and ✘.")
    return code


async def _idle(door: Door, ear: Session, folder: str) -> list[Line]:
    """A mail of ours is put into the folder over a second connection, heard of on `ear`, and removed."""
    box = door.box
    if not ear.has("IDLE"):
        return [Line("·", f"the server has no IDLE: the folders are looked at every {box.poll:g} s instead")]
    if not ear.has("UIDPLUS"):
        return [Line("·", "not tried: without UIDPLUS the mail of the try could not be removed again for sure")]
    if not folder:
        return [Line("·", "not tried: none of the folders is there")]
    if (await ear.select(folder)).read_only:
        return [Line("·", f"not tried: {folder} can be read only")]
    async with door.open() as hand:
        await hand.select(folder)
        mark = f"{secrets.token_hex(16)}@mailbox-test.bouncestream.invalid"
        listening = asyncio.create_task(ear.idle(_BEGUN + HEARING))
        try:
            await asyncio.sleep(_BEGUN)
            begun = time.monotonic()
            try:
                await hand.append(folder, _mail(mark), "\\Seen")
                heard = await listening
                took = time.monotonic() - begun
            finally:
                left = await _remove(hand, mark)
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError, MailboxError):
                await listening
    lines = [_heard(box, folder, took) if heard else _mute(box)]
    if left:
        fix = f"delete the mail with the subject “{_SUBJECT}” from {folder}"
        lines.append(Line("⚠", "the mail of the try could not be removed again", fix))
    elif ear.has("X-GM-EXT-1"):
        lines.append(Line("·", "Gmail keeps a removed mail under All Mail, unless its IMAP settings say otherwise"))
    return lines


def _heard(box: Mailbox, folder: str, took: float) -> Line:
    return Line("✔", f"a mail put into {folder} was heard of after {took:.2f} s, and is removed again")


def _mute(box: Mailbox) -> Line:
    text = f"the server offers IDLE, but said nothing of a new mail within {HEARING:g} s"
    fix = f"`run` looks by itself every {box.idle / 60:g} minutes; lower mailboxes.{box.name}.idle for more"
    return Line("⚠", text, fix)


_SUBJECT = "bouncestream mailbox test"


def _mail(mark: str) -> bytes:
    """No bounce, so that a bridge that reads the folder leaves it alone."""
    lines = (
        "From: bouncestream <bouncestream@mailbox-test.bouncestream.invalid>",
        "To: bouncestream <bouncestream@mailbox-test.bouncestream.invalid>",
        f"Subject: {_SUBJECT}",
        f"Date: {format_datetime(datetime.now(UTC))}",
        f"Message-ID: <{mark}>",
        "",
        "`bouncestream mailbox test` has put this mail here to see whether it is heard of, and removes it.",
        "",
    )
    return "\r\n".join(lines).encode()


async def _remove(hand: Session, mark: str) -> bool:
    """Take away the mail with this Message-ID, and no other; whether it is still there."""
    with suppress(MailboxError):
        await hand.noop()
        uids = await hand.search(f'HEADER Message-ID "<{mark}>"')
        if uids:
            await hand.store(uids, "\\Deleted")
            await hand.expunge(uids)
        return bool(await hand.search(f'HEADER Message-ID "<{mark}>"'))
    return True
