# SPDX-License-Identifier: GPL-3.0-or-later
"""The enum, the table of moves and the CHECKs of the schema say the same; every move that is not in the table is
refused."""

from __future__ import annotations

import itertools
import sqlite3

import pytest

from bouncestream.event import Kind
from bouncestream.outbox import delivery
from bouncestream.outbox.state import FINAL, HELD_FOR, MOVES
from bouncestream.ports import Move, State
from tests.outbox import make

#: A way from the first state to each.
WAYS: dict[State, tuple[State, ...]] = {
    State.PENDING: (),
    State.CLAIMED: (State.CLAIMED,),
    State.POSTED: (State.CLAIMED, State.POSTED),
    State.VERIFIED: (State.CLAIMED, State.VERIFIED),
    State.UNSTORED: (State.CLAIMED, State.UNSTORED),
    State.DEAD: (State.CLAIMED, State.DEAD),
    State.HELD: (State.HELD,),
    State.DROPPED: (State.DROPPED,),
}


def move(row: int, to: State) -> Move:
    return Move(row, to, "test", held_for="brake" if to is State.HELD else "", final=True)


def bring(conn: sqlite3.Connection, state: State) -> int:
    make.submit(conn, make.event())
    assert delivery.settle(conn, [move(1, to) for to in WAYS[state] if to is not State.POSTED], make.NOW) == []
    if state is State.POSTED:
        make.settle(conn, 1, State.POSTED)
    assert make.rows(conn, "state") == [(state,)]
    return 1


def test_every_state_has_its_moves() -> None:
    assert set(MOVES) == set(State) == set(WAYS)


@pytest.mark.parametrize(("before", "after"), list(itertools.product(State, State)))
def test_a_move_is_made_exactly_if_the_table_has_it(conn: sqlite3.Connection, before: State, after: State) -> None:
    row = bring(conn, before)
    steps = make.one(conn, "SELECT count(*) FROM history")
    if (before, after) == (State.POSTED, State.CLAIMED):  # only once it is finished: until then the relay has it
        assert delivery.settle(conn, [move(row, after)], make.NOW) == [row]
        assert delivery.settle(conn, [move(row, State.POSTED)], make.NOW) == []
        steps += 1
    skipped = delivery.settle(conn, [move(row, after)], make.NOW)
    make.check_tally(conn)
    if after in MOVES[before]:
        assert skipped == []
        assert make.rows(conn, "state") == [(after,)]
        last = conn.execute("SELECT from_state, to_state, why FROM history ORDER BY id DESC LIMIT 1").fetchone()
        assert last == (before, after, "test")
    else:
        assert skipped == [row]
        assert make.rows(conn, "state") == [(before,)]
        assert make.one(conn, "SELECT count(*) FROM history") == steps


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("due", [None, "2026-01-01T00:00:00.000Z"])
@pytest.mark.parametrize("finished", [None, "2026-01-01T00:00:00.000Z"])
@pytest.mark.parametrize("held_for", ["", "brake"])
def test_the_check_allows_exactly_what_a_state_means(
    conn: sqlite3.Connection, state: State, due: str | None, finished: str | None, held_for: str
) -> None:
    allowed = (
        (due is not None) == (state is State.PENDING)
        and (held_for != "") == (state is State.HELD)
        and (state is State.POSTED or (finished is not None) == (state in FINAL))
    )
    make.submit(conn, make.event())
    change = "UPDATE outbox SET state = ?, next_attempt_at = ?, finished_at = ?, held_for = ?"
    if allowed:
        conn.execute(change, (state, due, finished, held_for))
    else:
        with pytest.raises(make.REFUSED):
            conn.execute(change, (state, due, finished, held_for))


@pytest.mark.parametrize(
    ("column", "words"),
    [("kind", set(Kind)), ("address_form", {"email", "uuid", "unicode"})],
)
def test_the_check_knows_the_words(conn: sqlite3.Connection, column: str, words: set[str]) -> None:
    make.submit(conn, make.event())
    for word in words:
        conn.execute(f"UPDATE outbox SET {column} = ?", (word,))
    with pytest.raises(make.REFUSED):
        conn.execute(f"UPDATE outbox SET {column} = 'other'")


def test_the_check_knows_why_something_is_held(conn: sqlite3.Connection) -> None:
    for number, why in enumerate(sorted(HELD_FOR)):
        assert make.submit(conn, make.event(f"{number}@example.com", hold=why)).accepted == 1
    assert {why for (why,) in make.rows(conn, "held_for")} == set(HELD_FOR)
    with pytest.raises(make.REFUSED):
        conn.execute("UPDATE outbox SET held_for = 'boredom'")


def test_an_unknown_state_is_refused(conn: sqlite3.Connection) -> None:
    make.submit(conn, make.event())
    with pytest.raises(make.REFUSED):
        conn.execute("UPDATE outbox SET state = 'lost', next_attempt_at = NULL")
