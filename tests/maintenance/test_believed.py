# SPDX-License-Identifier: GPL-3.0-or-later
"""A clock that is far from what is known is not believed, until it has stood its ground."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bouncestream.maintenance.believed import Believed

NOW = datetime(2026, 3, 2, 6, 30, tzinfo=UTC)


def after(**parts: float) -> datetime:
    return NOW + timedelta(**parts)


def test_a_new_outbox_believes_its_clock() -> None:
    assert Believed(None, NOW, 5.0).judge(NOW, 5.0)


def test_a_pause_of_hours_is_nothing_odd() -> None:
    assert Believed(NOW, after(hours=20), 0.0).judge(after(hours=20), 0.0)


@pytest.mark.parametrize("days", [2, 40, 500, 30_000, -2, -500])
def test_far_from_what_is_known_it_is_not_believed_for_a_day(days: int) -> None:
    clock = Believed(NOW, after(days=days), 0.0)
    for hour in range(24):
        assert not clock.judge(after(days=days, hours=hour), hour * 3600.0)
        assert f"{abs(days)}.0 days {'ahead of' if days > 0 else 'behind'}" in clock.why
    assert clock.judge(after(days=days, hours=24), 86400.0)
    assert clock.why == ""


def test_once_it_is_set_right_it_is_believed_at_once() -> None:
    clock = Believed(NOW, after(days=500), 0.0)
    assert not clock.judge(after(days=500), 0.0)
    assert clock.judge(after(hours=1), 3600.0)


@pytest.mark.parametrize("hours", [2, 24 * 500, -3])
def test_within_a_run_a_jump_is_doubted(hours: int) -> None:
    clock = Believed(NOW, NOW, 0.0)
    assert clock.judge(NOW, 0.0)
    assert not clock.judge(after(hours=1 + hours), 3600.0)
    assert clock.judge(after(hours=2), 7200.0)


def test_a_clock_that_goes_on_jumping_never_stands() -> None:
    clock = Believed(NOW, after(days=10), 0.0)
    for hour in range(100):
        assert not clock.judge(after(days=10 + 10 * hour), hour * 3600.0)
