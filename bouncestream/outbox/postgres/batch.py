# SPDX-License-Identifier: GPL-3.0-or-later
"""A transaction for many jobs on PostgreSQL, as `outbox.batch` is for SQLite. Synchronous.

Another bridge may have changed the same rows meanwhile, or stored the same key: then all runs again, on a new view
of the database. Where a job is to blame, all runs again in careful mode, each job in a savepoint of its own.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from threading import Timer

import psycopg

from bouncestream.outbox.batch import Job, Outcome, refuse, run_all, run_guarded
from bouncestream.outbox.postgres.connection import Failed, ServerConnection, begin
from bouncestream.outbox.postgres.known import Changed
from bouncestream.outbox.postgres.words import (
    UNPREPARED,
    Unconfirmed,
    is_conflict,
    is_elsewhere,
    is_trouble,
    translate,
)

#: A batch is tried so often, and the pauses grow up to so many seconds.
TRIES, PAUSE = 8, 0.2
#: Seconds that a command waits for a synchronous standby.
UNCONFIRMED = 30.0


def run_batch(conn: ServerConnection, jobs: Sequence[Job], quick: bool = True) -> list[Outcome]:
    """Run all jobs in one transaction and commit it. Their outcomes hold once this returns: on the disk, or failed.

    A job whose future was cancelled before its turn is skipped. Without `quick` it is careful from the beginning,
    and the server itself ends it when the bridge freezes in the midst of it. Raises Changed where nothing was done
    yet, and the session has to learn how the outbox is sealed now.
    """
    careful = not quick
    cause: psycopg.Error | None = None
    for attempt in range(TRIES):
        try:
            outcomes = _guarded(conn, jobs, attempt == TRIES - 1) if careful else _plain(conn, jobs)
            if outcomes is not None:
                return outcomes
            careful = True
            continue
        except Failed as failed:
            cause = failed.cause
        finally:
            _end(conn)
        if cause.sqlstate in UNPREPARED:
            conn.conn.prepare_threshold = None
        elif is_conflict(cause):
            pause = min(PAUSE, 0.005 * 2**attempt)
            time.sleep(random.uniform(0, pause))  # noqa: S311 - on the thread of the writer; a jitter
        elif is_elsewhere(cause):
            conn.close()
            break
        elif careful or is_trouble(cause):
            break
        else:
            careful = True
    assert cause is not None
    return refuse(jobs, translate(cause), Failed(cause))


def _plain(conn: ServerConnection, jobs: Sequence[Job]) -> list[Outcome] | None:
    """Run all jobs in quick mode; None when one of them raised by itself."""
    failed: Failed | Changed | None = None
    outcomes: list[Outcome] | None = None
    end = None
    try:
        with conn.hurrying():
            try:
                begin(conn, watched=True)
                outcomes = run_all(conn, jobs)
                conn.confirm()
                conn.flush()
                end = conn.execute("COMMIT")
            except (Failed, Changed) as error:
                failed = error
                conn.forget()
            except Exception:
                conn.forget()
    except Failed as error:
        failed = failed or error
    if failed is not None:
        raise failed
    if end is not None:
        _committed(conn, end.status)
    return outcomes if end is not None else None


def _guarded(conn: ServerConnection, jobs: Sequence[Job], last: bool) -> list[Outcome]:
    """Each job in its own savepoint. `last`: who conflicts now is at fault."""

    def fault(error: Exception) -> Exception:
        if not isinstance(error, Failed):
            return error
        if is_trouble(error.cause) or (is_conflict(error.cause) and not last):
            raise error
        return translate(error.cause)

    begin(conn, watched=True)
    outcomes = run_guarded(conn, jobs, fault)
    _committed(conn, conn.execute("COMMIT").status)
    return outcomes


def commit(conn: ServerConnection) -> None:
    """Commit what is on the disk then, also on that of a synchronous standby, for which no limit of the server's
    ends the wait (its source, finish_xact_command; 17). Raises Failed."""
    waited = Timer(UNCONFIRMED, conn.conn.cancel)
    waited.daemon = True  # a server that is gone keeps no command from its end
    waited.start()
    try:
        _committed(conn, conn.execute("COMMIT").status)
    finally:
        waited.cancel()


def _committed(conn: ServerConnection, status: str | None) -> None:
    """PostgreSQL answers ROLLBACK to the COMMIT of a transaction that has failed; and COMMIT, with a warning, when
    it did not wait any longer for a synchronous standby (its source, syncrep.c; 17)."""
    if status != "COMMIT":
        raise Failed(psycopg.InternalError(f"a transaction ended with {status}"))
    if conn.unconfirmed:
        raise Failed(Unconfirmed("canceling wait for synchronous replication"))


def _end(conn: ServerConnection) -> None:
    try:
        conn.rollback()
    except psycopg.Error:
        conn.close()
