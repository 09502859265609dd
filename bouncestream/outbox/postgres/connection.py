# SPDX-License-Identifier: GPL-3.0-or-later
"""A connection to an outbox on PostgreSQL, which takes the statements of `QUERIES` as SQLite's does
(`engine.Conn`).

Two modes. *Quick*, for a batch (`batch`): all goes through a pipeline, so that what returns nothing is not waited
for, and plain insertions are held back and sent as one statement for many rows. Whose fault an error is, nobody
knows then: it is `Failed`, and the transaction is over. *Careful*, everywhere else: each statement is waited for,
and an insertion or a change that the database refuses is undone alone (`Refused`).
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import TransactionStatus

from bouncestream.lease import FROZEN
from bouncestream.outbox.engine import Refused
from bouncestream.outbox.place import Server
from bouncestream.outbox.postgres.known import Changed, Known
from bouncestream.outbox.postgres.statements import Statements
from bouncestream.outbox.postgres.steps import gate, newest
from bouncestream.outbox.postgres.translate import Insert, Statement, array, many
from bouncestream.outbox.queries import QUERIES
from bouncestream.outbox.sealing.unlock import month

if TYPE_CHECKING:
    from bouncestream.outbox.postgres.sealed import Plan
    from bouncestream.outbox.postgres.unlock import Sealing

#: Seconds that a statement may take, and that it waits for a lock.
PATIENCE, LOCKED = 30.0, 10.0
#: As `FROZEN` for one that only reads, and holds nobody up; seconds. Whoever waits for a change waits for `LOCKED`.
FROZEN_READER = 60.0
#: How libpq connects, unless the URL says otherwise: a server that is gone is noticed.
DEFAULTS = {
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "20000",
    "target_session_attrs": "read-write",
}
#: Stricter settings of the server or of the role stay.
ON_DISK = """set_config('synchronous_commit', CASE current_setting('synchronous_commit')
                                        WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, true)"""
_SETTINGS = f"""SELECT {ON_DISK},
       set_config('statement_timeout', ?, true), set_config('lock_timeout', '{LOCKED:.0f}s', true),
       set_config('idle_in_transaction_session_timeout', ?, true)"""
#: How far the outbox is sealed (`Known`), behind these.
_WATCHED = """, (SELECT value FROM meta WHERE name = 'sealing'),
       ARRAY(SELECT wrapped FROM data_keys WHERE number = 1 OR number = ? ORDER BY number)"""
#: Rows of one statement, at most.
ROWS_AT_ONCE = 2000
#: The event's own text is in these alone: one that is refused is undone alone.
_GUARDED = {QUERIES["insert_event"], QUERIES["upgrade_event"]}
_NUMBERED = {QUERIES["insert_event"]: "outbox"}
#: A value that PostgreSQL does not take, or a row that the schema does not.
_REFUSALS = (psycopg.DataError, psycopg.IntegrityError)


class Failed(Exception):
    """The database has refused a statement, and nothing of the transaction stands. `cause`: psycopg's error, whose
    text may quote the row, with its addresses: so it is never chained to one that is told."""

    def __init__(self, cause: psycopg.Error) -> None:
        super().__init__(in_short(cause))
        self.cause = cause


@contextmanager
def as_failed() -> Iterator[None]:
    """Let no error of psycopg out but as Failed."""
    try:
        yield
    except psycopg.Error as error:
        raise Failed(error) from None


class ServerConnection:
    """The connection of one thread. Implements `engine.Conn` and `engine.Numbering`."""

    def __init__(self, conn: psycopg.Connection[tuple[Any, ...]], bridge: str) -> None:
        self.conn = conn
        self.bridge = bridge
        self.identity_secret = b""
        self.unconfirmed = False  #: the wait for a synchronous standby was cut short, since `begin`
        conn.add_notice_handler(self._heard)
        self.statements = Statements(bridge)
        self._types: dict[str, dict[str, str]] = {}
        self._numbers: dict[str, list[int]] = {}
        self._pipeline: psycopg.Pipeline | None = None
        self._held: tuple[str, Insert] | None = None  # the insertion whose rows are held back
        self._rows: list[Sequence[Any]] = []
        self.known = Known()
        self.sealing: Sealing | None = None
        self._seen: ServerCursor | None = None  # what the transaction sees of it, while nobody has looked at it

    @property
    def in_transaction(self) -> bool:
        return self.conn.pgconn.transaction_status != TransactionStatus.IDLE

    @property
    def quick(self) -> bool:
        """Whether errors are told late."""
        return self._pipeline is not None

    def cursor(self) -> ServerCursor:
        return ServerCursor(self)

    def execute(self, sql: str, parameters: Any = (), /) -> ServerCursor:
        return ServerCursor(self).execute(sql, parameters)

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> ServerCursor:
        return ServerCursor(self).executemany(sql, parameters)

    def rollback(self) -> None:
        """End the transaction, if there is one, as if it had not been."""
        self.forget()
        if not self.conn.closed and self.in_transaction:
            self.conn.execute("ROLLBACK")

    def close(self) -> None:
        self.conn.close()

    def lock_up(self) -> None:
        """Forget how the outbox is sealed."""
        self.known, self.sealing, self.identity_secret = Known(), None, b""

    def unlock(self, sealing: Sealing, known: Known) -> None:
        """Read and write a sealed outbox from now on."""
        self.known, self.sealing = known, sealing

    def look(self, through: str, within: str, frozen: str) -> None:
        """Begin to see how far the outbox is sealed. Raises Changed: in quick mode not before `confirm`."""
        if self.known.month and self.known.month != month():
            raise Changed
        if self.sealing is not None:
            self.sealing.begin(self.known.number)
        self._seen = self.execute(f"{_SETTINGS}{through}{_WATCHED}", (within, frozen, self.known.number))
        if not self.quick:
            self.confirm()

    def confirm(self) -> None:
        """Raise Changed when the outbox is sealed otherwise than it is known: before a COMMIT, at the
        latest."""
        seen, self._seen = self._seen, None
        if seen is not None and not self.known.is_still(*seen.fetchone()[-2:]):
            raise Changed

    def reserve(self, table: str, count: int) -> Sequence[int]:
        """Numbers for so many rows, which the sequence of the table never gives again."""
        taken = self.execute(f"SELECT nextval('{table}_id_seq') FROM generate_series(1, ?)", (count,))  # noqa: S608
        found = sorted(number for (number,) in taken.fetchall())
        self._numbers[table] = found[::-1]
        return found

    @contextmanager
    def hurrying(self) -> Iterator[None]:
        """Quick mode, for one transaction."""
        with as_failed(), self.conn.pipeline() as pipeline:
            self._pipeline = pipeline
            try:
                yield
                self.flush()
                pipeline.sync()
            finally:
                self.forget()
                self._pipeline = None

    def forget(self) -> None:
        """Send nothing of what is held back, ever."""
        self._held = self._seen = None
        self._rows = []
        self._numbers.clear()

    def flush(self) -> None:
        """Send what is held back."""
        if self._held is None:
            return
        (sql, parts), rows = self._held, self._rows
        self._held, self._rows = None, []
        if len(rows) == 1:
            self.run(self.conn.cursor(), self.statements.single(sql), rows[0])
        else:
            statement = Statement(many(parts, self._columns(parts.table)))
            for start in range(0, len(rows), ROWS_AT_ONCE):
                columns = [array(values) for values in zip(*rows[start : start + ROWS_AT_ONCE], strict=True)]
                self.run(self.conn.cursor(), statement, columns)

    def hold(self, sql: str, rows: Sequence[Sequence[Any]]) -> bool:
        """Hold rows of a plain insertion back; False: it is none, or nothing is to be held back. Raises Changed."""
        if self.sealing is None and not sql.startswith("SELECT"):
            self.confirm()  # first: what is undone afterwards stays in the files of the server, and in its log
        if self._pipeline is None or (parts := self.statements.insert(sql)) is None:
            return False
        if self._held is None or self._held[0] != sql:
            self.flush()
            self._held = sql, parts
        self._rows.extend(rows)
        return True

    def number(self, table: str) -> int:
        """The number of the next row of a table."""
        if not self._numbers.get(table):
            self.reserve(table, 1)
        return self._numbers[table].pop()

    def run(self, cursor: psycopg.Cursor[Any], statement: Statement, values: Any) -> None:
        """Send one statement. Raises Failed."""
        if statement.numbered:
            values = {f"p{at}": value for at, value in enumerate(values, 1)}
        with as_failed():
            cursor.execute(statement.sql, values)

    def guarded(self, cursor: psycopg.Cursor[Any], statement: Statement, values: Any) -> None:
        """The same; one that is refused leaves nothing behind. Raises Refused too."""
        if self.in_transaction:
            self.conn.execute("SAVEPOINT guarded")
        try:
            self.run(cursor, statement, values)
        except Failed as failed:
            if not isinstance(failed.cause, _REFUSALS) or isinstance(failed.cause, errors.UniqueViolation):
                raise
            if self.in_transaction:
                self.conn.execute("ROLLBACK TO guarded")
            raise Refused(in_short(failed.cause)) from None
        if self.in_transaction:
            self.conn.execute("RELEASE guarded")

    def _heard(self, told: errors.Diagnostic) -> None:
        if told.source_function == "SyncRepWaitForLSN":  # its words are in the server's language, its code is any
            self.unconfirmed = True

    def planned(self, sql: str) -> str:
        """The statement that is planned for a sealed outbox: of an INSERT SQLite's, whose parameters it gets."""
        return sql if sql.startswith("INSERT") else self.statements.own(sql)

    def _columns(self, table: str) -> dict[str, str]:
        if table not in self._types:
            sql = (
                "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute "
                "WHERE attrelid = to_regclass(?) AND attnum > 0 AND NOT attisdropped"
            )
            self._types[table] = dict(self.execute(sql, (table,)).fetchall())
        return self._types[table]


