# SPDX-License-Identifier: GPL-3.0-or-later
"""A database of PostgreSQL as an end of a copy. Rows go through its COPY, in both directions, so that no table has
to fit in memory. Values are read as they are stored: what is sealed stays sealed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TypeVar, cast

import psycopg

from bouncestream.errors import NoOutbox, OutboxCopied, StoreBusy, StoreError, StoreUnavailable
from bouncestream.outbox.copied import CAME_FROM, UNFINISHED, Mark, mark_as
from bouncestream.outbox.copying.end import Odd, Row, Source, Target
from bouncestream.outbox.copying.tables import COUNTED, OMITTED, OWN_COLUMNS, OWN_TABLES, Table, in_use, tables
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.place import Server
from bouncestream.outbox.postgres import leases, words
from bouncestream.outbox.postgres.batch import commit
from bouncestream.outbox.postgres.connection import ON_DISK, Failed, ServerConnection, as_failed, connect
from bouncestream.outbox.postgres.schema import check_server, create, current

T = TypeVar("T")

#: SQLite's types → PostgreSQL's, and its COPY's.
_TYPES = {"TEXT": ("text", "text"), "INTEGER": ("bigint", "int8"), "BLOB": ("bytea", "bytea")}
#: Of a transaction that lasts as long as a copy. One whose program is frozen or gone ends by itself.
_LONG = (
    "SET LOCAL statement_timeout = 0",
    "SET LOCAL lock_timeout = '10s'",
    "SET LOCAL idle_in_transaction_session_timeout = '1h'",
)
_USER = re.compile(r"//[^@/]*@")  # a log would mask it as the address of a person
#: What the tables that are written as a whole hold, for both engines alike.
_WHOLE = {
    "meta": f"SELECT name, value FROM meta WHERE name NOT IN ({OMITTED}) "  # noqa: S608
    "UNION ALL SELECT name, sum(value)::text FROM counters GROUP BY name ORDER BY 1",
    "tally": "SELECT state, sum(events)::bigint FROM tally GROUP BY state HAVING sum(events) <> 0 ORDER BY state",
}
_IDENTITIES = (
    "SELECT c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid "
    "WHERE a.attidentity <> '' AND c.relnamespace = current_schema()::regnamespace"
)
_COLUMNS = (
    "SELECT c.relname, a.attname, format_type(a.atttypid, NULL) FROM pg_attribute a "
    "JOIN pg_class c ON c.oid = a.attrelid WHERE c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped "
    "AND c.relnamespace = current_schema()::regnamespace"
)
#: A bridge that was frozen while its outbox was copied would go on with its session: it has to look again.
_END_OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
    "AND usename = current_user AND pid <> pg_backend_pid() AND application_name LIKE 'bouncestream %'"
)


class ServerEnd(Source, Target):
    """A database, open for a copy. `named`: what names it to the
    operator, `[outbox] url` or `--to`."""

    def __init__(self, server: Server, named: str) -> None:
        self.where = _USER.sub("//", server.url)
        self.odd: list[Odd] = []
        self.odds = 0
        self._named = named
        self._held = False
        with self._in_words():
            self._conn = connect(server)
        self._conn.conn.prepare_threshold = None

    @classmethod
    def source(cls, server: Server, named: str) -> ServerEnd:
        """The outbox that is copied: nobody else can write to it. Raises StoreError."""
        return cls(server, named)._opened(cls._hold)

    @classmethod
    def target(cls, server: Server, named: str) -> ServerEnd:
        """The outbox that is copied to, whose tables are made if there are none. Raises StoreError."""
        return cls(server, named)._opened(cls._prepare)

    def _opened(self, prepare: Callable[[ServerEnd], None]) -> ServerEnd:
        try:
            with self._in_words():
                prepare(self)
        except BaseException:
            self.close()
            raise
        return self

    def _hold(self) -> None:
        check_server(self._conn)
        if not current(self._conn):
            raise NoOutbox(f"There is no outbox in the database at {self._named}. Next: check the url.")
        _check_tables(self._conn)
        self._begin()
        names = ", ".join(sorted({table.name for table in tables()} | OWN_TABLES))
        self._conn.execute(f"LOCK TABLE {names} IN SHARE MODE")
        self._held = True
        self._require_no_bridge()

    def _prepare(self) -> None:
        create(self._conn)
        _check_tables(self._conn)

    def _begin(self) -> None:
        self._conn.unconfirmed = False
        self._conn.execute("BEGIN")
        for setting in _LONG:
            self._conn.execute(setting)

    def _require_no_bridge(self) -> None:
        alive = [bridge for bridge in leases.bridges(self._conn) if bridge.alive]
        if alive:
            names = ", ".join(f"{bridge.name} ({bridge.seen:.0f} s ago)" for bridge in alive)
            raise StoreBusy(
                f"A bridge uses the outbox at {self._named}: {names}. While it is copied none may. Next: stop it, "
                "and run this again; one that was killed counts as running for 15 s."
            )

    def read(self, fn: Callable[[Conn], T]) -> T:
        """See `end.End`."""
        with self._transaction():
            return fn(self._conn)

    def rows(self, table: Table, after: Row = ()) -> Iterator[Row]:
        """See `end.End`."""
        sql = _WHOLE.get(table.name) or table.selected(after, "%s")
        out = _statement(f"COPY ({sql}) TO STDOUT (FORMAT BINARY)")
        with (
            self._transaction(),
            self._conn.conn.cursor() as cursor,
            cursor.copy(out, after or None) as copy,
        ):
            copy.set_types([_TYPES[kind][1] for kind in table.types])
            yield from copy.rows()

    def change(self, fn: Callable[[Conn], T]) -> T:
        """See `end.Source`."""
        with self._in_words():
            found = fn(self._conn)
            self._conn.execute(_END_OTHERS).fetchall()  # who waits for the lock would write before it looks
            self._conn.execute(f"SELECT {ON_DISK}")
            commit(self._conn)
            self._held = False
            self._conn.execute(_END_OTHERS).fetchall()
            return found

    def begin(self, mark: Mark) -> None:
        """See `end.Target`."""
        with self._transaction(durable=True):
            self._conn.execute("LOCK TABLE bridge, data_keys IN SHARE MODE")  # none begins or turns it meanwhile
            self._require_no_bridge()
            if held := in_use(self._conn):
                raise OutboxCopied(
                    f"The database at {self._named} has an outbox that is in use ({', '.join(held)}). Nothing was "
                    "changed. Next: give the copy a database of its own, or a schema (search_path of its role)."
                )
            mark_as(self._conn, UNFINISHED, mark)

    def add(self, table: Table, rows: Sequence[Row]) -> None:
        """See `end.Target`."""
        with self._transaction(), self._conn.conn.cursor() as cursor:
            into = f"COPY {table.name} ({table.listed}) FROM STDIN (FORMAT BINARY)"
            with cursor.copy(_statement(into)) as copy:
                copy.set_types([_TYPES[kind][1] for kind in table.types])
                for row in rows:
                    copy.write_row(row)

    def put(self, table: Table, rows: Sequence[Row]) -> None:
        """See `end.Target`."""
        with self._transaction():
            if table.name == "tally":
                self._conn.execute("DELETE FROM tally")
                self._conn.executemany("INSERT INTO tally (bridge, state, events) VALUES ('', ?, ?)", rows)
                return
            self._conn.execute("DELETE FROM counters")
            self._conn.execute(f"DELETE FROM meta WHERE name NOT IN ({OMITTED})")  # noqa: S608
            plain = [row for row in rows if row[0] not in COUNTED]
            counted = [(name, int(value)) for name, value in rows if name in COUNTED]
            self._conn.executemany("INSERT INTO meta (name, value) VALUES (?, ?)", plain)
            self._conn.executemany("INSERT INTO counters (name, bridge, value) VALUES (?, '', ?)", counted)

    def clear(self, table: Table) -> None:
        """See `end.Target`."""
        with self._transaction():
            self._conn.execute(f"TRUNCATE {table.name}")

    def settle(self) -> None:
        """See `end.Target`."""
        with self._transaction():
            self._require_no_bridge()
            for table, column in self._conn.execute(_IDENTITIES).fetchall():
                newest = f"SELECT max({column}) FROM {table}"  # noqa: S608
                (last,) = self._conn.execute(newest).fetchone()
                sequence = "pg_get_serial_sequence(quote_ident(?), ?)"
                self._conn.execute(f"SELECT setval({sequence}, ?, ?)", (table, column, last or 1, last is not None))
            self._conn.execute(f"ANALYZE {', '.join(table.name for table in tables())}")

    def finish(self, mark: Mark) -> None:
        """See `end.Target`."""
        with self._transaction(durable=True):
            self._conn.execute("LOCK TABLE bridge IN SHARE MODE")
            self._require_no_bridge()
            mark_as(self._conn, CAME_FROM, mark)

    def close(self) -> None:
        """See `end.End`."""
        self._held = False
        with suppress(psycopg.Error):
            self._conn.close()

    @contextmanager
    def _transaction(self, *, durable: bool = False) -> Iterator[None]:
        """A transaction of its own, or within that which holds the source. What is not `durable` is on the disk
        with the next one that is."""
        with self._in_words():
            if self._held:
                yield
                return
            self._begin()
            self._conn.execute(f"SELECT {ON_DISK}" if durable else "SET LOCAL synchronous_commit = off")
            try:
                yield
                commit(self._conn)
            finally:
                if not self._conn.conn.closed:
                    self._conn.rollback()

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        """Let no error of PostgreSQL out but as a StoreError, which names this end."""
        try:
            with as_failed():
                yield
        except Failed as failed:
            error: StoreError = words.translate(failed.cause)
        except StoreError as told:
            error = told
        else:
            return
        raise type(error)(str(error).replace("[outbox] url", self._named)) from None


def _check_tables(conn: ServerConnection) -> None:
    """Raise StoreUnavailable when tables or columns are not those that this program copies."""
    found = {tuple(row) for row in conn.execute(_COLUMNS).fetchall()}
    wanted = {
        (table.name, column, _TYPES[kind][0])
        for table in tables()
        for column, kind in zip(table.columns, table.types, strict=True)
    }
    more = {one for one in found - wanted if one[0] not in OWN_TABLES and one[:2] not in OWN_COLUMNS}
    if other := sorted(more | (wanted - found)):
        table, column, _ = other[0]
        raise StoreUnavailable(
            f"The tables of the outbox on PostgreSQL are not those of this version ({table}.{column}). Nothing was "
            "changed. Next: restore the newest backup, or see who has changed them."
        )


def _statement(sql: str) -> Any:
    """A statement that is made of names of the schema alone, as psycopg's types want it."""
    return cast(Any, sql.encode())
