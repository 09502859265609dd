# SPDX-License-Identifier: GPL-3.0-or-later
"""The conversion of what is in an outbox on PostgreSQL already, in small transactions beside the bridges: each may
be the last one for now, and the next run of the command goes on from there (`sealing.switch` does it for a file).
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from functools import partial

from bouncestream.errors import StoreUnavailable
from bouncestream.outbox.delivery import set_meta
from bouncestream.outbox.postgres import rewriting
from bouncestream.outbox.postgres.connection import Failed, ServerConnection, begin
from bouncestream.outbox.postgres.switch import (
    Work,
    changing,
    converted,
    forget_keys,
    functions_of,
    turned,
)
from bouncestream.outbox.postgres.translate import array
from bouncestream.outbox.postgres.unlock import schema_of
from bouncestream.outbox.postgres.words import is_conflict
from bouncestream.outbox.queries import QUERIES
from bouncestream.outbox.sealing.columns import ROW, Table
from bouncestream.outbox.sealing.state import STATE, State, state_of
from bouncestream.outbox.sealing.unlock import Functions
from bouncestream.outbox.sealing.walk import CURSOR, Progress, walk

#: Bytes that a step has about, at most: one row may have more.
BYTES = 4 << 20
#: A step is tried so often, where a bridge changes the same rows.
TRIES = 8
#: Seconds that a look through a whole table may take.
LONG = 86400.0


def steps(work: Work) -> Iterator[Progress]:
    """Convert what is there to what is wanted, from where it was left. Raises StoreError."""
    conn = work.conn
    state = state_of(conn)
    if state is None:
        return iter(())
    tables = schema_of(conn).tables.values()

    def take(table: Table, after: int, upto: int) -> None:
        _again(partial(_step, work, table, state, after, upto))

    return walk(conn, tables, partial(_newest, conn), partial(_upto, conn), take)


def finish(work: Work) -> str:
    """End a conversion: nothing of the other kind is left, also not in unused parts of the tables; returns, in the
    operator's words, what of it bouncestream may not do. May be repeated. Raises StoreError."""
    conn = work.conn
    state = state_of(conn)
    if state is State.OPENING:
        _refuse_rest(work, state)
        forget_keys(conn, work.root)
    elif state is not None:
        if state is State.SEALING:
            _refuse_rest(work, state)
            _advance(conn, state, State.WIPING)
        names = [*sorted(schema_of(conn).tables), "meta"]
        rewriting.rewrite(conn, names)
        left = rewriting.forget_statistics(conn)
        _advance(conn, State.WIPING, State.SEALED)
        return left
    return ""


def _advance(conn: ServerConnection, before: State, after: State) -> None:
    with changing(conn, "EXCLUSIVE"):
        found = state_of(conn)
        if found is State.SEALED and after is State.SEALED:
            return
        if found is not before:
            raise turned()
        set_meta(conn, STATE, after)
        if after is State.SEALED:
            conn.execute(QUERIES["delete_meta"], (CURSOR,))


def _again(step: Callable[[], None]) -> None:
    """Take a step; again, where somebody else was quicker."""
    for attempt in range(TRIES):
        try:
            return step()
        except Failed as failed:
            if not is_conflict(failed.cause) or attempt == TRIES - 1:
                raise
            time.sleep(random.uniform(0, 0.05 * 2**attempt))  # noqa: S311 - a jitter
    return None


def _step(work: Work, table: Table, state: State, after: int, upto: int) -> None:
    conn, names = work.conn, ROW[table.name]
    columns = list(dict.fromkeys(("id", *names, *table.sealed)))
    with changing(conn):
        if (found := state_of(conn)) is None or found.seals != state.seals:
            raise turned()
        functions = functions_of(conn, work.root, found)
        listed = f"SELECT {', '.join(columns)} FROM {table.name} WHERE id > ? AND id <= ? ORDER BY id FOR UPDATE"  # noqa: S608
        new: list[tuple[object, ...]] = []
        for values in conn.execute(listed, (after, upto)).fetchall():
            row = dict(zip(columns, values, strict=True))
            to = converted(table, functions, row, seals=state.seals)
            if any(to[column] != row[column] for column in to):
                new.append((row["id"], *(to[column] for column in table.sealed)))
        if new:
            arrays = ", ".join(f"?::{'bytea' if column in table.bytes_ else 'text'}[]" for column in table.sealed)
            sets = ", ".join(f"{column} = new.{column}" for column in table.sealed)
            told = f"unnest(?::bigint[], {arrays}) AS new (number, {', '.join(table.sealed)})"
            conn.execute(
                f"UPDATE {table.name} SET {sets} FROM {told} WHERE {table.name}.id = new.number",  # noqa: S608
                [array(values) for values in zip(*new, strict=True)],
            )
        set_meta(conn, CURSOR, f"{table.name} {upto}")


def _refuse_rest(work: Work, state: State) -> None:
    """Raise StoreUnavailable when a value is left that should have been converted; the next run begins anew then.
    What only looks like a sealed value, such as foreign words, does not open, and is not one."""
    conn = work.conn
    left: tuple[int, str] | None = None
    try:
        begin(conn, read_only=True, within=LONG)
        functions = functions_of(conn, work.root, State.OPENING)
        for table in schema_of(conn).tables.values():
            for column in table.sealed:
                count = _count(conn, table, column, None if state.seals else functions)
                if count and left is None:
                    left = count, f"{table.name}.{column}"
    finally:
        conn.rollback()
    if left is not None:
        with changing(conn):
            set_meta(conn, CURSOR, "")
        raise StoreUnavailable(f"{left[0]} values of {left[1]} are not converted yet. Next: run the command again.")


def _count(conn: ServerConnection, table: Table, column: str, functions: Functions | None) -> int:
    """Values that are in the open; with `functions`, those that open."""
    if column in table.bytes_:
        looks = f"substr({column}, 1, 7) = 'sealed:'::bytea"
    else:
        looks = f"{column} ~ '^sealed:[0-9]'"
    if functions is None:
        found: int = conn.execute(
            f"SELECT count(*) FROM {table.name} WHERE length({column}) > 0 AND NOT {looks}"  # noqa: S608
        ).fetchone()[0]
        return found
    names = () if table.alike(column) else ROW[table.name]
    listed = conn.execute(f"SELECT {', '.join((column, *names))} FROM {table.name} WHERE {looks}")  # noqa: S608
    return sum(functions.opens(value, f"{table.name}.{column}", *row) for value, *row in listed)


def _newest(conn: ServerConnection, table: Table) -> int:
    newest: int = conn.execute(f"SELECT coalesce(max(id), 0) FROM {table.name}").fetchone()[0]  # noqa: S608
    return newest


def _upto(conn: ServerConnection, table: Table, after: int, rows: int) -> int | None:
    """The number of the last of so many rows after one, or of fewer that have many BYTES; None: there is none."""
    size = " + ".join(f"coalesce(length({column}), 0)" for column in sorted(table.bytes_)) or "0"
    some = f"SELECT id, {size} FROM {table.name} WHERE id > ? ORDER BY id LIMIT ?"  # noqa: S608
    upto, held = None, 0
    for number, more in conn.execute(some, (after, rows)).fetchall():
        held += more
        if upto is not None and held > BYTES:
            break
        upto = number
    return upto
