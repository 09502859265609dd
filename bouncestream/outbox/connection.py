# SPDX-License-Identifier: GPL-3.0-or-later
"""A connection to the outbox: its settings, its checks, and what SQLite's errors mean to an operator."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from bouncestream.errors import StoreBusy, StoreError, StoreSlow, StoreUnavailable
from bouncestream.outbox.engine import Conn

T = TypeVar("T")

#: STRICT tables came with 3.37; RETURNING and the rest are older.
MINIMUM = (3, 37, 0)

#: Seconds to wait for the lock of another process. Ours write for milliseconds, so longer means something is stuck.
BUSY_TIMEOUT = 5.0

#: A file up to this size is checked as a whole before `run` starts (0.2 s); a bigger one while it runs, see
#: Database.check.
CHECK_AT_START = 64 << 20


class Connection(sqlite3.Connection):
    """A connection that remembers the key of its identity keys, which is needed for each event, and what is to be
    done at the beginning of each transaction that writes (`sealing`)."""

    identity_secret: bytes = b""
    on_begin: Callable[[], None] | None = None


def options(path: Path, *, mode: str = "mode=rw") -> dict[str, Any]:
    """How to connect. The file must exist: it is created with its mode beforehand. `mode`: in the words of
    SQLite's URIs; a reader in WAL mode writes to the -shm file too."""
    return {
        "database": f"{path.absolute().as_uri()}?{mode}",
        "uri": True,
        "timeout": BUSY_TIMEOUT,
        "isolation_level": None,  # transactions are ours to begin and to end
        "cached_statements": 256,
        "factory": Connection,
    }


def begin(conn: sqlite3.Connection) -> None:
    """Begin a transaction that writes. Raises StoreUnavailable when this connection must not write any more."""
    conn.execute("BEGIN IMMEDIATE")
    if isinstance(conn, Connection) and conn.on_begin is not None:
        conn.on_begin()


def check_sqlite(found: tuple[int, ...] = sqlite3.sqlite_version_info) -> None:
    """Refuse an SQLite that is too old for the tables."""
    if found < MINIMUM:
        raise StoreUnavailable(
            f"This Python comes with SQLite {'.'.join(map(str, found))}; the outbox needs "
            f"{'.'.join(map(str, MINIMUM))} or newer. Next: use the container image, or a newer Python."
        )


def prepare_new(conn: sqlite3.Connection) -> None:
    """Choose what can only be chosen before the first table."""
    if conn.execute("PRAGMA page_count").fetchone()[0] == 0:
        conn.execute("PRAGMA page_size = 8192")
        conn.execute("PRAGMA auto_vacuum = INCREMENTAL")


def prepare_writer(conn: sqlite3.Connection) -> None:
    """How the one writing connection works: durable at each commit, with a write-ahead log of bounded size."""
    mode = conn.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode != "wal":
        raise StoreUnavailable(
            f"The outbox cannot use a write-ahead log here (SQLite says {mode}). Next: put it on a local disk; "
            "network file systems are not safe."
        )
    conn.execute("PRAGMA synchronous = FULL")  # a commit is on the disk, or it is none
    conn.execute("PRAGMA wal_autocheckpoint = 2000")  # a bound; `db` writes the log back before, beside the commits
    conn.execute("PRAGMA journal_size_limit = 67108864")  # after a long reader the log shrinks again
    conn.execute("PRAGMA temp_store = MEMORY")
    conn.execute("PRAGMA cache_size = -8000")
    conn.execute("PRAGMA secure_delete = ON")  # what is deleted is overwritten, as Debian's SQLite does by itself


def prepare_reader(conn: sqlite3.Connection) -> None:
    """How a connection works that may only read, and write the log back into the database."""
    conn.execute("PRAGMA query_only = ON")
    conn.execute("PRAGMA synchronous = FULL")
    conn.execute("PRAGMA temp_store = MEMORY")


def empty_log(conn: sqlite3.Connection) -> None:
    """Empty the log, unless another process reads just now: then the next start does it."""
    conn.execute("PRAGMA busy_timeout = 200")
    conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def empty_log_beside(conn: sqlite3.Connection) -> None:
    """The same while the connection is in use."""
    empty_log(conn)
    conn.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT * 1000:.0f}")


def in_snapshot(conn: sqlite3.Connection, fn: Callable[[Conn], T]) -> T:
    """The result of `fn`, which sees one consistent state."""
    conn.execute("BEGIN")
    try:
        return fn(conn)
    finally:
        if conn.in_transaction:
            conn.execute("ROLLBACK")


