# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from bouncestream.event import BounceEvent, Kind
from tests.providers.case import ask
from tests.providers.cases.kumomta import CASES, KUMOMTA, REPORT

CASE = CASES["kumomta"]
CAMPAIGN = "11111111-2222-4333-8444-555555555555"
MAIL = f"Message-Id: <id@host>\r\nX-Listmonk-Campaign: {CAMPAIGN}\r\n\r\nX-Listmonk-Campaign: forged"


def one(**fields: Any) -> BounceEvent:
    (event,) = ask(CASE, CASE.request(KUMOMTA | fields)).events
    return event


@pytest.mark.parametrize(
    "more", [{"headers": {"X-Listmonk-Campaign": CAMPAIGN}}, {"meta": {"listmonk_campaign": CAMPAIGN}}]
)
def test_all_of_a_bounce(more: dict[str, Any]) -> None:
    event = one(**more)
    assert (event.kind, event.reason, event.campaign_uuid) == (Kind.HARD, "user_unknown", CAMPAIGN)
    assert (event.reply_code, event.enhanced_status) == ("550", "5.1.1")
    assert event.provider_event_id == "00000000000000000000000000000aaa"
    assert event.occurred_at is not None


@pytest.mark.parametrize(
    ("why", "code", "kind"),
    [
        ("Uncategorized", {"class": 5, "subject": 1, "detail": 1}, Kind.HARD),
        ("Uncategorized", {"class": 5, "subject": 7, "detail": 1}, Kind.SOFT),
        ("a class of mine", {"class": 5, "subject": 2, "detail": 2}, Kind.SOFT),
        ("SpamContent", {"class": 5, "subject": 1, "detail": 1}, Kind.SOFT),
        ("InvalidRecipient", None, Kind.HARD),
        ("Unsubscribe", None, Kind.UNSUBSCRIBE),
    ],
)
@pytest.mark.parametrize("sort", ["Bounce", "OOB"])
def test_classes(sort: str, why: str, code: dict[str, int] | None, kind: Kind) -> None:
    words = "User unknown" if kind is Kind.HARD else "no words that we know"
    answer = {"code": 550, "enhanced_code": code, "content": words}
    assert one(type=sort, bounce_classification=why, response=answer).kind is kind


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "TransientFailure"},
        {"type": "Delivery"},
        {"type": "XferOut"},
        {"bounce_classification": "AutoReply"},
        {"bounce_classification": "TooManyRecipients"},
        {"type": "Feedback", "feedback_report": REPORT | {"feedback_type": "not-spam"}},
    ],
)
def test_what_is_no_event(fields: dict[str, Any]) -> None:
    assert ask(CASE, CASE.request(KUMOMTA | fields)).events == ()


def test_what_was_tried_until_time_was_up() -> None:
    assert one(type="Expiration", response={"code": 551, "content": "max age"}).kind is Kind.SOFT


@pytest.mark.parametrize("mail", [MAIL, list(MAIL.encode() + b"\xff")])
def test_a_complaint_is_of_whom_the_mail_was_sent_to(mail: Any) -> None:
    report = REPORT | {"original_message": mail}
    event = one(type="Feedback", feedback_report=report, recipient="fbl@news.example.com")
    assert (event.kind, event.recipient, event.campaign_uuid) == (Kind.COMPLAINT, "person@example.org", CAMPAIGN)
    traced = report | {"supplemental_trace": {"recipient": "traced@example.org"}}
    assert one(type="Feedback", feedback_report=traced).recipient == "traced@example.org"


def test_several_recipients_and_several_records() -> None:
    parsed = ask(CASE, CASE.request([KUMOMTA | {"recipient": ["a@example.org", "b@example.org"]}, KUMOMTA, 5]))
    assert [event.recipient for event in parsed.events] == ["a@example.org", "b@example.org", "person@example.org"]
    assert len(parsed.unreadable) == 1
