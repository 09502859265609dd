# SPDX-License-Identifier: GPL-3.0-or-later
"""What is posted again, whose label must be looked at before that, and the reads that a restart must not forget."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from bouncestream.backoff import LONGEST
from bouncestream.event import Kind
from bouncestream.outbox import delivery, reposts
from bouncestream.outbox.queries import QUERIES
from bouncestream.ports import Move, Repost, State
from tests.outbox import make
from tests.outbox.make import NOW, claim, event, later, settle, submit

LABEL = "ses 2026-03-01"


def back(conn: sqlite3.Connection, row: int, *, unsent: bool = False, delay: float = 0.0) -> None:
    """It was claimed, and goes back to pending."""
    assert delivery.settle(conn, [Move(row, State.PENDING, "again", delay=delay, unsent=unsent)], NOW) == []


def fill(conn: sqlite3.Connection, count: int, *, source: str = "ses") -> None:
    for number in range(count):
        submit(conn, event(f"{number}@{source}.example", source=source), source=source)


def test_an_attempt_that_may_have_been_sent_makes_a_repost(conn: sqlite3.Connection) -> None:
    fill(conn, 3)
    first = claim(conn)
    back(conn, 1)
    back(conn, 2, unsent=True)
    assert reposts.waiting(conn, [LABEL, "other"]) == [Repost(1, first[0].event_id, LABEL, 1)]
    assert reposts.due_again(conn, now=NOW, limit=10) == [LABEL]
    assert [(row.attempt, row.posts) for row in claim(conn)] == [(2, 2), (2, 1)]


def test_only_a_move_back_to_pending_takes_an_attempt_back(conn: sqlite3.Connection) -> None:
    fill(conn, 1)
    claim(conn)
    delivery.settle(conn, [Move(1, State.POSTED, "200", unsent=True)], NOW)
    assert [row.posts for row in delivery.unsettled(conn)] == [1]


def test_while_all_is_calm_nothing_is_looked_at(conn: sqlite3.Connection) -> None:
    fill(conn, 3)
    assert reposts.due_again(conn, now=NOW, limit=10) == []
    claim(conn)
    settle(conn, 1, State.POSTED)
    assert reposts.due_again(conn, now=NOW, limit=10) == []
    assert reposts.waiting(conn, [LABEL]) == []


def test_only_the_labels_of_the_next_batch_are_looked_at(conn: sqlite3.Connection) -> None:
    for source in ("a", "b", "c"):
        fill(conn, 1, source=source)
    claim(conn)
    back(conn, 1, delay=5)
    back(conn, 2)
    back(conn, 3, delay=3)
    assert reposts.due_again(conn, now=later(10), limit=2) == ["b 2026-03-01", "c 2026-03-01"]
    assert reposts.due_again(conn, now=NOW, limit=10) == ["b 2026-03-01"]


def test_what_is_due_after_a_jump_of_the_clock_is_looked_at_too(conn: sqlite3.Connection) -> None:
    fill(conn, 1)
    claim(conn)
    back(conn, 1, delay=LONGEST)
    before = NOW - timedelta(days=30)
    assert reposts.due_again(conn, now=before, limit=10) == [LABEL]
    assert [row.row for row in delivery.claim(conn, now=before, limit=10, looked={LABEL})] == [1]


def test_a_claim_passes_over_what_was_not_looked_at(conn: sqlite3.Connection) -> None:
    fill(conn, 1, source="a")
    fill(conn, 1, source="b")
    claim(conn)
    back(conn, 1)
    back(conn, 2)
    fill(conn, 1, source="c")
    submit(conn, event("x@example.com", Kind.UNSUBSCRIBE))
    taken = delivery.claim(conn, now=NOW, limit=10, looked={"b 2026-03-01"})
    assert [row.row for row in taken] == [2, 3, 4]
    assert [row.row for row in claim(conn)] == [1], "no look is possible: it goes all the same"


def test_an_unsubscription_that_is_tried_again_has_no_label_to_look_at(conn: sqlite3.Connection) -> None:
    submit(conn, event("x@example.com", Kind.UNSUBSCRIBE))
    claim(conn)
    back(conn, 1)
    assert reposts.due_again(conn, now=NOW, limit=10) == []
    assert [row.row for row in delivery.claim(conn, now=NOW, limit=10, looked={})] == [1]


def test_attempts_from_before_the_migration_may_all_have_been_sent(tmp_path: Path) -> None:
    conn = make.older(tmp_path / "old.db")
    ours = make.upgrade(conn, before="later_reads")
    conn.execute(
        "INSERT INTO outbox (event_id, state, kind, recipient, source, provider, received_at, occurred_at,"
        " next_attempt_at, label, attempt)"
        " VALUES ('e', 'pending', 'hard', 'a@b.example', 's', 'generic', ?, ?, ?, 's 1', 3)",
        ("2026-03-01T12:00:00.000Z",) * 3,
    )
    conn.executescript(ours.sql)
    assert reposts.waiting(conn, ["s 1"]) == [Repost(1, "e", "s 1", 3)]
    conn.close()


def test_later_reads_are_kept_and_forgotten(conn: sqlite3.Connection) -> None:
    reposts.plan_reads(conn, {"a": (0, 60.0), "b": (2, 960.0)}, NOW)
    assert reposts.later_reads(conn, later(50)) == {"a": (0, 10.0), "b": (2, 910.0)}
    reposts.plan_reads(conn, {"a": (1, 240.0), "b": None}, later(60))
    assert reposts.later_reads(conn, later(400)) == {"a": (1, -100.0)}


def test_what_ended_without_a_row_is_found_after_all(conn: sqlite3.Connection) -> None:
    fill(conn, 4)
    ids = [row.event_id for row in claim(conn)]
    for row, end in enumerate((State.UNSTORED, State.DEAD, State.VERIFIED), start=1):
        settle(conn, row, end)
    moves = reposts.found_after_all(conn, [*ids, "of another bridge"])
    assert sorted((move.row, move.to) for move in moves) == [(1, State.VERIFIED), (2, State.VERIFIED)]
    assert delivery.settle(conn, moves, NOW) == []


@pytest.mark.parametrize("name", ["any_again", "reposts"])
def test_the_questions_of_a_calm_relay_cost_nothing(file_conn: sqlite3.Connection, name: str) -> None:
    """They are asked each batch and each read: of an index that is empty then."""
    values = (1,) * QUERIES[name].count("?")
    (step,) = file_conn.execute(f"EXPLAIN QUERY PLAN {QUERIES[name]}", values)
    assert "outbox_again" in step[3]


def test_all_that_is_asked_before_a_batch_is_one_answer(conn: sqlite3.Connection) -> None:
    assert reposts.due(conn, now=NOW, limit=10) == reposts.Due(None, [], False)
    submit(conn, event())
    assert reposts.due(conn, now=NOW, limit=10) == reposts.Due(0, [], False)
    row = claim(conn)[0].row
    delivery.settle(conn, [Move(row, State.PENDING, "again", delay=30)], NOW)
    assert reposts.due(conn, now=NOW, limit=10) == reposts.Due(30, [], True)
    assert reposts.due(conn, now=later(30), limit=10) == reposts.Due(0, [LABEL], True)
