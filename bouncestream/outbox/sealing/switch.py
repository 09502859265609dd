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
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from secrets import token_bytes

from bouncestream.crypto.sealed import KEY, MARK, Sealer, key_id, wrap
from bouncestream.crypto.secret import Secret
from bouncestream.errors import SchemaTooOld, SealRefused, StoreBusy, StoreUnavailable
from bouncestream.outbox import files
from bouncestream.outbox.connection import Connection, begin, in_words, options, prepare_writer
from bouncestream.outbox.copied import require_here
from bouncestream.outbox.delivery import get_meta, set_meta
from bouncestream.outbox.migrate import newest, version
from bouncestream.outbox.queries import QUERIES
from bouncestream.outbox.sealing.columns import Table, sealed_tables
from bouncestream.outbox.sealing.statements import convert, convert_names
from bouncestream.outbox.sealing.unlock import (
    ALWAYS,
    STATE,
    WRAPPED_BY,
    DataKeys,
    State,
    add_functions,
    root_of,
    state_of,
    what_identity,
    what_root,
)

log = logging.getLogger("bouncestream.outbox")

#: Rows that are converted in one transaction, and seconds until the next, so that `run` gets its turn.
STEP, PAUSE = 500, 0.005
#: The same of tables with raw bodies.
STEP_OF_BYTES = 50
#: In `meta`: how far the conversion has come, as `<table> <rowid>`.
CURSOR = "sealing_at"
#: Tries to empty the log while another process reads, and seconds between them.
TRIES, WAIT = 50, 0.2


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a conversion has come."""

    done: int  #: rows
    of: int


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
            log.warning("what comes in is stored sealed from now on")
        return
    root = root_of(conn, key)
    if state.seals == seal:
        return
    _in_transaction(conn, partial(_turn, conn, root, State.SEALING if seal else State.OPENING))
    log.warning("what comes in is stored %s from now on", "sealed" if seal else "in the open")


def _begin_sealing(conn: Connection, key: Secret) -> None:
    empty = not any(_newest(conn, table) for table in sealed_tables(conn).values() if table.rowid)
    root = token_bytes(KEY)
    instance = get_meta(conn, "instance") or ""
    plain = get_meta(conn, "identity_secret") or ""

    def job() -> None:
        _add_key(conn, key, root)
        identity = wrap(root, bytes.fromhex(plain), what_identity(instance))
        set_meta(conn, "identity_secret", MARK + identity.hex())
        first = DataKeys(conn, root, instance).of_month(ALWAYS)
        assert first == 1, "`seal_alike` uses it by this number"
        _turn(conn, root, State.SEALING)

    _in_transaction(conn, job)
    if empty:
        finish(conn)


def _turn(conn: Connection, root: bytes, state: State) -> None:
    """The state, and the small tables with it, which have no number to walk by, and where a row of the same name
    may come at any time."""
    instance = get_meta(conn, "instance") or ""
    keys = DataKeys(conn, root, instance)
    add_functions(conn, Sealer(instance, keys, 0), state, keys)
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
    tables = [table for _, table in sorted(sealed_tables(conn).items()) if table.rowid]
    ends = [_newest(conn, table) for table in tables]
    at, _, row = (get_meta(conn, CURSOR) or "").partition(" ")
    for number, table in enumerate(tables):
        if table.name < at:
            continue
        after = int(row) if table.name == at else 0
        step = STEP_OF_BYTES if table.bytes_ else STEP
        while (upto := _upto(conn, table, after, step)) is not None:
            _in_transaction(conn, partial(_step, conn, table, after, upto))
            after = upto
            yield Progress(sum(ends[:number]) + after, sum(ends))
            time.sleep(PAUSE)


def _step(conn: Connection, table: Table, after: int, upto: int) -> None:
    conn.execute(convert(table, "converted", "WHERE rowid > ? AND rowid <= ?"), (after, upto))
    set_meta(conn, CURSOR, f"{table.name} {upto}")


def finish(conn: Connection) -> None:
    """End a conversion: nothing of the other kind is left, also not in unused parts of the file and in the log; the
    connection is unlocked, or the outbox is empty. May be repeated. Raises StoreError."""
    state = state_of(conn)
    if state is State.OPENING:
        _refuse_rest(conn, seals=False)
        _in_transaction(conn, partial(_forget_keys, conn))
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


def _forget_keys(conn: Connection) -> None:
    """Nothing is sealed any more."""
    set_meta(conn, "identity_secret", conn.identity_secret.hex())
    conn.execute(QUERIES["delete_data_keys"])
    conn.execute(QUERIES["delete_metas"], (f"{WRAPPED_BY}*",))
    for name in (STATE, CURSOR):
        conn.execute(QUERIES["delete_meta"], (name,))


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
    """Have a new key open the outbox too, beside the present one. Raises SealRefused."""
    if state_of(conn) is None:
        raise SealRefused("The outbox is not sealed, so no key opens it. Next: `bouncestream seal` seals it.")
    root = root_of(conn, key)
    _in_transaction(conn, partial(_add_key, conn, new, root))


def keep_only(conn: Connection, key: Secret) -> list[str]:
    """Have no other key open the outbox any more; returns the names of those that did. Raises SealRefused."""
    root_of(conn, key)
    kept = f"{WRAPPED_BY}{key_id(key.reveal())}"
    others = [name for name, _ in conn.execute(QUERIES["wrapped_roots"]) if name != kept]
    with in_words():
        conn.execute("PRAGMA secure_delete = ON")
    _in_transaction(conn, lambda: conn.executemany(QUERIES["delete_meta"], [(name,) for name in others]))
    empty_log(conn)
    return [name.removeprefix(WRAPPED_BY) for name in others]


def _add_key(conn: Connection, key: Secret, root: bytes) -> None:
    text = key.reveal()
    wrapped = wrap(bytes.fromhex(text), root, what_root(get_meta(conn, "instance") or ""))
    set_meta(conn, f"{WRAPPED_BY}{key_id(text)}", wrapped.hex())


def _in_transaction(conn: Connection, job: Callable[[], object]) -> None:
    with in_words():
        begin(conn)
        try:
            job()
            conn.execute("COMMIT")
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
