# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from bouncestream.event import Kind
from tests.providers.case import Case, by_header, mac

MAILERSEND = {
    "type": "activity.hard_bounced",
    "created_at": "2026-11-22T11:33:11.000000Z",
    "webhook_id": "hook000000000001",
    "url": "https://hooks.example.net/mailersend",
    "data": {
        "id": "0000000000000000000000e1",
        "type": "hard_bounced",
        "created_at": "2026-11-22T11:33:10.000000Z",
        "email": {
            "id": "0000000000000000000000e2",
            "message": {"id": "0000000000000000000000e3"},
            "recipient": {"email": "person@example.org"},
        },
        "morph": {"object": "recipient_bounce", "reason": "Host or domain name not found"},
    },
}


def signed(body: bytes, secret: str) -> dict[str, str]:
    return {"Signature": mac(secret, body).hex()}


CASES = {
    "mailersend": Case(
        "mailersend",
        "signing_secret",
        by_header(signed),
        MAILERSEND,
        kinds={
            Kind.SOFT: MAILERSEND | {"type": "activity.soft_bounced"},
            Kind.COMPLAINT: MAILERSEND | {"type": "activity.spam_complaint"},
            Kind.UNSUBSCRIBE: MAILERSEND | {"type": "activity.unsubscribed"},
        },
    ),
}