class ServerCursor:
    """What a statement returned. Implements `engine.Cursor`."""

    def __init__(self, owner: ServerConnection) -> None:
        self._owner = owner
        self._cursor = owner.conn.cursor()
        self._rows: int | None = None  # that were changed one by one
        self.lastrowid: int | None = None

    @property
    def rowcount(self) -> int:
        if self._rows is not None:
            return self._rows
        if self._owner._pipeline is not None:
            with as_failed():
                self._owner._pipeline.sync()
        return self._cursor.rowcount

    @property
    def status(self) -> str | None:
        """PostgreSQL's word for what it did: COMMIT, INSERT 0 1 …"""
        return self._cursor.statusmessage

    def execute(self, sql: str, parameters: Any = (), /) -> ServerCursor:
        if (sealing := self._owner.sealing) is None:
            return self._send(sql, parameters, sql)
        plan, self._rows = sealing.plan(self._owner.planned(sql)), None
        if plan.row:
            self._rows = self._row_by_row(sealing, plan, parameters, sql)
            return self
        return self._send(plan.sql, sealing.bound(plan, parameters), sql)

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> ServerCursor:
        rows = list(parameters)
        if (sealing := self._owner.sealing) is None:
            return self._send_many(sql, rows)
        plan, self._rows = sealing.plan(self._owner.planned(sql)), None
        if plan.row:
            self._rows = sum(self._row_by_row(sealing, plan, values, sql) for values in rows)
            return self
        return self._send_many(plan.sql, [sealing.bound(plan, values) for values in rows] if plan.values else rows)

    def _row_by_row(self, sealing: Sealing, plan: Plan, parameters: Any, sql: str) -> int:
        """Look the rows up that a statement changes, as what is written is bound to them; returns how many."""
        bound = sealing.bound(plan, parameters)
        rows = ServerCursor(self._owner)._send(plan.row, [bound[at] for at in plan.row_at], "")._cursor
        with as_failed():
            found = rows.fetchall()
        for row in found:
            self._send(plan.sql, sealing.bound_to(plan, bound, row), sql)
        return len(found)

    def _send(self, sql: str, parameters: Any, of: str) -> ServerCursor:
        """Send a statement; `of`: the one of `QUERIES` that it was made of."""
        owner = self._owner
        if (table := _NUMBERED.get(of)) is not None:
            self.lastrowid = owner.number(table)
            parameters = (self.lastrowid, *parameters)
        if owner.hold(sql, (parameters,)):
            return self
        owner.flush()
        run = owner.guarded if of in _GUARDED and not owner.quick else owner.run
        run(self._cursor, owner.statements.single(sql), parameters)
        return self

    def _send_many(self, sql: str, rows: list[Any]) -> ServerCursor:
        owner = self._owner
        if not rows or owner.hold(sql, rows):
            return self
        owner.flush()
        statement = owner.statements.single(sql)
        if statement.numbered:
            rows = [{f"p{at}": value for at, value in enumerate(values, 1)} for values in rows]
        with as_failed():
            self._cursor.executemany(statement.sql, rows)
        return self

    def fetchone(self) -> Any:
        with as_failed():
            row = self._cursor.fetchone()
        return row if row is None or (sealing := self._owner.sealing) is None else sealing.opened(row)

    def fetchall(self) -> list[Any]:
        with as_failed():
            rows: list[Any] = self._cursor.fetchall()
        return rows if (sealing := self._owner.sealing) is None else list(map(sealing.opened, rows))

    def __iter__(self) -> Iterator[Any]:
        return iter(self.fetchall())


