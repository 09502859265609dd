# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bouncestream.event import NO_PROOF, BounceEvent, Kind, Proof
from bouncestream.judging.webhook import judge
from bouncestream.policy import Rules
from bouncestream.ports import RawInput
from tests.providers.case import NOW, ask
from tests.providers.cases.kumomta import CASES, KUMOMTA, REPORT

CASE = CASES["kumomta"]
CAMPAIGN = "11111111-2222-4333-8444-555555555555"
PERSON = "66666666-7777-4888-8999-aaaaaaaaaaaa"
OURS = {"X-Listmonk-Campaign": CAMPAIGN, "X-Listmonk-Subscriber": PERSON}
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
    assert one(type=sort, bounce_classification=why, response=answer, headers=OURS).kind is kind


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "TransientFailure"},
        {"type": "Delivery"},
        {"type": "XferOut"},
        {"bounce_classification": "AutoReply"},
        {"bounce_classification": "TooManyRecipients"},
        {"type": "Feedback", "feedback_report": REPORT | {"feedback_type": "not-spam"}},
        {"type": "OOB", "bounce_classification": "AutoReply"},
    ],
)
def test_what_is_no_event(fields: dict[str, Any]) -> None:
    assert ask(CASE, CASE.request(KUMOMTA | fields)).events == ()


def test_what_was_tried_until_time_was_up() -> None:
    assert one(type="Expiration", response={"code": 551, "content": "max age"}).kind is Kind.SOFT


def told(**fields: Any) -> BounceEvent:
    """An event as it is stored."""
    parsed = ask(CASE, CASE.request(KUMOMTA | fields))
    (event,) = judge(
        parsed, RawInput("news", "kumomta", NOW, b"{}"), Rules(reasons={"user_unknown": "hard"})
    ).events
    return event


@pytest.mark.parametrize("why", ["InvalidRecipient", "Uncategorized", "a class of mine"])
@pytest.mark.parametrize("headers", [{}, {"X-Listmonk-Subscriber": PERSON}])
def test_a_bounce_that_came_by_mail_is_soft_as_anybody_can_have_written_it(why: str, headers: Any) -> None:
    event = told(type="OOB", bounce_classification=why, headers=headers)
    assert (event.kind, event.reason, event.recipient) == (Kind.SOFT, "user_unknown", "person@example.org")
    assert NO_PROOF in event.evidence
    assert (event.proof, event.hold) == (Proof.NONE, "")


@pytest.mark.parametrize("sort", ["OOB", "Feedback"])
def test_what_came_by_mail_is_told_by_the_uuid_that_proves_it(sort: str) -> None:
    event = told(type=sort, headers=OURS, feedback_report=REPORT, recipient="victim@example.org")
    assert (event.recipient, event.person, event.campaign_uuid) == ("", PERSON, CAMPAIGN)
    assert event.kind is (Kind.HARD if sort == "OOB" else Kind.COMPLAINT)
    assert event.by_uuid


def test_a_wish_to_unsubscribe_that_came_by_mail_waits_for_a_person() -> None:
    event = told(type="OOB", bounce_classification="Unsubscribe")
    assert (event.kind, event.hold) == (Kind.UNSUBSCRIBE, "unproven")


@pytest.mark.parametrize("mail", [MAIL, list(MAIL.encode() + b"\xff")])
def test_a_complaint_without_the_two_uuids_is_soft(mail: Any) -> None:
    report = REPORT | {"original_message": mail}
    event = told(type="Feedback", feedback_report=report, recipient="fbl@news.example.com")
    assert (event.kind, event.reason, event.campaign_uuid) == (Kind.SOFT, "complaint", CAMPAIGN)
    assert event.recipient == "person@example.org"
    traced = report | {"supplemental_trace": {"recipient": "traced@example.org"}}
    assert told(type="Feedback", feedback_report=traced).recipient == "traced@example.org"


def test_the_operator_may_believe_what_came_by_mail() -> None:
    trusting = replace(CASE.settings, classes={"OOB": "hard"})
    (event,) = ask(CASE, CASE.request(KUMOMTA | {"type": "OOB"}), trusting).events
    assert (event.kind, event.proof) == (Kind.HARD, "")


def test_several_recipients_and_several_records() -> None:
    parsed = ask(CASE, CASE.request([KUMOMTA | {"recipient": ["a@example.org", "b@example.org"]}, KUMOMTA, 5]))
    assert [event.recipient for event in parsed.events] == ["a@example.org", "b@example.org", "person@example.org"]
    assert len(parsed.unreadable) == 1
