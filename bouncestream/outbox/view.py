# SPDX-License-Identifier: GPL-3.0-or-later
"""The outbox for whoever only looks at it: a command, the doctor. Nothing is written, upgraded or left behind.

A file of an older version is refused in words, and so is one of a newer version.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from bouncestream.crypto.secret import Secret
from bouncestream.errors import SchemaTooOld, StoreBusy, StoreError
from bouncestream.folders import FolderProgress
from bouncestream.outbox import codec, connection, files, operator
from bouncestream.outbox.copied import refusal
from bouncestream.outbox.delivery import get_meta, is_settled, oldest_pending, quarantine_count, tally
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.mailboxes import progress
from bouncestream.outbox.migrate import newest, version
from bouncestream.outbox.place import Place, Server, require_driver
from bouncestream.outbox.queries import QUERIES
from bouncestream.outbox.sealing.state import State, state_of
from bouncestream.outbox.sealing.unlock import keys_of, root_of, show

T = TypeVar("T")


class View:
    """The open outbox, to be read as often as one likes. Made by `view`."""

    def __init__(self, path: Path, conn: sqlite3.Connection, *, frozen: bool, hidden: bool) -> None:
        self.hidden = hidden  #: the outbox is sealed, and not opened: raw bodies cannot be read, texts are `sealed`
        self._path = path
        self._log = files.beside(path, "-wal")
        self._conn = conn
        self._frozen = frozen

    def sizes(self) -> tuple[int, int]:
        """Bytes of the outbox, and of its write-ahead log."""
        return files.size_of(self._path), files.size_of(self._log)

    def read(self, fn: Callable[[Conn], T], *, within: float | None = None) -> T:
        """The result of `fn`, which sees one consistent state. Raises StoreError; StoreSlow, when its queries take
        longer than `within` seconds."""
        if within is not None:
            _end_after(self._conn, within)
        with connection.in_words():
            self._conn.execute("BEGIN")
            try:
                found = fn(self._conn)
            finally:
                if self._conn.in_transaction:
                    self._conn.execute("ROLLBACK")
        if self._frozen and self._log.exists():
            raise StoreBusy(
                "Another process started writing to the outbox, and this user may not read its new log. Next: try "
                "again."
            )
        return found


@contextmanager
def view(
    place: Place,
    *,
    patience: float | None = None,
    older: bool = False,
    key: Secret | None = None,
    reveal: bool = False,
) -> Iterator[View]:
    """The outbox at `place`, read-only, also beside a running bridge. `patience`: seconds for all that is read of
    it; None: as long as it takes. `older`: one of an older version will do. Of a sealed one, `reveal` opens with
    `key` what else is shown as `sealed`. Raises StoreError: it is missing, damaged, of another version
    (SchemaTooOld, SchemaTooNew), or the key does not open it (SealRefused)."""
    if isinstance(place, Server):
        require_driver()
        from bouncestream.outbox.postgres.unlock import Unlocking  # only where it is used
        from bouncestream.outbox.postgres.view import ServerView

        with closing(ServerView(place, patience, Unlocking(key, reveal=reveal))) as seen:
            yield seen
        return
    path = place
    connection.check_sqlite()
    files.require(path)
    file = path.resolve()  # beside which SQLite keeps the log, also where the path is a link
    mode, frozen = _mode(file)
    with connection.in_words():
        conn = sqlite3.connect(**connection.options(file, mode=mode))
    with closing(conn):
        if patience is not None:
            _end_after(conn, patience)
        with connection.in_words():
            connection.prepare_reader(conn)
            found = version(conn)
            if not found or (found < newest() and not older):
                raise SchemaTooOld(_older(path, found))
            hidden = found == newest() and show(conn, key, reveal=reveal)
        yield View(file, conn, frozen=frozen, hidden=hidden)


def _end_after(conn: sqlite3.Connection, seconds: float) -> None:
    """Let no query of a connection go on after so many seconds."""
    until = time.monotonic() + seconds
    conn.set_progress_handler(lambda: time.monotonic() > until, 1_000)


def _mode(path: Path) -> tuple[str, bool]:
    """How to open a file so that it is afterwards as it was, and whether it then must not change.

    Where there is a write-ahead log, the bridge runs or was killed: a read-only connection leaves the log alone.
    Where there is none, only a connection that may write takes away at its end what SQLite puts beside the file; as
    nothing is written, it has nothing to write back. Who may not write reads the file alone.
    """
    if files.beside(path, "-wal").exists():
        return "mode=ro", False
    if os.access(path, os.W_OK) and os.access(path.parent, os.W_OK | os.X_OK):
        return "mode=rw", False
    return "immutable=1", True


def _older(path: Path, found: int) -> str:
    if not found:
        return f"The outbox {path} is empty. Next: start `bouncestream run`, which sets it up."
    return (
        f"The outbox {path} is of an older version (schema {found}; this bouncestream uses {newest()}). A "
        "read-only command does not upgrade it: nothing was changed. Next: start `bouncestream run`, which "
        "upgrades it; `bouncestream backup FILE` saves a copy of this version first."
    )


@dataclass(frozen=True, slots=True)
class Overview:
    """The overview of an outbox. Sizes in bytes, ages in seconds."""

    states: Mapping[str, int]
    quarantined: int
    oldest_pending: float
    newest: Mapping[str, datetime]  #: source → when its newest event came in, among the newest 20,000
    size: int
    wal_size: int
    instance: str = ""  #: its name among outboxes
    settled: bool = True  #: whether it is known to be the only one of its sources, or has told Listmonk already
    closed: str = ""  #: why it must not be used, as it was copied elsewhere or is not copied as a whole


def overview(place: Place, now: datetime, patience: float = 3.0) -> Overview:
    """The overview for the doctor, within `patience` seconds. Raises StoreError in the operator's words."""
    with view(place, patience=patience) as outbox:
        size, wal = outbox.sizes()
        return outbox.read(
            lambda conn: Overview(
                tally(conn),
                quarantine_count(conn),
                oldest_pending(conn, now),
                {source: codec.moment(at) for source, at in conn.execute(QUERIES["newest_by_source"])},
                size,
                wal,
                get_meta(conn, "instance") or "",
                is_settled(conn),
                refusal(conn),
            )
        )


