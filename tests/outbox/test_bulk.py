# SPDX-License-Identifier: GPL-3.0-or-later
"""Many at once and one by one come to the same."""

from __future__ import annotations

import sqlite3
from collections import Counter
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bouncestream.event import Kind
from bouncestream.outbox import arrivals, batch, bulk, codec, migrate
from bouncestream.outbox import operator as browse
from bouncestream.ports import Receipt, State, Submission, Unreadable
from tests.outbox import make
from tests.outbox.make import NOW, event, later, submission

events = st.builds(
    event,
    recipient=st.sampled_from(["a@example.com", "b@example.com", "c@example.com", "b\ud800d@example.com", ""]),
    kind=st.sampled_from([Kind.HARD, Kind.SOFT, Kind.COMPLAINT, Kind.UNSUBSCRIBE]),
    message_id=st.sampled_from(["", "<1@x>", "<2@x>"]),
    campaign_uuid=st.sampled_from(["", make.CAMPAIGN]),
    subscriber_uuid=st.sampled_from(["", make.SUBSCRIBER]),
    hold=st.sampled_from(["", "", "unproven", "boredom"]),
)
submissions = st.builds(
    lambda found, unreadable, raw: submission(*found, unreadable=tuple(unreadable), raw=raw),
    st.lists(events, max_size=3),
    st.lists(st.just(Unreadable("odd")), max_size=1),
    st.sampled_from([b"", b"{}"]),
)

#: What must be the same; not the numbers, since what is plain is inserted first.
COMPARED = (
    "SELECT state, kind, recipient, message_id, campaign_uuid, held_for, raw_id > 0, why FROM outbox",
    "SELECT recipient, supersedes > '', superseded_by > 0 FROM outbox",
    "SELECT from_state, to_state, why FROM history",
    "SELECT source, why FROM quarantine",
    "SELECT bytes, content_type FROM raw",
    "SELECT length(key) FROM seen",
    "SELECT state, events FROM tally",
)


def contents(conn: sqlite3.Connection) -> list[Counter[Any]]:
    return [Counter(conn.execute(query).fetchall()) for query in COMPARED]


def empty() -> sqlite3.Connection:
    conn = sqlite3.connect(":memory:", isolation_level=None)
    migrate.migrate(conn)
    return conn


def together(conn: sqlite3.Connection, items: list[Submission]) -> list[Receipt]:
    """As the writer does it."""
    future = cast(Any, SimpleNamespace(cancelled=lambda: False))
    jobs = [batch.Job(bulk.take_many, future, 1, 0, True, (item, NOW)) for item in items]
    outcomes = batch.run_batch(conn, jobs)
    assert [outcome.error for outcome in outcomes] == [None] * len(items)
    return [outcome.value.receipt for outcome in outcomes]


@settings(max_examples=150, deadline=None)
@given(st.lists(submissions, max_size=3), st.lists(submissions, max_size=12))
def test_many_at_once_and_one_by_one_come_to_the_same(before: list[Submission], items: list[Submission]) -> None:
    one, many = empty(), empty()
    try:
        for conn in (one, many):
            for item in before:
                arrivals.submit(conn, item, NOW)
        assert together(many, items) == [arrivals.submit(one, item, NOW) for item in items]
        assert contents(many) == contents(one)
        make.check_tally(many)
    finally:
        one.close()
        many.close()


def test_small_bodies_of_one_commit_share_a_block(conn: sqlite3.Connection) -> None:
    """Whatever their sizes, each comes back as it came in."""
    sizes = (1, codec.SHARED, 700, codec.SHARED + 1, 3000, 2)
    bodies = [bytes([65 + n]) * size for n, size in enumerate(sizes)]
    bulk.take_many(conn, [(submission(event(f"{n}@example.com"), raw=body), NOW) for n, body in enumerate(bodies)])
    assert [browse.raw_body(conn, n + 1) for n in range(len(bodies))] == bodies
    assert conn.execute("SELECT id, last FROM block").fetchall() == [(1, 6)]
    assert conn.execute("SELECT id FROM raw WHERE block IS NULL").fetchall() == [(4,)]


def test_a_pair_needs_no_block(conn: sqlite3.Connection) -> None:
    items = [(submission(event(f"{n}@example.com"), raw=b"x" * n), NOW) for n in range(3)]  # the first has none
    bulk.take_many(conn, items)
    assert conn.execute("SELECT count(*) FROM block").fetchone() == (0,)
    assert [browse.raw_body(conn, number) for number in (1, 2)] == [b"x", b"xx"]


def test_the_numbers_go_on_and_each_event_has_its_own_raw_body(conn: sqlite3.Connection) -> None:
    make.submit(conn, event("first@example.com"), raw=b"first")
    items = [
        (submission(event(f"{n}@example.com"), event(f"{n}@example.org"), raw=b"%d" % n), later(n))
        for n in range(9)
    ]
    results = bulk.take_many(conn, items)
    assert {result.receipt for result in results} == {Receipt(accepted=2)}
    assert [row for (row,) in make.rows(conn, "id")] == list(range(1, 20))
    for item in browse.list_rows(conn):
        assert item.raw_id is not None
        assert browse.raw_body(conn, item.raw_id) == item.event.recipient.split("@")[0].encode()
        assert browse.show(conn, item.row)[1][0].after is State.PENDING
    make.submit(conn, event("last@example.com"))
    assert make.rows(conn, "id, raw_id")[-1] == (20, 11)


@pytest.mark.parametrize("count", [1, 2, 31, 32, 33, 100])
def test_known_keys_are_found_at_any_number(conn: sqlite3.Connection, count: int) -> None:
    make.submit(conn, event(f"{count - 1}@example.com"))
    results = bulk.take_many(conn, [(submission(event(f"{n}@example.com")), NOW) for n in range(count)])
    assert [result.receipt for result in results] == [Receipt(accepted=1)] * (count - 1) + [Receipt(duplicates=1)]
