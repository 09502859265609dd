# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from bouncestream.config.model import Config
from bouncestream.crypto.secret import Secret
from bouncestream.dashboard.reader import Pages
from bouncestream.dashboard.reading import event
from bouncestream.dashboard.reading.event import OneEvent, Raw, read_event, read_raw
from bouncestream.errors import UsageError
from bouncestream.event import MAILBOX
from bouncestream.outbox.view import view
from bouncestream.ports import State
from tests.outbox import make
from tests.outbox.make import NOW

MAIL = b"""From: MAILER-DAEMON@mx.example.net
To: bounces@news.example.org
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

I could not deliver it.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; ann@example.com
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <ann@example.com>: Recipient address rejected: User unknown in table

--b--
"""


def one(path: Path, ref: str = "1", key: Secret | None = None) -> OneEvent:
    with view(path, key=key, reveal=key is not None) as outbox:
        return read_event(Pages(outbox), Config(), ref, NOW)


def raw(path: Path, key: Secret | None = None) -> Raw:
    with view(path, key=key, reveal=key is not None) as outbox:
        return read_raw(Pages(outbox), Config(), "1", NOW)


def take_mail(conn: sqlite3.Connection) -> None:
    told = make.event("ann@example.com", provider=MAILBOX, source="mx", reason="user_unknown")
    make.submit(conn, told, raw=MAIL, source="mx", provider=MAILBOX)


def test_the_way_of_a_mail_with_the_words_that_decided(path: Path, conn: sqlite3.Connection) -> None:
    take_mail(conn)
    found = one(path)
    assert found.way is not None
    assert found.way.recipient is not None
    assert found.way.recipient.address == "ann@example.com"
    assert found.way.decided == "clause 'user unknown in table': mailbox, not there"
    assert found.marks == ("user unknown in table",)
    assert found.judged_now.startswith("judges it as soft (user_unknown)"), "nothing proves where it is from"
    assert found.sent_words.startswith("nothing yet: it is pending")
    assert (found.sent, found.kept) == (None, True)
    assert [step.after for step in found.steps] == [State.PENDING]


def test_what_was_sent_is_told_once_it_was(path: Path, conn: sqlite3.Connection) -> None:
    make.submit(conn, make.event("ann@example.com"))
    (row,) = make.claim(conn)
    make.settle(conn, row.row, State.POSTED, State.VERIFIED)
    found = one(path, row.event_id[:8])
    assert found.sent is not None
    assert found.sent["email"] == "ann@example.com"
    assert (found.way, found.marks) == (None, ())
    assert found.judged_now.startswith("cannot read the request")


def test_an_event_that_is_not_there(path: Path, conn: sqlite3.Connection) -> None:
    for ref in ("7", "", "x", "../1", "01a2"):
        with pytest.raises(UsageError, match="No event"):
            one(path, ref)


def test_what_came_in_is_there_until_it_expires(
    path: Path, conn: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_mail(conn)
    assert raw(path).body == MAIL
    monkeypatch.setattr(event, "RAW", 10)
    found = raw(path)
    assert (found.body, found.size) == (MAIL[:10], len(MAIL))
    conn.execute("DELETE FROM raw")
    conn.execute("DELETE FROM block")
    assert raw(path).body is None
    assert not one(path).kept


def test_a_sealed_one_is_told_only_with_its_key(path: Path) -> None:
    conn = make.connect(path, key=make.KEY)
    take_mail(conn)
    conn.close()
    found = one(path)
    assert "ann" not in found.row.event.recipient
    assert (found.way, found.kept, raw(path).sealed) == (None, False, True)
    assert one(path, key=make.KEY).way is not None
    assert raw(path, make.KEY).body == MAIL
