# SPDX-License-Identifier: GPL-3.0-or-later
"""A mail of our own in somebody's folder: put there so that IDLE must tell of it, and taken away again, and nothing
else with it. The one way for `mailbox test`, `doctor --write` and `canary = true`.

Some servers answer a SEARCH with every UID of the folder, or with sequence numbers, whatever was asked for. So what
a SEARCH says is never flagged or removed. A mail is ours when two things agree: the server named its UID when it
took it in (APPENDUID, RFC 4315 section 3), and a FETCH of that UID shows the mark that nobody else knows. Then it
is flagged \\Deleted, and removed by UID EXPUNGE (section 2.1) of just that UID. What does not agree stays, and is
told.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime

from bouncestream.errors import ConnectionLost, ServerRefused, Throttled
from bouncestream.sources.imap.names import quoted
from bouncestream.sources.imap.session import Session

#: The header that tells our mails from all others: the mark of whoever put it, and the number of this one mail.
HEADER = "X-Bouncestream-Canary"
#: The subject of our mails, for a person who sees one.
SUBJECT = "bouncestream mailbox test"
#: So many mails are looked at, one by one, for those that a process left behind when it died.
LEFTOVERS = 5
#: Among so many of the last UIDs they are looked for: servers search headers mail by mail.
LOOK_BACK = 1000
#: So many mails that somebody else has flagged \\Deleted are watched while mails are expunged; they are sought
#: among the first `FLAGGED` that the server names.
WITNESSES, FLAGGED = 5, 100
#: The keyword of a mail that we have copied to another folder, and are about to remove from this one.
COPIED = "$BouncestreamCopied"

#: Bytes that are fetched to see whose a mail is: some servers put headers of their own before ours.
_HEAD = 8192
_END = re.compile(rb"\r?\n\r?\n")
_MARK = re.compile(
    rb"^%b:[ \t]*([0-9a-f]{32})(?:(?:\r?\n)?[ \t]+([0-9a-f]{16}))?[ \t]*\r?$" % HEADER.encode(),
    re.MULTILINE | re.IGNORECASE,
)


def new_mark() -> str:
    """A mark for a process that is gone after one mail: 32 hexadecimal digits."""
    return secrets.token_hex(16)


def letter(mark: str, number: str, at: datetime) -> bytes:
    """The mail, which says what it is to a person who sees it. No bounce, so that whoever reads the folder leaves
    it alone. `mark`: 32 hexadecimal digits, `number`: 16."""
    lines = (
        "From: A test <test@mailbox-test.invalid>",
        "To: A test <test@mailbox-test.invalid>",
        f"Subject: {SUBJECT}",
        f"Date: {format_datetime(at)}",
        f"Message-ID: <{number}@mailbox-test.invalid>",
        "Auto-Submitted: auto-generated",
        f"{HEADER}: {mark} {number}",
        "",
        "bouncestream put this mail here to test new-mail notifications, and removes it itself.",
        "",
    )
    return "\r\n".join(lines).encode()


def marks(raw: bytes) -> tuple[str, str]:
    """The mark and the number that the header of a mail shows; both empty: it is none of ours. `raw`: its
    beginning. What stands below the header, such as a quoted mail, counts for nothing."""
    found = _MARK.findall(_END.split(raw[:_HEAD], maxsplit=1)[0])
    if len(found) != 1:
        return "", ""
    mark, number = found[0]
    return mark.decode().lower(), number.decode().lower()


class OwnMail:
    """A mail of ours in one folder: `open` the folder, `put` it, and whatever happens then, `remove` it.

    `mark`: 32 hexadecimal digits that nobody else knows. Each call raises MailboxError as the session does.
    """

    def __init__(self, folder: str, mark: str) -> None:
        self.folder = folder
        self.put_at = 0.0  #: monotonic seconds: just before it was put
        self._mark = mark
        self._number = secrets.token_hex(8)
        self._uidvalidity = 0
        self._uidnext = 0
        self._uid = 0
        self._doubt = ""  # why it cannot be removed for sure
        self._sent = False

    async def open(self, session: Session) -> bool:
        """Open the folder, and note how it stands; whether a mail can be removed from it again."""
        selected = await session.select(self.folder)
        self._uidvalidity, self._uidnext = selected.uidvalidity, selected.uidnext
        return not selected.read_only

    async def put(self, session: Session) -> None:
        """Append it. A connection that is lost meanwhile says where the mail may be now."""
        self.put_at = time.monotonic()
        try:
            named = await session.append(self.folder, letter(self._mark, self._number, datetime.now(UTC)), "\\Seen")
        except ConnectionLost as error:
            text = f"{error}; a test mail with the subject “{SUBJECT}” may remain in {self.folder}"
            raise ConnectionLost(text) from None
        self._sent = True
        if named is None:
            self._doubt = "the server does not report its UID (APPENDUID)"
        elif named[0] != self._uidvalidity or named[1] < self._uidnext:
            self._doubt = f"the server reports the UID {named[1]}, which no new mail can have there"
        else:
            self._uid = named[1]

    async def remove(self, session: Session) -> str:
        """Take it away: empty when it is gone, else why it stays, in words. Nothing is flagged or removed before
        the mail with the number that the server has named has shown our mark."""
        if not self._sent:
            return ""
        if self._doubt:
            return self._doubt
        selected = await session.select(self.folder)
        if selected.uidvalidity != self._uidvalidity:
            return f"{self.folder} was renumbered meanwhile (UIDVALIDITY)"
        shown = await _shown(session, self._uid)
        if shown is None:
            return f"it is no longer at the UID that the server reported ({self._uid})"
        if shown != (self._mark, self._number):
            return f"the server shows another mail at the UID that it reported ({self._uid})"
        return await _take_away(session, self._uid)


async def sweep(session: Session, folder: str, mark: str) -> str:
    """Take away what an earlier process with this mark has left in a folder when it died: empty when all is well,
    else what was left alone, and why. Each candidate is looked at by itself. Raises MailboxError."""
    selected = await session.select(folder)
    low = max(1, selected.uidnext - LOOK_BACK)
    found = await session.search(f"UID {low}:* HEADER {HEADER} {quoted(mark)}")
    candidates = [uid for uid in found if uid >= low]
    if len(candidates) > LEFTOVERS:
        return f"the server lists {len(candidates)} test mails, more than there can be: none was examined"
    ours: dict[int, str] = {}
    for uid in candidates:
        shown = await _shown(session, uid)
        if shown is not None and shown[0] == mark:
            ours[uid] = shown[1]
    if len(set(ours.values())) < len(ours):
        return "the server shows one mail at several UIDs: none was removed"
    kept = [why for uid in ours if (why := await _take_away(session, uid))]
    return "; ".join(dict.fromkeys(kept))


async def _shown(session: Session, uid: int) -> tuple[str, str] | None:
    """The mark and the number that the mail with this UID shows; None: the server does not show it, as of a mail
    that another connection has just removed: Dovecot answers NIL for that one (seen on 2.3)."""
    found = await session.fetch([uid], limit=_HEAD)
    seen = {marks(mail.raw) for mail in found if mail.raw}
    if not seen:
        return None
    return seen.pop() if len(seen) == 1 else ("", "")


async def _take_away(session: Session, uid: int) -> str:
    """Flag and remove a mail that is proven ours; empty when it is gone, else why it stays."""
    await session.store([uid], "\\Deleted")
    flags = (await session.flags([uid])).get(uid)
    if flags is None:
        return ""  # gone with the flag, as with Gmail's Auto-Expunge
    if "\\deleted" not in {flag.lower() for flag in flags}:
        return "the server does not flag it as deleted"
    more = await expunge(session, [uid])
    return more or ("the server does not remove it" if uid in await session.flags([uid]) else "")


async def expunge(session: Session, uids: Sequence[int]) -> str:
    """Remove just these mails, which are flagged \\Deleted; empty, or that the server has removed others as well.

    The answer to EXPUNGE also tells of mails that other connections have removed meanwhile (RFC 3501 section
    7.4.1), so its count alone proves nothing. A server that removes whatever is flagged leaves none: so it is
    blamed only if mails that others had flagged before were watched, and none of them is left. Raises MailboxError.
    """
    try:
        watched = await _flagged_by_others(session, uids)
    except Throttled:
        raise
    except ServerRefused:
        watched = []
    removed = await session.expunge(uids)
    if removed <= len(uids) or not watched or await session.there(watched):
        return ""
    return f"the server removed {removed} mails instead of {len(uids)}"


async def _flagged_by_others(session: Session, uids: Sequence[int]) -> list[int]:
    """The UIDs of `WITNESSES` mails at most that are flagged \\Deleted, and that no program of ours is removing."""
    named = [uid for uid in await session.search("DELETED") if uid not in uids][:FLAGGED]
    flags = {uid: {flag.lower() for flag in found} for uid, found in (await session.flags(named)).items()}
    flagged = [uid for uid in named if "\\deleted" in flags.get(uid, ()) and COPIED.lower() not in flags[uid]]
    return [uid for uid in flagged[:WITNESSES] if await _shown(session, uid) == ("", "")]
