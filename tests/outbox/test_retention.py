# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes, what stays however old, and that nothing goes early."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from bouncestream.outbox import arrivals, delivery, operator, retention
from bouncestream.ports import Move, Receipt, State, Unreadable
from tests.outbox import make
from tests.outbox.make import NOW, claim, event, later, settle, submission, submit

NEVER = later(days=-9999)


def purge(
    conn: sqlite3.Connection, *, raw: datetime = NEVER, events: datetime = NEVER, day: int = 0
) -> retention.Purged:
    """All steps; what they removed together."""
    events_gone = raw_gone = quarantine = keys = 0
    while True:
        step = retention.purge(
            conn, raw_before=raw, events_before=events, dedupe_before_day=day, now=later(days=1000), limit=7
        )
        make.check_tally(conn)
        events_gone += step.events
        raw_gone += step.raw
        quarantine += step.quarantine
        keys += step.keys
        if not step.more:
            return retention.Purged(events_gone, raw_gone, quarantine, keys)


def day(at: datetime) -> int:
    return int(at.timestamp() // 86400)


def fill(conn: sqlite3.Connection, days: int = 30) -> None:
    """An event each day, verified on that day."""
    for number in range(days):
        at = later(days=number)
        submit(conn, event(f"{number}@example.com"), now=at)
        claim(conn, at)
        settle(conn, number + 1, State.VERIFIED, now=at)


def test_an_empty_outbox_has_nothing_to_lose(conn: sqlite3.Connection) -> None:
    assert purge(conn, raw=NOW, events=NOW, day=99_999) == retention.Purged()


def test_raw_bodies_go_first(conn: sqlite3.Connection) -> None:
    fill(conn)
    assert purge(conn, raw=later(days=20)) == retention.Purged(raw=20)
    assert len(make.rows(conn)) == 30
    assert make.one(conn, "SELECT min(received_at) FROM raw") == "2026-03-21T12:00:00.000Z"


def test_finished_events_go_with_their_history(conn: sqlite3.Connection) -> None:
    fill(conn)
    assert purge(conn, events=later(days=20)) == retention.Purged(events=20)
    assert make.one(conn, "SELECT min(outbox_id) FROM history") == 21
    assert make.one(conn, "SELECT count(*) FROM labels") == 10
    assert submit(conn, event("3@example.com")) == Receipt(duplicates=1)  # its keys are still there


def test_keys_go_last_and_by_their_day(conn: sqlite3.Connection) -> None:
    fill(conn, 200)
    assert purge(conn, day=day(later(days=150))) == retention.Purged(keys=150)
    assert submit(conn, event("3@example.com"), now=later(days=400)) == Receipt(accepted=1)
    assert submit(conn, event("150@example.com")) == Receipt(duplicates=1)


def test_what_is_not_finished_stays_however_old(conn: sqlite3.Connection) -> None:
    for number, name in enumerate(
        ("pending", "claimed", "posted", "held", "dead", "unstored", "dropped", "newest")
    ):
        submit(conn, event(f"{name}@example.com", hold="brake" if name == "held" else ""), now=later(number))
    for row in claim(conn, later(60)):
        name = row.event.recipient.split("@")[0]
        if name in ("posted", "dead", "unstored", "pending", "dropped"):
            delivery.settle(conn, [Move(row.row, State(name), "x")], later(60))
    assert purge(conn, raw=later(days=999), events=later(days=999)) == retention.Purged(events=3, raw=6)
    assert [name for (name,) in make.rows(conn, "recipient")] == [
        f"{name}@example.com" for name in ("pending", "claimed", "posted", "held", "newest")
    ]
    assert make.one(conn, "SELECT count(*) FROM raw WHERE id = 4") == 1  # a person decides about what is held


def test_an_event_that_was_finished_only_now_stays(conn: sqlite3.Connection) -> None:
    submit(conn, event("a@example.com"), event("b@example.com"))
    claim(conn)
    settle(conn, 1, State.DEAD, now=later(days=300))
    assert purge(conn, events=later(days=200)).events == 0
    assert purge(conn, events=later(days=301)).events == 1


def test_a_finished_post_goes_too(conn: sqlite3.Connection) -> None:
    submit(conn, event("a@example.com"), event("b@example.com"))
    claim(conn)
    delivery.settle(conn, [Move(1, State.POSTED, "200", final=True), Move(2, State.POSTED, "200")], NOW)
    assert purge(conn, events=later(days=1)).events == 1


def test_the_newest_number_never_comes_again(conn: sqlite3.Connection) -> None:
    fill(conn, 3)
    purge(conn, raw=later(days=999), events=later(days=999), day=0)
    assert make.rows(conn, "id") == [(3,)]
    submit(conn, event("new@example.com"))
    assert make.rows(conn, "id, raw_id") == [(3, 3), (4, 4)]


def test_what_is_kept_of_a_block_keeps_nothing_of_its_neighbours(conn: sqlite3.Connection) -> None:
    """Raw bodies of one commit are compressed together; one that must stay does not hold the others."""
    for day in range(4):
        arrivals.take_many(
            conn,
            [
                (submission(event(f"{day}.{n}@example.com", hold="brake" * (n == 2)), raw=b"%d%d" % (day, n)), at)
                for at in [later(days=day)]
                for n in range(5)
            ],
        )
    assert make.one(conn, "SELECT count(*) FROM block") == 4
    assert purge(conn, raw=later(days=2)) == retention.Purged(raw=8)
    assert conn.execute("SELECT id FROM block").fetchall() == [(11,), (16,)]
    kept = conn.execute("SELECT id, body FROM raw WHERE block IS NULL").fetchall()
    assert kept == [(3, b"02"), (8, b"12")]
    assert [operator.raw_body(conn, number) for number in (3, 8, 11, 20)] == [b"02", b"12", b"20", b"34"]


def test_quarantine_keeps_its_raw_body_as_long_as_itself(conn: sqlite3.Connection) -> None:
    for number in range(10):
        submit(conn, unreadable=(Unreadable("odd"),), raw=b"body", now=later(days=number))
    submit(conn, event())
    assert purge(conn, raw=later(days=99)) == retention.Purged()
    assert purge(conn, raw=later(days=99), events=later(days=5)) == retention.Purged(quarantine=5, raw=5)


def test_a_clock_that_jumped_takes_nothing_early(conn: sqlite3.Connection) -> None:
    for number, days in enumerate((0, 50, 1, 2, 60, 3, 4)):
        submit(conn, event(f"{number}@example.com"), now=later(days=days))
    purge(conn, raw=later(days=10))
    kept = [at for (at,) in conn.execute("SELECT received_at FROM raw WHERE received_at > '2026-03-11'")]
    assert len(kept) == 2


def test_the_walk_over_the_keys_goes_on_where_it_was(conn: sqlite3.Connection) -> None:
    fill(conn, 200)
    bounds = {"raw_before": NEVER, "events_before": NEVER, "dedupe_before_day": 99_999, "now": NOW}
    first = retention.purge(conn, **bounds, limit=7)  # type: ignore[arg-type]
    assert (first.keys, first.more) == (70, True)
    assert delivery.get_meta(conn, "retention_key")
    steps = [retention.purge(conn, **bounds, limit=7) for _ in range(2)]  # type: ignore[arg-type]
    assert [(step.keys, step.more) for step in steps] == [(70, True), (60, False)]
    assert delivery.get_meta(conn, "retention_key") == ""


def test_every_table_says_how_long_it_keeps_what(file_conn: sqlite3.Connection) -> None:
    tables = {name for (name,) in file_conn.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    assert retention.KEPT.keys() == tables
