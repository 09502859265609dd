# SPDX-License-Identifier: GPL-3.0-or-later
"""A connection to a sealed outbox: the keys, the SQL functions that seal and open, the views before the tables, and
the translation of statements that write.

`sealing` in `meta` says how far an outbox is sealed; nothing there: it is in the open. It changes only under the
lock of `run` (`switch`), so whoever holds that lock knows it for good; all others look at each transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from secrets import token_bytes
from typing import Any, TypeVar

from bouncestream.clock import SystemClock
from bouncestream.crypto.sealed import KEY, MARK, NotOpened, Sealer, is_sealed, key_id, unwrap, wrap
from bouncestream.crypto.secret import Secret
from bouncestream.errors import SealRefused, StoreUnavailable
from bouncestream.outbox.connection import Connection, damaged
from bouncestream.outbox.copied import require_here
from bouncestream.outbox.delivery import get_meta
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.queries import QUERIES
from bouncestream.outbox.sealing.columns import Table, sealed_tables
from bouncestream.outbox.sealing.state import State, state_of
from bouncestream.outbox.sealing.statements import Statement, prepare, view

#: In `meta`: the root key, wrapped by an operator's key of that name.
WRAPPED_BY = "sealed_by:"
#: The month of the data key that seals what is looked up by what it holds.
ALWAYS = "always"
#: Texts that come again and again, which are sealed and opened once.
REPEATED = 500

_IDENTITY = "identity_secret"
V = TypeVar("V", str, bytes)


class DataKeys(dict[int, bytes]):
    """The data keys of an outbox by their number, read when they are needed."""

    def __init__(self, conn: Conn, root: bytes, instance: str) -> None:
        super().__init__()
        self._conn = conn
        self._root = root
        self._instance = instance
        self._month: tuple[int, bytes] | None = None

    def __missing__(self, number: int) -> bytes:
        found = self._conn.execute(QUERIES["data_key"], (number,)).fetchone()
        if found is None:
            raise KeyError(number)
        key = self[number] = unwrap(self._root, found[0], self._what(found[1]))
        return key

    def of_month(self, month: str) -> int:
        """The number of the key of a month, which is made if there is none: within the transaction of the caller.
        Asked for anew in each, as the one that made it may have been undone."""
        found: tuple[int, bytes] | None = self._conn.execute(QUERIES["data_key_of"], (month,)).fetchone()
        if found is None:
            wrapped = wrap(self._root, token_bytes(KEY), self._what(month))
            self._conn.execute(QUERIES["add_data_key"], (month, wrapped))
            found = self._conn.execute(QUERIES["data_key_of"], (month,)).fetchone()
            assert found is not None
        if found != self._month:
            self.pop(found[0], None)
            self._month = found
        return found[0]

    @staticmethod
    def what(month: str, instance: str) -> str:
        """What the data key of a month is called where it is wrapped."""
        return f"bouncestream: data key of {month}, outbox {instance}"

    def _what(self, month: str) -> str:
        return self.what(month, self._instance)


def keys_of(conn: Conn) -> tuple[str, ...]:
    """The names of the operator's keys that open a sealed outbox: two while one takes the place of the other."""
    return tuple(name.removeprefix(WRAPPED_BY) for name, _ in conn.execute(QUERIES["wrapped_roots"]))


def root_of(conn: Conn, key: Secret | None) -> bytes:
    """The root key of a sealed outbox. Raises SealRefused, in the operator's words, when this key does not open
    it."""
    wrapped = {name.removeprefix(WRAPPED_BY): value for name, value in conn.execute(QUERIES["wrapped_roots"])}
    instance = get_meta(conn, "instance") or ""
    named = " or ".join(sorted(wrapped)) or "unknown"
    if key is None:
        raise SealRefused(
            f"The outbox is sealed, and there is no key to open it (key {named}). Nothing was changed. Next: set "
            "[privacy] key_file to the file of that key; if it is lost, see "
            "docs/operate/sealing.md#when-the-key-is-lost."
        )
    name = key_id(key.reveal())
    if name not in wrapped:
        raise SealRefused(
            f"The outbox is sealed with another key ({named}); [privacy] gives {name}. Nothing was changed. Next: "
            "set [privacy] key_file to the file of the right key, or put the backup there that belongs to this one."
        )
    try:
        return unwrap(bytes.fromhex(key.reveal()), bytes.fromhex(wrapped[name]), what_root(instance))
    except (NotOpened, ValueError) as error:
        raise damaged(f"its root key does not open with key {name}, which wrapped it") from error


