# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bouncestream.ports import Campaign
from bouncestream.sources.listmonk_log.reading import Lines, LogClock, mark, named, sent_at

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)


def test_a_line_is_new_once() -> None:
    lines = Lines()
    assert lines.new(["a", "b"]) == ["a", "b"]
    assert not lines.gap(["a", "b"])
    lines.looked_at(["a", "b"])
    lines.streamed("c")
    assert lines.new(["a", "b", "c", "d"]) == ["d"]
    lines.looked_at(["b", "c", "d"])
    assert lines.new(["b", "c", "d"]) == []


def test_a_gap_is_seen() -> None:
    lines = Lines()
    lines.looked_at(["a", "b"])
    assert not lines.gap(["b", "c"])
    assert lines.gap(["c", "d"])
    assert lines.gap([])


@pytest.mark.parametrize("hours", [-11, -3.5, 0, 1, 5.75, 14])
def test_the_offset_of_the_logs_clock(hours: float) -> None:
    clock = LogClock()
    shown = (NOW + timedelta(hours=hours)).replace(tzinfo=None)
    assert clock.utc(shown, NOW) is None
    clock.learn(shown - timedelta(seconds=3), NOW)
    assert clock.utc(shown - timedelta(minutes=90), NOW) == NOW - timedelta(minutes=90)
    assert clock.utc(shown + timedelta(minutes=5), NOW) == NOW, "nothing happens later than now"


def test_a_line_that_is_not_young_teaches_nothing() -> None:
    clock = LogClock()
    clock.learn((NOW - timedelta(minutes=7)).replace(tzinfo=None), NOW)
    clock.learn((NOW + timedelta(days=2)).replace(tzinfo=None), NOW)
    assert clock.ahead is None


def test_of_two_campaigns_of_one_name_the_running_one_or_the_newest_counts() -> None:
    old, new = Campaign(1, "u1", "News", status="running"), Campaign(2, "u2", "News", status="finished")
    assert sent_at(named([new, old]), "News", None) is old
    over = Campaign(1, "u1", "News", status="finished")
    assert sent_at(named([over, new]), "News", NOW) is new
    assert sent_at(named([over, new]), "Other", NOW) is None


def test_a_campaign_that_had_not_begun_was_not_sent() -> None:
    jan = Campaign(1, "u1", "News", "finished", started_at=NOW - timedelta(days=31))
    feb = Campaign(2, "u2", "News", "running", started_at=NOW)
    mar = Campaign(3, "u3", "News", "draft")
    all_ = named([jan, feb, mar])
    assert sent_at(all_, "News", NOW - timedelta(days=1)) is jan
    assert sent_at(all_, "News", NOW + timedelta(days=1)) is feb
    assert sent_at(all_, "News", None) is feb
    assert sent_at(named([jan, mar]), "News", None) is jan
    assert sent_at(named([jan]), "News", NOW - timedelta(days=99)) is jan, "clocks go wrong"


def test_a_later_run_goes_on_behind_its_place() -> None:
    lines = Lines()
    assert lines.begin(["a", "b", "c"], mark("b"))
    assert lines.new(["a", "b", "c"]) == ["c"]
    lines = Lines()
    assert not lines.begin(["c", "d"], mark("b"))
    assert lines.new(["c", "d"]) == ["c", "d"]
    assert mark("\ud800 é") != mark("é")
