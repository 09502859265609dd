# SPDX-License-Identifier: GPL-3.0-or-later
"""Leases on a real PostgreSQL: one holder, the next epoch for each new one, and no change by a former one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeVar

import pytest

from bouncestream.errors import LeaseLost
from bouncestream.lease import TTL
from bouncestream.outbox.place import Server
from bouncestream.outbox.postgres import connection, leases, schema
from bouncestream.outbox.postgres.connection import ServerConnection

A, B = "one:1a", "two:2b"
T = TypeVar("T")


@pytest.fixture
def conn(pg_url: str) -> Iterator[ServerConnection]:
    conn = connection.connect(Server(pg_url, "one"))
    schema.create(conn)
    yield conn
    conn.close()


@pytest.fixture
def other(conn: ServerConnection, pg_url: str) -> Iterator[ServerConnection]:
    other = connection.connect(Server(pg_url, "two"))
    yield other
    other.close()


def job(conn: ServerConnection, fn: Callable[[ServerConnection], T]) -> T:
    """As a batch does it: in one transaction, or not at all."""
    connection.begin(conn)
    try:
        found = fn(conn)
        conn.execute("COMMIT")
        return found
    finally:
        conn.rollback()


def take(conn: ServerConnection, holder: str, *names: str) -> dict[str, int]:
    return dict(job(conn, partial(leases.take, names=names or ("relay",), holder=holder)))


def lapse(conn: ServerConnection) -> None:
    """All leases have ended."""
    conn.execute("UPDATE lease SET expires_at = clock_timestamp() - interval '1 ms'")


def test_the_first_who_asks_has_it_until_it_ends(conn: ServerConnection, other: ServerConnection) -> None:
    assert take(conn, A) == {"relay": 1}
    assert take(other, B) == {}
    assert take(conn, A) == {"relay": 1}  # renewed
    (lease,) = leases.leases(other)
    assert (lease.name, lease.holder, lease.epoch) == ("relay", A, 1)
    assert TTL - 2 < lease.left <= TTL
    lapse(conn)
    assert take(other, B) == {"relay": 2}
    assert take(conn, A) == {}


def test_one_that_had_ended_is_a_new_epoch_for_its_holder_too(conn: ServerConnection) -> None:
    take(conn, A)
    lapse(conn)
    assert take(conn, A) == {"relay": 2}


def test_each_name_is_a_lease_of_its_own(conn: ServerConnection, other: ServerConnection) -> None:
    assert take(conn, A, "relay") == {"relay": 1}
    assert take(other, B, "mailbox a", "relay") == {"mailbox a": 1}


def test_who_ends_in_order_makes_room_at_once(conn: ServerConnection, other: ServerConnection) -> None:
    take(conn, A)
    job(conn, partial(leases.give_up, holder=A))
    assert take(other, B) == {"relay": 2}


def test_a_former_holder_changes_nothing(conn: ServerConnection, other: ServerConnection) -> None:
    take(conn, A)

    def change(conn: ServerConnection) -> None:
        conn.execute("INSERT INTO meta (name, value) VALUES ('changed', ?)", (conn.bridge,))

    job(conn, leases.proven(change, leases.Term("relay", A, 1)))
    conn.execute("DELETE FROM meta WHERE name = 'changed'")
    lapse(conn)
    take(other, B)
    with pytest.raises(LeaseLost, match="Another bridge has taken over"):
        job(conn, leases.proven(change, leases.Term("relay", A, 1)))
    with pytest.raises(LeaseLost):
        job(conn, leases.proven(change, leases.Term("relay", A, 2)))  # the right epoch, but not its own
    assert conn.execute("SELECT count(*) FROM meta WHERE name = 'changed'").fetchone() == (0,)


def test_nobody_takes_over_while_a_change_is_under_way(conn: ServerConnection, other: ServerConnection) -> None:
    """Proven, then the lease ends before the commit: whoever takes over sees the change, or the change fails."""
    take(conn, A)
    lapse(conn)
    connection.begin(conn)
    leases.prove(conn, "relay", A, 1)
    conn.execute("INSERT INTO meta (name, value) VALUES ('changed', '')")
    assert take(other, B) == {}  # nor does anybody wait for it
    conn.execute("COMMIT")
    assert take(other, B) == {"relay": 2}
    assert other.execute("SELECT count(*) FROM meta WHERE name = 'changed'").fetchone() == (1,)


def test_a_change_whose_bridge_is_frozen_in_it_is_ended(
    conn: ServerConnection, other: ServerConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the middle of a pipeline, where no timeout of the server counts."""
    take(conn, A)
    lapse(conn)

    def change() -> None:
        with conn.hurrying():
            connection.begin(conn)
            leases.prove(conn, "relay", A, 1)
            assert take(other, B) == {}
            leases.prove(conn, "relay", A, 1)  # it goes on: this may only have been slow
            monkeypatch.setattr(leases, "FROZEN", 0.05)
            end = time.monotonic() + 10
            while not (taken := take(other, B)) and time.monotonic() < end:
                time.sleep(0.02)
            assert taken == {"relay": 2}

    with pytest.raises(connection.Failed):
        change()


def test_who_is_frozen_as_it_stores_holds_nobody_up(
    conn: ServerConnection, other: ServerConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has inserted a key, in the middle of a pipeline: whoever has the same one would wait for it."""
    monkeypatch.setattr(leases, "FROZEN", 0.3)
    store = "INSERT INTO meta (name, value) VALUES ('changed', ?)"

    def change() -> None:
        with conn.hurrying():
            connection.begin(conn)
            assert conn.execute(store, ("former",)).rowcount == 1
            assert leases.end_frozen(other) == 0, "it may only be slow"
            time.sleep(0.5)
            assert leases.end_frozen(other) == 1

    with pytest.raises(connection.Failed):
        change()
    other.execute(store, ("other",))
    assert other.execute("SELECT value FROM meta WHERE name = 'changed'").fetchone() == ("other",)


def test_two_runs_of_one_name_are_told_apart(conn: ServerConnection, other: ServerConnection) -> None:
    meet = partial(leases.meet, name="mx1", version="0.1.0")
    assert job(conn, partial(meet, run="1a"))
    assert job(conn, partial(meet, run="1a"))
    assert not job(other, partial(meet, run="2b"))
    (bridge,) = leases.bridges(conn)
    assert (bridge.name, bridge.run, bridge.alive) == ("mx1", "1a", True)
    conn.execute(f"UPDATE bridge SET seen_at = seen_at - interval '{TTL + 1} seconds'")
    assert not leases.bridges(conn)[0].alive
    assert job(other, partial(meet, run="2b"))  # the one before was killed
    assert not job(conn, partial(meet, run="1a"))
    job(other, partial(leases.leave, name="mx1", run="2b"))
    assert leases.bridges(conn) == []


def test_a_bridge_that_is_no_more_is_forgotten(conn: ServerConnection) -> None:
    job(conn, partial(leases.meet, name="old", run="1a", version="0.1.0"))
    conn.execute("UPDATE bridge SET seen_at = seen_at - interval '8 days'")
    job(conn, partial(leases.meet, name="new", run="2b", version="0.1.0"))
    assert [bridge.name for bridge in leases.bridges(conn)] == ["new"]
