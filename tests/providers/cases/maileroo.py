# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from bouncestream.event import Kind
from tests.providers.case import Case, by_header, mac

MAILEROO = {
    "domain_id": 774,
    "event_data": {
        "from": "news@example.com",
        "to": "person@example.org",
        "reason": "550 5.1.1 <person@example.org>: Recipient address rejected: User unknown",
    },
    "event_id": "0000000000000000000000000000e5e5",
    "event_time": 1795347191,
    "event_type": "failed",
    "inserted_at": "2026-11-22T11:33:11.401Z",
    "message_id": "<0001@maileroo.example>",
    "message_reference_id": "0000000000000000000000e6",
    "tags": None,
    "user_id": 323,
}
CASES = {
    "maileroo": Case(
        "maileroo",
        "signing_secret",
        by_header(lambda body, secret: {"X-Maileroo-Signature": mac(secret, body).hex()}),
        MAILEROO,
        kinds={
            Kind.SOFT: MAILEROO | {"event_data": {"to": "person@example.org", "reason": "554 5.7.1 policy"}},
            Kind.COMPLAINT: MAILEROO | {"event_type": "complained"},
        },
    ),
}
