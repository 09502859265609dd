# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens to an open outbox from outside: whatever is not on the disk any more is not acknowledged."""

from __future__ import annotations

import os
import resource
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from bouncestream.errors import StoreUnavailable
from bouncestream.outbox.db import Database
from bouncestream.outbox.files import beside
from bouncestream.outbox.footing import Footing
from tests.outbox.test_db import Opened, blocked, insert, recipients


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """In a folder of its own, which can be moved."""
    folder = tmp_path / "var"
    folder.mkdir()
    return folder / "outbox.db"


def remove(path: Path, *suffixes: str) -> None:
    for suffix in suffixes:
        beside(path, suffix).unlink()


def another_in_its_place(path: Path) -> None:
    with closing(sqlite3.connect(path.with_name("new"))) as conn:
        conn.execute("CREATE TABLE t (a)")
    path.with_name("new").replace(path)


def zeros_over_it(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(bytes(path.stat().st_size))


def a_backup_over_it(path: Path) -> None:
    backup = path.with_name("backup")
    with closing(sqlite3.connect(path)) as conn, closing(sqlite3.connect(backup)) as copy:
        conn.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")
    with path.open("r+b") as file:
        file.truncate(0)
        file.write(backup.read_bytes())


def a_new_log(path: Path) -> None:
    log = beside(path, "-wal")
    shutil.copy(log, path.with_name("copy"))
    path.with_name("copy").replace(log)


BLOWS: dict[str, tuple[Callable[[Path], object], str]] = {
    "all files removed": (lambda path: remove(path, "", "-wal", "-shm"), r"was removed.*cp /proc/\d+/fd/\d+ /"),
    "the database removed": (lambda path: remove(path, ""), "was removed"),
    "the log removed": (lambda path: remove(path, "-wal"), "outbox.db-wal, a part of the outbox, was removed"),
    "the index of the log removed": (lambda path: remove(path, "-shm"), "outbox.db-shm, a part"),
    "another log": (a_new_log, "outbox.db-wal, a part"),
    "the folder removed": (lambda path: shutil.rmtree(path.parent), "was removed"),
    "the folder moved": (lambda path: path.parent.rename(path.parent.with_name("old")), "moved away or unmounted"),
    "a file where the folder was": (
        lambda path: (path.parent.rename(path.parent.with_name("old")), path.parent.touch()),
        "moved away or unmounted",
    ),
    "moved": (lambda path: path.rename(path.with_name("old")), "moved away"),
    "replaced": (another_in_its_place, "is another file now"),
    "overwritten": (zeros_over_it, "was overwritten"),
    "emptied": (lambda path: os.truncate(path, 0), "was overwritten"),
    "a backup copied over it": (a_backup_over_it, "was overwritten"),
}


@pytest.mark.parametrize("blow", BLOWS)
async def test_nothing_is_acknowledged_once_the_files_are_not_there(
    opened: Opened, path: Path, tmp_path: Path, blow: str
) -> None:
    db = await opened(path, lock=True)
    await db.write(insert("before@example.com"))
    await db.look()
    strike, words = BLOWS[blow]
    strike(path)
    with pytest.raises(StoreUnavailable, match=words):
        await db.write(insert("after@example.com"))
    with pytest.raises(StoreUnavailable, match=words):
        await db.look()
    with pytest.raises(StoreUnavailable, match=words):
        await db.write(insert("later@example.com"))
    await db.close()


async def test_it_goes_on_by_itself_once_the_file_is_back(opened: Opened, path: Path) -> None:
    db = await opened(path, lock=True)
    away = path.parent.with_name("old")
    path.parent.rename(away)
    with pytest.raises(StoreUnavailable, match="resumes by itself"):
        await db.write(insert("a@example.com"))
    away.rename(path.parent)
    await db.write(insert("b@example.com"))
    await db.look()
    assert "b@example.com" in await db.read(recipients)


async def test_what_a_removed_log_held_is_in_the_outbox_even_if_the_process_is_killed(
    opened: Opened, path: Path, tmp_path: Path
) -> None:
    db = await opened(path, lock=True)
    await db.write(insert("a@example.com"))
    remove(path, "-wal")
    with pytest.raises(StoreUnavailable):
        await db.look()
    # Another process sees the file as it would be after kill -9.
    shutil.copy(path, tmp_path / "seen.db")
    with closing(sqlite3.connect(tmp_path / "seen.db")) as conn:
        assert recipients(conn) == ["a@example.com"]


async def test_what_a_removed_file_held_can_be_saved_as_it_says(opened: Opened, path: Path, tmp_path: Path) -> None:
    db = await opened(path, lock=True)
    await db.write(insert("a@example.com"))
    shutil.rmtree(path.parent)
    with pytest.raises(StoreUnavailable) as told:
        await db.look()
    words = str(told.value).partition("as root: ")[2].split()
    assert words[0] == "cp"
    shutil.copy(words[1], tmp_path / "saved.db")
    await db.close()
    again = await opened(tmp_path / "saved.db", lock=True)
    assert await again.read(recipients) == ["a@example.com"]


async def test_a_command_beside_run_is_not_in_the_way(opened: Opened, path: Path) -> None:
    db = await opened(path, lock=True)
    for number in range(5):
        command = await opened(path, create=False)
        await command.write(insert(f"{number}@example.com"))
        await command.close()
        await db.write(insert(f"{number}@example.net"))
    await db.vacuum_step()
    await db.look()
    assert len(await db.read(recipients)) == 10


def test_under_load_it_looks_seldom(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("PRAGMA journal_mode = WAL")
        conn.execute("CREATE TABLE t (a)")
        footing = Footing(path)
        now = [100.0]
        monkeypatch.setattr("bouncestream.outbox.footing.time.monotonic", lambda: now[0])
        footing.settle()
        path.unlink()
        now[0] += 0.04
        footing.check(busy=True)
        now[0] += 0.02
        with pytest.raises(StoreUnavailable):
            footing.check(busy=True)
        path.touch()
        with pytest.raises(StoreUnavailable, match="another file"):
            footing.check(busy=True)  # what was lost is looked at each time
        footing.close()


async def test_the_closed_database_leaves_no_descriptor(opened: Opened, path: Path) -> None:
    before = set(os.listdir("/proc/self/fd"))
    db = await opened(path, lock=True)
    await db.write(insert("a@example.com"))
    await db.close()
    assert set(os.listdir("/proc/self/fd")) <= before


async def test_a_commit_of_many_is_not_acknowledged_either(
    opened: Opened, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bouncestream.outbox.footing.EVERY", 0.0)
    db = await opened(path, lock=True)
    tasks = await blocked(db, *(insert(f"{n}@example.com") for n in range(40)), lambda _: path.unlink())
    for task in tasks:
        with pytest.raises(StoreUnavailable, match="was removed"):
            await task


async def test_every_reader_keeps_its_locks(opened: Opened, path: Path) -> None:
    """Closing a descriptor of the database by another hand would drop them: then another process could remove the
    log."""
    db: Database = await opened(path, lock=True)
    await db.write(insert("a@example.com"))
    await db.look()
    with closing(sqlite3.connect(path)) as conn:
        assert recipients(conn) == ["a@example.com"]
    assert beside(path, "-wal").exists()


async def test_after_errors_of_the_disk_it_goes_on_by_itself(opened: Opened, path: Path) -> None:
    """A limit on the size of files stands for the disk: the write fails, and SQLite calls it an I/O error."""
    db = await opened(path, lock=True)
    await db.write(insert("a@example.com"))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        for number in range(3):
            with pytest.raises(StoreUnavailable, match=r"disk of the outbox (failed|is full).*Next:"):
                await db.write(insert(f"{number}@example.org"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    await db.write(insert("b@example.com"))
    await db.look()
    assert await db.read(recipients) == ["a@example.com", "b@example.com"]
