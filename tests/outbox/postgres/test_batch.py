# SPDX-License-Identifier: GPL-3.0-or-later
"""Batches on PostgreSQL, while other bridges write to the same outbox."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from threading import Thread
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bouncestream.errors import StoreBusy, StoreUnavailable
from bouncestream.outbox import arrivals, delivery
from bouncestream.outbox.batch import Job
from bouncestream.outbox.delivery import add_meta, get_meta, set_meta
from bouncestream.outbox.place import Server
from bouncestream.outbox.postgres import schema
from bouncestream.outbox.postgres.batch import run_batch
from bouncestream.outbox.postgres.connection import ServerConnection, connect
from tests.outbox import make
from tests.outbox.make import NOW, event, submission
from tests.postgres.cluster import Cluster

pytestmark = pytest.mark.process


@pytest.fixture
def other(server_conn: ServerConnection) -> Iterator[ServerConnection]:
    """Another bridge on the same outbox."""
    conn = connect(Server(server_conn.conn.info.dsn, "other"))
    yield conn
    conn.close()


def job(run: Any, item: Any = None, *, many: bool = False) -> Job:
    return Job(run, cast(Any, SimpleNamespace(cancelled=lambda: False)), 1, 0, many, item)


def taken(*events: Any, **fields: Any) -> Job:
    return job(arrivals.take_many, (submission(*events, **fields), NOW), many=True)


def once(do: Callable[[], object]) -> Callable[[Any], None]:
    """A job that has something happen elsewhere, the first time that it runs, once it has its view."""
    done: list[object] = []

    def run(conn: Any) -> None:
        delivery.tally(conn)
        if not done:
            done.append(do())

    return run


def test_who_changed_the_same_row_meanwhile_is_seen(server_conn: ServerConnection, other: ServerConnection) -> None:
    set_meta(server_conn, "a", "1")

    def grow(conn: Any) -> str:
        set_meta(conn, "a", (get_meta(conn, "a") or "") + "3")
        return get_meta(conn, "a") or ""

    outcomes = run_batch(server_conn, [job(once(lambda: set_meta(other, "a", "12"))), job(grow)])
    assert [one.error for one in outcomes] == [None, None]
    assert outcomes[1].value == get_meta(other, "a") == "123"


def test_a_key_that_another_bridge_stores_first_makes_a_duplicate(
    server_conn: ServerConnection, other: ServerConnection
) -> None:
    meanwhile = once(lambda: run_batch(other, [taken(event())]))
    outcomes = run_batch(server_conn, [job(meanwhile), taken(event()), taken(event("bob@example.com"))])
    assert [one.error for one in outcomes] == [None] * 3
    assert outcomes[1].value.duplicates == 1
    assert len(outcomes[2].value.kinds) == 1
    assert make.rows(server_conn, "recipient") == [("ann@example.com",), ("bob@example.com",)]
    make.check_tally(server_conn)


def test_what_each_counts_hinders_nobody(server_conn: ServerConnection, other: ServerConnection) -> None:
    runs = 0

    def counts(conn: Any) -> None:
        nonlocal runs
        runs += 1
        add_meta(conn, "duplicates", 2)
        delivery.count(conn, {"pending": 1})

    def elsewhere() -> None:
        add_meta(other, "duplicates", 3)
        delivery.count(other, {"pending": 5, "held": 0})

    run_batch(server_conn, [job(once(elsewhere)), job(counts)])
    assert runs == 1
    assert get_meta(server_conn, "duplicates") == "5"
    assert delivery.tally(other)["pending"] == 6


@pytest.mark.parametrize("field", ["recipient", "diagnostic", "source"])
def test_a_text_that_cannot_be_stored_harms_nobody_else(server_conn: ServerConnection, field: str) -> None:
    guilty = replace(event("cat@example.com"), **{field: "a\0b@example.com"})  # type: ignore[arg-type]
    outcomes = run_batch(server_conn, [taken(event()), taken(guilty), taken(event("bob@example.com"))])
    assert [one.error for one in outcomes] == [None] * 3
    stored = [recipient for (recipient,) in make.rows(server_conn, "recipient")]
    assert [stored[0], stored[-1]] == ["ann@example.com", "bob@example.com"]
    quarantined = server_conn.execute("SELECT count(*) FROM quarantine").fetchone()[0]
    assert (len(stored), quarantined) in ((2, 1), (3, 0))  # some texts are made printable before
    make.check_tally(server_conn)


def test_a_row_that_a_check_refuses_goes_to_quarantine(server_conn: ServerConnection) -> None:
    outcomes = run_batch(
        server_conn, [taken(event()), taken(event("", subscriber_uuid="")), taken(event("b@c.de"))]
    )
    assert [one.error for one in outcomes] == [None] * 3
    assert len(make.rows(server_conn)) == 2
    (why,) = server_conn.execute("SELECT why FROM quarantine").fetchone()
    assert why.startswith("the database refused the event: ")
    assert "example.com" not in why


def test_the_guilty_job_alone_is_undone(server_conn: ServerConnection) -> None:
    def guilty(conn: Any) -> None:
        set_meta(conn, "b", "1")
        raise LookupError("guilty")

    def wrong(conn: Any) -> None:
        conn.execute("SELECT no_such_thing()")

    jobs = [
        job(partial(set_meta, name="a", value="1")),
        job(guilty),
        job(wrong),
        job(partial(set_meta, name="c", value="1")),
    ]
    outcomes = run_batch(server_conn, jobs)
    assert [type(one.error) for one in outcomes] == [type(None), LookupError, StoreUnavailable, type(None)]
    assert [get_meta(server_conn, name) for name in "abc"] == ["1", None, "1"]
    assert not server_conn.in_transaction


def test_who_loses_each_time_is_told(server_conn: ServerConnection, other: ServerConnection) -> None:
    set_meta(server_conn, "a", "0")

    def beaten(conn: Any) -> None:
        get_meta(conn, "a")
        set_meta(other, "a", "1")
        set_meta(conn, "a", "2")

    outcomes = run_batch(server_conn, [job(partial(set_meta, name="b", value="1")), job(beaten)])
    assert {type(one.error) for one in outcomes} == {StoreBusy}
    assert get_meta(server_conn, "b") is None


def test_a_session_that_ends_stores_nothing(server_conn: ServerConnection, other: ServerConnection) -> None:
    mine = connect(Server(server_conn.conn.info.dsn, "mine"))
    pid = mine.conn.info.backend_pid
    kill = once(lambda: server_conn.execute("SELECT pg_terminate_backend(?)", (pid,)))
    outcomes = run_batch(mine, [taken(event()), job(kill), job(partial(set_meta, name="b", value="1"))])
    assert {type(one.error) for one in outcomes} == {StoreUnavailable}
    assert "stopping" in str(outcomes[0].error) or "does not answer" in str(outcomes[0].error)
    assert make.rows(server_conn) == []
    mine.close()


def test_many_are_written_by_few_statements(server_conn: ServerConnection) -> None:
    before = server_conn.conn.execute("SELECT 1")
    assert before.fetchone() == (1,)
    jobs = [taken(event(f"p{n}@example.com")) for n in range(300)]
    outcomes = run_batch(server_conn, jobs)
    assert [one.value.receipt.accepted for one in outcomes] == [1] * 300
    assert [row for one in outcomes for row in one.value.rows] == [row for (row,) in make.rows(server_conn, "id")]
    assert server_conn.execute("SELECT count(*), count(DISTINCT block) FROM raw").fetchone() == (300, 1)
    make.check_tally(server_conn)


def test_what_no_standby_has_confirmed_is_not_acknowledged(primary: Cluster) -> None:
    """PostgreSQL waits for a synchronous standby until the statement is cancelled, by its time limit or a person,
    and then answers COMMIT all the same: it stands on the disk of the primary alone."""
    standby = primary.standby(synchronous=True)
    conn = connect(Server(primary.url(), "one"))
    try:
        schema.create(conn)
        (fine,) = run_batch(conn, [taken(event("a@example.com"))])
        assert fine.error is None
        standby.pause()
        cancelled = Thread(target=cancel_wait, args=(primary,))
        cancelled.start()
        (lost,) = run_batch(conn, [taken(event("b@example.com"))])
        cancelled.join()
        assert isinstance(lost.error, StoreUnavailable) and "No synchronous standby" in str(lost.error)
        standby.resume()
        (again,) = run_batch(conn, [taken(event("b@example.com"))])
        assert again.error is None and again.value.duplicates == 1
    finally:
        conn.close()
        standby.close()


def cancel_wait(server: Cluster) -> None:
    server.until("SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE wait_event = 'SyncRep'", "1")
