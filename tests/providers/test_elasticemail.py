# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bouncestream.event import Kind
from tests.providers.case import KEY, Case, ask
from tests.providers.cases.elasticemail import CASES, ELASTICEMAIL

CASE = CASES["elasticemail"]
CAMPAIGN = "11111111-2222-4333-8444-555555555555"


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_all_of_an_error_in_each_shape(case: Case) -> None:
    back = {"postback": f'{{"listmonk_campaign":"{CAMPAIGN}"}}'}
    (event,) = ask(case, case.request(ELASTICEMAIL | back)).events
    assert (event.kind, event.reason, event.campaign_uuid) == (Kind.HARD, "user_unknown", CAMPAIGN)
    assert event.occurred_at == datetime(2026, 11, 22, 11, 33, 11, tzinfo=UTC)
    assert event.provider_event_id == "eemsg0001"


def test_a_time_in_another_form() -> None:
    (event,) = ask(CASE, CASE.request(ELASTICEMAIL | {"date": "2026-11-22T11:33:11Z"})).events
    assert event.occurred_at == datetime(2026, 11, 22, 11, 33, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    ("category", "reason"),
    [
        ("Spam", "spam"),
        ("DNSProblem", "network"),
        ("Throttled", "too_many"),
        ("Novelty", "undetermined"),
        ("NotDelivered", "provider_list"),
    ],
)
def test_other_errors_are_soft(category: str, reason: str) -> None:
    (event,) = ask(CASE, CASE.request(ELASTICEMAIL | {"category": category})).events
    assert (event.kind, event.reason) == (Kind.SOFT, reason)


@pytest.mark.parametrize("fields", [{"category": "GreyListed"}, {"category": "Ignore"}, {"status": "Sent"}])
def test_what_is_no_event(fields: dict[str, str]) -> None:
    assert ask(CASE, CASE.request(ELASTICEMAIL | fields)).events == ()


def test_its_look_whether_the_url_answers() -> None:
    case = CASES["elasticemail, get"]
    parsed = ask(case, replace(case.request(b""), path_secret=KEY))
    assert (parsed.events, parsed.unreadable, len(parsed.ignored)) == ((), (), 1)
