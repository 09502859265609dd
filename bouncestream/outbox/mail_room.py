# SPDX-License-Identifier: GPL-3.0-or-later
"""How much of the mails is kept. Anybody can write mails: what they may fill of the disk is bounded by the day and
by a share of the disk. Nothing is lost by it: the mails themselves stay in the mailbox, or in the queue of the mail
server that handed them over, which is told to come again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from bouncestream.outbox.delivery import get_meta, set_meta
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.queries import QUERIES
from bouncestream.ports import Submission

#: Of the mails of a mailbox that are set aside on one UTC day (unidentified, or unreadable) so many are kept whole,
#: and up to so many by their beginning. The rest is counted.
WHOLE, SOME = 20, 500
#: The beginning of a mail: its headers and most of a report, without the returned message; bytes.
BEGINNING = 16 << 10
#: All that is set aside from mailboxes takes at most this part of the disk.
SHARE = 20
#: The same of a server, whose disk is not ours to look at; bytes.
SHARE_ELSEWHERE = 1 << 30
#: The bodies of the mails that became events: on one day and of one mailbox this part of the disk, within bounds in
#: bytes; then their beginnings, as much once more; then none.
DAY_SHARE, LEAST, MOST = 1000, 16 << 20, 256 << 20


@dataclass(slots=True)
class _Day:
    """The mails that were kept of one mailbox today."""

    day: str
    aside: int = 0
    events: int = 0  #: bytes


class MailRoom:
    """Decides for the mails of one batch. `disk`: its size, None where it is not known; `aside`: what is set
    aside already; both in bytes. `whole`: so many of those set aside on one day are kept whole."""

    def __init__(
        self, conn: Conn, mailbox: str, now: datetime, *, disk: int | None, aside: int, whole: int = WHOLE
    ) -> None:
        self._conn = conn
        self._whole = whole
        self._name = f"mails_kept:{mailbox}"
        self._day = _read(get_meta(conn, self._name), now.astimezone(UTC).date().isoformat())
        self._budget = MOST if disk is None else min(MOST, max(LEAST, disk // DAY_SHARE))
        self._left = (SHARE_ELSEWHERE if disk is None else disk // SHARE) - aside
        self._changed = False

    def keep(self, submission: Submission) -> Submission | None:
        """The part of a mail that is stored: all of it, less of its body, or None for a mail that is only
        counted."""
        self._changed = True
        return self._of_events(submission) if submission.events else self._set_aside(submission)

    def close(self) -> None:
        """Write the tally down."""
        if self._changed:
            day = self._day
            set_meta(self._conn, self._name, json.dumps([day.day, day.aside, day.events]))

    def _of_events(self, submission: Submission) -> Submission:
        used = self._day.events
        if used + len(submission.raw) > self._budget:
            kept = BEGINNING if used + BEGINNING <= 2 * self._budget else 0
            submission = replace(submission, raw=submission.raw[:kept])
        self._day.events += len(submission.raw)
        return submission

    def _set_aside(self, submission: Submission) -> Submission | None:
        self._day.aside += 1
        size = len(submission.raw)
        if self._day.aside > self._whole and size > BEGINNING:
            size = BEGINNING
            why = f"; of {len(submission.raw) >> 10} KiB, only the first {BEGINNING >> 10} are kept"
            unreadable = tuple(replace(one, why=one.why + why) for one in submission.unreadable)
            submission = replace(submission, raw=submission.raw[:size], unreadable=unreadable)
        if self._day.aside > SOME or size > self._left:
            return None
        self._left -= size
        return submission


def aside_bytes(conn: Conn) -> int:
    """The bytes of the mails that are set aside."""
    size: int = conn.execute(QUERIES["aside_bytes"]).fetchone()[0]
    return size


def _read(text: str | None, today: str) -> _Day:
    try:
        day, aside, events = json.loads(text or "[]")
        return _Day(day, int(aside), int(events)) if day == today else _Day(today)
    except (ValueError, TypeError):
        return _Day(today)
