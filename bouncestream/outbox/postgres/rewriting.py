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

#: Tries for a table that others read, or of which they still see former rows; seconds between them.
TRIES, WAIT = 25, 0.4
#: Seconds that one try waits for its lock, and that one table may take.
LOCKED, LONG = 2.0, 86400.0
_TIMED_OUT = "55P03"


def rewrite(conn: ServerConnection, tables: Sequence[str]) -> None:
    """Write tables anew, so that nothing is left of former values. Raises StoreBusy when another session keeps it
    from that all the time."""
    for table in tables:
        for attempt in range(TRIES):
            if attempt:
                time.sleep(WAIT)
            try:
                kept = _rewrite(conn, table)
            except Failed as failed:
                if failed.cause.sqlstate != _TIMED_OUT:
                    raise
                kept = None
            if kept == 0:
                break
        else:
            why = (
                f"former values of {kept} rows of {table} are kept for a session that began before"
                if kept
                else f"another session reads {table} all the time"
            )
            raise StoreBusy(
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
            conn.execute("SELECT set_config('lock_timeout', ?, true)", (f"{LOCKED:.0f}s",))
            conn.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            conn.execute(f"CLUSTER VERBOSE {table} USING {name}")
            conn.execute(f"ALTER TABLE {table} SET WITHOUT CLUSTER")
            conn.execute(f"ANALYZE {table}")
            conn.execute("COMMIT")
        finally:
            conn.rollback()
    # "3 dead row versions cannot be removed yet", in the language of the server
    found = [re.search(r"\d+", detail) for _, detail in notices if detail]
    return max((int(one[0]) for one in found if one), default=0)


def forget_statistics(conn: ServerConnection) -> str:
    """Write the planner's statistics anew, which had samples of what the tables held; returns, in the operator's
    words, what is left where this role may not."""
    with _told(conn) as notices:
        try:
            conn.execute("VACUUM (FULL) pg_catalog.pg_statistic")
        except Failed:
            refused = True
        else:
            refused = any(severity == "WARNING" for severity, _ in notices)
    if not refused:
        return ""
    return (
        "The planner's statistics may hold samples of former values, and this role may not rewrite them. Next: run "
        "VACUUM FULL pg_statistic as the owner of the database."
    )


@contextmanager
def _told(conn: ServerConnection) -> Iterator[list[tuple[str | None, str | None]]]:
    """What the server says beside its answers: severity and detail. It cannot be read later."""
    notices: list[tuple[str | None, str | None]] = []

    def note(said: Diagnostic) -> None:
        notices.append((said.severity_nonlocalized, said.message_detail))

    conn.conn.add_notice_handler(note)
    try:
        yield notices
    finally:
        conn.conn.remove_notice_handler(note)
