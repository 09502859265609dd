# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bouncestream.event import Kind
from bouncestream.ports import Cause, ListedRow
from bouncestream.sinks.listmonk.answers import SubscriberState
from bouncestream.undo import judge
from bouncestream.undo.judge import Verdict

TOLD = datetime(2026, 11, 1, 12, tzinfo=UTC)
EARLIER, LATER = TOLD - timedelta(days=1), TOLD + timedelta(seconds=1)
CAUSE = Cause(1, "event", Kind.HARD, 10, 5, b"digest", "blocklisted", "blocklist", {}, "", "", TOLD)
LISTS = {1: ("confirmed", EARLIER), 2: ("unsubscribed", EARLIER)}
PERSON = SubscriberState(5, "uuid", "blocklisted", EARLIER, LISTS)
ROW = ListedRow("event", 1, True, 10)
BACK = Verdict(enable=True)


def verdict(cause: Cause = CAUSE, person: SubscriberState | None = PERSON, **more: Any) -> Verdict:
    given: dict[str, Any] = {"same": True, "rows": [ROW], "ours": {"event"}, "action": "blocklist"} | more
    return judge.judge(cause, person, **given)


def test_what_is_ours_and_as_we_left_it_comes_back() -> None:
    assert verdict() == BACK


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"person": None}, judge.GONE),
        ({"same": False}, judge.ANOTHER),
        ({"person": replace(PERSON, status="enabled")}, judge.ENABLED),
        ({"rows": []}, judge.ROW_GONE),
        ({"rows": [ROW, ListedRow("", 0, False, 11)]}, judge.LATER),
        ({"rows": [ROW, ListedRow("other event of ours", 1, True, 11)]}, judge.LATER),
        ({"action": "none"}, judge.NOT_BY_US),
        ({"action": "delete"}, judge.DELETED),
        ({"action": "", "cause": replace(CAUSE, kind=Kind.SOFT)}, judge.NOT_BY_US),
    ],
)
def test_what_is_left_alone(more: dict[str, Any], why: str) -> None:
    assert verdict(**more) == Verdict(why)


def test_an_older_row_of_somebody_else_does_not_matter() -> None:
    assert verdict(rows=[ListedRow("", 0, False, 9), ROW]) == BACK


def test_whatever_was_changed_later_is_somebodys_work() -> None:
    for changed in (
        replace(PERSON, updated_at=LATER),
        replace(PERSON, lists={1: ("confirmed", EARLIER), 2: ("unsubscribed", LATER)}),
    ):
        assert verdict(person=changed).left.startswith("it was changed in Listmonk since")
    # by its own clock
    assert verdict(person=replace(PERSON, updated_at=LATER), ahead=2.0) == BACK


def test_one_with_which_an_undo_had_begun() -> None:
    begun = replace(CAUSE, begun="2026-11-01T13:00:00.000Z", found=EARLIER.isoformat())
    assert verdict(begun) == BACK
    assert verdict(begun, rows=[]) == BACK  # our rows were deleted already
    assert verdict(begun, replace(PERSON, status="enabled"), rows=[]) == Verdict(done=True)
    assert verdict(begun, replace(PERSON, updated_at=LATER)).left.startswith("it was changed")
    assert verdict(begun, rows=[ListedRow("", 0, False, 11)]) == Verdict(judge.LATER)


def test_lists_that_listmonk_took_come_back_as_they_were() -> None:
    off = {
        1: ("unsubscribed", EARLIER),
        2: ("unsubscribed", EARLIER),
        3: ("unsubscribed", LATER),
        4: ("confirmed", LATER),
    }
    person = replace(PERSON, status="enabled", lists=off)
    cause = replace(CAUSE, lists={1: "confirmed", 3: "confirmed", 4: "unconfirmed", 9: "confirmed"})
    assert verdict(cause, person, action="unsubscribe") == Verdict(lists={1: "confirmed"})
    assert verdict(CAUSE, person, action="unsubscribe") == Verdict(judge.NOT_LOOKED_UP)
    again = replace(cause, lists={4: "confirmed"})
    assert verdict(again, person, action="unsubscribe") == Verdict(judge.ON_LISTS)
    done = replace(again, begun="2026-11-01T13:00:00.000Z", found=EARLIER.isoformat())
    assert verdict(done, person, action="unsubscribe", rows=[]) == Verdict(done=True)
