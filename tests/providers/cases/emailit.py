# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from bouncestream.event import Kind
from tests.providers.case import NOW, Case, by_header, mac

EMAILIT = {
    "event_id": "evt_2bH7kNwP5mQaV1sXgIdKe6pZr",
    "type": "email.bounced",
    "data": {
        "object": {
            "id": "em_4yM2nTvR8oPcX3uZiKeLg7sB",
            "object": "email",
            "from": "news@example.com",
            "to": "person@example.org",
            "status": "bounced",
            "meta": {},
            "updated_at": "2026-11-22T11:33:11.481927+00:00",
        }
    },
}


def signed(body: bytes, secret: str, at: float = NOW.timestamp()) -> dict[str, str]:
    digest = mac(secret, f"{at:.0f}.".encode() + body).hex()
    return {"X-Emailit-Timestamp": f"{at:.0f}", "X-Emailit-Signature": digest}


CASES = {
    "emailit": Case(
        "emailit",
        "signing_secret",
        by_header(signed),
        [EMAILIT],
        kinds={
            Kind.SOFT: [EMAILIT | {"type": "email.failed"}],
            Kind.COMPLAINT: [EMAILIT | {"type": "email.complained"}],
        },
    ),
}