def what_root(instance: str) -> str:
    """What the root key of an outbox is called where it is wrapped."""
    return f"bouncestream: root key of outbox {instance}"


def what_identity(instance: str) -> str:
    """The same for the key of its identity keys."""
    return f"bouncestream: identity secret of outbox {instance}"


class Statements(dict[str, Statement]):
    """Statements as they are run on a sealed outbox, each prepared once."""

    def __init__(self, tables: Mapping[str, Table]) -> None:
        super().__init__()
        self._tables = tables

    def __missing__(self, sql: str) -> Statement:
        prepared = self[sql] = prepare(sql, self._tables)
        return prepared


@dataclass(frozen=True, slots=True)
class Seals:
    """How a connection seals: a value, and one of which equal ones are sealed alike."""

    one: Callable[..., Any]
    alike: Callable[..., Any]

    def bind(self, statement: Statement, values: Sequence[Any]) -> list[Any]:
        """The parameters of a statement, sealed where they must be. What is empty stays so."""
        bound = list(values)
        for parameter in statement.sealed:
            if value := bound[parameter.at]:
                if parameter.alike:
                    bound[parameter.at] = self.alike(value, parameter.place)
                else:
                    row = [values[at] for at in parameter.row]
                    bound[parameter.at] = self.one(value, parameter.place, *row)
        return bound


class _Cursor(sqlite3.Cursor):
    """A cursor on a sealed outbox."""

    connection: SealedConnection

    def execute(self, sql: str, parameters: Any = (), /) -> _Cursor:
        statement, seals = self.connection.statements[sql], self.connection.seals
        super().execute(statement.sql, seals.bind(statement, parameters) if statement.sealed else parameters)
        return self

    def executemany(self, sql: str, parameters: Any, /) -> _Cursor:
        statement, seals = self.connection.statements[sql], self.connection.seals
        if statement.sealed:
            parameters = [seals.bind(statement, values) for values in parameters]
        super().executemany(statement.sql, parameters)
        return self


class SealedConnection(Connection):
    """A connection whose statements are translated. One becomes such once it is known to be of a sealed outbox."""

    statements: Statements
    seals: Seals

    def cursor(self, factory: Any = _Cursor) -> Any:
        return super().cursor(factory)

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        cursor: sqlite3.Cursor = self.cursor().execute(sql, parameters)
        return cursor

    def executemany(self, sql: str, parameters: Any, /) -> sqlite3.Cursor:
        cursor: sqlite3.Cursor = self.cursor().executemany(sql, parameters)
        return cursor


def unlock(conn: Connection, key: Secret | None, *, watch: bool = True) -> State | None:
    """Make a connection ready to read and write an outbox, sealed or not. `watch`: somebody else may seal or open
    it meanwhile, or copy it elsewhere. Raises SealRefused when it is sealed and the key is missing, or another
    one."""
    state = state_of(conn)
    if state is not None:
        open_with(conn, root_of(conn, key), state)
    before = conn.on_begin
    if watch:
        conn.on_begin = lambda: _look(conn, state, before)
    return state


def open_with(conn: Connection, root: bytes, state: State) -> None:
    """Make a connection ready to read and write a sealed outbox whose root key is known."""
    instance = get_meta(conn, "instance") or ""
    keys = DataKeys(conn, root, instance)
    conn.identity_secret = identity_of(conn, root, instance)
    seals = add_functions(conn, Sealer(instance, keys, 0), state, keys)
    tables = sealed_tables(conn)
    for table in tables.values():
        conn.execute(view(table, "opened"))
    conn.__class__ = SealedConnection
    assert isinstance(conn, SealedConnection)
    conn.statements, conn.seals = Statements(tables), seals