def tables(conn: sqlite3.Connection) -> list[str]:
    """The names of all tables."""
    return [row[0] for row in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY rowid")]


def check_table(conn: sqlite3.Connection, table: str) -> None:
    """Raise StoreUnavailable when a table is damaged."""
    check_integrity(conn, quick=True, table=table)


def write_back(conn: sqlite3.Connection) -> None:
    """Write back from the log into the database what no reader needs any more. Writers need not wait for that."""
    conn.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


def vacuum(conn: sqlite3.Connection, pages: int) -> int:
    """Give up to so many free pages back to the file system; returns how many."""
    before: int = conn.execute("PRAGMA freelist_count").fetchone()[0]
    if not before:
        return 0
    # `execute` would step once and so free a single page; `executescript` steps to the end
    conn.executescript(f"PRAGMA incremental_vacuum({pages:d})")
    after: int = conn.execute("PRAGMA freelist_count").fetchone()[0]
    return before - after


def data_version(conn: sqlite3.Connection) -> int:
    """A number that changes when ANOTHER connection wrote to the database."""
    number: int = conn.execute("PRAGMA data_version").fetchone()[0]
    return number


def check_integrity(conn: sqlite3.Connection, *, quick: bool = False, table: str | None = None) -> None:
    """Raise StoreUnavailable when the file is damaged. `quick` does not compare indexes with their tables."""
    pragma = "quick_check" if quick else "integrity_check"
    rows = conn.execute(f"PRAGMA {pragma}({table})" if table else f"PRAGMA {pragma}(3)").fetchall()
    if rows != [("ok",)]:
        raise damaged("; ".join(str(row[0]) for row in rows[:3]))


def damaged(detail: str) -> StoreUnavailable:
    """The error for a database that is not what it was written as."""
    return StoreUnavailable(
        f"The outbox is damaged ({detail}). Nothing is stored or delivered. Next: stop bouncestream, copy the "
        "files of the outbox aside, then restore the newest backup, or recover with `sqlite3 outbox.db .recover`."
    )


def is_trouble(error: BaseException) -> bool:
    """Whether an error is the database's and not the job's: then nothing of the batch can be trusted."""
    return isinstance(error, sqlite3.Error) and (_code(error) in _WORDS or _UNREADABLE in str(error))


def translate(error: sqlite3.Error | UnicodeDecodeError) -> StoreError:
    """The meaning of an error of SQLite, in words, with the next step."""
    if isinstance(error, UnicodeDecodeError):
        return damaged("its schema is no longer text")
    if "user-defined function" in str(error):  # those that open what is sealed are the only ones
        return damaged("a sealed value does not open: it was changed, or belongs to another place")
    code = _code(error)
    # Every query of ours is prepared in a test: one that does not fit the tables any more means other tables.
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR) or _UNREADABLE in str(error):
        return damaged(str(error))
    kind, words = _WORDS.get(code, (StoreUnavailable, "The outbox failed. Next: see the log for what came before."))
    return kind(f"{words} (SQLite: {error})")


@contextmanager
def in_words() -> Iterator[None]:
    """Let no error of SQLite out but as a StoreError."""
    try:
        yield
    except FAULTS as error:
        raise translate(error) from error


def _code(error: BaseException) -> int:
    """The primary result code; -1 when Python made the error."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    if code == sqlite3.SQLITE_IOERR_SHMSIZE:  # the -shm file could not grow
        return sqlite3.SQLITE_FULL
    return -1 if code is None else code & 0xFF


#: What SQLite raises. It quotes the schema in its messages: where that is damaged, Python finds no text in them.
FAULTS = (sqlite3.Error, UnicodeDecodeError)
#: How Python says that a text is none; it has no code.
_UNREADABLE = "Could not decode to UTF-8"

_BUSY = (
    StoreBusy,
    "Another process has locked the outbox: nothing was stored. Next: stop the command or sqlite3 shell that has "
    "it open.",
)
_WORDS: dict[int, tuple[type[StoreError], str]] = {
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
    sqlite3.SQLITE_FULL: (
        StoreUnavailable,
        "The disk of the outbox is full: nothing was stored. Next: free up space; bouncestream resumes by itself.",
    ),
    sqlite3.SQLITE_IOERR: (
        StoreUnavailable,
        "The disk of the outbox failed: nothing was stored. Next: look for disk errors in `dmesg`.",
    ),
    sqlite3.SQLITE_READONLY: (
        StoreUnavailable,
        "The outbox is read-only: nothing was stored. Next: give bouncestream's user write access to its files "
        "and its directory.",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        StoreUnavailable,
        "The outbox cannot be opened. Next: check its path, and that bouncestream may write there.",
    ),
    sqlite3.SQLITE_PERM: (
        StoreUnavailable,
        ("The outbox must not be opened by this user. Next: check the owner of its files."),
    ),
    sqlite3.SQLITE_PROTOCOL: _BUSY,
    sqlite3.SQLITE_NOMEM: (
        StoreUnavailable,
        ("Out of memory: nothing was stored. Next: give bouncestream more memory."),
    ),
    sqlite3.SQLITE_INTERRUPT: (
        StoreSlow,
        "Reading the outbox took longer than this may take. Next: try again, or ask for less.",
    ),
    sqlite3.SQLITE_CORRUPT: (StoreUnavailable, ""),  # `damaged` has the words
    sqlite3.SQLITE_NOTADB: (StoreUnavailable, ""),
    sqlite3.SQLITE_ERROR: (StoreUnavailable, ""),
}
