# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sqlite3
from collections.abc import Callable

import pytest

from bouncestream.folders import FetchedMail, Filing, FolderKey, MailBatch
from bouncestream.mail.spellings import names_of
from bouncestream.missed import Missed
from bouncestream.outbox import arrivals, delivery, mailboxes, suppression
from bouncestream.outbox.braking import take_let_go
from bouncestream.outbox.missed import take_missed
from bouncestream.outbox.tables import Stored
from tests.outbox import make
from tests.outbox.make import NOW, SUBSCRIBER, later

ANN = names_of("ann@example.com")


@pytest.fixture
def suppressed(conn: sqlite3.Connection) -> sqlite3.Connection:
    suppression.suppress(conn, (*ANN, SUBSCRIBER), NOW)
    return conn


def test_nothing_of_the_person_is_stored_and_it_is_counted(suppressed: sqlite3.Connection) -> None:
    for event in (make.event("ann@example.com"), make.event("", subscriber_uuid=SUBSCRIBER, message_id="<2>")):
        stored = arrivals.take(suppressed, make.submission(event), NOW)
        assert (stored.suppressed, stored.receipt.accepted, stored.changed) == (1, 0, False)
    for table in ("outbox", "history", "raw", "seen", "quarantine"):
        assert make.one(suppressed, f"SELECT count(*) FROM {table}") == 0, table
    assert delivery.get_meta(suppressed, suppression.SUPPRESSED) == "2"


def _webhook_or_log(conn: sqlite3.Connection) -> list[Stored]:
    return arrivals.take_many(conn, [(make.submission(make.event("ann@example.com")), NOW)])


def _import(conn: sqlite3.Connection) -> list[Stored]:
    return take_let_go(conn, [(make.submission(make.event("ann@example.com")), NOW)])


def _mailbox(conn: sqlite3.Connection) -> list[Stored]:
    told = make.submission(make.event("ann@example.com"), source="bounces")
    return mailboxes.store_mails(
        conn, MailBatch(FolderKey("bounces", "INBOX", 7), 1, (FetchedMail(1, told, Filing.DONE),)), NOW
    )


def _set_aside(conn: sqlite3.Connection) -> list[Stored]:
    told = make.submission(make.event("ann@example.com"), source="bounces")
    stored = mailboxes.store_letter(conn, told, NOW, disk=1 << 50, aside=0)
    assert stored is not None
    return [stored]


def _backfill(conn: sqlite3.Connection) -> list[Stored]:
    event = make.event("ann@example.com", occurred_at=NOW, provider_event_id="list/1", stable_id=True)
    return take_missed(conn, [Missed(make.submission(event), ("ann@example.com",))], NOW, 0)[0]


@pytest.mark.parametrize("way", [_webhook_or_log, _import, _mailbox, _set_aside, _backfill])
def test_by_whichever_way_it_comes(
    suppressed: sqlite3.Connection, way: Callable[[sqlite3.Connection], list[Stored]]
) -> None:
    (stored,) = way(suppressed)
    assert (stored.suppressed, stored.receipt.accepted, stored.rows) == (1, 0, [])
    for table in ("outbox", "history", "raw", "seen", "quarantine"):
        assert make.one(suppressed, f"SELECT count(*) FROM {table}") == 0, table


def test_others_in_the_same_request_are_stored_without_it(suppressed: sqlite3.Connection) -> None:
    stored = arrivals.take(
        suppressed, make.submission(make.event("ann@example.com"), make.event("bob@example.com")), NOW
    )
    assert (stored.suppressed, stored.receipt.accepted) == (1, 1)
    assert make.rows(suppressed, "recipient, raw_id") == [("bob@example.com", None)]
    assert make.one(suppressed, "SELECT count(*) FROM raw") == 0


def test_only_a_digest_is_kept_and_it_can_be_taken_back(suppressed: sqlite3.Connection) -> None:
    assert suppression.suppressed_since(suppressed, ANN) == NOW.date()
    assert not any("ann" in str(row) for row in suppressed.execute("SELECT * FROM suppressed"))
    suppression.suppress(suppressed, ANN, later(days=9))
    assert suppression.suppressed_since(suppressed, ANN) == NOW.date(), "since the first time"
    assert suppression.unsuppress(suppressed, ANN)
    assert not suppression.unsuppress(suppressed, ANN)
    assert suppression.suppressed_since(suppressed, ANN) is None
    make.submit(suppressed, make.event("ann@example.com"))
    assert make.rows(suppressed) == [(1, "pending", "hard")]


def test_as_long_as_nobody_is_suppressed_no_event_pays_for_it(file_conn: sqlite3.Connection) -> None:
    asked: list[str] = []
    file_conn.set_trace_callback(asked.append)
    make.submit(file_conn, *(make.event(f"{n}@example.com") for n in range(20)))
    assert len([sql for sql in asked if "suppressed" in sql]) == 1
