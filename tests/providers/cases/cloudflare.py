# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from bouncestream.event import Kind
from tests.providers.case import Case, by_header

PAYLOAD = {
    "eventId": "01HX0000000000000000000000",
    "messageId": "<id@host>",
    "sender": "news@example.com",
    "recipient": "person@example.org",
    "terminal": True,
    "delivery": {
        "status": "bounced",
        "smtpStatusCode": 550,
        "smtpEnhancedStatusCode": "5.1.1",
        "smtpResponse": "User unknown",
    },
    "bounce": {"type": "hard", "classification": "invalid-recipient", "reason": "User unknown"},
}
CLOUDFLARE = {
    "type": "cf.email.sending.message.bounced",
    "source": {"type": "email.sending", "domain": "example.com"},
    "payload": PAYLOAD,
    "metadata": {"eventTimestamp": "2026-11-22T11:33:11.000Z"},
}


def bearer(body: bytes, secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


CASES = {
    "cloudflare": Case(
        "cloudflare",
        "token",
        by_header(bearer),
        [CLOUDFLARE],
        kinds={
            Kind.SOFT: [CLOUDFLARE | {"payload": PAYLOAD | {"bounce": {"type": "soft"}, "delivery": {}}}],
            Kind.COMPLAINT: [
                CLOUDFLARE
                | {
                    "type": "cf.email.sending.message.complained",
                    "payload": {"recipient": "person@example.org", "complaint": {"type": "abuse"}},
                }
            ],
        },
    ),
}
