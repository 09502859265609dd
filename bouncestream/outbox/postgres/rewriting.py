# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables that are written anew, since PostgreSQL leaves what was changed or deleted in unused parts of them, and
their statistics, which hold samples of their values.

CLUSTER does it within a transaction, so that a pooler gives it one session, and a limit of the time that it waits
for its lock holds: while it waits, all others wait behind it (PostgreSQL's documentation, CLUSTER and 13.3, read
2026-11-30).
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from psycopg.errors import Diagnostic

from bouncestream.errors import StoreBusy
from bouncestream.outbox.postgres.connection import Failed, ServerConnection, begin

#: Tries to lock a table that others read, seconds between them; so often it is written anew, as they still see
#: former rows of it.
TRIES, WAIT, REWRITES = 25, 0.4, 3
#: Seconds that one try waits for its lock, and that one table may take.
LOCKED, LONG = 2.0, 86400.0
_LOCKED, _NOT_ALLOWED = "55P03", "42501"


def rewrite(conn: ServerConnection, tables: Sequence[str]) -> None:
    """Write tables anew, so that nothing is left of former values. Raises StoreBusy when another session keeps it
    from that all the time."""
    for table in tables:
        left = REWRITES
        for attempt in range(TRIES):
            if attempt:
                time.sleep(WAIT)
            try:
                kept = _rewrite(conn, table)
            except Failed as failed:
                if failed.cause.sqlstate != _LOCKED:
                    raise
                kept = None
            if kept == 0:
                break
            left -= kept is not None
            if not left:
                raise _busy(f"former values of {kept} rows of {table} are kept for a session that began before")
        else:
            raise _busy(f"another session reads {table} all the time")


def _busy(why: str) -> StoreBusy:
    return StoreBusy(
        f"The tables could not be rewritten: {why}. Next: end what reads the outbox (psql, pg_dump; see "
        "pg_stat_activity, pg_prepared_xacts and pg_replication_slots), and run the command again; what is "
        "converted stays so."
    )


def _rewrite(conn: ServerConnection, table: str) -> int:
    """Write a table anew; returns how many former rows had to be kept."""
    index = "SELECT CAST(indexrelid AS regclass)::text FROM pg_index "
    index += "WHERE indrelid = CAST(? AS regclass) AND indisprimary"
    (name,) = conn.execute(index, (table,)).fetchone()
    with _told(conn) as notices:
        try:
            begin(conn, committed=True, within=LONG)
            conn.execute("SELECT set_config('lock_timeout', ?, true)", (f"{LOCKED * 1000:.0f}",))
            conn.execute("LOCK TABLE data_keys IN EXCLUSIVE MODE")  # a bridge that writes sees former rows
            conn.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            conn.execute(f"CLUSTER VERBOSE {table} USING {name}")
            conn.execute(f"ALTER TABLE {table} SET WITHOUT CLUSTER")
            conn.execute(f"ANALYZE {table}")
            conn.execute("COMMIT")
        finally:
            conn.rollback()
    # "3 dead row versions cannot be removed yet", in the language of the server
    found = [re.search(r"\d+", detail) for _, _, detail in notices if detail]
    return max((int(one[0]) for one in found if one), default=0)


def forget_statistics(conn: ServerConnection) -> str:
    """Write the planner's statistics anew, which had samples of what the tables held; returns, in the operator's
    words, what is left where this role may not. All who plan a query read them: so it never waits in the way
    of these. Raises StoreBusy."""
    for _ in range(TRIES):
        with _told(conn) as notices:
            try:
                conn.execute("VACUUM (FULL, SKIP_LOCKED) pg_catalog.pg_statistic")
            except Failed as failed:
                if failed.cause.sqlstate != _NOT_ALLOWED:
                    raise
                break
        warnings = [state for severity, state, _ in notices if severity == "WARNING"]
        if not warnings:
            return ""
        if _LOCKED not in warnings:
            break
        time.sleep(WAIT)
    else:
        raise _busy("another session reads pg_statistic all the time")
    return (
        "The planner's statistics may hold samples of former values, and this role may not rewrite them. Next: run "
        "VACUUM FULL pg_statistic as the owner of the database."
    )


@contextmanager
def _told(conn: ServerConnection) -> Iterator[list[tuple[str | None, ...]]]:
    """What the server says beside its answers: severity, code and detail. It cannot be read later."""
    notices: list[tuple[str | None, ...]] = []

    def note(said: Diagnostic) -> None:
        notices.append((said.severity_nonlocalized, said.sqlstate, said.message_detail))

    conn.conn.add_notice_handler(note)
    try:
        yield notices
    finally:
        conn.conn.remove_notice_handler(note)
