# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream mailbox …`. `mailbox test NAME` logs in, says what the server can, lists the folders, and tries
IDLE with a mail of our own, where that mail can be removed again for sure."""

from __future__ import annotations

import argparse
import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from bouncestream.cli import mailbox_login, out
from bouncestream.cli.findings import brief_code, tell_briefly
from bouncestream.cli.mailbox_login import named
from bouncestream.cli.opened import configuration
from bouncestream.cli.parser import Parser, add, command, group
from bouncestream.doctor.areas import mailbox
from bouncestream.errors import MailboxError
from bouncestream.outbox.place import Place, place_of
from bouncestream.printable import printable
from bouncestream.sources.mailbox.visit import Visitor, hear, remedy

_ABLE = ("IDLE", "MOVE", "UIDPLUS", "NAMESPACE", "CONDSTORE", "COMPRESS=DEFLATE")


def options(parser: Parser) -> None:
    """The commands behind `bouncestream mailbox`."""
    inner = group(
        parser,
        "Log in to a mailbox by OAuth, and try one; also while `bouncestream run` is up.\nNAME is the name of the "
        "section [mailboxes.NAME].",
    )
    login = "authorise access to a mailbox by OAuth (Google, Microsoft, others)"
    mailbox_login.options(add(inner, "login", login))
    test = add(inner, "test", "log in to a mailbox, show its server's capabilities and folders, try IDLE")
    command(
        test,
        run,
        "If the server has UIDPLUS, IDLE is tested with bouncestream's own mail: it is put into the first "
        "folder\nand removed again; no other mail is touched.",
    )
    test.add_argument("name", metavar="NAME", help="the mailbox")


def run(args: argparse.Namespace) -> int:
    """Try everything; the exit code says how it is."""
    config = configuration(args)
    box = named(config, args.name)
    return asyncio.run(_test(Visitor(box, Path(config.outbox.path)), place_of(config)))


async def _test(visitor: Visitor, place: Place) -> int:
    box = visitor.settings
    seen = await mailbox.visit(visitor, datetime.now(UTC), place)
    found = mailbox.judge([seen], {})
    tell_briefly(found)
    if seen.look is None:
        return brief_code(found)
    can = ", ".join(name for name in _ABLE if name in seen.look.can)
    out.mark("·", f"the server supports {can or 'none of IDLE, MOVE, UIDPLUS'}")
    try:
        async with visitor.open() as session:
            out.heading("Folders")
            there = await session.folders()
            for folder in there:
                print(f"  {printable(folder)}{'  (read)' if folder in box.folders else ''}")
            first = next((f for f in box.folders if f in there), "")
            seen = replace(seen, heard=await hear(visitor, session, first))
    except MailboxError as error:
        seen = replace(seen, failed=remedy(box, error)[0])
    more = mailbox.judge_heard(seen)
    tell_briefly(more, "IDLE")
    code = brief_code([*found, *more])
    out.heading("All is well." if code == 0 else "Problems were found: see ⚠ and ✘.")
    return code
