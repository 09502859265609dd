# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from bouncestream.event import Kind
from tests.providers.case import Case, by_basic

SPARKPOST = {
    "type": "bounce",
    "event_id": "10000000000000001",
    "message_id": "0000aaaa1111bbbb2222",
    "transmission_id": "10000000000000002",
    "rcpt_to": "person@example.org",
    "raw_rcpt_to": "Person@example.org",
    "rcpt_meta": {},
    "timestamp": "1795347191",
    "bounce_class": "10",
    "error_code": "550",
    "raw_reason": "550 5.1.1 <person@example.org>: User unknown",
}


def batch(kind: str = "message_event", **fields: object) -> list[object]:
    return [{"msys": {kind: SPARKPOST | fields}}]


CASES = {
    "sparkpost": Case(
        "sparkpost",
        "password",
        by_basic,
        batch(),
        kinds={
            Kind.SOFT: batch(bounce_class="22", error_code="", raw_reason=""),
            Kind.COMPLAINT: batch(type="spam_complaint"),
            Kind.UNSUBSCRIBE: batch("unsubscribe_event", type="list_unsubscribe"),
        },
    ),
}
