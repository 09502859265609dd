# SPDX-License-Identifier: GPL-3.0-or-later
"""What `check` and `mailbox test` say of a mailbox: connection, certificate, login, folders, what `start` takes in,
and what the server cannot do and what that means. Nothing of it changes a mail."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from bouncestream.cli.tries import Line
from bouncestream.config.mailbox import Mailbox
from bouncestream.errors import CertificateRefused, FolderMissing, LoginRefused, MailboxError
from bouncestream.outbox.view import read_so_far
from bouncestream.printable import mask_all
from bouncestream.sources.mailbox.visit import (
    SOON,
    Contact,
    Door,
    FolderSeen,
    Look,
    look,
    moved,
    remedy,
    writes,
)


async def mailbox(door: Door) -> list[Line]:
    """Everything that can be seen of one mailbox without changing it."""
    box = door.box
    try:
        async with door.open() as session:
            lines = _told(box, await look(box, session, partial(read_so_far, door.outbox, box.name)))
    except MailboxError as error:
        lines = [failed(box, error)]
    return [replace(line, text=f"{box.name}: {line.text}") for line in lines]


def failed(box: Mailbox, error: MailboxError) -> Line:
    """What stood in the way, as a finding. What a person must put right is not well; the rest was not examined."""
    person = isinstance(error, (LoginRefused, CertificateRefused, FolderMissing))
    return Line("✘", *remedy(box, error), unexamined=not person)


def _told(box: Mailbox, seen: Look) -> list[Line]:
    how = seen.tls or "without TLS, on this machine"
    lines = [Line("✔", mask_all(f"{box.host}:{box.real_port} lets {box.user} in ({box.auth}; {how})"))]
    days = (seen.ends - datetime.now(UTC)).days if seen.ends is not None else SOON
    if days < SOON:
        lines.append(
            Line("⚠", f"the server's certificate ends in {days} days", "whoever runs the server must renew it")
        )
    lines += _abilities(box, seen.can)
    lines += [_folder(box, folder) for folder in seen.folders]
    lines += [
        Line("·", f"{folder} does not exist yet: it is made when the first mail is moved there")
        for folder in seen.unmade
    ]
    return lines


def _abilities(box: Mailbox, can: frozenset[str]) -> list[Line]:
    """What the server can, and what it means for the settings where it cannot."""
    names = ("IDLE", "MOVE", "UIDPLUS", "NAMESPACE", "CONDSTORE", "COMPRESS=DEFLATE")
    told = ", ".join(name for name in names if name in can)
    lines = [Line("·", f"the server can {told or 'none of IDLE, MOVE, UIDPLUS'}")]
    if "IDLE" not in can:
        lines.append(Line("·", f"no IDLE: the folders are looked at every {box.poll:g} s instead"))
    moves = moved(box)
    if moves and "MOVE" not in can and "UIDPLUS" in can:
        lines.append(Line("·", f"no MOVE: {moves} are copied, and then that one mail is removed (UID EXPUNGE)"))
    elif moves and "MOVE" not in can:
        fix = f'set mailboxes.{box.name}.after = "flag" (or "leave") and unidentified = ""'
        lines.append(Line("⚠", f"no MOVE and no UIDPLUS: {moves} are flagged and stay where they are", fix))
    if box.canary and "UIDPLUS" not in can:
        fix = f"set mailboxes.{box.name}.canary = false"
        lines.append(Line("⚠", "no UIDPLUS: the canary is not used, the folder's state is asked for instead", fix))
    return lines


def _folder(box: Mailbox, seen: FolderSeen) -> Line:
    if seen.fix:
        return Line("✘", seen.trouble, seen.fix)
    if seen.trouble:
        fix = f"correct mailboxes.{box.name}.folders"
        return Line("✘", seen.trouble, f"{fix}; there are for example {', '.join(seen.near)}" if seen.near else fix)
    if seen.read_only and writes(box):
        fix = f'let {mask_all(box.user)} write there, or set mailboxes.{box.name}.after = "leave"'
        return Line("⚠", f"{seen.name} can be read only: its mails are neither flagged nor moved", fix)
    mails = _some(seen.mails, "mail", "mails")
    waiting = _some(seen.waiting, "is", "are")
    if seen.contact is Contact.KNOWN:
        return Line("✔", f"{seen.name}: {mails}, {waiting} not read yet")
    if seen.contact is Contact.RENUMBERED:
        text = f"{seen.name}: {mails}; the server has numbered them anew, so they are looked at again"
        return Line("·", text)
    return Line("✔", f"{seen.name}: {mails}; at the first contact {waiting} taken in (start = {box.start})")


def _some(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"