def in_short(error: psycopg.Error) -> str:
    """What the database says, in one line, without the row: it may have an address in it."""
    return str(error.diag.message_primary or str(error).strip().partition("\n")[0])


def connect(server: Server, *, patience: float = 10.0) -> ServerConnection:
    """Connect to the outbox on a server; `patience` in seconds. Raises Failed."""
    try:
        told = conninfo_to_dict(server.url)
        wanted: dict[str, Any] = {name: value for name, value in DEFAULTS.items() if name not in told}
        if server.password is not None:
            wanted["password"] = server.password.reveal()
        if "connect_timeout" not in told:  # libpq's is for each host: one that is switched off must not cost all
            hosts = str(told.get("host", "")).count(",") + 1
            wanted["connect_timeout"] = max(2, round(patience / hosts))
        wanted["application_name"] = f"bouncestream {server.bridge}"[:63]
        conn = psycopg.connect(server.url, autocommit=True, client_encoding="utf8", **wanted)
    except psycopg.Error as error:
        raise Failed(error) from None
    except ValueError as error:
        raise Failed(psycopg.ProgrammingError(str(error))) from None
    # psycopg counts prepared statements from 0. Behind an older pooler a bridge would run what another has prepared
    # under that name; one that nobody has prepared is noticed (26000).
    conn._prepared._prepared_idx = secrets.randbits(48)
    return ServerConnection(conn, server.bridge)


