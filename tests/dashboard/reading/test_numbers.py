# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from bouncestream.dashboard.reader import Pages
from bouncestream.dashboard.reading import numbers
from bouncestream.dashboard.reading.numbers import Numbers, period, read_campaigns, read_domains, read_reasons
from bouncestream.event import Kind
from bouncestream.outbox.view import view
from tests.outbox import make
from tests.outbox.make import CAMPAIGN, NOW, later

OTHER = "33333333-3333-4333-8333-333333333333"


@pytest.fixture
def some(conn: sqlite3.Connection) -> None:
    make.submit(conn, make.event("old@one.example", campaign_uuid=CAMPAIGN), now=later(days=-40))
    words = "554 blocked by one"
    make.submit(
        conn, make.event("a@one.example", Kind.SOFT, reason="blocklisted", diagnostic=words), now=later(days=-20)
    )
    words = "554 still blocked"
    make.submit(conn, make.event("b@one.example", Kind.SOFT, reason="spam", diagnostic=words), now=later(days=-3))
    make.submit(
        conn, make.event("c@two.example", reason="user_unknown", campaign_uuid=CAMPAIGN), now=later(days=-2)
    )
    make.submit(conn, make.event("d@two.example", Kind.COMPLAINT, campaign_uuid=OTHER), now=later(hours=-2))
    make.submit(conn, make.event("e@two.example", Kind.SOFT, reason="mailbox_full", campaign_uuid=OTHER), now=NOW)


def lines(found: Numbers) -> dict[str, dict[str, int]]:
    return {name: dict(one.kinds) for name, one in found.lines}


def test_by_campaign_the_one_last_heard_of_first(path: Path, some: None) -> None:
    with view(path) as outbox:
        found = read_campaigns(Pages(outbox), 30, NOW)
        assert [name for name, _ in found.lines] == [OTHER, CAMPAIGN, ""]
        assert lines(found) == {OTHER: {"complaint": 1, "soft": 1}, CAMPAIGN: {"hard": 1}, "": {"soft": 2}}
        assert found.told[found.lines[0][1].newest].at == NOW
        assert found.back_to is None
        assert lines(read_campaigns(Pages(outbox), 90, NOW))[CAMPAIGN] == {"hard": 2}
        assert lines(read_campaigns(Pages(outbox), 1, NOW)) == {OTHER: {"complaint": 1, "soft": 1}}


def test_by_reason_of_all_or_of_one_campaign(path: Path, some: None) -> None:
    with view(path) as outbox:
        found = read_reasons(Pages(outbox), 30, "", NOW)
        assert {*lines(found)} == {"blocklisted", "spam", "user_unknown", "complaint", "mailbox_full"}
        found = read_reasons(Pages(outbox), 30, OTHER, NOW)
        assert lines(found) == {"complaint": {"complaint": 1}, "mailbox_full": {"soft": 1}}


def test_by_domain_with_who_refuses_since_when_in_which_words(path: Path, some: None) -> None:
    with view(path) as outbox:
        found = read_domains(Pages(outbox), 30, NOW)
    assert lines(found) == {"two.example": {"hard": 1, "complaint": 1, "soft": 1}, "one.example": {"soft": 2}}
    ((name, one),) = found.refused
    assert (name, one.total, dict(one.reasons)) == ("one.example", 2, {"blocklisted": 1, "spam": 1})
    assert found.told[one.first].at == later(days=-20)
    assert found.told[one.newest].words == "554 still blocked"


def test_what_was_not_reached_in_a_moment_is_told(path: Path, some: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numbers, "STEP", 2)
    real = Pages.walk
    monkeypatch.setattr(
        Pages,
        "walk",
        lambda self, fn, high, low, step: real(self, lambda c, a, b: fn(c, a, b) and False, high, low, step),
    )
    with view(path) as outbox:
        found = read_campaigns(Pages(outbox), 30, NOW)
    assert lines(found) == {OTHER: {"complaint": 1, "soft": 1}}
    assert found.back_to == later(hours=-2)


def test_a_long_table_is_cut(path: Path, conn: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numbers, "MOST", 3)
    for number in range(5):
        make.submit(conn, make.event(f"a@d{number}.example", Kind.SOFT, reason="spam"))
    with view(path) as outbox:
        found = read_domains(Pages(outbox), 30, NOW)
    assert (len(found.lines), found.more, len(found.refused), found.refused_more) == (3, 2, 3, 2)


def test_a_period_is_one_of_those_that_are_offered() -> None:
    assert [period({"days": text}) for text in ("7", "365", "", "8", "x")] == [7, 365, 30, 30, 30]
