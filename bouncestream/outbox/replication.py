# SPDX-License-Identifier: GPL-3.0-or-later
"""The standbys of PostgreSQL: which there are, whether commits wait for them, and how far behind they are, as far
as the role of the outbox may see it (PostgreSQL 17's documentation, 27.2.4, read 2026-11-30). A file has none."""

from __future__ import annotations

import sqlite3

from bouncestream.outbox.engine import Conn
from bouncestream.record import record

#: No standby: who copies the whole server just now, and who reads changes of single tables.
_STANDBYS = """
SELECT coalesce(application_name, ''), coalesce(sync_state, ''),
       CAST(EXTRACT(EPOCH FROM flush_lag) AS double precision),
       CASE WHEN pg_is_in_recovery() THEN NULL
            ELSE CAST(pg_wal_lsn_diff(pg_current_wal_lsn(), flush_lsn) AS bigint) END
FROM pg_stat_replication
WHERE (state IS NULL OR state IN ('streaming', 'catchup')) AND coalesce(application_name, '') <> 'pg_basebackup'
  AND pid NOT IN (SELECT active_pid FROM pg_replication_slots
                  WHERE slot_type = 'logical' AND active_pid IS NOT NULL)
ORDER BY 1
"""


@record(frozen=True, slots=True)
class Standby:
    """A server that streams from the primary."""

    name: str  #: its application_name
    sync: str  #: `sync`, `quorum`, `potential` or `async`; empty: the role may not see it
    #: Seconds until the newest changes were on its disk; None: not known, or nothing was new lately.
    lag: float | None
    behind: int | None  #: bytes that are not on its disk yet; None: not known

    @property
    def awaited(self) -> bool:
        """Whether commits wait for its disk."""
        return self.sync in ("sync", "quorum")


@record(frozen=True, slots=True)
class Replication:
    """How the server is replicated."""

    standbys: tuple[Standby, ...] = ()
    named: bool = False  #: commits wait for a standby (synchronous_standby_names), whether one is there or not

    @property
    def visible(self) -> bool:
        """Whether the role may see more of the standbys than that they are there."""
        return all(one.sync for one in self.standbys)


def replication(conn: Conn) -> Replication | None:
    """How the server is replicated; None for a file, and where the server does not let it be known."""
    if isinstance(conn, sqlite3.Connection):
        return None
    from bouncestream.outbox.postgres.connection import Failed  # psycopg is imported by now

    if conn.in_transaction:
        conn.execute("SAVEPOINT replication")
    try:
        (named,) = conn.execute("SELECT current_setting('synchronous_standby_names') <> ''").fetchone()
        standbys = tuple(Standby(*row) for row in conn.execute(_STANDBYS))
    except Failed:
        if conn.in_transaction:
            conn.execute("ROLLBACK TO replication")
        return None
    return Replication(standbys, named)
