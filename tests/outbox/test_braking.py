# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sqlite3
from datetime import timedelta
from functools import partial

from bouncestream.brake import Brake, Threshold, Usual
from bouncestream.event import Kind
from bouncestream.outbox import braking, delivery, operator
from tests.outbox import make

CAMPAIGN = "5a0db0c5-0000-4000-8000-000000000001"
WINDOW = timedelta(minutes=10)


def claim(conn: sqlite3.Connection, brake: Brake, limit: int = 100) -> tuple[list[int], list[int]]:
    """Rows that are held, and that are claimed."""
    decision, batch = braking.claim(conn, brake=brake, usual=Usual(), now=make.NOW, limit=limit)
    assert batch is not None
    brake.apply(decision)
    make.check_tally(conn)
    return sorted(decision.held), [one.row for one in batch]


def test_what_is_held_and_what_is_claimed_is_one_decision(conn: sqlite3.Connection) -> None:
    make.submit(conn, *(make.event(f"p{n}@example.com") for n in range(5)), make.event("s@x.com", kind=Kind.SOFT))
    assert claim(conn, Brake(Threshold(3, WINDOW, 0.05))) == ([1, 2, 3, 4, 5], [6])
    assert braking.held(conn) == 5
    assert operator.show(conn, 1)[0].held_for == "brake"
    assert "example.com" in operator.show(conn, 1)[0].why


def test_no_more_is_claimed_than_was_judged(conn: sqlite3.Connection) -> None:
    make.submit(conn, *(make.event(f"p{n}@example.com") for n in range(20)))
    held, claimed = claim(conn, Brake(Threshold(3, WINDOW, 0.05)), limit=8)
    assert (held, claimed) == ([1, 2, 3, 4, 5, 6, 7, 8], [])


def test_what_was_claimed_once_is_never_held(conn: sqlite3.Connection) -> None:
    make.submit(conn, *(make.event(f"p{n}@example.com") for n in range(5)))
    make.claim(conn)
    for row in range(1, 6):
        make.settle(conn, row, make.State.PENDING)
    assert claim(conn, Brake(Threshold(3, WINDOW, 0.05))) == ([], [1, 2, 3, 4, 5])


def test_a_start_knows_the_window_and_where_the_brake_is_on(conn: sqlite3.Connection) -> None:
    make.submit(conn, *(make.event(f"p{n}@example.com") for n in range(6)))
    brake = Brake(Threshold(3, WINDOW, 0.05))
    claim(conn, brake)
    assert braking.braked(conn) == list(brake.braked.values())
    known = braking.window(conn, make.NOW - WINDOW, make.NOW)
    assert sorted(known, key=lambda one: one.row) == list(brake.window)
    assert braking.window(conn, make.NOW + timedelta(seconds=1), make.NOW) == []
    delivery.set_meta(conn, braking.BRAKED, "[[1]]")
    assert braking.braked(conn) == []


def test_what_waits_is_told_later_or_held(conn: sqlite3.Connection) -> None:
    brake = Brake(Threshold(3, WINDOW, 0.05))
    usual = Usual(sent={CAMPAIGN: 200})  # so that more than ten are too many

    def claim(seconds: float) -> tuple[list[int], list[int], list[int]]:
        now = make.later(seconds)
        decision, batch = braking.claim(conn, brake=brake, usual=usual, now=now, limit=100)
        assert batch is not None
        brake.apply(decision)
        make.check_tally(conn)
        return sorted(decision.held), sorted(decision.waits), [one.row for one in batch]

    def submit(people: range, seconds: float) -> None:
        events = [make.event(f"p{n}@example.com", campaign_uuid=CAMPAIGN) for n in people]
        make.submit(conn, *events, now=make.later(seconds))

    submit(range(8), 0)
    assert claim(0) == ([], [4, 5, 6, 7, 8], [1, 2, 3])
    assert claim(599) == ([], [], [])
    row, history = operator.show(conn, 4)
    assert (row.state.value, "waits until" in row.why, history[-1].why) == ("pending", True, row.why)
    assert claim(600) == ([], [], [4, 5, 6, 7, 8])
    submit(range(10, 20), 1000)
    assert claim(1000) == ([], [12, 13, 14, 15, 16, 17, 18], [9, 10, 11])
    # after a start too
    brake = Brake(brake.threshold, braking.window(conn, make.later(400), make.later(1001)), braking.braked(conn))
    submit(range(20, 21), 1001)
    assert claim(1001) == ([12, 13, 14, 15, 16, 17, 18, 19], [], [])


def test_what_is_sent_is_asked_before_it_begins(conn: sqlite3.Connection) -> None:
    make.submit(conn, *(make.event(f"p{n}@example.com", campaign_uuid=CAMPAIGN) for n in range(5)))
    brake = Brake(Threshold(3, WINDOW, 0.05))
    claim = partial(braking.claim, conn, brake=brake, now=make.NOW, limit=100)
    for known in ({CAMPAIGN: 60}, {}):
        _, batch = claim(usual=Usual(sent=known), ask_sent=True)
        assert batch is None
    assert braking.held(conn) == 0
    assert braking.braked(conn) == []
    decision, batch = claim(usual=Usual(sent={CAMPAIGN: 60}))
    assert (len(decision.held), batch) == (5, [])


def test_released_replayed_and_imported_are_let_go(conn: sqlite3.Connection) -> None:
    make.submit(conn, *(make.event(f"p{n}@example.com") for n in range(5)))
    brake = Brake(Threshold(3, WINDOW, 0.05))
    assert claim(conn, brake)[0] == [1, 2, 3, 4, 5]
    operator.release(conn, [1, 2], make.NOW)
    braking.take_let_go(conn, [(make.submission(make.event("new@example.com")), make.NOW)])
    assert claim(conn, brake) == ([], [1, 2, 6])
    assert braking.hards_among(conn, [1, 2, 6, 99]) == 3


def test_what_the_servers_said(conn: sqlite3.Connection) -> None:
    make.submit(conn, make.event("a@example.com", hold="brake", diagnostic="550 no"), make.event("b@example.com"))
    assert braking.diagnostics(conn) == ["550 no"]


def test_readers_that_are_not_known_are_asked_before_a_claim(conn: sqlite3.Connection) -> None:
    make.submit(conn, *(make.event(f"p{n}@example.com", campaign_uuid=CAMPAIGN) for n in range(5)))
    claim = partial(braking.claim, conn, brake=Brake(Threshold(3, WINDOW, 0.05)), now=make.NOW, limit=100)
    decision, batch = claim(usual=Usual(sent={CAMPAIGN: 1000}), ask_readers=True)
    assert ([(one.scope, one.domain) for one in decision.unknown], batch) == ([(CAMPAIGN, "example.com")], None)
    assert braking.held(conn) == 0
    decision, batch = claim(usual=Usual({CAMPAIGN: 1000}, readers={CAMPAIGN: {"example.com": 5}}), ask_readers=True)
    assert (len(decision.held), batch) == (5, [])
