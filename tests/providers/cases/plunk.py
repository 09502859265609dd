# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from bouncestream.event import Kind
from tests.providers.case import Case, by_header

PLUNK = {
    "contact": {"email": "person@example.org", "subscribed": True, "data": {}},
    "workflow": {"id": "wf1", "name": "bounces"},
    "execution": {"id": "ex1", "startedAt": "2026-11-22T11:33:12.000Z"},
    "event": {
        "bounceType": "Permanent",
        "bouncedAt": "2026-11-22T11:33:11.000Z",
        "messageId": "0107-x",
        "emailId": "em1",
    },
}


def bearer(body: bytes, secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


CASES = {
    "plunk": Case(
        "plunk",
        "token",
        by_header(bearer),
        PLUNK,
        kinds={
            Kind.SOFT: PLUNK | {"event": {"bounceType": "Transient", "transientBounce": True, "emailId": "em1"}},
            Kind.COMPLAINT: PLUNK | {"event": {"complainedAt": "2026-11-22T11:33:11.000Z", "emailId": "em1"}},
            Kind.UNSUBSCRIBE: PLUNK | {"type": "contact.unsubscribed", "event": None},
        },
    ),
}
