# SPDX-License-Identifier: GPL-3.0-or-later
"""A batch of mails is stored as a whole: its events, how far the folder is read, what its mails still get."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from bouncestream.event import BounceEvent, Kind
from bouncestream.folders import FetchAttempts, FetchedMail, Filing, FolderKey, FolderProgress, MailBatch
from bouncestream.outbox import delivery, mailboxes
from bouncestream.ports import Submission, Unreadable

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
KEY = FolderKey("bounces", "INBOX", 7)


def bounce(recipient: str) -> Submission:
    event = BounceEvent(kind=Kind.HARD, recipient=recipient, source="bounces", provider="mailbox", message_id="m@x")
    return Submission("bounces", "mailbox", (event,), raw=b"From: x\n\n", content_type="message/rfc822")


def nobody(fingerprint: bytes = b"f" * 16) -> Submission:
    unreadable = Unreadable("it does not tell whose it is", unidentified=True, fingerprint=fingerprint)
    return Submission(
        "bounces", "mailbox", unreadable=(unreadable,), raw=b"From: y\n\n", content_type="message/rfc822"
    )


def seen(conn: sqlite3.Connection) -> tuple[int, int, int]:
    """UIDVALIDITY, the last UID, and how many mails were skipped."""
    found = mailboxes.progress(conn, "bounces", "INBOX")
    assert found is not None
    return found.uidvalidity, found.last_uid, found.skipped


def owed(conn: sqlite3.Connection) -> list[tuple[int, Filing]]:
    return [(mark.uid, mark.filing) for mark in mailboxes.pending_filings(conn, KEY, 10)]


def test_events_watermark_and_marks_are_stored_together(conn: sqlite3.Connection) -> None:
    assert mailboxes.progress(conn, "bounces", "INBOX") is None
    mails = (
        FetchedMail(11, bounce("a@example.com"), Filing.DONE),
        FetchedMail(12),
        FetchedMail(13, nobody(), Filing.UNIDENTIFIED),
        FetchedMail(14, bounce("a@example.com"), Filing.DONE),
    )
    taken = mailboxes.store_mails(conn, MailBatch(KEY, 14, mails, skipped=10), NOW)
    assert [(len(one.kinds), one.duplicates, one.unidentified) for one in taken] == [
        (1, 0, 0),
        (0, 0, 1),
        (0, 1, 0),
    ]
    assert seen(conn) == (7, 14, 10)
    assert owed(conn) == [(11, Filing.DONE), (13, Filing.UNIDENTIFIED), (14, Filing.DONE)]
    assert delivery.quarantine_count(conn) == 0
    assert delivery.quarantine_count(conn, unidentified=True) == 1
    mailboxes.forget_filings(conn, KEY, [11, 13])
    assert owed(conn) == [(14, Filing.DONE)]


def test_a_folder_goes_back_only_with_new_numbers(conn: sqlite3.Connection) -> None:
    mailboxes.store_mails(conn, MailBatch(KEY, 14), NOW)
    mailboxes.store_mails(conn, MailBatch(KEY, 9), NOW)
    assert seen(conn) == (7, 14, 0)
    new = FolderKey("bounces", "INBOX", 8)
    mailboxes.store_mails(conn, MailBatch(KEY, 15, (FetchedMail(15, bounce("b@example.com"), Filing.DONE),)), NOW)
    mailboxes.store_mails(conn, MailBatch(new, 3, passed_over=((2, NOW),)), NOW)
    assert seen(conn) == (8, 3, 0)
    assert conn.execute("SELECT uid, arrived_at FROM passed_over").fetchall() == [(2, "2026-11-22T08:00:00.000Z")]


@pytest.mark.parametrize("uidvalidity", [7, 8])
def test_numbers_that_begin_anew_leave_nothing_of_the_old_ones(conn: sqlite3.Connection, uidvalidity: int) -> None:
    """Also with the same UIDVALIDITY: a server that was restored from a backup."""
    mail = FetchedMail(15, bounce("b@example.com"), Filing.DONE, NOW)
    mailboxes.store_mails(conn, MailBatch(KEY, 15, (mail,), ((2, NOW),), below=20), NOW)
    mailboxes.note_tries(conn, KEY, [17], "no answer", NOW)
    key = FolderKey("bounces", "INBOX", uidvalidity)
    mailboxes.store_mails(conn, MailBatch(key, 0, below=6, anew=True), NOW)
    assert mailboxes.progress(conn, "bounces", "INBOX") == FolderProgress(uidvalidity, 0, 0, 6, 1, NOW, None, 1)
    assert [conn.execute(f"SELECT * FROM {table}").fetchall() for table in ("marks", "tries", "passed_over")] == [
        [],
        [],
        [],
    ]


def test_the_last_mail_is_known_by_its_arrival(conn: sqlite3.Connection) -> None:
    def last_at() -> datetime | None:
        found = mailboxes.progress(conn, "bounces", "INBOX")
        assert found is not None
        return found.last_at

    mailboxes.store_mails(conn, MailBatch(KEY, 4, (FetchedMail(3), FetchedMail(4, arrived_at=NOW))), NOW)
    assert last_at() == NOW
    mailboxes.store_mails(conn, MailBatch(KEY, 4), NOW)
    mailboxes.store_mails(conn, MailBatch(KEY, 3, (FetchedMail(3, arrived_at=NOW - timedelta(days=1)),)), NOW)
    assert last_at() == NOW, "the folder has not gone on"
    mailboxes.store_mails(conn, MailBatch(KEY, 6, (FetchedMail(5, arrived_at=NOW),)), NOW)
    assert last_at() is None, "UID 6 was not read"


def test_mails_that_were_set_aside_unread_are_counted_until_one_is_read(conn: sqlite3.Connection) -> None:
    def counted() -> tuple[int, int]:
        found = mailboxes.progress(conn, "bounces", "INBOX")
        assert found is not None
        return found.mails, found.aside

    for uid in (1, 2):
        mailboxes.store_mails(conn, MailBatch(KEY, uid, (FetchedMail(uid, nobody()),), aside=1), NOW)
    assert counted() == (0, 2)
    mailboxes.store_mails(conn, MailBatch(KEY, 5), NOW)
    assert counted() == (0, 2), "nothing was read"
    mailboxes.store_mails(conn, MailBatch(KEY, 7, (FetchedMail(6), FetchedMail(7))), NOW)
    assert counted() == (2, 0)


def test_what_was_there_before_is_told_from_what_came_later(conn: sqlite3.Connection) -> None:
    mailboxes.store_mails(conn, MailBatch(KEY, 0, below=90), NOW)
    mailboxes.store_mails(conn, MailBatch(KEY, 14, skipped=10), NOW + timedelta(days=1))
    assert mailboxes.progress(conn, "bounces", "INBOX") == FolderProgress(7, 14, 10, 90, 0, NOW)
    mailboxes.store_mails(conn, MailBatch(FolderKey("bounces", "INBOX", 8), 0, below=3), NOW + timedelta(days=2))
    assert mailboxes.progress(conn, "bounces", "INBOX") == FolderProgress(8, 0, 10, 3, 1, NOW)


def test_a_mail_that_comes_again_is_not_kept_twice(conn: sqlite3.Connection) -> None:
    for uid in (1, 2):
        mailboxes.store_mails(conn, MailBatch(KEY, uid, (FetchedMail(uid, nobody()),)), NOW)
    assert delivery.quarantine_count(conn, unidentified=True) == 1
    mailboxes.store_mails(conn, MailBatch(KEY, 3, (FetchedMail(3, nobody(b"g" * 16)),)), NOW)
    assert delivery.quarantine_count(conn, unidentified=True) == 2


def test_one_mail_that_the_database_refuses_does_not_hold_up_the_others(conn: sqlite3.Connection) -> None:
    mails = [FetchedMail(n, bounce(f"user{n}@example.com"), Filing.DONE) for n in range(1, 6)]
    mails[2] = FetchedMail(3, bounce("lone\udc80@example.com"), Filing.DONE)
    taken = mailboxes.store_mails(conn, MailBatch(KEY, 5, tuple(mails)), NOW)
    assert [(len(one.kinds), one.quarantined) for one in taken] == [(1, 0), (1, 0), (0, 1), (1, 0), (1, 0)]
    assert seen(conn) == (7, 5, 0)


def test_tries_are_counted_until_the_mail_is_done_with(conn: sqlite3.Connection) -> None:
    for count in (1, 2, 3):
        mailboxes.note_tries(conn, KEY, [5], "no answer", NOW)
        assert mailboxes.tries(conn, KEY)[5].count == count
    mailboxes.take_tries_back(conn, KEY, [5, 6])
    mailboxes.note_tries(conn, KEY, [5], "still no answer", NOW + timedelta(seconds=9))
    assert mailboxes.tries(conn, KEY) == {5: FetchAttempts(3, NOW, "still no answer")}
    mailboxes.store_mails(conn, MailBatch(KEY, 5), NOW)
    assert mailboxes.tries(conn, KEY) == {}


@pytest.mark.parametrize("place", list(Filing))
def test_the_words_for_places_are_those_of_the_table(conn: sqlite3.Connection, place: Filing) -> None:
    mailboxes.store_mails(conn, MailBatch(KEY, 1, (FetchedMail(1, None, place),)), NOW)
    assert owed(conn) == [(1, place)]