@dataclass(frozen=True, slots=True)
class Sealing:
    """How an outbox is sealed, as the doctor sees it."""

    state: State | None = None  #: None: it is in the open
    keys: tuple[str, ...] = ()  #: the names of the keys that open it
    refused: str = ""  #: why the key that is given does not
    events: int = 0


def sealing(place: Place, key: Secret | None, patience: float = 3.0) -> Sealing:
    """How far the outbox at `place` is sealed, and whether `key` opens it. Raises StoreError."""

    def look(conn: Conn) -> Sealing:
        state, refused = state_of(conn), ""
        if state is not None:
            try:
                root_of(conn, key)
            except StoreError as error:
                refused = str(error)
        return Sealing(state, keys_of(conn), refused, sum(tally(conn).values()))

    with view(place, patience=patience) as outbox:
        return outbox.read(look)


def newest_about(place: Place, recipient: str, key: Secret | None = None) -> tuple[str, str]:
    """State of the newest event about a recipient, and why; empty when there is none. `key` opens a sealed outbox.
    Raises StoreError."""
    with view(place, key=key, reveal=True) as outbox:
        found = outbox.read(lambda conn: operator.list_rows(conn, recipient=recipient, limit=1))
    return (found[0].state.value, found[0].why) if found else ("", "")


def read_so_far(place: Place, mailbox: str, folder: str, patience: float = 3.0) -> FolderProgress | None:
    """How far `run` has read a folder of a mailbox; None too where there is no outbox that can be read within so
    many seconds."""
    try:
        with view(place, patience=patience) as outbox:
            return outbox.read(lambda conn: progress(conn, mailbox, folder))
    except StoreError:
        return None
