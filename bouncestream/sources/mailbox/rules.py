# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules by which a mailbox listener decides, without doing anything. Pure: times, settings and chance are
arguments."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from bouncestream.backoff import backoff
from bouncestream.config.mailbox import Mailbox
from bouncestream.errors import (
    CertificateRefused,
    ConnectionLost,
    FolderMissing,
    LoginRefused,
    MailboxError,
    ServerRefused,
    StoreError,
    TokenError,
)
from bouncestream.folders import FetchAttempts, Filing, FolderProgress
from bouncestream.health import Status
from bouncestream.mail.decode import LIMIT
from bouncestream.settings import shapes

#: Bytes of a mail that are fetched: the mail reader reads no more.
FETCH_LIMIT = LIMIT
#: Mails fetched together at most, and when nothing is known of their size yet.
BATCH, FIRST_BATCH = 50, 10
#: Bytes that a batch should have at most.
BATCH_BYTES = 4 << 20
#: UIDs asked for in one SEARCH, at first and at most: its answer is one line, of 2 MB then.
WINDOW, WIDEST = 2000, 200_000
#: So many windows in a row without a mail in them, and the rest is asked for at once.
EMPTY = 50
#: So often a mail is tried before it is set aside, and over so many seconds: a line that keeps breaking hits the
#: same mail several times in a row, as it is the first one of each session.
TRIES, TRIES_SPAN = 3, 10.0
#: The same where the server gives no mail at all, without refusing any: it may be in trouble for a while.
NONE_SPAN = 300.0
#: The longest wait after a refused login, and where too much was asked for; seconds.
LONGEST_LOGIN_WAIT = LONGEST_THROTTLE_WAIT = 1800.0
#: So many failures in a row are no hiccup any more.
PATIENCE = 3
#: So often in a row IDLE may have been silent about news, or have broken off, before it is not relied on.
MUTE_AFTER = 2
#: So often in a row, each within so many seconds of the one before, a server may give all mails new numbers before
#: it is not believed to keep any; and the longest wait until the next look at such a folder; seconds.
UNSTEADY, UNSTEADY_SPAN, LONGEST_UNSTEADY = 3, 3600.0, 900.0
#: So often in a row IDLE may end within so many seconds for nothing before there is a rest after it; the first and
#: the longest rest; seconds.
HOLLOW, SHORT_IDLE = 3, 5.0
FIRST_REST, LONGEST_REST = 1.0, 10.0
#: So many mails in a row may be set aside unread before the folder counts as one that is not read.
UNREAD = 3
#: Seconds before each further try, when the outbox has too much to do just now.
BUSY_PAUSES = (0.2, 0.5, 1.0)


class FolderState(StrEnum):
    """The state of a folder's connection, by the names that `/readyz` and the log begin with."""

    CONNECTING = "connecting"
    READING = "reading"  #: what has arrived before is read
    LISTENING = "listening"  #: in IDLE: the server reports new mails at once
    POLLING = "polling"  #: the server has no reliable IDLE: the folder is polled
    UNSTEADY = "new numbers each time"  #: the server keeps no UIDs: the whole folder is polled
    UNREAD = "not read"  #: all mails, or the last ones, could not be fetched or read, and are quarantined
    DEAF = "deaf"  #: the connection looked alive, but missed a mail; it is replaced
    LOGIN_REFUSED = "login refused"
    CERTIFICATE_REFUSED = "certificate refused"
    FOLDER_MISSING = "folder missing"
    CONNECTION_LOST = "connection lost"
    SERVER_REFUSED = "server refused"
    UNREADABLE = "mail unreadable"  #: the server does not return a mail; after three tries it is quarantined
    TOKENLESS = "no access token"  #: the OAuth provider issues none for now
    NOT_STORED = "not stored"  #: the outbox accepts nothing for now
    BUG = "bug"


def state_of(error: BaseException) -> FolderState:
    """The state of a folder after an error."""
    for kind, state in (
        (Deaf, FolderState.DEAF),
        (StillUnreadable, FolderState.UNREADABLE),
        (LoginRefused, FolderState.LOGIN_REFUSED),
        (TokenError, FolderState.TOKENLESS),
        (CertificateRefused, FolderState.CERTIFICATE_REFUSED),
        (FolderMissing, FolderState.FOLDER_MISSING),
        (StoreError, FolderState.NOT_STORED),
        ((ConnectionLost, OSError), FolderState.CONNECTION_LOST),
        (MailboxError, FolderState.SERVER_REFUSED),
    ):
        if isinstance(error, kind):
            return state
    return FolderState.BUG


class Deaf(ConnectionLost):
    """The connection did not hear of something that another one saw."""


class StillUnreadable(ServerRefused):
    """The server has a mail, but does not give it."""


def status(state: FolderState, failures: int) -> Status:
    """The colour of a state. `failures`: in a row, this one included."""
    if state in (FolderState.CONNECTING, FolderState.LISTENING, FolderState.READING):
        return Status.GREEN  # connecting: for the first time; afterwards the failure before it counts
    if state in (FolderState.POLLING, FolderState.UNREADABLE, FolderState.UNSTEADY):
        return Status.YELLOW
    if state in (FolderState.CONNECTION_LOST, FolderState.SERVER_REFUSED, FolderState.TOKENLESS):
        return Status.YELLOW if failures < PATIENCE else Status.RED
    return Status.RED


