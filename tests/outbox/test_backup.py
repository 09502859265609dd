# SPDX-License-Identifier: GPL-3.0-or-later
"""A copy of the outbox is whole, private and checked, and the outbox stays as it is."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bouncestream.errors import StoreUnavailable
from bouncestream.outbox import connection, delivery
from bouncestream.outbox.arrivals import take
from bouncestream.outbox.backup import backup
from bouncestream.outbox.db import Database
from tests.outbox import make
from tests.outbox.make import NOW, event, submission
from tests.outbox.test_db import Opened, insert, recipients


async def test_a_backup_while_writing_is_whole_and_private(opened: Opened, db: Database, tmp_path: Path) -> None:
    for n in range(20):
        await db.write(insert(f"{n}@example.com"))
    stop = asyncio.Event()

    async def write() -> None:
        n = 1000
        while not stop.is_set():
            await db.write(insert(f"{n}@example.com"))
            n += 1

    writing = asyncio.create_task(write())
    target = tmp_path / "backup.db"
    with ThreadPoolExecutor(1) as pool:
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(pool, backup, db.path, target, datetime.now(UTC))
    stop.set()
    await writing
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert not (tmp_path / "backup.db-wal").exists()
    restored = await opened(target, lock=True)
    made = await restored.read(delivery.take_restored)
    assert made is not None
    assert abs((made - datetime.now(UTC)).total_seconds()) < 60
    assert await db.read(delivery.take_restored) is None, "the copy was restored, not this one"
    kept = await restored.read(recipients)
    assert kept[:20] == [f"{n}@example.com" for n in range(20)]
    assert (
        await restored.write(lambda conn: take(conn, submission(event("3@example.com")), NOW).receipt.duplicates)
        == 1
    )
    await restored.close()


async def test_a_backup_overwrites_nothing_and_leaves_no_half(db: Database, tmp_path: Path) -> None:
    target = tmp_path / "backup.db"
    target.write_text("precious")
    with pytest.raises(StoreUnavailable, match="already exists"):
        backup(db.path, target, datetime.now(UTC))
    assert target.read_text() == "precious"
    with pytest.raises(StoreUnavailable, match="directory"):
        backup(db.path, tmp_path / "nowhere" / "backup.db", datetime.now(UTC))


async def test_a_backup_that_fails_leaves_nothing(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(*_: object, **__: object) -> None:
        raise connection.damaged("test")

    monkeypatch.setattr(connection, "check_integrity", damaged)
    with pytest.raises(StoreUnavailable):
        backup(db.path, tmp_path / "backup.db", datetime.now(UTC))
    assert not (tmp_path / "backup.db").exists()


def test_an_outbox_of_an_older_version_is_copied_as_it_is(path: Path, tmp_path: Path) -> None:
    with closing(make.older(path)):
        pass
    before = path.read_bytes()
    backup(path, tmp_path / "backup.db", NOW)
    assert path.read_bytes() == before
    with closing(sqlite3.connect(tmp_path / "backup.db")) as copy:
        assert copy.execute("PRAGMA user_version").fetchone() == (make.OLDER,)
        assert delivery.take_restored(copy) == NOW
