# SPDX-License-Identifier: GPL-3.0-or-later
"""What an operator sees, and that replay, drop and release touch only what they may."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import pytest

from bouncestream.errors import UsageError
from bouncestream.event import Kind
from bouncestream.outbox import caused, delivery, operator
from bouncestream.ports import ListedRow, Move, State
from tests.outbox import make
from tests.outbox.make import NOW, claim, event, later, submit


@pytest.fixture
def full(conn: sqlite3.Connection) -> sqlite3.Connection:
    """A row of each state, numbered in the order of State."""
    for number, state in enumerate(State, 1):
        kind = Kind.SOFT if number % 2 else Kind.HARD
        submit(conn, event(f"{state}@example.com", kind, source=f"s{number % 3}"), now=later(number))
    claim(conn, later(60))
    for number, state in enumerate(State, 1):
        to = (
            []
            if state is State.CLAIMED
            else [Move(number, state, "test", held_for="brake" if state == "held" else "")]
        )
        assert delivery.settle(conn, to, later(60)) == []
    return conn


def test_the_list_is_newest_first_and_limited(full: sqlite3.Connection) -> None:
    assert [item.row for item in operator.list_rows(full)] == [8, 7, 6, 5, 4, 3, 2, 1]
    page = operator.list_rows(full, limit=3)
    assert [item.row for item in page] == [8, 7, 6]
    assert [item.row for item in operator.list_rows(full, limit=3, before_row=page[-1].row)] == [5, 4, 3]


def test_the_list_can_be_filtered(full: sqlite3.Connection) -> None:
    def listed(**filters: object) -> list[int]:
        return [item.row for item in operator.list_rows(full, **filters)]  # type: ignore[arg-type]

    assert listed(states=[State.DEAD]) == [6]
    assert listed(states=[State.HELD, State.DEAD]) == [7, 6]
    assert listed(states=[State.HELD, State.DEAD], limit=1) == [7]
    assert listed(states=[State.HELD, State.PENDING]) == [7, 1]
    assert listed(kinds=["hard"]) == [8, 6, 4, 2]
    assert listed(source="s1") == [7, 4, 1]
    assert listed(source="s1", states=[State.HELD], kinds=["soft"]) == [7]
    assert listed(recipient="held@example.com") == [7]
    assert listed(since=later(6)) == [8, 7, 6]
    assert listed(since=later(7), states=[State.HELD, State.DEAD]) == [7]
    assert listed(states=[State.DEAD], recipient="other@example.com") == []


def test_a_listed_row_tells_all(full: sqlite3.Connection) -> None:
    (item,) = operator.list_rows(full, states=[State.DEAD])
    assert (item.event.recipient, item.attempt, item.why, item.finished_at) == (
        "dead@example.com",
        1,
        "test",
        later(60),
    )
    (held,) = operator.list_rows(full, states=[State.HELD])
    assert (held.held_for, held.finished_at, held.raw_id) == ("brake", None, 7)
    assert operator.list_rows(full, states=[State.PENDING])[0].next_attempt_at == later(60)


def test_a_row_is_found_by_number_id_and_beginning(conn: sqlite3.Connection) -> None:
    submit(conn, event("a@example.com"), now=NOW)
    submit(conn, event("b@example.com"), now=later(days=300))
    ids = [str(event_id) for (event_id,) in make.rows(conn, "event_id")]
    assert operator.find(conn, "2") == 2
    assert operator.find(conn, ids[0]) == 1
    assert operator.find(conn, ids[1].upper()) == 2
    assert operator.find(conn, f" {ids[0][:13]} ") == 1
    submit(conn, event("c@example.com"), now=NOW)
    with pytest.raises(UsageError, match="More than one"):
        operator.find(conn, ids[0][:13])


@pytest.mark.parametrize("ref", ["", "99", "0", "019", "zzzzzzzzzz", "ffffffff", "9" * 30, "²", "%%%%%%%%"])
def test_what_is_not_there_is_said(conn: sqlite3.Connection, ref: str) -> None:
    submit(conn, event())
    with pytest.raises(UsageError, match="No event"):
        operator.find(conn, ref)


def test_show_has_the_history(full: sqlite3.Connection) -> None:
    item, steps = operator.show(full, 6)
    assert item.state is State.DEAD
    assert [(step.before, step.after) for step in steps] == [
        ("", "pending"),
        ("pending", "claimed"),
        ("claimed", "dead"),
    ]
    assert steps[0].at == later(6)
    with pytest.raises(UsageError):
        operator.show(full, 99)


def test_stats_count(full: sqlite3.Connection) -> None:
    stats = operator.stats(full, NOW)
    assert sum(count for _, _, count, _ in stats.sources) == 8
    assert stats.reasons == [("hard", "", 4), ("soft", "", 4)]
    assert stats.domains == [("example.com", 8)]
    assert sum(count for _, _, count, _ in operator.stats(full, later(7)).sources) == 2


def test_replay_reads_back_what_was_ever_claimed(full: sqlite3.Connection) -> None:
    everything = list(range(1, 9))
    changed = operator.replay(full, everything, later(90))
    assert changed.done == [5, 6, 8]  # unstored, dead, dropped
    assert {row: why.split(":")[0] for row, why in changed.refused.items()} == {
        1: "it is already waiting for delivery (pending)",
        2: "it is being delivered (claimed)",
        3: "it is in Listmonk's queue (posted)",
        4: "it is already in Listmonk (verified)",
        7: "it is held",
    }
    assert [row.row for row in delivery.unsettled(full)] == [2, 3, 5, 6, 8]
    assert make.one(full, "SELECT finished_at FROM outbox WHERE id = 6") is None
    make.check_tally(full)


def test_what_a_restored_listmonk_has_lost_is_read_back_first(full: sqlite3.Connection) -> None:
    seen = ListedRow("", 1, True, 7, 3, "0a6c5e2e-8a3f-4be0-a8d3-0a9fb5e4b0f2", "blocklisted")
    event_id = make.one(full, "SELECT event_id FROM outbox WHERE id = 4")
    caused.note(full, [replace(seen, event_id=str(event_id))], {}, NOW)
    assert operator.rows_in(full, State.VERIFIED, since=later(10_000)) == []
    assert operator.rows_in(full, State.VERIFIED, since=NOW) == [4]
    assert operator.replay(full, [4], later(90), verified=True).done == [4]
    assert full.execute("SELECT state, finished_at FROM outbox WHERE id = 4").fetchall() == [("claimed", None)]
    assert make.one(full, "SELECT count(*) FROM caused") == 0  # it is noted again once its row is seen
    make.check_tally(full)


def test_replay_of_what_was_never_claimed_is_pending(conn: sqlite3.Connection) -> None:
    submit(conn, event())
    operator.drop(conn, [1], NOW, "dry run: would be sent")
    assert operator.rows_in(conn, State.DROPPED, why_begins="dry run") == [1]
    assert operator.rows_in(conn, State.DROPPED, why_begins="policy") == []
    assert operator.replay(conn, [1], later(5)).done == [1]
    assert delivery.due_in(conn, later(5)) == 0
    assert claim(conn, later(5))[0].attempt == 1


def test_replay_forgives_failures_and_goes_on_with_the_attempts(conn: sqlite3.Connection) -> None:
    submit(conn, event())
    claim(conn)
    delivery.settle(conn, [Move(1, State.DEAD, "refused", failed=True)], NOW)
    operator.replay(conn, [1, 1], NOW)
    (row,) = delivery.unsettled(conn)
    assert (row.attempt, row.failures) == (1, 0)
    delivery.settle(conn, [Move(1, State.PENDING, "absent")], NOW)
    assert claim(conn)[0].attempt == 2


def test_a_posted_row_is_replayed_once_it_is_finished(conn: sqlite3.Connection) -> None:
    submit(conn, event(), event("b@example.com"))
    claim(conn)
    delivery.settle(conn, [Move(1, State.POSTED, "200", final=True), Move(2, State.POSTED, "200")], NOW)
    assert conn.execute("SELECT id FROM unsettled").fetchall() == [(2,)]
    for change in (operator.drop, operator.release):
        assert set(change(conn, [1, 2], NOW).refused) == {1, 2}
    changed = operator.replay(conn, [1, 2], NOW)
    assert (changed.done, list(changed.refused)) == ([1], [2])
    assert make.rows(conn, "id, state, finished_at") == [(1, "claimed", None), (2, "posted", None)]
    assert [row.row for row in delivery.unsettled(conn)] == [1, 2]
    assert conn.execute("SELECT id FROM unsettled").fetchall() == [(1,), (2,)]
    make.check_tally(conn)


def test_drop_takes_what_waits(full: sqlite3.Connection) -> None:
    changed = operator.drop(full, [*range(1, 9), 99], NOW)
    assert changed.done == [1, 7]
    assert set(changed.refused) == {2, 3, 4, 5, 6, 8, 99}
    make.check_tally(full)


def test_a_dry_run_drops_what_is_due(conn: sqlite3.Connection) -> None:
    for number in range(5):
        submit(conn, event(f"{number}@example.com"), now=later(number))
    assert operator.drop_due(conn, later(3), 3, "dry run") == 3
    assert operator.drop_due(conn, later(3), 3, "dry run") == 1
    assert [state for (state,) in make.rows(conn, "state")] == ["dropped"] * 4 + ["pending"]
    assert operator.replay(conn, [1], later(9)).done == [1]
    assert make.one(conn, "SELECT state FROM outbox WHERE id = 1") == "pending"


def test_a_dry_run_drops_what_a_jumped_clock_put_off(conn: sqlite3.Connection) -> None:
    submit(conn, event(), now=later(days=1))
    assert delivery.due_in(conn, NOW) == 0
    assert operator.drop_due(conn, NOW, 5, "dry run", after_row=1) == 0
    assert operator.drop_due(conn, NOW, 5, "dry run") == 1
    assert delivery.due_in(conn, NOW) is None


def test_release_lets_go_what_is_held(full: sqlite3.Connection) -> None:
    changed = operator.release(full, [1, 7], later(90))
    assert changed.done == [7]
    assert changed.refused == {1: "it is not held, but pending"}
    assert operator.show(full, 7)[0].next_attempt_at == later(90)
    make.check_tally(full)


def test_rows_in_a_state_by_reason(full: sqlite3.Connection) -> None:
    assert operator.rows_in(full, State.HELD, held_for="brake") == [7]
    assert operator.rows_in(full, State.HELD, held_for="unproven") == []
    assert operator.rows_in(full, State.DEAD) == [6]


def test_a_raw_body_that_is_gone_says_why(conn: sqlite3.Connection) -> None:
    assert operator.raw_head(conn, 1) is None
    with pytest.raises(UsageError, match=r"\[retention\] raw"):
        operator.raw_body(conn, 1)
