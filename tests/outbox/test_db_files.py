# SPDX-License-Identifier: GPL-3.0-or-later
"""Opening and closing the database: private files, one `run`, no thread left behind, and space."""

from __future__ import annotations

import asyncio
import gc
import os
import sqlite3
import stat
import threading
import time
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from bouncestream.errors import StoreBusy, StoreUnavailable
from bouncestream.outbox import connection, delivery, retention
from bouncestream.outbox.arrivals import take
from bouncestream.outbox.db import Database
from tests.outbox import make
from tests.outbox.make import NOW, event, submission
from tests.outbox.test_db import Opened, blocked, insert, recipients

# Opening, files, closing


async def test_the_file_has_the_settings_that_were_measured(db: Database) -> None:
    def pragma(conn: sqlite3.Connection, *names: str) -> list[object]:
        return [conn.execute(f"PRAGMA {name}").fetchone()[0] for name in names]

    found = await db._alone(pragma, "journal_mode", "synchronous", "page_size", "auto_vacuum", "wal_autocheckpoint")
    assert found == ["wal", 2, 8192, 2, 2000]


async def test_every_file_is_for_its_owner_alone(opened: Opened, path: Path) -> None:
    old = os.umask(0)
    try:
        db = await opened(path, lock=True)
        await db.write(insert("a@example.com"))
    finally:
        os.umask(old)
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert modes == dict.fromkeys(["outbox.db", "outbox.db-wal", "outbox.db-shm", "outbox.db.lock"], 0o600)
    await db.close()


async def test_a_wider_file_is_warned_about(opened: Opened, path: Path, caplog: pytest.LogCaptureFixture) -> None:
    make.connect(path).close()
    path.chmod(0o644)
    db = await opened(path)
    await db.close()
    assert f"chmod 600 {path}" in caplog.text


async def test_a_second_run_is_refused_and_a_command_is_not(opened: Opened, db: Database, path: Path) -> None:
    with pytest.raises(StoreBusy, match=f"process {os.getpid()}"):
        await Database.open(path, lock=True)
    command = await opened(path, create=False)
    await command.write(insert("a@example.com"))
    await command.close()
    assert await db.read(recipients) == ["a@example.com"]


async def test_a_lock_ends_with_its_owner(opened: Opened, path: Path) -> None:
    for _ in range(2):
        db = await opened(path, lock=True)
        await db.close()


async def test_a_missing_outbox_is_made_only_when_asked(path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="There is no outbox"):
        await Database.open(path, create=False)
    assert not path.exists()
    with pytest.raises(StoreUnavailable, match="directory"):
        await Database.open(path.parent / "nowhere" / "outbox.db")


@pytest.mark.parametrize("name", ["with space & ?query=1#.db", "ümlaut.db", "100%41.db"])
async def test_any_file_name_will_do(opened: Opened, tmp_path: Path, name: str) -> None:
    db = await opened(tmp_path / name, lock=True)
    await db.write(insert("a@example.com"))
    await db.close()
    assert {file.name for file in tmp_path.iterdir()} == {name, f"{name}.lock"}


async def test_a_file_that_is_no_database_is_refused(path: Path) -> None:
    path.write_bytes(b"Dear diary, " * 1000)
    with pytest.raises(StoreUnavailable):
        await Database.open(path)


def test_an_sqlite_that_is_too_old_is_named() -> None:
    with pytest.raises(StoreUnavailable, match=r"SQLite 3\.34\.1; the outbox needs 3\.37\.0"):
        connection.check_sqlite((3, 34, 1))


async def test_close_stores_what_waits_and_then_refuses(opened: Opened, path: Path) -> None:
    threads = set(threading.enumerate())
    db = await opened(path, lock=True)
    tasks = await blocked(db, *(insert(f"{n}@example.com") for n in range(30)))
    await asyncio.gather(db.close(), db.close())
    assert all(task.done() and not task.exception() for task in tasks)
    assert set(threading.enumerate()) <= threads
    for call in (db.write(insert("late@example.com")), db.read(recipients), db.data_version()):
        with pytest.raises(StoreUnavailable, match="closed"):
            await call
    conn = sqlite3.connect(path)
    assert len(recipients(conn)) == 30
    conn.close()


async def test_close_ends_all_threads_also_when_cancelled(opened: Opened, path: Path) -> None:
    threads = set(threading.enumerate())
    db = await opened(path, lock=True)
    closing = asyncio.create_task(db.close())
    await asyncio.sleep(0)
    closing.cancel()
    await asyncio.gather(closing, return_exceptions=True)
    await db.close()
    assert set(threading.enumerate()) <= threads


def test_a_process_that_forgets_nothing_ends(path: Path) -> None:
    """A cancelled program: it closes on its way out, and no thread keeps the process alive."""

    async def main() -> None:
        db = await Database.open(path, lock=True)
        try:
            await db.write(insert("a@example.com"))
            raise asyncio.CancelledError
        finally:
            await db.close()

    threads = set(threading.enumerate())
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(main())
    gc.collect()
    assert set(threading.enumerate()) <= threads


@pytest.mark.parametrize("times", [20])
def test_a_connection_that_fails_has_ended_its_thread(
    path: Path, times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the thread would tell its end to a loop that is closed already: a traceback on the terminal."""
    path.mkdir()  # cannot be opened as a database
    threads = set(threading.enumerate())
    told: list[object] = []
    monkeypatch.setattr(threading, "excepthook", told.append)
    slow = SimpleNamespace(debug=lambda *_: time.sleep(0.002))
    monkeypatch.setattr("aiosqlite.core.LOG", slow)

    async def main() -> None:
        with pytest.raises(StoreUnavailable, match="cannot be opened"):
            await Database.open(path, create=False)

    for _ in range(times):
        asyncio.run(main())
        assert set(threading.enumerate()) <= threads
    assert told == []


# Space


async def emptied(db: Database) -> None:
    """The log goes into the database, once it does not do so by itself any more."""
    if db._checkpoint is not None:
        await db._checkpoint
    await db._alone(lambda conn: conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall())


async def test_the_file_shrinks_when_events_have_gone(db: Database, path: Path) -> None:
    def fill(conn: sqlite3.Connection) -> None:
        for n in range(2000):
            take(conn, submission(event(f"{n}@example.com", diagnostic="x" * 900)), NOW)
        delivery.claim(conn, now=NOW, limit=2000)
        conn.execute("UPDATE outbox SET state = 'verified', finished_at = received_at")
        make.recount(conn)

    await db.write(fill)
    await emptied(db)
    before = path.stat().st_size
    more = True
    while more:
        at = make.later(days=1)
        purge = partial(retention.purge, raw_before=at, events_before=at, dedupe_before_day=30_000, now=at)
        more = (await db.write(purge)).more
    freed = 0
    while step := await db.vacuum_step(100):
        freed += step
        assert step <= 100
    assert freed > 100
    await emptied(db)
    assert path.stat().st_size < before / 4
