# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from bouncestream.event import BounceEvent, Kind
from tests.providers.case import ask
from tests.providers.cases.sparkpost import CASES, batch

CASE = CASES["sparkpost"]
CAMPAIGN = "11111111-2222-4333-8444-555555555555"


def one(**fields: object) -> BounceEvent:
    (event,) = ask(CASE, CASE.request(batch(**fields))).events  # type: ignore[arg-type]
    return event


def test_all_of_a_bounce() -> None:
    event = one(rcpt_meta={"listmonk_campaign": CAMPAIGN})
    assert (event.kind, event.recipient, event.reason) == (Kind.HARD, "person@example.org", "user_unknown")
    assert (event.reply_code, event.enhanced_status, event.campaign_uuid) == ("550", "5.1.1", CAMPAIGN)
    assert event.provider_event_id == "0000aaaa1111bbbb2222"


@pytest.mark.parametrize(
    ("number", "words", "kind", "reason"),
    [
        ("30", "no recipient could be determined", Kind.HARD, None),
        ("10", "550 5.7.1 blocked", Kind.SOFT, None),
        ("51", "550 5.7.1 blocked using rbl.example.com", Kind.SOFT, None),
        ("22", "", Kind.SOFT, "mailbox_full"),
        ("24", "", Kind.SOFT, "expired"),
        ("21", "550 5.1.2 no such domain", Kind.HARD, "host_unknown"),
        ("21", "no words that we know", Kind.SOFT, None),
        ("1", "550 5.1.1 User unknown", Kind.HARD, "user_unknown"),
        ("77", "550 5.1.1 User unknown", Kind.HARD, "user_unknown"),
        ("90", "", Kind.UNSUBSCRIBE, None),
    ],
)
@pytest.mark.parametrize("sort", ["bounce", "out_of_band"])
def test_classes(sort: str, number: str, words: str, kind: Kind, reason: str | None) -> None:
    event = one(type=sort, bounce_class=number, raw_reason=words, reason=None, error_code="")
    assert event.kind is kind
    assert reason is None or event.reason == reason


@pytest.mark.parametrize("fields", [{"bounce_class": "25"}, {"type": "policy_rejection"}])
def test_what_sparkpost_itself_refuses(fields: dict[str, str]) -> None:
    assert [event.reason for event in ask(CASE, CASE.request(batch(**fields))).events] == ["provider_list"]


@pytest.mark.parametrize(
    "fields",
    [
        {"bounce_class": "60"},
        {"type": "out_of_band", "bounce_class": "100"},
        {"type": "delay"},
        {"type": "initial_open"},
    ],
)
def test_what_is_no_event(fields: dict[str, str]) -> None:
    assert ask(CASE, CASE.request(batch(**fields))).events == ()


def test_the_empty_event_that_tests_a_webhook() -> None:
    parsed = ask(CASE, CASE.request([{"msys": {}}]))
    assert (parsed.events, parsed.unreadable, parsed.ignored) == ((), (), ("a test of SparkPost",))
