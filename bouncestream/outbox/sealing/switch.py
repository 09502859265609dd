# SPDX-License-Identifier: GPL-3.0-or-later
"""From an outbox in the open to a sealed one and back, and from one key to another. Synchronous.

What the configuration says holds from a start of `run` on (`settle`): what comes in is sealed from then on, or in
the open. What is there already is converted in small transactions beside it, and each of them may be the last one
for now: the next run of the command goes on from there. Last, the whole file is written anew, since SQLite leaves
what was changed or deleted in unused parts of it.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

from bouncestream.crypto.sealed import MARK, Sealer
from bouncestream.crypto.secret import Secret
from bouncestream.errors import SchemaTooOld, StoreBusy, StoreUnavailable
from bouncestream.outbox import files
from bouncestream.outbox.connection import Connection, begin, in_words, options, prepare_writer
from bouncestream.outbox.copied import require_here
from bouncestream.outbox.delivery import get_meta, set_meta
from bouncestream.outbox.migrate import newest, version
from bouncestream.outbox.queries import QUERIES
from bouncestream.outbox.sealing import keys
from bouncestream.outbox.sealing.columns import Table, sealed_tables
from bouncestream.outbox.sealing.state import STATE, State, state_of
from bouncestream.outbox.sealing.statements import convert, convert_names
from bouncestream.outbox.sealing.unlock import DataKeys, add_functions, root_of
from bouncestream.outbox.sealing.walk import CURSOR, Progress, walk

T = TypeVar("T")

log = logging.getLogger("bouncestream.outbox")

#: Tries to empty the log while another process reads, and seconds between them.
TRIES, WAIT = 50, 0.2


@contextmanager
def working(path: Path) -> Iterator[Connection]:
    """A connection that writes the outbox at `path`, beside `run`, and is closed afterwards. Raises StoreError."""
    files.require(path)
    with in_words(), closing(sqlite3.connect(**options(path))) as conn:
        assert isinstance(conn, Connection)
        if version(conn) != newest():
            raise SchemaTooOld(
                f"The outbox {path} is of an older version. Next: start `bouncestream run`, which upgrades it."
            )
        require_here(conn)
        prepare_writer(conn)
        yield conn


def switch(path: Path, key: Secret | None, *, seal: bool) -> State | None:
    """`settle` for a command; returns how far the outbox is sealed then. Raises StoreBusy when a running bridge
    does not store yet as it should."""
    with working(path) as conn:
        try:
            lock = files.Lock(path)
        except StoreBusy:
            state = state_of(conn)
            if (state is not None and state.seals) == seal:
                return state
            how = "sealed" if seal else "in the open"
            raise StoreBusy(
                f"The running bridge does not store {how} yet, as it was started with other settings. Next: "
                "restart it, and run this again."
            ) from None
        try:
            settle(conn, key, seal=seal)
        finally:
            lock.release()
        return state_of(conn)


def settle(conn: Connection, key: Secret | None, *, seal: bool) -> None:
    """Have what comes in sealed from now on, or in the open, as `seal` says. Only for whoever holds the lock of
    `run`. An empty outbox is sealed as a whole at once. Raises SealRefused."""
    state = state_of(conn)
    if state is None:
        if seal and key is not None:
            _begin_sealing(conn, key)
            log.warning("new reports are stored sealed from now on")
        return
    root = root_of(conn, key)
    if state.seals == seal:
        return
    _in_transaction(conn, partial(_turn, conn, root, State.SEALING if seal else State.OPENING))
    log.warning("new reports are stored %s from now on", "sealed" if seal else "in the open")


def _begin_sealing(conn: Connection, key: Secret) -> None:
    empty = not any(_newest(conn, table) for table in sealed_tables(conn).values() if table.rowid)
    plain = get_meta(conn, "identity_secret") or ""

    def job() -> None:
        _turn(conn, keys.make(conn, key, plain), State.SEALING)

    _in_transaction(conn, job)
    if empty:
        finish(conn)


def _turn(conn: Connection, root: bytes, state: State) -> None:
    """The state, and the small tables with it, which have no number to walk by, and where a row of the same name
    may come at any time."""
    instance = get_meta(conn, "instance") or ""
    data_keys = DataKeys(conn, root, instance)
    add_functions(conn, Sealer(instance, data_keys, 0), state, data_keys)
    if conn.on_begin is not None:
        conn.on_begin()  # the data key of the month
    for table in sealed_tables(conn).values():
        if not table.rowid:
            names, rest = convert_names(table, "converted"), convert(table, "converted")
            for statement in (names, rest) if state.seals else (rest, names):
                if statement:
                    conn.execute(statement)
    set_meta(conn, STATE, state)
    set_meta(conn, CURSOR, "")


def steps(conn: Connection) -> Iterator[Progress]:
    """Convert what is there to what is wanted, from where it was left; the connection is unlocked. Raises
    StoreError."""
    tables = sealed_tables(conn).values()

    def take(table: Table, after: int, upto: int) -> None:
        _in_transaction(conn, partial(_step, conn, table, after, upto))

    return walk(conn, tables, partial(_newest, conn), partial(_upto, conn), take)


def _step(conn: Connection, table: Table, after: int, upto: int) -> None:
    conn.execute(convert(table, "converted", "WHERE rowid > ? AND rowid <= ?"), (after, upto))
    set_meta(conn, CURSOR, f"{table.name} {upto}")


def finish(conn: Connection) -> None:
    """End a conversion: nothing of the other kind is left, also not in unused parts of the file and in the log; the
    connection is unlocked, or the outbox is empty. May be repeated. Raises StoreError."""
    state = state_of(conn)
    if state is State.OPENING:
        _refuse_rest(conn, seals=False)
        _in_transaction(conn, partial(keys.forget, conn, conn.identity_secret))
    elif state is not None:
        if state is State.SEALING:
            _refuse_rest(conn, seals=True)
            _in_transaction(conn, partial(set_meta, conn, STATE, State.WIPING))
        _refuse_small_disk(conn)
        with in_words():
            conn.execute("PRAGMA secure_delete = ON")
            conn.execute("PRAGMA temp_store = FILE")  # a copy of the whole; of what is sealed by now
            conn.execute("VACUUM")
            conn.execute("PRAGMA temp_store = MEMORY")
        empty_log(conn)
        _in_transaction(conn, partial(_sealed, conn))


def _refuse_small_disk(conn: Connection) -> None:
    path = Path(conn.execute("PRAGMA database_list").fetchone()[2])
    size, free = files.size_of(path), files.free_beside(path)
    if free is not None and free < 2 * size:
        raise StoreUnavailable(
            f"The file is rewritten at the end, which needs {2 * size >> 20} MiB beside {path}, and "
            f"{free >> 20} MiB are free. Next: free up space, and run the command again; what is converted stays "
            f"so."
        )


def _sealed(conn: Connection) -> None:
    set_meta(conn, STATE, State.SEALED)
    conn.execute(QUERIES["delete_meta"], (CURSOR,))


def _refuse_rest(conn: Connection, *, seals: bool) -> None:
    """Raise StoreUnavailable when a value is left that should have been converted; the next run begins anew then.
    What only looks like a sealed value, such as foreign words, does not open, and is not one."""
    for table in sealed_tables(conn).values():
        for column in table.sealed:
            text = f"""substr(CAST("{column}" AS TEXT), 1, 20)""" if column in table.bytes_ else f'"{column}"'
            looks = f"""length("{column}") > 0 AND {text} {"NOT" if seals else ""} GLOB '{MARK}[0-9]*'"""
            left = looks if seals else f"""{looks} AND opens("{column}", {table.place(column)})"""
            if count := conn.execute(f'SELECT count(*) FROM main."{table.name}" WHERE {left}').fetchone()[0]:  # noqa: S608
                _in_transaction(conn, partial(set_meta, conn, CURSOR, ""))
                raise StoreUnavailable(
                    f"{count} values of {table.name}.{column} are not converted yet. Next: run the command again."
                )


def empty_log(conn: Connection) -> None:
    """Empty the write-ahead log, in which there may be older pages. Raises StoreBusy when another process reads all
    the time."""
    for _ in range(TRIES):
        with in_words():
            busy = conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if not busy:
            return
        time.sleep(WAIT)
    raise StoreBusy(
        "The write-ahead log of the outbox could not be emptied, as another process reads it all the time; it may "
        "hold older values. Next: end what has the outbox open (a sqlite3 shell?), and run the command again."
    )


def admit(conn: Connection, key: Secret, new: Secret) -> None:
    """See `keys.admit`."""
    _in_transaction(conn, partial(keys.admit, conn, key, new))


def keep_only(conn: Connection, key: Secret) -> list[str]:
    """See `keys.keep_only`; nothing is left of the others in the file and its log."""
    with in_words():
        conn.execute("PRAGMA secure_delete = ON")
    others = _in_transaction(conn, partial(keys.keep_only, conn, key))
    empty_log(conn)
    return others


def _in_transaction(conn: Connection, job: Callable[[], T]) -> T:
    with in_words():
        begin(conn)
        try:
            found = job()
            conn.execute("COMMIT")
            return found
        finally:
            if conn.in_transaction:
                conn.execute("ROLLBACK")


def _newest(conn: Connection, table: Table) -> int:
    """The highest number of a row; 0 where there is none."""
    newest: int = conn.execute(f'SELECT coalesce(max(rowid), 0) FROM main."{table.name}"').fetchone()[0]  # noqa: S608
    return newest


def _upto(conn: Connection, table: Table, after: int, rows: int) -> int | None:
    """The number of the last of so many rows after one; None: there is none."""
    some = f'SELECT rowid AS row FROM main."{table.name}" WHERE rowid > ? ORDER BY rowid LIMIT ?'  # noqa: S608
    upto: int | None = conn.execute(f"SELECT max(row) FROM ({some})", (after, rows)).fetchone()[0]  # noqa: S608
    return upto
