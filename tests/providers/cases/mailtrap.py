# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from bouncestream.event import Kind
from tests.providers.case import Case, by_header, mac

MAILTRAP = {
    "event": "bounce",
    "timestamp": 1795347191,
    "sending_stream": "bulk",
    "category": "newsletter",
    "custom_variables": {},
    "message_id": "aaaaaaaa-0000-4000-8000-000000000004",
    "email": "person@example.org",
    "event_id": "aaaaaaaa-0000-4000-8000-000000000003",
    "response": "5.1.1 User unknown",
    "response_code": 550,
    "bounce_category": "invalid_recipient",
}
CASES = {
    "mailtrap": Case(
        "mailtrap",
        "signing_secret",
        by_header(lambda body, secret: {"Mailtrap-Signature": mac(secret, body).hex()}),
        {"events": [MAILTRAP]},
        kinds={
            Kind.SOFT: {"events": [MAILTRAP | {"event": "soft bounce"}]},
            Kind.COMPLAINT: {"events": [MAILTRAP | {"event": "spam"}]},
            Kind.UNSUBSCRIBE: {"events": [MAILTRAP | {"event": "unsubscribe"}]},
        },
    ),
}
