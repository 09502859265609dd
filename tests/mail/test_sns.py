# SPDX-License-Identifier: GPL-3.0-or-later
"""Amazon SES's notifications, delivered as mail by Amazon SNS."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from bouncestream.mail.decode import read

MAIL = {
    "messageId": "0100-ses",
    "source": "news@lists.example.org",
    "headers": [
        {"name": "Message-ID", "value": "<1001@lists.example.org>"},
        {"name": "X-Listmonk-Subscriber", "value": "9a8b7c6d-1234-4abc-8def-001122334455"},
    ],
    "commonHeaders": {"to": ["reader@example.com"], "subject": "November"},
}


def bounce(diagnostic: str, status: str = "5.1.1", subtype: str = "General") -> dict[str, Any]:
    return {
        "notificationType": "Bounce",
        "bounce": {
            "bounceType": "Permanent",
            "bounceSubType": subtype,
            "bouncedRecipients": [
                {
                    "emailAddress": "Reader <reader@example.com>",
                    "action": "failed",
                    "status": status,
                    "diagnosticCode": diagnostic,
                }
            ],
            "timestamp": "2026-11-03T09:00:05.000Z",
        },
        "mail": MAIL,
    }


def mail(event: object, wrapped: bool = True, wide: int = 0) -> bytes:
    text = json.dumps({"Type": "Notification", "Message": json.dumps(event)} if wrapped else event)
    if wide:
        text = "!\n ".join(text[i : i + wide] for i in range(0, len(text), wide))
    head = "From: AWS Notifications <no-reply@sns.amazonaws.example>\nSubject: AWS Notification Message\n\n"
    return f"{head}{text}\n\n--\nIf you wish to stop receiving notifications, {{visit}} us.\n".encode()


@pytest.mark.parametrize("wrapped", [True, False])
@pytest.mark.parametrize("wide", [0, 700])
def test_a_bounce(wrapped: bool, wide: int) -> None:
    verdict = read(mail(bounce("smtp; 550 5.1.1 user unknown"), wrapped, wide))
    [recipient] = verdict.recipients
    assert (recipient.address, recipient.kind, recipient.reason) == ("reader@example.com", "hard", "user_unknown")
    assert verdict.original.message_id == "1001@lists.example.org"
    assert verdict.original.subscriber_uuid == "9a8b7c6d-1234-4abc-8def-001122334455"
    assert verdict.occurred_at == datetime(2026, 11, 3, 9, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("event", "wanted"),
    [
        (bounce("smtp; 552 5.2.2 mailbox full", "5.2.2"), ("soft", "mailbox_full")),
        (bounce("", "", "MailboxFull"), ("soft", "mailbox_full")),
        (bounce("", "", "General"), ("soft", "undetermined")),  # "Permanent" alone is no evidence
        (bounce("smtp; 550 5.1.1 user unknown", subtype="Suppressed"), ("soft", "suppressed")),
    ],
)
def test_what_the_words_and_the_subtype_tell(event: dict[str, Any], wanted: tuple[str, str]) -> None:
    [recipient] = read(mail(event)).recipients
    assert (recipient.kind, recipient.reason) == wanted


def test_complaints() -> None:
    event: dict[str, Any] = {
        "eventType": "Complaint",
        "complaint": {"complainedRecipients": [{"emailAddress": "reader@example.com"}]},
        "mail": MAIL,
    }
    assert [(r.address, r.kind) for r in read(mail(event)).recipients] == [("reader@example.com", "complaint")]
    event["complaint"]["complaintFeedbackType"] = "not-spam"
    assert read(mail(event)).kind == "ignore"


@pytest.mark.parametrize("kind", ["Delivery", "DeliveryDelay", "Open", "Send", "Subscription"])
def test_everything_else_is_ignored(kind: str) -> None:
    verdict = read(mail({"notificationType": kind, "mail": MAIL}))
    assert verdict.kind == "ignore"
    assert kind in verdict.evidence


@pytest.mark.parametrize(
    "text",
    [
        b'{"notificationType": ',
        b'{"notificationType": "Bounce"}',
        b'{"notificationType": "Bounce", "bounce": [], "mail": 1}',
        b'{"notificationType": {"a": 1}}',
        b'{"Type": "Notification", "Message": "{\\"notificationType\\": 1}"}',
        b'{"notificationType": "Bounce", "bounce": {"bouncedRecipients": [1, {}, {"emailAddress": 2}]}}',
        b'{"notificationType": "Bounce", "bounce": {"timestamp": 3}}',
        b'"notificationType"' + b"[" * 100_000,
        b'{"notificationType":' + b"[" * 100_000,
    ],
)
def test_malformed_notifications_name_nobody(text: bytes) -> None:
    assert not any(r.address for r in read(b"Subject: x\n\n" + text).recipients)