def begin(
    conn: ServerConnection,
    *,
    read_only: bool = False,
    within: float = PATIENCE,
    gated: bool = True,
    watched: bool = False,
    committed: bool = False,
) -> None:
    """Begin a transaction; no statement of it takes longer than `within` seconds. What it commits is on the disk,
    and on that of a synchronous standby where the server has one, before it is acknowledged. All of this is said in
    each transaction, as a pooler may give each to another session.

    `gated`: its first statement fails (`is_behind`) once a newer program has changed the tables, and until its end
    they stay as they are; see `steps`. `watched`: it raises Changed where the outbox is sealed otherwise than the
    session knows it. `committed`: each statement sees what others have committed since."""
    conn.unconfirmed = False
    level = "READ COMMITTED" if committed else "REPEATABLE READ"
    conn.execute(f"BEGIN ISOLATION LEVEL {level}{' READ ONLY' if read_only else ''}")
    told = str(round(within * 1000)), str(round((FROZEN_READER if read_only else FROZEN) * 1000))
    through = f", (SELECT true FROM {gate(newest())})" if gated else ""  # noqa: S608
    if not watched:
        conn.execute(_SETTINGS + through, told)
        return
    if not read_only:  # before the first look at the database, from which on it sees one state of it
        conn.execute(f"SET LOCAL lock_timeout = '{LOCKED:g}s'")
        # held by all who write, beside each other: it keeps the outbox from being turned meanwhile
        conn.execute("LOCK TABLE data_keys IN ROW SHARE MODE")
    conn.look(through, *told)
