# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from bouncestream.event import Kind
from tests.providers.case import NOW, Case, by_header, mac

LETTERMINT = {
    "id": "54d7e8c9-1195-4ba0-9d3f-b9af92305add",
    "event": "message.hard_bounced",
    "timestamp": "2026-11-22T11:33:11.000Z",
    "data": {
        "message_id": "f47ac10b-58cc-4372-a567-0e02b2c3d479",
        "recipient": "person@example.org",
        "metadata": {},
        "response": {"status_code": 550, "enhanced_status_code": "5.1.1", "content": "User unknown"},
    },
}


def signed(body: bytes, secret: str, at: float = NOW.timestamp()) -> dict[str, str]:
    digest = mac(secret, f"{at:.0f}.".encode() + body).hex()
    return {"X-Lettermint-Signature": f"t={at:.0f},v1={digest}"}


CASES = {
    "lettermint": Case(
        "lettermint",
        "signing_secret",
        by_header(signed),
        LETTERMINT,
        kinds={
            Kind.SOFT: LETTERMINT | {"event": "message.soft_bounced"},
            Kind.COMPLAINT: LETTERMINT | {"event": "message.spam_complaint"},
            Kind.UNSUBSCRIBE: LETTERMINT | {"event": "message.unsubscribed"},
        },
    ),
}
