# SPDX-License-Identifier: GPL-3.0-or-later
"""Sendamatic's complaints and unsubscriptions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bouncestream.event import Kind
from bouncestream.providers._contract import Parsed
from tests.providers.test_sendamatic import CAMPAIGN, HEADERS, SUBSCRIBER, event, parse

REPORT = """\
Feedback-Type: abuse
User-Agent: SomeGenerator/1.0
Version: 1
Original-Mail-From: <news@sender.example>
Original-Rcpt-To: <reported@example.com>
Arrival-Date: Thu, 19 Nov 2026 08:00:00 +0000
"""


def complaint(**fields: Any) -> Parsed:
    inner = {"description": "This is an Abuse Report", "message_id": "<mail-1@mx.sendamatic.net>", **fields}
    return parse({"notification_type": "complaint", "complaint": inner})


def test_a_complaint() -> None:
    one = event(complaint(report=REPORT, original=HEADERS + "\nHello\n"))
    assert (one.kind, one.recipient) == (Kind.COMPLAINT, "reported@example.com")
    assert (one.campaign_uuid, one.subscriber_uuid) == (CAMPAIGN, SUBSCRIBER)
    assert one.diagnostic == "This is an Abuse Report"
    assert one.evidence == "Sendamatic says complaint → complaint" or one.evidence == "Sendamatic says complaint"
    assert one.occurred_at == datetime(2026, 11, 19, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fields", "recipient"),
    [
        ({"original_recipient": "a@example.com", "recipient": "b@example.com", "report": REPORT}, "a@example.com"),
        ({"recipient": "b@example.com", "report": REPORT, "original": HEADERS}, "b@example.com"),
        ({"report": REPORT, "original": HEADERS}, "reported@example.com"),
        ({"report": "Feedback-Type: abuse\n", "original": HEADERS}, "person@example.com"),
        ({"report": "", "original": HEADERS}, "person@example.com"),
        ({"report": REPORT.replace("\n", "\r\n"), "original": ""}, "reported@example.com"),
        ({"report": REPORT}, "reported@example.com"),
    ],
)
def test_who_complained_in_this_order(fields: dict[str, str], recipient: str) -> None:
    assert event(complaint(**fields)).recipient == recipient


def test_a_complaint_of_nobody_is_kept() -> None:
    headers = HEADERS.replace("To: person@example.com", "To: a@example.com, b@example.com")
    unnamed = event(complaint(report="Feedback-Type: abuse\n", original=headers))
    assert (unnamed.recipient, unnamed.subscriber_uuid) == ("", SUBSCRIBER)
    parsed = complaint(report="Feedback-Type: abuse\n", original=headers.replace("X-Listmonk", "X-Other"))
    assert parsed.events == ()
    assert parsed.unreadable[0].why == "it names no recipient"


def test_not_spam_is_no_complaint() -> None:
    parsed = complaint(report=REPORT.replace("abuse", "not-spam"), original=HEADERS)
    assert parsed.events == ()
    assert parsed.ignored == ("the report says that the mail is not spam",)


def test_a_report_about_authentication_is_no_complaint() -> None:
    for said in ("auth-failure", "Auth-Failure ; x"):
        parsed = complaint(report=REPORT.replace("abuse", said).replace("\n", "\r\n"), original=HEADERS)
        assert parsed.events == parsed.unreadable == ()
        assert parsed.ignored == ("the report is about a failed authentication (DMARC), not a complaint",)


@pytest.mark.parametrize("name", ["original_recipient", "recipient", "to", "address", "email_address", "email"])
def test_whoever_unsubscribed_under_any_name(name: str) -> None:
    one = event(parse({"notification_type": "unsubscribe", "unsubscribe": {name: "Person@example.com"}}))
    assert (one.kind, one.recipient) == (Kind.UNSUBSCRIBE, "person@example.com")


@pytest.mark.parametrize("name", ["unsubscribe", "unsubscription", "Unsubscribed"])
def test_an_unsubscription_under_any_name(name: str) -> None:
    for inner_name in (name, "data"):
        one = event(
            parse(
                {
                    "notification_type": name,
                    inner_name: {"recipient": "Person@example.com", "message_id": "<m@h>", "list_id": "<news.x>"},
                }
            )
        )
        assert (one.kind, one.recipient, one.message_id) == (Kind.UNSUBSCRIBE, "person@example.com", "<m@h>")
        assert one.evidence == "Sendamatic says unsubscribed, list <news.x>"
    flat = event(parse({"notification_type": name, "recipient": "person@example.com"}))
    assert flat.recipient == "person@example.com"
