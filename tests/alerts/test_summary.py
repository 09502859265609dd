# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bouncestream.alert import AlertState
from bouncestream.alerts import summary
from bouncestream.config.alerting import Summary

MONDAY = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)


def test_daily_is_due_at_its_time() -> None:
    settings = Summary(every="daily", at="07:00")
    assert summary.last_due(settings, MONDAY) == MONDAY
    assert summary.last_due(settings, MONDAY - timedelta(seconds=1)) == MONDAY - timedelta(days=1)
    assert not summary.is_due(settings, MONDAY, MONDAY + timedelta(hours=23))
    assert summary.is_due(settings, MONDAY, MONDAY + timedelta(hours=24))
    assert not summary.is_due(settings, None, MONDAY)


def test_weekly_is_due_on_mondays() -> None:
    settings = Summary(every="weekly", at="07:00")
    for days, due in ((0, MONDAY), (3, MONDAY), (6, MONDAY), (7, MONDAY + timedelta(days=7))):
        assert summary.last_due(settings, MONDAY + timedelta(days=days)) == due
    before = MONDAY - timedelta(minutes=1)
    assert summary.last_due(settings, before) == MONDAY - timedelta(days=7)


def test_never_is_never_due() -> None:
    assert summary.last_due(Summary(), MONDAY) is None


def test_what_it_says() -> None:
    text = summary.text(
        [(1, "shop", "hard", 3), (2, "shop", "hard", 4), (2, "mail", "complaint", 1)],
        {"verified": 90, "pending": 2, "posted": 1, "dead": 5},
        quarantine=6,
        states=[
            AlertState("dead-letters", active=True, level="error", text="New dead letters: 5."),
            AlertState("disk-low", active=False),
        ],
    )
    assert text.splitlines() == [
        "Received:",
        "  mail: 1 complaint",
        "  shop: 7 hard",
        "In the outbox:",
        "  90 verified, 0 not stored by Listmonk, 3 in transit, 0 held, 5 dead letters",
        "  6 items in quarantine",
        "Active alerts:",
        "  error: dead-letters: New dead letters: 5.",
    ]
