# SPDX-License-Identifier: GPL-3.0-or-later
"""Claim, settle and what the relay asks."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bouncestream.backoff import LONGEST
from bouncestream.event import Kind
from bouncestream.outbox import codec, delivery, migrate, operator
from bouncestream.ports import Move, State
from tests.outbox import make
from tests.outbox.make import NOW, claim, event, later, settle, submit


def fill(conn: sqlite3.Connection, count: int, *, start: int = 0, **fields: object) -> None:
    source = str(fields.get("source", "ses"))
    for number in range(start, start + count):
        submit(conn, event(f"{number}@example.com", **fields), source=source)


def test_claims_are_in_the_order_of_arrival_and_each_only_once(conn: sqlite3.Connection) -> None:
    fill(conn, 5)
    assert [row.row for row in claim(conn, limit=3)] == [1, 2, 3]
    assert [row.row for row in claim(conn, limit=3)] == [4, 5]
    assert claim(conn) == []
    make.check_tally(conn)


def test_a_claim_is_a_numbered_attempt_with_its_history(conn: sqlite3.Connection) -> None:
    fill(conn, 1)
    (row,) = claim(conn)
    assert (row.state, row.attempt, row.received_at, row.label) == (State.CLAIMED, 1, NOW, "ses 2026-03-01")
    delivery.settle(conn, [Move(1, State.PENDING, "away", delay=0)], NOW)
    (again,) = claim(conn)
    assert (again.attempt, again.label, again.event_id) == (2, row.label, row.event_id)
    assert [step.why for step in operator.show(conn, 1)[1]][1:] == ["attempt 1", "away", "attempt 2"]


def test_nothing_is_claimed_before_it_is_due(conn: sqlite3.Connection) -> None:
    fill(conn, 2)
    claim(conn)
    moves = [Move(1, State.PENDING, "away", delay=90.5), Move(2, State.PENDING, "away", delay=30)]
    delivery.settle(conn, moves, NOW)
    assert claim(conn, later(29)) == []
    assert delivery.due_in(conn, later(29)) == 1
    assert [row.row for row in claim(conn, later(30))] == [2]
    assert delivery.due_in(conn, later(30)) == 60.5
    assert [row.row for row in claim(conn, later(91))] == [1]


def test_a_time_further_away_than_any_delay_is_due(conn: sqlite3.Connection) -> None:
    fill(conn, 3)
    claim(conn)
    far = LONGEST + 3600
    for row, delay in ((1, far), (2, LONGEST), (3, far)):  # stored by a clock that has jumped back since
        delivery.settle(conn, [Move(row, State.PENDING, "clock", delay=LONGEST)], later(delay - LONGEST))
    assert delivery.due_in(conn, NOW) == 0
    assert [row.row for row in claim(conn, limit=1)] == [1]
    assert [row.row for row in claim(conn)] == [3]
    assert delivery.due_in(conn, NOW) == LONGEST


def test_a_clock_that_is_only_a_little_off_cuts_no_delay_short(conn: sqlite3.Connection) -> None:
    """Ten minutes: NTP has set it back by less, and what waits for hours must not all come at once for that."""
    fill(conn, 2)
    claim(conn)
    for row, ahead in ((1, 600), (2, 601)):
        delivery.settle(conn, [Move(row, State.PENDING, "clock", delay=LONGEST)], later(ahead))
    assert [row.row for row in claim(conn)] == [2]
    assert delivery.due_in(conn, NOW) == LONGEST + 600


def test_no_delay_is_longer_than_the_longest(conn: sqlite3.Connection) -> None:
    fill(conn, 1)
    claim(conn)
    delivery.settle(conn, [Move(1, State.PENDING, "Retry-After: 1 week", delay=7 * 86400)], NOW)
    assert delivery.due_in(conn, NOW) == LONGEST
    assert claim(conn) == []


def test_due_in_knows_nothing_and_now(conn: sqlite3.Connection) -> None:
    assert delivery.due_in(conn, NOW) is None
    fill(conn, 1)
    assert delivery.due_in(conn, NOW) == 0
    assert delivery.due_in(conn, later(60)) == 0


def test_labels_rotate_after_a_thousand_events_and_at_midnight(conn: sqlite3.Connection) -> None:
    fill(conn, 1450)
    fill(conn, 10, start=5000, source="other")
    found = [row.label for _ in range(4) for row in claim(conn, limit=400)]
    assert found[:1000] == ["ses 2026-03-01"] * 1000
    assert found[1000:1450] == ["ses 2026-03-01 #2"] * 450
    assert found[1450:] == ["other 2026-03-01"] * 10
    fill(conn, 700, start=10_000)
    assert [row.label for row in claim(conn, limit=551)] == ["ses 2026-03-01 #2"] * 550 + ["ses 2026-03-01 #3"]
    assert {row.label for row in claim(conn, later(days=1))} == {"ses 2026-03-02"}


def test_an_unsubscription_has_no_label(conn: sqlite3.Connection) -> None:
    submit(conn, event("a@example.com", Kind.UNSUBSCRIBE), event("b@example.com"))
    assert [row.label for row in claim(conn)] == ["", "ses 2026-03-01"]


def test_settle_counts_failures_and_finishes(conn: sqlite3.Connection) -> None:
    fill(conn, 2)
    claim(conn)
    delivery.settle(
        conn, [Move(1, State.PENDING, "500", failed=True), Move(2, State.DEAD, "400", failed=True)], later(5)
    )
    assert make.rows(conn, "state, failures, next_attempt_at, finished_at, why") == [
        ("pending", 1, codec.stamp(later(5)), None, "500"),
        ("dead", 1, None, codec.stamp(later(5)), "400"),
    ]
    assert claim(conn, later(5))[0].failures == 1


def test_absences_add_up_over_reposts_and_are_forgotten_when_something_else_explains(
    conn: sqlite3.Connection,
) -> None:
    fill(conn, 1)

    def absences(*moves: Move) -> int:
        claim(conn)
        assert delivery.settle(conn, moves, NOW) == []
        return int(str(make.one(conn, "SELECT absences FROM outbox")))

    posted, absent = Move(1, State.POSTED, "200"), Move(1, State.PENDING, "absent", absent=True)
    assert absences(posted, absent) == 1
    assert absences(posted, absent) == 2
    assert absences(Move(1, State.PENDING, "429")) == 0
    assert absences(posted, absent) == 1
    delivery.reset_absences(conn)
    assert claim(conn)[0].absences == 0
    delivery.settle(conn, [posted, absent], NOW)
    claim(conn)
    delivery.reset_absences(conn)
    assert delivery.unsettled(conn)[0].absences == 0


def test_a_new_form_of_the_address_stays(conn: sqlite3.Connection) -> None:
    fill(conn, 1)
    claim(conn)
    delivery.settle(conn, [Move(1, State.PENDING, "by uuid", address_form="uuid")], NOW)
    assert claim(conn)[0].address_form == "uuid"
    settle(conn, 1, State.POSTED)
    assert delivery.unsettled(conn)[0].address_form == "uuid"


def test_a_row_that_someone_changed_is_skipped_and_told(conn: sqlite3.Connection) -> None:
    fill(conn, 2)
    claim(conn)
    settle(conn, 1, State.VERIFIED)
    moves = [Move(1, State.PENDING, "late"), Move(2, State.POSTED, "200"), Move(99, State.POSTED, "gone")]
    assert delivery.settle(conn, moves, NOW) == [1, 99]
    assert [state for (state,) in make.rows(conn, "state")] == ["verified", "posted"]
    make.check_tally(conn)


def test_moves_of_one_row_are_made_in_their_order(conn: sqlite3.Connection) -> None:
    fill(conn, 1)
    claim(conn)
    moves = [Move(1, State.POSTED, "a"), Move(1, State.VERIFIED, "b"), Move(1, State.DEAD, "never")]
    assert delivery.settle(conn, moves, NOW) == [1]
    assert make.rows(conn, "state, why") == [("verified", "b")]
    make.check_tally(conn)


def test_posted_is_an_end_where_nothing_can_be_read_back(conn: sqlite3.Connection) -> None:
    fill(conn, 2)
    claim(conn)
    settle(conn, 1, State.POSTED)
    delivery.settle(conn, [Move(2, State.POSTED, "200", final=True)], NOW)
    assert [row.row for row in delivery.unsettled(conn)] == [1]
    again = Move(1, State.POSTED, "nobody can look", final=True)
    assert delivery.settle(conn, [Move(1, State.POSTED, "no news")], NOW) == [1]
    assert delivery.settle(conn, [again, again], NOW) == [1]
    assert delivery.unsettled(conn) == []
    assert make.one(conn, "SELECT count(*) FROM outbox WHERE finished_at IS NOT NULL") == 2


def test_the_row_of_an_unstored_event_may_appear_after_all(conn: sqlite3.Connection) -> None:
    fill(conn, 1)
    claim(conn)
    settle(conn, 1, State.POSTED, State.UNSTORED)
    (event_id,) = make.rows(conn, "event_id")[0]
    assert delivery.rows_of(conn, [str(event_id), "unknown"]) == {event_id: (1, State.UNSTORED)}
    settle(conn, 1, State.VERIFIED, now=later(9))
    assert make.rows(conn, "finished_at") == [(codec.stamp(later(9)),)]


def test_unsettled_pages_by_row(conn: sqlite3.Connection) -> None:
    fill(conn, 6)
    claim(conn, limit=5)
    settle(conn, 2, State.POSTED)
    settle(conn, 3, State.VERIFIED)
    assert [(row.row, row.state) for row in delivery.unsettled(conn, limit=2)] == [(1, "claimed"), (2, "posted")]
    assert [row.row for row in delivery.unsettled(conn, after_row=2)] == [4, 5]


def test_held_rows_are_released_when_the_permission_comes(conn: sqlite3.Connection) -> None:
    submit(
        conn, event("a@example.com", Kind.UNSUBSCRIBE), event("b@example.com"), event("c@example.com", hold="brake")
    )
    claim(conn)
    delivery.settle(conn, [Move(row, State.HELD, "may not", held_for="permission") for row in (1, 2)], NOW)
    assert operator.release_permission(conn, NOW, limit=1) == 1
    assert operator.release_permission(conn, NOW) == 1
    assert make.rows(conn, "state, held_for") == [("pending", ""), ("pending", ""), ("held", "brake")]


def test_the_oldest_is_what_still_waits(conn: sqlite3.Connection) -> None:
    assert delivery.oldest_pending(conn, NOW) == 0
    fill(conn, 1, hold="brake")
    submit(conn, event("b@example.com"), now=later(100))
    submit(conn, event("c@example.com"), now=later(200))
    assert delivery.oldest_pending(conn, later(300)) == 200
    claim(conn, later(300), limit=1)
    assert delivery.oldest_pending(conn, later(300)) == 200
    settle(conn, 2, State.VERIFIED)
    assert delivery.oldest_pending(conn, later(300)) == 100
    assert delivery.oldest_pending(conn, NOW) == 0  # the clock jumped back


def test_what_was_let_go_waits_since_then(conn: sqlite3.Connection) -> None:
    """A person let go in a moment what was held for three days, or was dead."""
    fill(conn, 3, hold="brake")
    submit(conn, event("dead@example.com"))
    claim(conn)
    settle(conn, 4, State.DEAD)
    days = later(3 * 86400)
    submit(conn, event("new@example.com"), now=later(3 * 86400 - 50))
    operator.release(conn, [1, 2], days)
    assert delivery.oldest_pending(conn, later(3 * 86400 + 1)) == 51, "others wait longer"
    taken = delivery.claim(conn, now=days, limit=9)
    assert delivery.oldest_pending(conn, later(3 * 86400 + 1)) == 51, "on its way too"
    delivery.settle(conn, [Move(row.row, State.VERIFIED, "") for row in taken], days)
    operator.replay(conn, [4], days)
    operator.release(conn, [3], later(3 * 86400 + 40))
    assert delivery.oldest_pending(conn, later(3 * 86400 + 60)) == 60
    assert delivery.oldest_pending(conn, later(3 * 86400 + 1800)) == 1800, "until it waits for long again"


def test_meta_is_kept(conn: sqlite3.Connection) -> None:
    assert delivery.get_meta(conn, "rows_shown:6.0.0") is None
    for value in ("no", "yes"):
        delivery.set_meta(conn, "rows_shown:6.0.0", value)
    assert delivery.get_meta(conn, "rows_shown:6.0.0") == "yes"


@pytest.mark.parametrize("bad", [Move(1, State.HELD, "x"), Move(1, State.HELD, "x", held_for="boredom")])
def test_a_hold_without_a_reason_is_a_bug_that_the_check_shows(conn: sqlite3.Connection, bad: Move) -> None:
    fill(conn, 1)
    with pytest.raises(make.REFUSED):
        delivery.settle(conn, [bad], NOW)


moves = st.builds(
    Move,
    row=st.integers(1, 5),
    to=st.sampled_from(State),
    why=st.text(max_size=20).filter(lambda text: text.isprintable()),
    delay=st.floats(0, 3600),
    failed=st.booleans(),
    absent=st.booleans(),
    final=st.booleans(),
    held_for=st.just("brake"),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.one_of(moves, st.sampled_from(["claim", "submit", "graver", "replay", "drop", "release"])), max_size=40
    )
)
def test_whatever_happens_the_checks_hold_and_the_tally_is_right(steps: list[object]) -> None:
    conn = sqlite3.connect(":memory:", isolation_level=None)  # the same code and schema, and hundreds of databases
    migrate.migrate(conn)
    attempts: dict[int, int] = {}
    try:
        for kind in (Kind.SOFT, Kind.HARD, Kind.COMPLAINT):
            submit(conn, event(kind=kind, message_id=f"<{kind}>"))
        for step in steps:
            if isinstance(step, Move):
                held_for = step.held_for if step.to is State.HELD else ""
                delivery.settle(conn, [replace(step, held_for=held_for)], NOW)
            elif step == "claim":
                for row in claim(conn, later(7200), limit=2):
                    assert row.attempt > attempts.get(row.row, 0), "an attempt number came twice"
                    attempts[row.row] = row.attempt
            elif step == "submit":
                submit(conn, event(message_id="<new>"))
            elif step == "graver":
                submit(conn, event(kind=Kind.HARD, message_id="<soft>"))
            else:
                change = {"replay": operator.replay, "drop": operator.drop, "release": operator.release}[str(step)]
                change(conn, [1, 2, 3], NOW)
            make.check_tally(conn)
            last = dict(conn.execute("SELECT outbox_id, to_state FROM history ORDER BY id"))
            assert last == dict(conn.execute("SELECT id, state FROM outbox"))
    finally:
        conn.close()
