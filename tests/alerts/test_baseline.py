# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bouncestream.alerts.baseline import REACH, Sources, usual_pause, usual_peak

NOW = datetime(2026, 3, 2, 12, 30, tzinfo=UTC)
HOUR = int(NOW.timestamp() // 3600)
WEEK = 7 * 24

#: Letters go out once a week; most bounces come in the first hour, some in the next five.
WEEKLY = {HOUR - week * WEEK - 48 + hour: 200 if hour == 0 else 10 for week in range(1, 6) for hour in range(6)}


def test_the_pause_of_a_weekly_letter_is_nearly_a_week() -> None:
    assert usual_pause(WEEKLY, HOUR) == (WEEK - 5) * 3600


def test_a_single_long_outage_is_no_habit() -> None:
    outage = {HOUR - 50 * 24: 1, **{hour: 1 for hour in WEEKLY if hour > HOUR - 24 * 24}}
    outage |= {HOUR - hour: 1 for hour in range(1, 40, 3)}
    pause = usual_pause(outage, HOUR)
    assert pause is not None
    assert pause < 8 * 86400, "although it was once silent for 27 days"


def test_nothing_is_usual_before_it_is_known() -> None:
    assert usual_pause({}, HOUR) is None
    assert usual_pause([HOUR - hour for hour in range(13 * 24)], HOUR) is None, "two weeks are not known yet"
    assert usual_pause([HOUR - day * 24 for day in (1, 10, 30)], HOUR) is None, "three hours are too few"
    assert usual_peak({HOUR - 6 * 24: 9, HOUR - 5 * 24: 9, HOUR - 4 * 24: 9}, HOUR) is None
    assert usual_peak({HOUR - 8 * 24: 9, HOUR - 2: 900}, HOUR) is None


def test_the_peak_is_that_of_the_busy_hours_and_not_of_today() -> None:
    assert usual_peak(WEEKLY, HOUR) == 200
    assert usual_peak({**WEEKLY, HOUR: 5000, HOUR - 30: 4000}, HOUR) == 200, "one odd hour is no habit"


def test_what_is_too_long_ago_does_not_count() -> None:
    assert usual_peak({HOUR - REACH - hour: 9 for hour in range(1, 99)}, HOUR) is None


def test_sources_add_up() -> None:
    sources = Sources()
    sources.add((hour, "shop", "hard", events) for hour, events in WEEKLY.items())
    sources.add([(HOUR, "shop", "soft", 3), (HOUR, "shop", "unsubscribe", 50)])
    seen = sources.seen("shop", NOW)
    assert (seen.this_hour, seen.usual_peak) == (3, 200), "an unsubscription is no bounce"
    assert seen.newest == NOW
    later = sources.seen("shop", NOW + timedelta(days=4))
    assert later.newest == datetime(2026, 3, 2, 13, 0, tzinfo=UTC)
    assert later.this_hour == 0
    assert sources.seen("other", NOW).newest is None


def test_hours_of_a_clock_that_was_ahead_are_no_sign_of_life() -> None:
    sources = Sources()
    sources.add([(HOUR - 48, "shop", "hard", 3), (HOUR + 9 * WEEK, "shop", "hard", 2)])
    assert sources.seen("shop", NOW).newest == NOW.replace(minute=0) - timedelta(hours=47)
    sources.add([(HOUR + 9 * WEEK, "other", "hard", 2)])
    assert sources.seen("other", NOW).newest is None


def test_a_request_with_nothing_new_is_a_sign_of_life() -> None:
    sources = Sources()
    sources.requests("shop", 5, NOW)
    sources.requests("shop", 5, NOW + timedelta(hours=9))
    assert sources.seen("shop", NOW + timedelta(days=1)).newest == NOW
    sources.requests("shop", 6, NOW + timedelta(hours=10))
    assert sources.seen("shop", NOW + timedelta(days=1)).newest == NOW + timedelta(hours=10)
