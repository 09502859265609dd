# SPDX-License-Identifier: GPL-3.0-or-later
"""One transaction for many jobs, without threads: which jobs are run together, and what undoes what."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bouncestream.errors import StoreUnavailable
from bouncestream.outbox.batch import Job, run_batch
from bouncestream.outbox.delivery import get_meta, set_meta


@pytest.fixture
def conn(file_conn: sqlite3.Connection) -> sqlite3.Connection:
    """SQLite alone: PostgreSQL's batches are tested in `postgres/`."""
    return file_conn


def job(run: Any, item: Any = None, *, many: bool = False, cancelled: bool = False) -> Job:
    return Job(run, cast(Any, SimpleNamespace(cancelled=lambda: cancelled)), 1, 0, many, item)


def note(name: str) -> Any:
    return lambda conn: set_meta(conn, name, "done")


def noted(conn: sqlite3.Connection) -> list[str]:
    return [name for name in "abcdef" if get_meta(conn, name)]


def guilty(conn: sqlite3.Connection) -> None:
    set_meta(conn, "f", "done")
    raise LookupError("guilty")


def test_neighbours_of_one_kind_are_run_together(conn: sqlite3.Connection) -> None:
    calls: list[list[int]] = []

    def many(_: sqlite3.Connection, items: Sequence[int]) -> list[int]:
        calls.append(list(items))
        return [item * 10 for item in items]

    jobs = [job(many, n, many=True, cancelled=n == 2) for n in range(4)]
    outcomes = run_batch(conn, [*jobs, job(note("a")), job(many, 9, many=True)])
    assert calls == [[0, 1, 3], [9]]
    assert [outcome.value for outcome in outcomes] == [0, 10, None, 30, None, 90]


def test_when_one_raises_each_is_run_alone(conn: sqlite3.Connection) -> None:
    def many(conn: sqlite3.Connection, items: Sequence[str]) -> list[str]:
        for item in items:
            set_meta(conn, item, "done")
        if "b" in items:
            raise LookupError("guilty")
        return list(items)

    outcomes = run_batch(conn, [job(many, item, many=True) for item in "abc"])
    assert [outcome.value for outcome in outcomes] == ["a", None, "c"]
    assert isinstance(outcomes[1].error, LookupError)
    assert noted(conn) == ["a", "c"]


def test_the_guilty_is_undone_and_its_neighbours_are_stored(conn: sqlite3.Connection) -> None:
    outcomes = run_batch(conn, [job(note("a")), job(guilty), job(note("b"), cancelled=True), job(note("c"))])
    assert [type(outcome.error) for outcome in outcomes] == [type(None), LookupError, type(None), type(None)]
    assert noted(conn) == ["a", "c"]
    assert not conn.in_transaction


def test_a_transaction_that_sqlite_ended_fails_all(conn: sqlite3.Connection) -> None:
    def ended(conn: sqlite3.Connection) -> None:
        conn.execute("ROLLBACK")
        conn.execute("SELECT no_such_thing()")

    outcomes = run_batch(conn, [job(note("a")), job(ended), job(note("b"))])
    assert {type(outcome.error) for outcome in outcomes} == {StoreUnavailable}
    assert noted(conn) == []


def test_a_commit_that_fails_fails_all(conn: sqlite3.Connection) -> None:
    conn.execute("PRAGMA foreign_keys = ON")
    conn.execute("CREATE TABLE child (id INTEGER REFERENCES meta (name) DEFERRABLE INITIALLY DEFERRED)")
    orphan = job(lambda conn: conn.execute("INSERT INTO child VALUES (99)").rowcount)
    outcomes = run_batch(conn, [job(note("a")), orphan])
    assert {type(outcome.error) for outcome in outcomes} == {StoreUnavailable}
    assert noted(conn) == []
    assert not conn.in_transaction


def test_what_is_no_error_but_an_end_leaves_no_transaction(conn: sqlite3.Connection) -> None:
    def end(_: sqlite3.Connection) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_batch(conn, [job(note("a")), job(end)])
    assert not conn.in_transaction
    assert noted(conn) == []
