# SPDX-License-Identifier: GPL-3.0-or-later
"""What SQLite's errors mean to an operator."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from bouncestream.errors import StoreBusy, StoreError, StoreUnavailable
from bouncestream.outbox import connection
from tests.outbox import make


def error(code: int, text: str = "words of SQLite") -> sqlite3.Error:
    made = sqlite3.OperationalError(text)
    made.sqlite_errorcode = code  # type: ignore[misc]
    return made


@pytest.mark.parametrize(
    ("code", "kind", "step"),
    [
        (sqlite3.SQLITE_BUSY, StoreBusy, "stop the command"),
        (sqlite3.SQLITE_LOCKED, StoreBusy, "stop the command"),
        (517, StoreBusy, "stop the command"),  # SQLITE_BUSY_SNAPSHOT: extended codes count as their primary one
        (sqlite3.SQLITE_FULL, StoreUnavailable, "free up space"),
        (sqlite3.SQLITE_IOERR_FSYNC, StoreUnavailable, "dmesg"),
        (sqlite3.SQLITE_IOERR_SHMSIZE, StoreUnavailable, "free up space"),
        (sqlite3.SQLITE_READONLY, StoreUnavailable, "write access to its files"),
        (sqlite3.SQLITE_CANTOPEN, StoreUnavailable, "check its path"),
        (sqlite3.SQLITE_CORRUPT, StoreUnavailable, "restore the newest backup"),
        (sqlite3.SQLITE_NOTADB, StoreUnavailable, "restore the newest backup"),
        (sqlite3.SQLITE_NOMEM, StoreUnavailable, "give bouncestream more"),
        (sqlite3.SQLITE_MISUSE, StoreUnavailable, "see the log"),
    ],
)
def test_each_error_names_the_next_step(code: int, kind: type[StoreError], step: str) -> None:
    found = connection.translate(error(code))
    assert type(found) is kind
    assert "Next: " in str(found)
    assert step in str(found)
    assert "words of SQLite" in str(found)


def test_an_error_of_python_has_no_code() -> None:
    assert not connection.is_trouble(sqlite3.ProgrammingError("closed"))
    assert type(connection.translate(sqlite3.ProgrammingError("closed"))) is StoreUnavailable


def test_an_error_of_a_row_is_not_the_databases(file_conn: sqlite3.Connection) -> None:
    with pytest.raises(sqlite3.IntegrityError) as raised:
        file_conn.execute("INSERT INTO tally VALUES ('pending', 1)")
    assert not connection.is_trouble(raised.value)


def test_a_file_system_without_a_write_ahead_log_is_refused() -> None:
    conn = sqlite3.connect(":memory:")  # the one kind of database that has none
    with pytest.raises(StoreUnavailable, match="local disk"):
        connection.prepare_writer(conn)
    conn.close()


def test_the_settings_of_a_new_file_are_not_forced_on_an_old_one(path: Path) -> None:
    old = sqlite3.connect(path)
    old.execute("PRAGMA page_size = 4096")
    old.execute("CREATE TABLE t (id INTEGER)")
    connection.prepare_new(old)
    assert make.one(old, "PRAGMA page_size") == 4096
    old.close()
