# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from hashlib import md5
from typing import Any

from bouncestream.event import Kind
from tests.providers.case import Case, as_json, within

EVENT = {
    "job_id": "1aaaaa-00001a-aaaa",
    "metadata": {},
    "email": "person@example.org",
    "status": "hard_bounced",
    "event_time": "2026-11-22 11:33:11",
    "delivery_info": {
        "delivery_status": "err_user_unknown",
        "destination_response": "550 5.1.1 <person@example.org>: User unknown",
    },
}


def batch(*events: Any) -> dict[str, Any]:
    listed = [{"event_name": "transactional_email_status", "event_data": event} for event in events]
    return {"auth": "", "events_by_user": [{"user_id": 456, "project_id": "1000000000001", "events": listed}]}


def signed(document: Any, secret: str) -> Any:
    return document | {"auth": md5(as_json(document | {"auth": secret}), usedforsecurity=False).hexdigest()}


CASES = {
    "unisender_go": Case(
        "unisender_go",
        "signing_key",
        within(signed),
        batch(EVENT),
        kinds={
            Kind.SOFT: batch(EVENT | {"delivery_info": {"delivery_status": "err_spam_rejected"}}),
            Kind.COMPLAINT: batch(EVENT | {"status": "spam"}),
            Kind.UNSUBSCRIBE: batch(EVENT | {"status": "unsubscribed"}),
        },
    ),
    "unisender_go, flat": Case(
        "unisender_go",
        "signing_key",
        within(signed),
        EVENT | {"auth": "", "event_name": "transactional_email_status"},
    ),
}
