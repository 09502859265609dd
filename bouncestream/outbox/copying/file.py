# SPDX-License-Identifier: GPL-3.0-or-later
"""A file as an end of a copy. Values are read as they are stored: what is sealed stays sealed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from bouncestream.errors import NoFolder, OutboxCopied, SchemaTooOld, StoreBusy, StoreUnavailable
from bouncestream.outbox import connection, files
from bouncestream.outbox.copied import CAME_FROM, UNFINISHED, Mark, mark_as
from bouncestream.outbox.copying.end import TOLD, Odd, Row, Source, Target
from bouncestream.outbox.copying.tables import OMITTED, Table, in_use
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.migrate import check_schema, migrate, newest, version

T = TypeVar("T")

#: What the tables that are written as a whole hold, for both engines alike.
_WHOLE = {
    "meta": f"SELECT name, value FROM meta WHERE name NOT IN ({OMITTED}) ORDER BY name",  # noqa: S608
    "tally": "SELECT state, events FROM tally WHERE events <> 0 ORDER BY state",
}
_EMPTY = {"meta": f"DELETE FROM meta WHERE name NOT IN ({OMITTED})", "tally": "UPDATE tally SET events = 0"}  # noqa: S608
_PUT = {
    "meta": "INSERT INTO meta (name, value) VALUES (?, ?)",
    "tally": "INSERT INTO tally (state, events) VALUES (?, ?) "
    "ON CONFLICT (state) DO UPDATE SET events = excluded.events",
}


class _Text(str):
    """A text that could not be read as it is stored."""

    __slots__ = ()


class _Texts:
    """How texts are read. `met`: an odd one was."""

    def __init__(self) -> None:
        self.met = False

    def __call__(self, stored: bytes) -> str:
        try:
            text = stored.decode()
        except UnicodeDecodeError:
            self.met = True
            return _Text(stored.decode(errors="replace").replace("\0", "\ufffd"))
        if "\0" in text:
            self.met = True
            return _Text(text.replace("\0", "\ufffd"))
        return text


class FileEnd(Source, Target):
    """A file, open for a copy and locked as `run` locks it."""

    def __init__(self, path: Path) -> None:
        self.where = str(path.absolute())
        self.odd: list[Odd] = []
        self.odds = 0
        self._path = path
        connection.check_sqlite()
        try:
            self._lock = files.Lock(path)
        except StoreBusy as error:
            what = str(error).partition(" Next:")[0]
            raise StoreBusy(
                f"{what} While it is copied no bridge may use it. Next: stop the bridge, and run this again."
            ) from None
        self._texts = _Texts()
        try:
            with connection.in_words():
                self._conn = sqlite3.connect(**connection.options(path))
            self._conn.text_factory = self._texts
        except BaseException:
            self._lock.release()
            raise

    @classmethod
    def source(cls, path: Path) -> FileEnd:
        """The outbox that is copied: nobody else can write to it. Raises StoreError."""
        files.require(path)
        return cls(path)._opened(cls._hold)

    @classmethod
    def target(cls, path: Path) -> FileEnd:
        """The outbox that is copied to, which is made if there is none. Raises StoreError."""
        with _named():
            files.create(path)
        return cls(path)._opened(cls._prepare)

    def _opened(self, prepare: Callable[[FileEnd], None]) -> FileEnd:
        try:
            with connection.in_words():
                prepare(self)
        except BaseException:
            self.close()
            raise
        return self

    def _hold(self) -> None:
        found = version(self._conn)
        if not found:
            raise StoreUnavailable(
                f"The outbox {self.where} is empty: there is nothing to copy. Next: check the path."
            )
        if found < newest():
            raise SchemaTooOld(
                f"The outbox {self.where} is of an older version (schema {found}; this bouncestream uses "
                f"{newest()}). Nothing was changed. Next: start `bouncestream run` once, which upgrades it, stop "
                "it, and run this again."
            )
        check_schema(self._conn)
        connection.check_integrity(self._conn, quick=True)
        self._conn.execute("PRAGMA synchronous = FULL")
        self._conn.execute("BEGIN IMMEDIATE")

    def _prepare(self) -> None:
        connection.prepare_new(self._conn)
        found = version(self._conn)
        if 0 < found < newest():
            raise SchemaTooOld(
                f"{self.where} holds an outbox of an older version. Nothing was changed. Next: choose another name."
            )
        if not found:
            connection.prepare_writer(self._conn)
            migrate(self._conn)
        check_schema(self._conn)
        connection.prepare_writer(self._conn)

    def read(self, fn: Callable[[Conn], T]) -> T:
        """See `end.End`."""
        with connection.in_words():
            return fn(self._conn)

    def rows(self, table: Table, after: Row = ()) -> Iterator[Row]:
        """See `end.End`."""
        sql = _WHOLE.get(table.name) or table.selected(after, "?")
        with connection.in_words():
            for row in self._conn.execute(sql, after):
                yield self._noted(table, row) if self._texts.met else row

    def _noted(self, table: Table, row: Row) -> Row:
        """A row with its odd texts made plain, each of them noted."""
        odd = [name for name, value in zip(table.columns, row, strict=True) if type(value) is _Text]
        if not odd:
            return row
        self._texts.met = False
        plain = tuple(str(value) if type(value) is _Text else value for value in row)
        key = ", ".join(str(part) for part in table.key_of(plain))
        for column in odd:
            if column in table.key:
                raise StoreUnavailable(
                    f"A row of {table.name} cannot be copied: its {column} holds bytes that PostgreSQL cannot "
                    f"store ({key!r}). Nothing was changed in the outbox. Next: report it, or remove that row."
                )
            self.odds += 1
            if len(self.odd) < TOLD:
                self.odd.append(Odd(table.name, key, column))
        return plain

    def change(self, fn: Callable[[Conn], T]) -> T:
        """See `end.Source`."""
        with connection.in_words():
            found = fn(self._conn)
            self._conn.execute("COMMIT")
            return found

    def begin(self, mark: Mark) -> None:
        """See `end.Target`."""
        with self._transaction():
            if held := in_use(self._conn):
                raise OutboxCopied(
                    f"{self.where} is an outbox that is in use ({', '.join(held)}). Nothing was changed. Next: "
                    "choose the name of a file that does not exist."
                )
            mark_as(self._conn, UNFINISHED, mark)

    def add(self, table: Table, rows: Sequence[Row]) -> None:
        """See `end.Target`."""
        values = ", ".join("?" * len(table.columns))
        with self._transaction():
            self._conn.executemany(f"INSERT INTO {table.name} ({table.listed}) VALUES ({values})", rows)  # noqa: S608

    def put(self, table: Table, rows: Sequence[Row]) -> None:
        """See `end.Target`."""
        with self._transaction():
            self._conn.execute(_EMPTY[table.name])
            self._conn.executemany(_PUT[table.name], rows)

    def clear(self, table: Table) -> None:
        """See `end.Target`."""
        with self._transaction():
            self._conn.execute(f"DELETE FROM {table.name}")  # noqa: S608

    def settle(self) -> None:
        """See `end.Target`. Nobody else could open it for `run`."""
        with connection.in_words():
            connection.empty_log(self._conn)
            connection.check_integrity(self._conn, quick=True)

    def finish(self, mark: Mark) -> None:
        """See `end.Target`."""
        with self._transaction():
            mark_as(self._conn, CAME_FROM, mark)
        with connection.in_words():
            connection.empty_log(self._conn)

    def close(self) -> None:
        """See `end.End`."""
        with suppress(*connection.FAULTS):
            if self._conn.in_transaction:
                self._conn.execute("ROLLBACK")
        self._conn.close()
        self._lock.release()

    @contextmanager
    def _transaction(self) -> Iterator[Any]:
        with connection.in_words():
            self._conn.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._conn.execute("COMMIT")
            finally:
                if self._conn.in_transaction:
                    self._conn.execute("ROLLBACK")


@contextmanager
def _named() -> Iterator[None]:
    """A folder that is missing is that of --to, and none of the configuration's."""
    try:
        yield
    except NoFolder as error:
        raise StoreUnavailable(str(error)) from None