def wait_after(state: FolderState, failures: int, settings: Mailbox, chance: float) -> float:
    """Seconds until the next try. `failures`: in a row, this one included; `chance`: 0 to 1, so that the folders of
    many mailboxes do not come back at the same moment. A refused login has a wait of its own: `login_wait`."""
    spread = 0.5 + 0.5 * chance
    if state is FolderState.DEAF:
        return min(1.0, settings.retry) * spread
    if state is FolderState.CERTIFICATE_REFUSED:
        return settings.retry_login * spread
    if state in (FolderState.FOLDER_MISSING, FolderState.BUG):
        return settings.retry * spread
    return backoff(failures, base=1.0, cap=settings.retry, jitter=0) * spread


def unsteady_wait(count: int, settings: Mailbox) -> float:
    """Seconds until the next look at a folder that had new numbers `count` times in a row: it doubles up to 15
    minutes, as all of it is read each time."""
    return backoff(count - UNSTEADY + 1, base=settings.retry, cap=LONGEST_UNSTEADY, jitter=0)


def unread(progress: FolderProgress) -> bool:
    """Whether the folder is not really read: all of its mails, or the last ones, were set aside unread."""
    return progress.aside >= UNREAD or (progress.aside > 0 and not progress.mails)


def login_wait(refusals: int, settings: Mailbox) -> float:
    """Seconds after the n-th refused login in a row: it doubles up to 30 minutes, as servers lock accounts."""
    longest = max(LONGEST_LOGIN_WAIT, settings.retry_login)
    return backoff(refusals, base=settings.retry_login, cap=longest, jitter=0)


def throttle_wait(refusals: int, settings: Mailbox) -> float:
    """Seconds after the n-th time in a row that the server wants less of us: from `retry` on it doubles up to 30
    minutes, since each further try makes it worse."""
    longest = max(LONGEST_THROTTLE_WAIT, settings.retry)
    return backoff(refusals, base=settings.retry, cap=longest, jitter=0)


def hollow_rest(times: int, settings: Mailbox) -> float:
    """Seconds of rest after IDLE has ended at once for nothing so many times in a row: servers are known that push
    something at the beginning of each IDLE, or end it. Shorter than the proof waits for a look into the folder."""
    if times <= HOLLOW:
        return 0.0
    return backoff(times - HOLLOW, base=FIRST_REST, cap=min(LONGEST_REST, settings.timeout / 2), jitter=0)


def failures_after(failures: int, lasted: float, read: bool, settings: Mailbox) -> int:
    """The number of failures in a row to continue from, when a session ends that `lasted` seconds since it had read
    everything, and did or did not `read` mails. Only one that lasted resets it, since a server that accepts the
    login and disconnects each time must not be logged in to every second."""
    if lasted >= settings.retry:
        return 0
    return min(failures, 1) if read else failures


# -- which mails ---------------------------------------------------------------------------------------------------


def oldest(settings: Mailbox, progress: FolderProgress, now: datetime) -> datetime | None:
    """Mails that were there before and arrived earlier than this are not read; None: all are. It counts from the
    first contact, so that it means the same tomorrow, and after the server has renumbered its mails."""
    return shapes.since(settings.start, progress.first_read_at or now)


def forgotten(progress: FolderProgress, dedupe: float, now: datetime) -> datetime | None:
    """After a renumbering: mails that arrived earlier may have been read, and their marks are gone; None: no such
    moment."""
    return now - timedelta(seconds=dedupe) if progress.renumbered else None


def next_window(size: int, found: int) -> int:
    """The number of UIDs to ask for next, after `found` of `size`: numbers have gaps of any size."""
    if found < size // 20:
        return min(size * 4, WIDEST)
    return max(WINDOW // 4, size // 2) if found > WINDOW else size


def hopeless(tried: FetchAttempts | None, now: datetime, span: float | None = None) -> bool:
    """Whether a mail was tried often and long enough (`span`, seconds). A clock that was set back is no reason
    to wait for it."""
    if tried is None or tried.count < TRIES:
        return False
    return not timedelta(0) <= now - tried.since < timedelta(seconds=TRIES_SPAN if span is None else span)


def next_batch(uids: Sequence[int], tries: Collection[int], size: int) -> list[int]:
    """The first mails of `uids` to fetch together: one that made trouble before goes alone."""
    batch: list[int] = []
    for uid in uids[:size]:
        if uid in tries:
            return batch or [uid]
        batch.append(uid)
    return batch


def batch_size(mails: int, size: int) -> int:
    """The number of mails to fetch together, after `mails` with `size` bytes in all."""
    return max(1, min(BATCH, BATCH_BYTES * mails // max(1, size)))


# -- what they get afterwards --------------------------------------------------------------------------------------


def filing(settings: Mailbox, where: Filing | None) -> Filing | None:
    """The place where a mail belongs, as configured; None: it is left untouched."""
    if where is Filing.DONE:
        return where if settings.after != "leave" else None
    if where is Filing.UNIDENTIFIED:
        return where if settings.unidentified_folder else None
    return None


def target(settings: Mailbox, where: Filing) -> str:
    """The folder that a mail is moved to; empty: it is flagged."""
    if where is Filing.UNIDENTIFIED:
        return settings.unidentified_folder
    return settings.move_to if settings.after == "move" else ""
