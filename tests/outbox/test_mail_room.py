# SPDX-License-Identifier: GPL-3.0-or-later
"""What strangers' mails may fill of the disk."""

from __future__ import annotations

import logging
import os
import sqlite3
from types import SimpleNamespace

import pytest

from bouncestream.errors import MailsWait
from bouncestream.folders import FetchedMail, FolderKey, MailBatch
from bouncestream.health import Health, Status
from bouncestream.metrics import UNIDENTIFIED, Metrics
from bouncestream.outbox import mail_room
from bouncestream.outbox.db import Database
from bouncestream.outbox.intake import Intake
from bouncestream.outbox.mail_room import BEGINNING, SOME, WHOLE
from bouncestream.outbox.mailboxes import store_mails
from bouncestream.ports import Submission, Unreadable
from tests.outbox import make
from tests.outbox.make import NOW, event, later
from tests.outbox.test_intake import Clock

BIG = 190_000


def stranger(number: int, size: int = BIG) -> Submission:
    """A bounce mail that names nobody."""
    unreadable = Unreadable("names nobody", unidentified=True, fingerprint=b"%d" % number)
    return Submission(
        "bounces", "mailbox", unreadable=(unreadable,), raw=os.urandom(size), content_type="message/rfc822"
    )


def forged(number: int, size: int = BIG) -> Submission:
    """A bounce mail that names somebody."""
    one = event(f"p{number}@example.com", source="bounces", provider="mailbox")
    return Submission("bounces", "mailbox", (one,), raw=os.urandom(size), content_type="message/rfc822")


def batch(*submissions: Submission, mailbox: str = "bounces", uid: int = 1) -> MailBatch:
    mails = tuple(FetchedMail(uid + at, submission) for at, submission in enumerate(submissions))
    return MailBatch(FolderKey(mailbox, "INBOX", 7), uid + len(mails), mails)


def lengths(conn: sqlite3.Connection) -> list[int]:
    return [size for (size,) in conn.execute("SELECT bytes FROM raw ORDER BY id")]


def test_so_many_a_day_are_kept_whole_and_of_the_rest_the_beginning(conn: sqlite3.Connection) -> None:
    for start in range(0, 60, 10):
        store_mails(conn, batch(*map(stranger, range(start, start + 10))), NOW)
    assert lengths(conn) == [BIG] * WHOLE + [BEGINNING] * (60 - WHOLE)
    why = make.one(conn, "SELECT why FROM quarantine ORDER BY id DESC LIMIT 1")
    assert why == "names nobody; of 185 KiB, only the first 16 are kept"
    store_mails(conn, batch(stranger(99), mailbox="other"), NOW)
    store_mails(conn, batch(stranger(100)), later(days=1))
    assert lengths(conn)[-2:] == [BIG, BIG], "another mailbox and another day have their own"


