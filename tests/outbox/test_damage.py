# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a disk does to single bytes of the outbox is called damage, and never a traceback or another cause."""

from __future__ import annotations

import random
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from bouncestream.errors import SchemaTooNew, StoreError, StoreUnavailable
from bouncestream.outbox import alerts, arrivals, delivery, migrate, operator, retention
from bouncestream.outbox.db import Database
from bouncestream.outbox.view import overview
from bouncestream.ports import State, Unreadable
from tests.outbox import make
from tests.outbox.make import NOW, event, later, submission
from tests.outbox.test_db import Opened, insert

RANDOM = random.Random(11)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """An outbox with something in each table."""
    path = tmp_path_factory.mktemp("good") / "outbox.db"
    with closing(make.connect(path)) as conn:
        for number in range(60):
            unreadable = (Unreadable("odd"),) if number % 10 == 0 else ()
            make.submit(conn, event(f"p{number}@example.com"), raw=b'{"n": %d}' % number, unreadable=unreadable)
        for claimed in make.claim(conn, limit=20):
            make.settle(conn, claimed.row, State.POSTED, State.VERIFIED)
        make.claim(conn, limit=5)
    return path.read_bytes()


def says_what_to_do(error: StoreError) -> None:
    assert "Next:" in str(error)


async def everything(db: Database, path: Path) -> None:
    """What `run`, the commands and the doctor do with it; a StoreError is a fine answer to each."""
    jobs: list[Callable[[sqlite3.Connection], object]] = [
        delivery.reset_absences,
        partial(delivery.claim, now=later(days=1), limit=100),
        partial(retention.purge, raw_before=later(1), events_before=later(1), dedupe_before_day=1, now=NOW),
        insert("new@example.com"),
    ]
    looks: list[Callable[[sqlite3.Connection], object]] = [
        delivery.unsettled,
        delivery.tally,
        partial(delivery.due_in, now=NOW),
        partial(delivery.oldest_pending, now=NOW),
        partial(alerts.new_arrivals, now=NOW),
        retention.last_time,
        operator.list_rows,
    ]
    steps = [partial(db.write, job) for job in jobs] + [partial(db.read, look) for look in looks]
    steps += [partial(db.write_each, arrivals.take_many, (submission(event("next@example.com")), NOW)), db.check]
    for step in steps:
        try:
            await step()
        except StoreError as error:
            says_what_to_do(error)
    try:
        overview(path, NOW)
    except StoreError as error:
        says_what_to_do(error)


async def opened_or_refused(opened: Opened, path: Path, changed: bytes) -> StoreError | None:
    path.write_bytes(changed)
    try:
        db = await opened(path, lock=True)
    except StoreError as error:
        says_what_to_do(error)
        return error
    await everything(db, path)
    await db.close()
    return None


def flipped(good: bytes, at: int) -> bytes:
    changed = bytearray(good)
    changed[at] ^= 1 << RANDOM.randrange(8)
    return bytes(changed)


@pytest.mark.parametrize("number", range(40))
async def test_a_flipped_byte_of_the_schema(opened: Opened, path: Path, good: bytes, number: int) -> None:
    starts = [match.start() for match in re.finditer(rb"CREATE (TABLE|INDEX|UNIQUE|VIEW)", good)]
    at = RANDOM.choice(starts) + RANDOM.randrange(400)
    error = await opened_or_refused(opened, path, flipped(good, at))
    assert error is None or "damaged" in str(error)


@pytest.mark.parametrize("number", range(40))
async def test_a_flipped_byte_anywhere(opened: Opened, path: Path, good: bytes, number: int) -> None:
    error = await opened_or_refused(opened, path, flipped(good, RANDOM.randrange(len(good))))
    # a flipped byte of the version may also make it one that is older than any
    refused = "damaged" in str(error) or "cannot upgrade. Nothing was changed" in str(error)
    assert error is None or isinstance(error, SchemaTooNew) or refused


@pytest.mark.parametrize("at", range(100))
async def test_a_flipped_byte_of_the_header(opened: Opened, path: Path, good: bytes, at: int) -> None:
    error = await opened_or_refused(opened, path, flipped(good, at))
    # a flipped byte of the version may also make it one that is older than any
    refused = "damaged" in str(error) or "cannot upgrade. Nothing was changed" in str(error)
    assert error is None or isinstance(error, SchemaTooNew) or refused


@pytest.mark.parametrize("size", [20, 50, 100, 4096, 8192, 100_000])
async def test_a_file_that_was_cut(opened: Opened, path: Path, good: bytes, size: int) -> None:
    error = await opened_or_refused(opened, path, good[:size])
    assert isinstance(error, StoreUnavailable)
    assert "damaged" in str(error)


@pytest.mark.parametrize(
    ("was", "became"),
    [
        (b"occurred_at       TEXT", b"occurred_au       TEXT"),  # a column
        (b"WHEN 'pending'  THEN", b"WHEN 'pendiog'  THEN"),  # a CHECK: nothing would come in any more
        (b"label             TEXT", b"\xc3abel             TEXT"),  # no text
        (b"CREATE INDEX history_of", b"CREATE INDEX historx_of"),
    ],
)
async def test_a_schema_that_sqlite_can_read_and_is_not_ours(
    opened: Opened, path: Path, good: bytes, was: bytes, became: bytes
) -> None:
    assert good.count(was) == 1
    error = await opened_or_refused(opened, path, good.replace(was, became))
    assert isinstance(error, StoreUnavailable)
    assert "damaged" in str(error)


async def test_views_and_more_indexes_are_the_operators_own(opened: Opened, path: Path, good: bytes) -> None:
    path.write_bytes(good)
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("DROP VIEW inbox")
        conn.execute("CREATE VIEW mine AS SELECT id FROM outbox")
        conn.execute("CREATE INDEX outbox_recipient ON outbox (recipient)")
    assert await opened_or_refused(opened, path, path.read_bytes()) is None


def test_comments_and_layout_are_no_damage(file_conn: sqlite3.Connection) -> None:
    migrate.check_schema(file_conn)
    file_conn.execute("PRAGMA writable_schema = ON")
    file_conn.execute("UPDATE sqlite_master SET sql = replace(sql, 'order of arrival', 'odder of arrival')")
    migrate.check_schema(file_conn)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE outbox SET received_at = '202v-03-01T12:00:00.000Z'",
        "UPDATE outbox SET received_at = '2026-03-01T12:00:00.0000'",
        "UPDATE outbox SET occurred_at = CAST(x'c3' AS TEXT)",
        "UPDATE meta SET value = 'zz' || value WHERE name = 'identity_secret'",
        "UPDATE raw SET encoding = 'zlib'",
        "UPDATE meta SET value = 'q' WHERE name = 'retention_key'",
    ],
)
async def test_values_that_the_disk_has_changed(opened: Opened, path: Path, good: bytes, change: str) -> None:
    path.write_bytes(good)
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        conn.execute(change)
    assert await opened_or_refused(opened, path, path.read_bytes()) is None
