# SPDX-License-Identifier: GPL-3.0-or-later
"""A transaction for many jobs: what the thread of the writing connection does with a batch. Synchronous.

A job may run twice, so its only effect must be the database: first all jobs run without savepoints, which cost 6 us
each. If one raises, all is undone and they run again, each in a savepoint of its own, so that the guilty one alone
is undone and its neighbours are stored.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Any

from bouncestream.errors import StoreError
from bouncestream.outbox.connection import FAULTS, begin, is_trouble, translate
from bouncestream.outbox.engine import Conn


@dataclass(slots=True)
class Job:
    """A function that waits for its transaction, and the future of who awaits it.

    With `many`, `run` takes a list of items and returns a list of results: neighbours with the same function are
    run as one, each with its own `item`.
    """

    run: Callable[..., Any]
    future: asyncio.Future[Any]
    rows: int
    size: int
    many: bool = False
    item: Any = None

    def alone(self, conn: Conn) -> Any:
        """Run this job and no other."""
        return self.run(conn, [self.item])[0] if self.many else self.run(conn)


@dataclass(slots=True)
class Outcome:
    """The outcome of a job: what it returned, or why it failed."""

    value: Any = None
    error: Exception | None = None


class _Ended(Exception):
    """The database failed under a job; SQLite may have ended the transaction by itself."""

    def __init__(self, error: sqlite3.Error) -> None:
        self.error = error


def run_batch(conn: sqlite3.Connection, jobs: Sequence[Job]) -> list[Outcome]:
    """Run all jobs in one transaction and commit it. Their outcomes hold once this returns: on the disk, or failed.

    A job whose future was cancelled before its turn is skipped.
    """
    try:
        begin(conn)
        outcomes = _plain(conn, jobs)
        if outcomes is None:
            conn.execute("ROLLBACK")
            begin(conn)
            outcomes = run_guarded(conn, jobs, partial(_fault, conn))
        conn.execute("COMMIT")
    except _Ended as ended:
        return refuse(jobs, translate(ended.error), ended.error)
    except FAULTS as error:
        return refuse(jobs, translate(error), error)
    finally:
        if conn.in_transaction:
            conn.execute("ROLLBACK")
    return outcomes


def _plain(conn: sqlite3.Connection, jobs: Sequence[Job]) -> list[Outcome] | None:
    """Run all jobs as they come; None when one of them raised, since then all must be undone."""
    try:
        return run_all(conn, jobs)
    except Exception as error:
        _fault(conn, error)
        return None


def run_all(conn: Conn, jobs: Sequence[Job]) -> list[Outcome]:
    """Run all jobs as they come, without a savepoint. Raises what a job raises."""
    outcomes = [Outcome() for _ in jobs]
    todo = [(job, outcome) for job, outcome in zip(jobs, outcomes, strict=True) if not job.future.cancelled()]
    for (run, many), group in groupby(todo, lambda pair: (pair[0].run, pair[0].many)):
        if many:
            together = list(group)
            values = run(conn, [job.item for job, _ in together])
            for (_, outcome), value in zip(together, values, strict=True):
                outcome.value = value
        else:
            for job, outcome in group:
                outcome.value = job.run(conn)
    return outcomes


def run_guarded(conn: Conn, jobs: Sequence[Job], fault: Callable[[Exception], Exception]) -> list[Outcome]:
    """Run each job in its own savepoint. `fault`: the error that the one is told whose job raised; it raises where
    the transaction is over, and with it all jobs."""
    outcomes = []
    for job in jobs:
        outcome = Outcome()
        outcomes.append(outcome)
        if job.future.cancelled():
            continue
        conn.execute("SAVEPOINT job")
        try:
            outcome.value = job.alone(conn)
        except Exception as error:
            outcome.error = fault(error)
            conn.execute("ROLLBACK TO job")
        conn.execute("RELEASE job")
    return outcomes


def _fault(conn: sqlite3.Connection, error: Exception) -> Exception:
    if isinstance(error, sqlite3.Error) and (is_trouble(error) or not conn.in_transaction):
        raise _Ended(error) from error
    return error


def refuse(jobs: Sequence[Job], failure: StoreError, cause: BaseException) -> list[Outcome]:
    """The outcomes of jobs that all failed, each with an exception of its own: one shared by many tasks grows a
    traceback of all."""
    outcomes = []
    for _ in jobs:
        error = type(failure)(str(failure))
        error.__cause__ = cause
        outcomes.append(Outcome(error=error))
    return outcomes
