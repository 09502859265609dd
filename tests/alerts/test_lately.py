# SPDX-License-Identifier: GPL-3.0-or-later
"""What a number has grown by within an hour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bouncestream.alerts.lately import STEPS, Lately

NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)


def test_only_what_came_within_the_last_hour_counts() -> None:
    lately = Lately()
    minutes = {0: 100, 1: 103, 30: 110, 59: 110, 60: 115, 61: 115, 89: 115, 90: 115, 120: 115}
    grown = [lately.grown("a", total, NOW + timedelta(minutes=minute)) for minute, total in minutes.items()]
    assert grown == [0, 3, 10, 10, 15, 12, 12, 5, 0]
    assert lately.grown("b", 7, NOW) == 0


def test_another_outbox_or_a_clock_that_was_set_back_makes_nothing_up() -> None:
    lately = Lately()
    lately.grown("a", 0, NOW)
    assert lately.grown("a", 50, NOW + timedelta(minutes=1)) == 50
    assert lately.grown("a", 2, NOW + timedelta(minutes=2)) == 50
    assert lately.grown("a", 3, NOW + timedelta(minutes=3)) == 51
    assert lately.grown("a", 3, NOW - timedelta(days=1)) == 0


def test_however_often_it_is_asked_little_is_remembered() -> None:
    lately = Lately()
    for second in range(3 * STEPS):
        grown = lately.grown("a", second, NOW + timedelta(seconds=second / 10))
    assert grown == 3 * STEPS - 1
    assert len(lately._seen["a"].steps) == STEPS
