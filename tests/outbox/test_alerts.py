# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sqlite3
from dataclasses import replace

from bouncestream.alert import AlertState, Delivery, Notice, What
from bouncestream.event import Kind
from bouncestream.outbox import alerts
from tests.outbox import make
from tests.outbox.make import NOW, later

STATE = AlertState("dead-letters", "", "error", True, NOW, NOW, later(1), None, 5, 2, 3, "text", "fix")


def notice(number: int, **fields: object) -> Notice:
    return replace(Notice(number, NOW, What.FIRED, "error", "t", "x", "f", "disk-low", "", NOW), **fields)  # type: ignore[arg-type]


def test_what_is_saved_comes_back(conn: sqlite3.Connection) -> None:
    waiting = Delivery(notice(1), "email", 2, later(9), error="no answer")
    sent = Delivery(notice(1), "webhook", 1, None, later(1), sent=True)
    alerts.save(conn, [STATE], [notice(1)], [waiting, sent])
    assert alerts.states(conn) == {STATE.key: STATE}
    assert alerts.waiting(conn) == [waiting]
    assert alerts.deliveries(conn) == [waiting, sent]
    assert alerts.recent(conn, 9) == [notice(1)]
    assert alerts.newest_notice(conn) == 1
    ended = replace(STATE, active=False, resolved_at=later(5), value=6)
    alerts.save(conn, [ended], deliveries=[replace(waiting, due_at=None, ended_at=later(9), sent=True)])
    assert alerts.states(conn) == {STATE.key: ended}
    assert alerts.waiting(conn) == []


def test_only_the_newest_are_kept_and_what_is_active_or_waits(conn: sqlite3.Connection) -> None:
    waiting = Delivery(notice(1), "email", 0, NOW)
    alerts.save(conn, [], [notice(1)], [waiting])
    for number in range(2, alerts.KEEP_NOTICES + 50):
        done = Delivery(notice(number), "email", 1, None, NOW, sent=True)
        gone = AlertState("doctor", f"finding-{number}", bad_at=later(number))
        alerts.save(conn, [gone], [notice(number)], [done])
    for number in range(alerts.KEEP_ALERTS + 9):
        alerts.save(conn, [AlertState("doctor", f"other-{number}", bad_at=later(days=1, seconds=number))])
    alerts.save(conn, [STATE, replace(STATE, subject="x", bad_at=later(days=-9))])
    assert len(alerts.recent(conn, 1000)) == alerts.KEEP_NOTICES + 1
    assert alerts.waiting(conn) == [waiting]
    states = alerts.states(conn)
    assert len(states) == alerts.KEEP_ALERTS + 2
    assert ("dead-letters", "x") in states


def test_old_hours_go_and_old_events_are_not_counted(conn: sqlite3.Connection) -> None:
    make.submit(conn, make.event("old@example.com"), now=later(days=-70))
    make.submit(conn, make.event("new@example.com", Kind.SOFT), now=later(hours=-1))
    newest, counted = alerts.new_arrivals(conn, NOW)
    assert counted == {(alerts.hour_of(NOW) - 1, "ses", "soft"): 1}
    alerts.count_arrivals(conn, newest, counted)
    assert alerts.new_arrivals(conn, NOW) == (newest, {})
    assert len(alerts.hours(conn, 0)) == 1
    alerts.forget_hours(conn, later(days=64))
    assert alerts.hours(conn, 0) == []


def test_a_long_backlog_is_counted_in_steps(conn: sqlite3.Connection) -> None:
    make.submit(conn, *(make.event(f"p{n}@example.com") for n in range(25)))
    total = 0
    for _ in range(3):
        newest, counted = alerts.new_arrivals(conn, NOW, limit=10)
        alerts.count_arrivals(conn, newest, counted)
        total += sum(counted.values())
    assert total == 25
    assert alerts.hours(conn, 0) == [(alerts.hour_of(NOW), "ses", "hard", 25)]
