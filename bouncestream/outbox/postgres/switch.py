# SPDX-License-Identifier: GPL-3.0-or-later
"""From an outbox on PostgreSQL in the open to a sealed one and back, and from one key to another, as
`sealing.switch` does it for a file. Synchronous.

Several bridges may run meanwhile. So a turn waits until no transaction that writes is under way, and whoever writes
after it looks first (`unlock`): none of them stores what comes in otherwise than the outbox says.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from secrets import token_hex

from bouncestream.crypto.sealed import Sealer
from bouncestream.crypto.secret import Secret
from bouncestream.errors import NoOutbox, SealRefused, StoreBusy
from bouncestream.outbox.copied import require_here
from bouncestream.outbox.delivery import get_meta, set_meta
from bouncestream.outbox.place import Server
from bouncestream.outbox.postgres import rewriting
from bouncestream.outbox.postgres.batch import commit
from bouncestream.outbox.postgres.connection import Failed, ServerConnection, begin, connect
from bouncestream.outbox.postgres.known import Changed
from bouncestream.outbox.postgres.leases import bridges
from bouncestream.outbox.postgres.schema import check_server, current
from bouncestream.outbox.postgres.unlock import Schema, schema_of
from bouncestream.outbox.postgres.words import translate
from bouncestream.outbox.queries import QUERIES
from bouncestream.outbox.sealing import keys
from bouncestream.outbox.sealing.columns import ROW, Table
from bouncestream.outbox.sealing.state import STATE, State, state_of
from bouncestream.outbox.sealing.unlock import DataKeys, Functions, identity_of, month, root_of
from bouncestream.outbox.sealing.walk import CURSOR

log = logging.getLogger("bouncestream.outbox")

#: In `meta`: whether a bridge of that name seals, as it was started last.
SEALS = "bridge_seals:"
_HOLDS_NO_EVENT = {"meta", "lease", "bridge", "data_keys"}
_NUMBERED = ("outbox", "history", "raw", "quarantine")


@dataclass
class Work:
    """The connection of a command that turns an outbox, and its root key once it is known (`ready`)."""

    conn: ServerConnection
    root: bytes = b""


@contextmanager
def working(server: Server) -> Iterator[Work]:
    """A connection that changes how the outbox is sealed, and is closed afterwards. Raises StoreError."""
    with told_in_words():
        conn = connect(server)
        try:
            check_server(conn)
            if not current(conn):
                raise NoOutbox("There is no outbox in the database at [outbox] url. Next: check the url.")
            require_here(conn)
            yield Work(conn)
        finally:
            conn.close()


@contextmanager
def told_in_words() -> Iterator[None]:
    """Let no error of PostgreSQL out but as a StoreError."""
    try:
        yield
    except Failed as failed:
        raise translate(failed.cause) from None
    except Changed:
        raise turned() from None


def turned() -> StoreBusy:
    """The error for an outbox that somebody else turns at the same time."""
    return StoreBusy(
        "Another command or bridge has sealed or opened the outbox meanwhile. Nothing was changed. Next: see that "
        "[privacy] seal is the same everywhere, and run the command again."
    )


@contextmanager
def changing(conn: ServerConnection, lock: str = "ROW SHARE") -> Iterator[None]:
    """A transaction in which nobody turns the outbox; `EXCLUSIVE`: in which nobody else writes to it. Raises
    OutboxCopied."""
    try:
        begin(conn, committed=True)
        conn.execute(f"LOCK TABLE data_keys IN {lock} MODE")
        require_here(conn)
        yield
        commit(conn)
    finally:
        conn.rollback()


def ready(work: Work, key: Secret | None) -> None:
    """Read the root key. Raises SealRefused."""
    if state_of(work.conn) is not None:
        work.root = root_of(work.conn, key)


def switch(server: Server, key: Secret | None, *, seal: bool) -> State | None:
    """Have what comes in sealed from now on, or in the open; returns how far the outbox is sealed then. Raises
    StoreBusy when a running bridge was not started with these settings, and SealRefused."""
    with working(server) as work:
        conn = work.conn
        state = state_of(conn)
        if state is not None:
            root_of(conn, key)
        if _seals(state) == seal:
            return state
        others = [
            one.name for one in bridges(conn) if one.alive and get_meta(conn, SEALS + one.name) != _word(seal)
        ]
        if others:
            how = "sealed" if seal else "in the open"
            raise StoreBusy(
                f"The running bridge {', '.join(others)} does not store {how} yet, as it was started with other "
                f"settings. Next: restart it, and run this again."
            )
        return _turn(conn, key, seal=seal)


def settle(conn: ServerConnection, key: Secret | None, *, seal: bool) -> None:
    """A bridge starts, with or without `[privacy] seal`. With it, what comes in is sealed from now on. Without, a
    sealed outbox stays so until `unseal`: other bridges may seal. Raises SealRefused."""
    state = state_of(conn)
    if state is not None:
        root_of(conn, key)
    with changing(conn):
        set_meta(conn, SEALS + conn.bridge, _word(seal))
    if seal and not _seals(state):
        _turn(conn, key, seal=True)
    elif not seal and _seals(state):
        log.warning(
            "[privacy] seal is off, and the outbox is sealed: new reports are sealed until `bouncestream unseal`"
        )


def admit(work: Work, key: Secret | None, new: Secret) -> None:
    """See `keys.admit`."""
    with changing(work.conn, "EXCLUSIVE"):
        keys.admit(work.conn, key, new)


def keep_only(work: Work, key: Secret) -> list[str]:
    """See `keys.keep_only`; nothing is left of the others in the table."""
    with changing(work.conn, "EXCLUSIVE"):
        others = keys.keep_only(work.conn, key)
    rewriting.rewrite(work.conn, ["meta"])
    return others


def functions_of(conn: ServerConnection, root: bytes, state: State) -> Functions:
    """What converts the values of the outbox: within the transaction of the caller."""
    instance = get_meta(conn, "instance") or ""
    data_keys = DataKeys(conn, root, instance)
    return Functions(Sealer(instance, data_keys, data_keys.of_month(month()) if state.seals else 0), state)


def converted(table: Table, functions: Functions, row: dict[str, object], *, seals: bool) -> dict[str, object]:
    """The sealed columns of a row as they should be. What tells the row may be sealed itself: the others are bound
    to it as it is when it is sealed."""
    names = ROW[table.name]
    found: dict[str, object] = {}
    at = dict(row)
    for column in sorted(table.sealed, key=lambda name: (name in names) != seals):
        function = functions.converted_alike if table.alike(column) else functions.converted
        place = () if table.alike(column) else tuple(at[name] for name in names)
        value = function(row[column], f"{table.name}.{column}", *place)
        # a text from a file may have a NUL, which PostgreSQL cannot store in the open (`outbox copy`)
        found[column] = value.replace("\0", "\ufffd") if isinstance(value, str) else value
        if seals and column in names:
            at[column] = found[column]
    return found


def _turn(conn: ServerConnection, key: Secret | None, *, seal: bool) -> State | None:
    with changing(conn, "EXCLUSIVE"):
        state = state_of(conn)
        if _seals(state) == seal:
            return state
        schema = schema_of(conn)
        to = State.SEALING if seal else State.OPENING
        if state is not None:
            root = root_of(conn, key)
        elif key is None:
            raise SealRefused("There is no key to seal the outbox with. Next: set [privacy] key_file.")
        else:
            fresh = _is_fresh(conn, schema)
            # that of a new outbox stands in the server's log already, and nothing was made with it
            root = keys.make(conn, key, token_hex(32) if fresh else get_meta(conn, "identity_secret") or "")
            to = State.SEALED if fresh else to
        functions = functions_of(conn, root, to)
        for table in schema.tables.values():
            if not table.rowid:
                _convert_whole(conn, table, functions, seals=to.seals)
        set_meta(conn, STATE, to)
        if to is State.SEALED:
            conn.execute(QUERIES["delete_meta"], (CURSOR,))
        else:
            set_meta(conn, CURSOR, "")
    log.warning("new reports are stored %s from now on", "sealed" if seal else "in the open")
    return to


def _is_fresh(conn: ServerConnection, schema: Schema) -> bool:
    """Whether nothing was ever stored in the outbox."""
    any_row = [f"EXISTS (SELECT 1 FROM {name})" for name in schema.kinds if name not in _HOLDS_NO_EVENT]  # noqa: S608
    any_row += [f"pg_sequence_last_value(CAST('{name}_id_seq' AS regclass)) IS NOT NULL" for name in _NUMBERED]
    return not conn.execute(f"SELECT {' OR '.join(any_row)}").fetchone()[0]


def _convert_whole(conn: ServerConnection, table: Table, functions: Functions, *, seals: bool) -> None:
    """A small table at once: it has no number to walk by, and a row of the same name may come at any time."""
    names = ROW[table.name]
    columns = list(dict.fromkeys((*names, *table.sealed)))
    for values in conn.execute(f"SELECT {', '.join(columns)} FROM {table.name} FOR UPDATE").fetchall():  # noqa: S608
        row = dict(zip(columns, values, strict=True))
        new = converted(table, functions, row, seals=seals)
        if any(new[column] != row[column] for column in new):
            sets = ", ".join(f"{column} = ?" for column in new)
            where = " AND ".join(f"{name} = ?" for name in names)
            told = (*new.values(), *(row[name] for name in names))
            conn.execute(f"UPDATE {table.name} SET {sets} WHERE {where}", told)  # noqa: S608


def forget_keys(conn: ServerConnection, root: bytes) -> None:
    """Nothing is sealed any more. Raises StoreBusy."""
    with changing(conn, "EXCLUSIVE"):
        if state_of(conn) is not State.OPENING:
            raise turned()
        keys.forget(conn, identity_of(conn, root, get_meta(conn, "instance") or ""))


def _seals(state: State | None) -> bool:
    return state is not None and state.seals


def _word(seal: bool) -> str:
    return "yes" if seal else "no"
