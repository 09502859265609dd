# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sqlite3
from dataclasses import replace

from bouncestream.alert import Delivery, Notice, Standing, What
from bouncestream.event import Kind
from bouncestream.outbox import alerts as alertbook
from tests.outbox import make
from tests.outbox.make import NOW, later

STANDING = Standing("dead-letters", "", "error", True, NOW, NOW, later(1), None, 5, 2, 3, "text", "fix")


def notice(number: int, **fields: object) -> Notice:
    return replace(Notice(number, NOW, What.FIRED, "error", "t", "x", "f", "disk-low", "", NOW), **fields)  # type: ignore[arg-type]


def test_what_is_saved_comes_back(conn: sqlite3.Connection) -> None:
    waiting = Delivery(notice(1), "email", 2, later(9), error="no answer")
    sent = Delivery(notice(1), "webhook", 1, None, later(1), sent=True)
    alertbook.save(conn, [STANDING], [notice(1)], [waiting, sent])
    assert alertbook.standings(conn) == {STANDING.key: STANDING}
    assert alertbook.waiting(conn) == [waiting]
    assert alertbook.deliveries(conn) == [waiting, sent]
    assert alertbook.recent(conn, 9) == [notice(1)]
    assert alertbook.newest_notice(conn) == 1
    ended = replace(STANDING, active=False, resolved_at=later(5), value=6)
    alertbook.save(conn, [ended], deliveries=[replace(waiting, due_at=None, ended_at=later(9), sent=True)])
    assert alertbook.standings(conn) == {STANDING.key: ended}
    assert alertbook.waiting(conn) == []


def test_only_the_newest_are_kept_and_what_is_active_or_waits(conn: sqlite3.Connection) -> None:
    waiting = Delivery(notice(1), "email", 0, NOW)
    alertbook.save(conn, [], [notice(1)], [waiting])
    for number in range(2, alertbook.KEEP_NOTICES + 50):
        done = Delivery(notice(number), "email", 1, None, NOW, sent=True)
        gone = Standing("doctor", f"finding-{number}", bad_at=later(number))
        alertbook.save(conn, [gone], [notice(number)], [done])
    for number in range(alertbook.KEEP_ALERTS + 9):
        alertbook.save(conn, [Standing("doctor", f"other-{number}", bad_at=later(days=1, seconds=number))])
    alertbook.save(conn, [STANDING, replace(STANDING, subject="x", bad_at=later(days=-9))])
    assert len(alertbook.recent(conn, 1000)) == alertbook.KEEP_NOTICES + 1
    assert alertbook.waiting(conn) == [waiting]
    standings = alertbook.standings(conn)
    assert len(standings) == alertbook.KEEP_ALERTS + 2
    assert ("dead-letters", "x") in standings


def test_old_hours_go_and_old_events_are_not_counted(conn: sqlite3.Connection) -> None:
    make.submit(conn, make.event("old@example.com"), now=later(days=-70))
    make.submit(conn, make.event("new@example.com", Kind.SOFT), now=later(hours=-1))
    newest, counted = alertbook.new_arrivals(conn, NOW)
    assert counted == {(alertbook.hour_of(NOW) - 1, "ses", "soft"): 1}
    alertbook.count_arrivals(conn, newest, counted)
    assert alertbook.new_arrivals(conn, NOW) == (newest, {})
    assert len(alertbook.hours(conn, 0)) == 1
    alertbook.forget_hours(conn, later(days=64))
    assert alertbook.hours(conn, 0) == []


def test_a_long_backlog_is_counted_in_steps(conn: sqlite3.Connection) -> None:
    make.submit(conn, *(make.event(f"p{n}@example.com") for n in range(25)))
    total = 0
    for _ in range(3):
        newest, counted = alertbook.new_arrivals(conn, NOW, limit=10)
        alertbook.count_arrivals(conn, newest, counted)
        total += sum(counted.values())
    assert total == 25
    assert alertbook.hours(conn, 0) == [(alertbook.hour_of(NOW), "ses", "hard", 25)]