def show(conn: Connection, key: Secret | None, *, reveal: bool) -> bool:
    """Make a reading connection ready: what is sealed is opened, or shown as `sealed`; returns whether it is shown
    so. With a key rows can be looked up by address also where nothing is revealed. Raises SealRefused."""
    state = state_of(conn)
    if state is None:
        return False
    instance = get_meta(conn, "instance") or ""
    if key is not None or reveal:
        root = root_of(conn, key)
        conn.identity_secret = identity_of(conn, root, instance)
        if reveal:
            keys = DataKeys(conn, root, instance)
            add_functions(conn, Sealer(instance, keys, 0), state, keys)
    conn.execute("PRAGMA query_only = OFF")  # else no view can be made, though they are of this connection alone
    for table in sealed_tables(conn).values():
        conn.execute(view(table, "opened" if reveal else None))
    conn.execute("PRAGMA query_only = ON")
    return not reveal


class Functions:
    """What seals the values of an outbox, and opens them, as far as it is sealed."""

    def __init__(self, sealer: Sealer, state: State) -> None:
        self._sealer = sealer
        self._converting = state in (State.SEALING, State.OPENING)
        seals = Seals(sealer.seal, lru_cache(REPEATED)(sealer.seal_alike))
        #: of what is written
        self.seals = seals if state.seals else Seals(_as_it_is, _as_it_is)
        self.opened_alike = lru_cache(REPEATED)(self.opened)
        #: what is there as it should be
        self.converted: Callable[..., Any] = self._once(sealer.seal) if state.seals else self.opened
        self.converted_alike: Callable[..., Any] = self._once(sealer.seal_alike) if state.seals else self.opened

    def opened(self, value: V, *place: str | int) -> V:
        """The value as it was before it was sealed; one in the open as it is. Raises NotOpened."""
        if not value:
            return value
        try:
            return self._sealer.open(value, *place)
        except NotOpened:
            if self._converting:
                return value  # foreign words that only look like a sealed value, and are not converted yet
            raise

    def opens(self, value: V, *place: str | int) -> bool:
        """Whether a value is a sealed one of this place."""
        try:
            return bool(value) and is_sealed(value) and self._sealer.open(value, *place) is not None
        except NotOpened:
            return False

    def _once(self, seal: Callable[..., V]) -> Callable[..., V]:
        return lambda value, *place: value if not value or self.opens(value, *place) else seal(value, *place)


def add_functions(conn: Connection, sealer: Sealer, state: State, keys: DataKeys) -> Seals:
    """The SQL functions of a sealed outbox, and its data key of the month at each transaction; returns those that
    seal."""
    functions = Functions(sealer, state)
    named: dict[str, Callable[..., Any]] = {
        "opened": functions.opened,
        "opened_alike": functions.opened_alike,
        "opens": functions.opens,
        "sealed": functions.seals.one,
        "sealed_alike": functions.seals.alike,
        "converted": functions.converted,
        "converted_alike": functions.converted_alike,
    }
    for name, function in named.items():
        conn.create_function(name, -1, function)

    def keep_up() -> None:
        sealer.begin(keys.of_month(month()))

    if state.seals:
        conn.on_begin = keep_up
    return functions.seals


def month() -> str:
    """The month whose data key seals."""
    return SystemClock().now().strftime("%Y-%m")


def _as_it_is(value: V, *_: object) -> V:
    return value


def _look(conn: Connection, known: State | None, then: Callable[[], None] | None) -> None:
    """Refuse to write as it was right when the connection was made, where that has changed."""
    require_here(conn)
    now = state_of(conn)
    if (now is not None and now.seals) != (known is not None and known.seals):
        raise StoreUnavailable(
            "The outbox is being sealed or opened since this command began, and nothing more was stored. Next: run "
            "it again."
        )
    if then is not None:
        then()


def identity_of(conn: Conn, root: bytes, instance: str) -> bytes:
    """The key of the identity keys of a sealed outbox."""
    found = get_meta(conn, _IDENTITY) or ""
    try:
        return unwrap(root, bytes.fromhex(found.removeprefix(MARK)), what_identity(instance))
    except (NotOpened, ValueError) as error:
        raise damaged("its identity_secret does not open") from error
