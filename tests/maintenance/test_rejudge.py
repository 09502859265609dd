# SPDX-License-Identifier: GPL-3.0-or-later
"""Bounce mails that an older version could not identify, judged again by a newer one."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bouncestream.clock import SystemClock
from bouncestream.config.model import Config
from bouncestream.maintenance import rejudge
from bouncestream.maintenance.rejudge import Rejudge, Rejudged
from bouncestream.outbox.db import Database
from bouncestream.ports import Unreadable
from tests.judging.test_mail import NAMELESS
from tests.outbox import make
from tests.sources.mails import fixture

HERE = {"source": "bounces", "provider": "mailbox"}


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """An outbox in which an older version left three mails that it could not identify, and something else."""
    conn = make.connect(tmp_path / "outbox.db")
    for number, raw in enumerate((fixture("postfix_unknown_user"), NAMELESS, fixture("vacation"))):
        mark = bytes([number]) * 32
        unreadable = Unreadable("nobody was named", unidentified=True, fingerprint=mark)
        make.submit(conn, unreadable=(unreadable,), raw=raw, **HERE)
    make.submit(conn, unreadable=(Unreadable("could not be read"),), raw=b"{}")
    yield conn
    conn.close()


@pytest.fixture
async def db(conn: sqlite3.Connection, tmp_path: Path) -> AsyncIterator[Database]:
    db = await Database.open(tmp_path / "outbox.db")
    yield db
    await db.close()


def task(db: Database, version: str, woken: list[str] | None = None) -> Rejudge:
    woken = [] if woken is None else woken
    return Rejudge(db, SystemClock(), Config(), version, on_commit=lambda: woken.append(version), pause=0)


def open_items(conn: sqlite3.Connection) -> list[int]:
    return [row for (row,) in conn.execute("SELECT id FROM quarantine WHERE replayed_at IS NULL ORDER BY id")]


async def test_a_new_version_stores_what_it_can_identify_and_leaves_the_rest(
    db: Database, conn: sqlite3.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    woken: list[str] = []
    caplog.set_level("INFO")
    assert await task(db, "2.0", woken).run() == Rejudged(looked_at=3, identified=1, no_bounce=1)
    assert make.rows(conn, "recipient, source, kind, state") == [
        ("reader@example.com", "bounces", "hard", "pending")
    ]
    assert open_items(conn) == [2, 4]  # the nameless one, and what is a webhook's
    assert woken == ["2.0"]
    make.check_tally(conn)
    assert "judging 3 unidentified bounce mails again, with version 2.0" in caplog.text
    told = "judged 3 unidentified bounce mails again: 1 identified, 1 not bounces, 1 unchanged"
    assert told in caplog.text
    assert "@" not in caplog.text


async def test_each_version_judges_once(db: Database, conn: sqlite3.Connection) -> None:
    await task(db, "2.0").run()
    assert await task(db, "2.0").run() is None
    assert await task(db, "2.1").run() == Rejudged(looked_at=1)
    assert len(make.rows(conn)) == 1


async def test_cut_off_it_goes_on_at_the_next_start_and_repeats_nothing(
    db: Database, conn: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rejudge, "STEP", 1)
    first = task(db, "2.0")
    (item, raw), *_ = await db.read(first._next)
    await first._judge(item, raw)  # and then the process dies
    assert await task(db, "2.0").run() == Rejudged(looked_at=2, no_bounce=1)
    assert len(make.rows(conn)) == 1


async def test_who_reads_it_again_at_the_same_time_makes_no_second_event(
    db: Database, conn: sqlite3.Connection
) -> None:
    one, other = task(db, "2.0"), task(db, "2.0")
    (item, raw), *_ = await db.read(one._next)
    await one._judge(item, raw)
    await other._judge(item, raw)
    assert len(make.rows(conn)) == 1
    assert make.one(conn, "SELECT count(*) FROM meta WHERE name = 'duplicates' AND value > 0") == 0


async def test_a_raw_mail_that_is_gone_stays_as_it_is(db: Database, conn: sqlite3.Connection) -> None:
    conn.execute("DELETE FROM raw WHERE id = 1")
    assert await task(db, "2.0").run() == Rejudged(looked_at=3, no_bounce=1)
    assert open_items(conn) == [1, 2, 4]
