# SPDX-License-Identifier: GPL-3.0-or-later
"""Items of a provider's list: stored unless that person and group was reported, and never twice."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bouncestream.errors import StoreBusy
from bouncestream.event import BounceEvent, Kind
from bouncestream.health import Health, Status
from bouncestream.metrics import EVENTS_DUPLICATE, EVENTS_RECEIVED, Metrics
from bouncestream.missed import LIST, Found, Missed
from bouncestream.outbox import delivery, missed
from bouncestream.outbox.db import Database
from bouncestream.outbox.dry_run import Rehearsal
from bouncestream.outbox.intake import Intake
from bouncestream.outbox.missed import FOUND, rehearse_missed, take_missed
from bouncestream.ports import State
from tests.outbox import make
from tests.outbox.make import NOW, later

AT = NOW - timedelta(days=2)
UUID = make.SUBSCRIBER


def item(recipient: str = "ann@example.com", kind: Kind = Kind.HARD, at: datetime = AT, uuid: str = "") -> Missed:
    event = BounceEvent(
        kind, recipient, "ses", "generic", at, provider_event_id=f"list/{at}", stable_id=True, evidence="a list"
    )
    submission = make.submission(event, raw=b'{"email": "ann@example.com"}', headers={LIST: "bounces"})
    return Missed(submission, (recipient, uuid) if uuid else (recipient,))


def take(
    conn: sqlite3.Connection, *items: Missed, hard: int = 0, asked: bool = False
) -> tuple[list[str], int, int]:
    """Kinds of the new rows, held, duplicates; what a dry run says is the same."""
    rehearsed = rehearse_missed(conn, items, Rehearsal())
    stored, held, duplicates = take_missed(conn, items, NOW, hard, asked=asked)
    found = [kind.value for one in stored for kind in one.kinds]
    known = duplicates + sum(one.duplicates for one in stored)
    assert rehearsed == (found, known)
    return found, held, known


def test_a_missed_one_is_stored_and_a_second_run_stores_nothing(conn: sqlite3.Connection) -> None:
    items = [item(), item(kind=Kind.COMPLAINT), item(kind=Kind.UNSUBSCRIBE), item("bob@example.com")]
    assert take(conn, *items) == (["hard", "complaint", "unsubscribe", "hard"], 0, 0)
    assert take(conn, *items) == ([], 0, 4)
    assert delivery.get_meta(conn, FOUND) == "4"
    assert delivery.get_meta(conn, "duplicates") == "4"
    make.check_tally(conn)


def test_it_says_how_it_came(conn: sqlite3.Connection) -> None:
    take(conn, item())
    assert conn.execute("SELECT why FROM history").fetchone() == ("received from backfill of webhook ses",)


def test_an_unsubscription_is_told_once_though_it_is_finished(conn: sqlite3.Connection) -> None:
    take(conn, item(kind=Kind.UNSUBSCRIBE))
    conn.execute("UPDATE outbox SET state = 'verified', next_attempt_at = NULL, finished_at = ?", (str(NOW),))
    make.recount(conn)
    assert take(conn, item(kind=Kind.UNSUBSCRIBE)) == ([], 0, 1)


@pytest.mark.parametrize("kind", [Kind.HARD, Kind.SOFT])
@pytest.mark.parametrize(
    ("age", "known"),
    [(timedelta(days=2, hours=23), True), (timedelta(days=3, hours=1), False), (-timedelta(days=1), True)],
    ids=["3 days before", "more", "later"],
)
def test_an_event_of_the_person_and_group_since_three_days_before_is_it(
    conn: sqlite3.Connection, kind: Kind, age: timedelta, known: bool
) -> None:
    make.submit(conn, make.event(kind=kind, occurred_at=AT - age))
    assert take(conn, item()) == (([], 0, 1) if known else (["hard"], 0, 0))


def test_of_another_group_or_person_it_is_not(conn: sqlite3.Connection) -> None:
    make.submit(
        conn, make.event(kind=Kind.COMPLAINT, occurred_at=AT), make.event("bob@example.com", occurred_at=AT)
    )
    assert take(conn, item()) == (["hard"], 0, 0)


def test_what_a_mail_told_by_the_uuid_is_found_by_it(conn: sqlite3.Connection) -> None:
    by_mail = make.event(
        "", subscriber_uuid=UUID, proof="uuid", occurred_at=AT, source="bounces", provider="mailbox", message_id=""
    )
    make.submit(conn, by_mail)
    assert take(conn, item(uuid=UUID)) == ([], 0, 1)
    assert take(conn, item()) == (["hard"], 0, 0)


@pytest.mark.parametrize("state", [State.HELD, State.DROPPED, State.DEAD, State.VERIFIED])
def test_in_whatever_state_it_is(conn: sqlite3.Connection, state: State) -> None:
    make.submit(conn, make.event(occurred_at=AT))
    held = "operator" if state is State.HELD else ""
    finished = None if state is State.HELD else str(NOW)
    values = (state.value, held, finished)
    conn.execute("UPDATE outbox SET state = ?, held_for = ?, finished_at = ?, next_attempt_at = NULL", values)
    make.recount(conn)
    assert take(conn, item()) == ([], 0, 1)


def test_its_row_is_gone_but_its_mark_is_not(conn: sqlite3.Connection) -> None:
    take(conn, item(kind=Kind.UNSUBSCRIBE))
    conn.execute("DELETE FROM outbox")
    make.recount(conn)
    assert take(conn, item(kind=Kind.UNSUBSCRIBE)) == ([], 0, 1)


def test_more_hard_ones_than_a_run_may_bring_are_held(conn: sqlite3.Connection) -> None:
    people = [item(f"p{i}@example.com") for i in range(103)]
    assert take(conn, *people[:60]) == (["hard"] * 60, 0, 0)
    assert take(conn, *people[60:], item(kind=Kind.COMPLAINT), hard=60) == (["hard"] * 43 + ["complaint"], 3, 0)
    held = conn.execute(
        "SELECT recipient, held_for, evidence FROM outbox WHERE state = 'held' ORDER BY id"
    ).fetchall()
    why = "a list; held, as one run found more than 100 hard bounces"
    assert held == [(f"p{i}@example.com", "operator", why) for i in (100, 101, 102)]
    make.check_tally(conn)


def test_of_a_run_that_a_person_was_asked_about_nothing_is_held(conn: sqlite3.Connection) -> None:
    people = [item(f"p{i}@example.com") for i in range(103)]
    assert take(conn, *people, asked=True) == (["hard"] * 103, 0, 0)
    # and the brake lets them go, too
    assert conn.execute("SELECT outbox_id FROM let_go").fetchall() == make.rows(conn, "id")


def test_a_rehearsal_without_an_outbox() -> None:
    items = [item(), item(), item(kind=Kind.COMPLAINT)]
    assert rehearse_missed(None, items, Rehearsal()) == ([Kind.HARD, Kind.COMPLAINT], 1)


async def test_the_intake_stores_counts_and_wakes_the_relay(db: Database) -> None:
    metrics, woken = Metrics(), []
    clock = make_clock()
    intake = Intake(db, clock=clock, metrics=metrics, health=Health(), on_commit=lambda: woken.append(1))
    items = [item(), item("bob@example.com", Kind.COMPLAINT)]
    assert await intake.missed(items, 0) == Found(("hard", "complaint"))
    assert await intake.missed([*items, item("cy@example.com")], 1) == Found(("hard",), 0, 2)
    assert await intake.missed([], 0) == Found()
    assert metrics.get(EVENTS_RECEIVED, "ses", "hard") == 2
    assert metrics.get(EVENTS_DUPLICATE, "ses") == 2
    assert woken


async def test_a_full_intake_stores_nothing_and_works_again_once_it_stores(db: Database) -> None:
    health = Health()
    intake = Intake(db, clock=make_clock(), metrics=Metrics(), health=health, max_events=0)
    intake._events = 1
    with pytest.raises(StoreBusy):
        await intake.missed([item()], 0)
    assert await db.read(lambda conn: conn.execute("SELECT count(*) FROM outbox").fetchone()) == (0,)
    assert health.parts["intake"].state is Status.YELLOW
    intake._events = 0
    await intake.missed([item()], 0)
    assert health.parts["intake"].state is Status.GREEN


def make_clock() -> object:
    class Clock:
        def now(self) -> datetime:
            return later()

        def monotonic(self) -> float:
            return 0.0

    return Clock()


def test_the_group_is_asked_for_whole() -> None:
    assert missed._kinds(item(kind=Kind.HARD).event) == {"kind": "hard", "other": "soft"}
    assert missed._kinds(replace(item().event, kind=Kind.COMPLAINT)) == {"kind": "complaint", "other": "complaint"}
