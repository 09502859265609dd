# SPDX-License-Identifier: GPL-3.0-or-later
"""A session with a sealed outbox on PostgreSQL: the keys, and how its statements seal and open (`sealed`).

Several bridges share the outbox, and any of them, or a command, may turn it to sealed or back (`switch`). So each
transaction looks whether the outbox is still sealed as the session knows it, in the same view of the database, and
begins anew if it is not. One that writes holds a lock against the turn until its end.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bouncestream.crypto.sealed import NotOpened, Sealer, unwrap
from bouncestream.crypto.secret import Secret
from bouncestream.errors import SealRefused, StoreBusy, StoreUnavailable
from bouncestream.outbox.connection import damaged
from bouncestream.outbox.delivery import get_meta
from bouncestream.outbox.postgres.batch import commit
from bouncestream.outbox.postgres.connection import ServerConnection, begin
from bouncestream.outbox.postgres.known import Known
from bouncestream.outbox.postgres.sealed import (
    Plan,
    Text,
    Value,
    hidden_columns,
    opened_columns,
    place_of,
    plan,
)
from bouncestream.outbox.queries import QUERIES
from bouncestream.outbox.sealing.columns import Table, table_of
from bouncestream.outbox.sealing.state import State, state_of
from bouncestream.outbox.sealing.unlock import ALWAYS, DataKeys, Functions, identity_of, month, root_of

#: As `columns.OPEN`, of what PostgreSQL's outbox has besides.
OPEN: Mapping[str, frozenset[str]] = {"tally": frozenset({"bridge"})}
#: Tables that a file does not have: names of ours, and how the bridges are.
OWN = frozenset({"counters", "lease", "bridge"})
#: Tries to see one state of the outbox, while others change it.
TRIES = 5

_COLUMNS = """
SELECT c.relname, a.attname, format_type(a.atttypid, NULL), EXISTS (
    SELECT 1 FROM pg_attribute AS k
    WHERE k.attrelid = c.oid AND k.attname = 'id' AND k.atttypid = CAST('bigint' AS regtype) AND NOT k.attisdropped)
FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
WHERE c.relkind = 'r' AND c.relnamespace = CAST(current_schema() AS regnamespace) AND a.attnum > 0
  AND NOT a.attisdropped ORDER BY c.relname, a.attnum"""


@dataclass(frozen=True)
class Schema:
    """The tables of an outbox that have sealed columns, and the types of all of their columns."""

    tables: Mapping[str, Table]
    kinds: Mapping[str, Mapping[str, str]]


def schema_of(conn: ServerConnection) -> Schema:
    """Every table of the outbox that has sealed columns; `rowid`: it can be walked by its id."""
    kinds: dict[str, dict[str, str]] = {}
    numbered: dict[str, bool] = {}
    for name, column, kind, has_id in conn.execute(_COLUMNS).fetchall():
        kinds.setdefault(name, {})[column] = kind
        numbered[name] = has_id
    tables = {}
    for name, columns in kinds.items():
        table = table_of(name, columns, rowid=numbered[name], also_open=OPEN)
        if table is not None and name not in OWN:
            tables[name] = table
    return Schema(tables, kinds)


class Sealing:
    """How the statements of a session seal and open. Implements `connection.Sealing`."""

    def __init__(self, schema: Schema, functions: Functions | None = None, sealer: Sealer | None = None) -> None:
        """Without `functions`: nothing is opened, and nothing can be written."""
        self._tables = schema.tables
        self._functions = functions
        self._sealer = sealer
        self._plans: dict[str, Plan] = {}
        #: before a value that carries its place; nobody who writes into the outbox can guess it
        self._mark = f"sealed@{secrets.token_hex(12)}:"
        self._mark_of_bytes = self._mark.encode()
        self._read = {
            name: hidden_columns(table)
            if functions is None
            else opened_columns(table, self._mark, schema.kinds[name])
            for name, table in schema.tables.items()
        }

    def begin(self, number: int) -> None:
        """A transaction begins that writes."""
        if self._sealer is not None:
            self._sealer.begin(number)

    def plan(self, sql: str) -> Plan:
        """How a statement is run."""
        if (found := self._plans.get(sql)) is None:
            found = self._plans[sql] = plan(sql, self._tables, lambda table: self._read[table.name])
        return found

    def bound(self, plan: Plan, values: Any) -> Any:
        """The parameters of a statement, sealed but for those whose row is to be looked up."""
        if not plan.values:
            return values
        bound: Any = dict(values) if isinstance(values, Mapping) else [*values, *plan.texts]
        for value in plan.values:
            if value.row is not None and (plain := bound[value.at]):
                bound[value.at] = self._sealed(value, plain, [_told(bound, told) for told in value.row])
        return bound

    def bound_to(self, plan: Plan, bound: Sequence[Any], row: Sequence[Any]) -> list[Any]:
        """The same, for a row that was looked up."""
        found: Any = list(bound)
        for value in plan.values:
            if value.row is None and (plain := found[value.at]):
                found[value.at] = self._sealed(value, plain, row)
        return [*found, *row]

    def _sealed(self, value: Value, plain: Any, row: Sequence[Any]) -> Any:
        if self._functions is None:
            raise SealRefused("The outbox is sealed: without its key nothing can be written.")
        seals = self._functions.seals
        return seals.alike(plain, value.place) if value.alike else seals.one(plain, value.place, *row)

    def opened(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        """A row that was read, with its values opened. Raises StoreUnavailable."""
        mark, mark_of_bytes = self._mark, self._mark_of_bytes
        for value in row:
            if (isinstance(value, str) and value.startswith(mark)) or (
                isinstance(value, bytes) and value.startswith(mark_of_bytes)
            ):
                break
        else:
            return row
        return tuple(map(self._opened, row))

    def _opened(self, value: Any) -> Any:
        functions = self._functions
        if functions is None:
            return value
        if isinstance(value, str) and value.startswith(self._mark):
            told = value[len(self._mark) :]
            place, at = place_of(told)
            sealed: Any = told[at:]
        elif isinstance(value, bytes) and value.startswith(self._mark_of_bytes):
            told_of_bytes = value[len(self._mark_of_bytes) :]
            place, at = place_of(told_of_bytes[:200].decode("latin-1"))
            sealed = told_of_bytes[at:]
        else:
            return value
        opening = functions.opened_alike if len(place) == 1 else functions.opened
        try:
            return opening(sealed, *place)
        except NotOpened as error:
            raise damaged("a sealed value does not open: it was changed, or belongs to another place") from error


@dataclass(frozen=True)
class _Lacking:
    """A month without a data key."""

    month: str


@dataclass
class Held:
    """The root key that the sessions of one process hold."""

    root: bytes = b""


@dataclass
class Unlocking:
    """How the sessions of one user of the outbox deal with it, sealed or not. Called with a connection, it makes
    that ready, and returns how far the outbox is sealed."""

    key: Secret | None = None
    writes: bool = False
    reveal: bool = True  #: False: what is sealed is shown as `sealed`
    seals: bool = False  #: it never writes in the open (`[privacy] seal` of a bridge)
    held: Held = field(default_factory=Held, repr=False)

    def __call__(self, conn: ServerConnection) -> State | None:
        """Raises SealRefused when the key is missing, or another one."""
        for _ in range(TRIES):
            found = self._look(conn)
            if not isinstance(found, _Lacking):
                return found
            _make_data_key(conn, found.month, self.held.root)
        raise StoreBusy("The keys of the outbox are being changed: nothing was stored. Next: try again.")

    def again(self, conn: ServerConnection) -> None:
        """The outbox was turned while this was running. Raises StoreUnavailable, as it may be turned back."""
        try:
            self(conn)
        except SealRefused as error:
            raise StoreUnavailable(
                f"The outbox was sealed since this was started, or its key was changed: nothing more is stored or "
                f"delivered by it. {error}"
            ) from error

    def _look(self, conn: ServerConnection) -> State | _Lacking | None:
        """The state of the outbox, for which the connection is ready now; or what it lacks."""
        conn.lock_up()
        try:
            begin(conn, read_only=True)
            state = state_of(conn)
            if self.seals and (state is None or not state.seals):
                raise StoreUnavailable(
                    "[privacy] seal is on here, and the outbox is in the open, or is being opened: nothing is "
                    "stored. Next: set seal = false for each bridge, and restart it; or restart this one, which "
                    "seals again."
                )
            if state is None:
                conn.known = Known()
                return None
            return self._unlock(conn, state)
        finally:
            conn.rollback()

    def _unlock(self, conn: ServerConnection, state: State) -> State | _Lacking:
        first = _data_key(conn, 1)
        schema = schema_of(conn)
        if self.key is None and not self.reveal:
            conn.unlock(Sealing(schema), Known(state.value, (first,), 1))
            return state
        instance = get_meta(conn, "instance") or ""
        root = self._root_of(conn, first, instance)
        keys = DataKeys(conn, root, instance)
        wrapped: tuple[bytes, ...] = (first,)
        number, this = 1, ""
        if self.writes and state.seals:
            this = month()
            found = conn.execute(QUERIES["data_key_of"], (this,)).fetchone()
            if found is None:
                return _Lacking(this)
            number, wrapped = found[0], (first, found[1])
        conn.identity_secret = identity_of(conn, root, instance)
        if self.reveal:
            sealer = Sealer(instance, keys, number)
            sealing = Sealing(schema, Functions(sealer, state), sealer)
        else:
            sealing = Sealing(schema)
        conn.unlock(sealing, Known(state.value, wrapped, number, this))
        return state

    def _root_of(self, conn: ServerConnection, first: bytes, instance: str) -> bytes:
        """The root key. A bridge that runs goes on with the one that it has, as long as that is the one: a key that
        no longer opens it (`key rotate --finish`) is refused at its next start."""
        try:
            self.held.root = root_of(conn, self.key)
        except SealRefused:
            if not self.held.root or not _opens(self.held.root, first, instance):
                raise
        return self.held.root


def _opens(root: bytes, first: bytes, instance: str) -> bool:
    try:
        unwrap(root, first, DataKeys.what(ALWAYS, instance))
    except NotOpened:
        return False
    return True


def _data_key(conn: ServerConnection, number: int) -> bytes:
    found = conn.execute(QUERIES["data_key"], (number,)).fetchone()
    if found is None:
        raise damaged("it is sealed, and has no data key")
    wrapped: bytes = found[0]
    return wrapped


def _make_data_key(conn: ServerConnection, this: str, root: bytes) -> None:
    """Make the data key of a month, in a transaction of its own: what is sealed by it must not be stored before."""
    instance = get_meta(conn, "instance") or ""
    try:
        begin(conn, committed=True)
        conn.execute("LOCK TABLE data_keys IN SHARE ROW EXCLUSIVE MODE")
        if state_of(conn) is not None and _opens(root, _data_key(conn, 1), instance):
            DataKeys(conn, root, instance).of_month(this)
        commit(conn)
    finally:
        conn.rollback()


def _told(bound: Any, told: int | Text) -> Any:
    return told.text if isinstance(told, Text) else bound[told]
