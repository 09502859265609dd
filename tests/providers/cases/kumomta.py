# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from bouncestream.event import Kind
from tests.providers.case import Case, by_header

KUMOMTA = {
    "type": "Bounce",
    "id": "00000000000000000000000000000aaa",
    "sender": "bounce@news.example.com",
    "recipient": "person@example.org",
    "response": {
        "code": 550,
        "enhanced_code": {"class": 5, "subject": 1, "detail": 1},
        "content": "User unknown",
        "command": "RCPT TO",
    },
    "timestamp": 1795347191,
    "event_time": "2026-11-22T11:33:11.440526026Z",
    "bounce_classification": "InvalidRecipient",
    "feedback_report": None,
    "meta": {},
    "headers": {},
}
REPORT = {
    "feedback_type": "abuse",
    "original_rcpto_to": ["<person@example.org>"],
    "original_message": "From: news@example.com\r\nMessage-Id: <id@host>\r\n"
    "X-Listmonk-Campaign: 11111111-2222-4333-8444-555555555555\r\n"
    "X-Listmonk-Subscriber: 66666666-7777-4888-8999-aaaaaaaaaaaa\r\n\r\nHi",
    "supplemental_trace": None,
}


def bearer(body: bytes, secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


CASES = {
    "kumomta": Case(
        "kumomta",
        "token",
        by_header(bearer),
        KUMOMTA,
        kinds={
            Kind.SOFT: KUMOMTA | {"bounce_classification": "SpamBlock"},
            Kind.COMPLAINT: KUMOMTA
            | {"type": "Feedback", "feedback_report": REPORT, "recipient": "fbl@example.com"},
            Kind.UNSUBSCRIBE: KUMOMTA | {"bounce_classification": "Unsubscribe"},
        },
    ),
}