def test_a_flood_is_only_counted(conn: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = store_mails(conn, batch(*(stranger(n, 100) for n in range(SOME + 300))), NOW)
    assert make.one(conn, "SELECT count(*) FROM quarantine") == SOME
    assert sum(one.unidentified for one in taken) == SOME + 300
    assert [one.shortened for one in taken] == [False] * SOME + [True] * 300


def test_all_of_them_have_a_share_of_the_disk(conn: sqlite3.Connection) -> None:
    disk = 20 * 10 * BIG
    store_mails(conn, batch(*map(stranger, range(15))), NOW, disk=disk)
    assert lengths(conn) == [BIG] * 10
    aside = mail_room.aside_bytes(conn)
    assert 10 * BIG <= aside <= 10 * BIG + 1000
    taken = store_mails(conn, batch(stranger(77)), later(days=1), disk=disk, aside=aside)
    assert (len(lengths(conn)), taken[0].unidentified) == (10, 1)


def test_they_have_a_fixed_share_of_a_disk_that_is_not_known(
    conn: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_room, "SHARE_ELSEWHERE", 10 * BIG)
    store_mails(conn, batch(*map(stranger, range(8))), NOW, disk=None)
    store_mails(conn, batch(*map(stranger, range(8, 15))), NOW, disk=None, aside=8 * BIG)
    assert lengths(conn) == [BIG] * 10


def test_bodies_of_mails_that_became_events_have_a_budget_and_the_events_none(
    conn: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_room, "LEAST", 10 * BIG)
    taken = store_mails(conn, batch(*map(forged, range(200))), NOW, disk=1)
    assert sum(len(one.kinds) for one in taken) == 200
    assert make.one(conn, "SELECT count(*) FROM outbox") == 200
    kept = lengths(conn)
    assert kept[:10] == [BIG] * 10
    assert set(kept[10:]) == {BEGINNING}
    assert sum(kept) <= 20 * BIG


@pytest.mark.parametrize("odd", ["", "x", "{}", "[1]", '["2026-03-01", "x", 3]', "null"])
def test_a_tally_that_cannot_be_read_begins_anew(conn: sqlite3.Connection, odd: str) -> None:
    conn.execute("INSERT INTO meta VALUES ('mails_kept:bounces', ?)", (odd,))
    store_mails(conn, batch(stranger(1)), NOW)
    assert lengths(conn) == [BIG]


class Way:
    """An intake on a disk whose size the test says."""

    def __init__(self, db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        self.free = 10 << 30
        self.health, self.metrics = Health(), Metrics()
        self.clock = Clock()
        self.intake = Intake(db, clock=self.clock, metrics=self.metrics, health=self.health)
        monkeypatch.setattr(
            os,
            "statvfs",
            lambda _: SimpleNamespace(f_bavail=self.free >> 12, f_blocks=20 << 18, f_frsize=4096),
        )


async def test_the_last_room_is_for_webhooks(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    way = Way(db, monkeypatch)
    way.free = 200 << 20
    with pytest.raises(MailsWait, match="mails wait where they are"):
        await way.intake.mails(batch(stranger(1)))
    assert way.health.parts["outbox"].state is Status.GREEN
    assert (await way.intake(make.submission(event()))).accepted == 1
    way.free = 10 << 30
    way.clock.seconds += 2
    assert len(await way.intake.mails(batch(stranger(1)))) == 1


async def test_it_is_told_once_a_day(
    db: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    way = Way(db, monkeypatch)
    for uid in range(1, 60, 10):
        await way.intake.mails(batch(*map(stranger, range(uid, uid + 10)), uid=uid))
    assert caplog.text.count("only the beginning is kept") == 1
    assert way.metrics.get(UNIDENTIFIED, "bounces") == 60
    assert way.intake.aside == WHOLE * BIG


async def test_a_mail_with_no_other_place_is_kept_whole_or_not_taken_at_all(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    way = Way(db, monkeypatch)
    for number in range(WHOLE + 5):
        assert (await way.intake.letter(stranger(number))).unidentified == 1
    assert await db.read(lengths) == [BIG] * (WHOLE + 5)
    assert way.intake.aside == (WHOLE + 5) * BIG
    monkeypatch.setattr(mail_room, "SOME", WHOLE + 5)
    with pytest.raises(MailsWait, match="Today's limit for mails"):
        await way.intake.letter(stranger(99))
    assert await db.read(lengths) == [BIG] * (WHOLE + 5)
    assert way.health.parts["outbox"].state is Status.GREEN
    assert (await way.intake.letter(forged(1))).accepted == 1  # who names somebody is taken all the same


async def test_a_mail_that_comes_again_is_kept_once_and_counts_once(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    way = Way(db, monkeypatch)
    for _ in range(3):
        await way.intake.letter(stranger(1))
        await way.intake.letter(forged(1))
    assert len(await db.read(lengths)) == 2
    assert await db.read(lambda conn: make.one(conn, "SELECT count(*) FROM outbox")) == 1
    assert way.intake.aside == BIG


async def test_mails_that_have_no_other_place_leave_the_last_room_to_webhooks_too(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    way = Way(db, monkeypatch)
    way.free = 200 << 20
    with pytest.raises(MailsWait, match="mails wait where they are"):
        await way.intake.letter(stranger(1))
    assert way.health.parts["outbox"].state is Status.GREEN
