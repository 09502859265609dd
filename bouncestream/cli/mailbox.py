# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream mailbox …`. `mailbox test NAME` logs in, says what the server can, lists the folders, and tries
IDLE with a mail of our own, where that mail can be removed again for sure."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from bouncestream.cli import mailbox_login, tries
from bouncestream.cli import show as out
from bouncestream.cli.mailbox_login import named
from bouncestream.cli.opened import configuration
from bouncestream.cli.parser import Parser, add, command, group
from bouncestream.cli.tries import Line
from bouncestream.cli.tries_mailbox import failed, mailbox
from bouncestream.config.mailbox import Mailbox
from bouncestream.errors import MailboxError
from bouncestream.printable import printable
from bouncestream.sources.mailbox.own_mail import SUBJECT
from bouncestream.sources.mailbox.visit import HEARING, Door, Heard, Untried, hear


def options(parser: Parser) -> None:
    """The commands behind `bouncestream mailbox`."""
    inner = group(
        parser,
        "Log in to a mailbox by OAuth, and try one; also while `bouncestream run` is up.\n"
        "NAME is that of the section [mailboxes.NAME].",
    )
    login = "get the permission to read a mailbox by OAuth (Google, Microsoft, others)"
    mailbox_login.options(add(inner, "login", login))
    test = add(inner, "test", "log in to a mailbox, say what its server can, list its folders, try IDLE")
    command(
        test,
        run,
        "Where the server has UIDPLUS, IDLE is tried with a mail of our own: it is put into the first folder\n"
        "and removed again, and no other mail is touched. Exit code 1: not all is well; 3: it could not be tried.",
    )
    test.add_argument("name", metavar="NAME", help="the mailbox")


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
            folder = next((f for f in box.folders if f in there), "")
            more += _heard(box, await hear(door, session, folder))
    except MailboxError as error:
        more.append(failed(box, error))
    tries.tell(more)
    code = tries.code([*lines, *more])
    out.heading("All is well." if code == 0 else "Not all is well: see ⚠ and ✘.")
    return code


def _heard(box: Mailbox, heard: Heard) -> list[Line]:
    if heard.untried is Untried.NO_IDLE:
        return [Line("·", f"the server has no IDLE: the folders are looked at every {box.poll:g} s instead")]
    if heard.untried is not None:
        return [Line("·", f"not tried: {heard.untried}")]
    if heard.seconds is not None:
        text = f"a mail put into {heard.folder} was heard of after {heard.seconds:.2f} s, and is removed again"
        lines = [Line("✔", text.partition(", and")[0] if heard.left else text)]
    else:
        text = f"the server offers IDLE, but said nothing of a new mail within {HEARING:g} s"
        fix = f"`run` looks by itself every {box.idle / 60:g} minutes; lower mailboxes.{box.name}.idle for more"
        lines = [Line("⚠", text, fix)]
    if heard.left:
        fix = f"delete the mail with the subject “{SUBJECT}” from {heard.folder}"
        lines.append(Line("⚠", f"the mail of the try is left in {heard.folder}: {printable(heard.left)}", fix))
    elif heard.kept:
        lines.append(Line("·", "Gmail keeps a removed mail under All Mail, unless its IMAP settings say otherwise"))
    return lines
