# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import hmac

from bouncestream.event import Kind
from tests.providers.case import Case, by_header


def signed(body: bytes, secret: str) -> dict[str, str]:
    return {"X-Webhook-Signature": hmac.digest(secret.encode("utf-8", "surrogatepass"), body, "sha256").hex()}


FORWARD_EMAIL_BOUNCE = {
    "action": "reject",
    "message": "Mailbox does not exist",
    "category": "recipient",
    "code": 550,
    "status": "5.1.1",
    "line": 526,
}
FORWARD_EMAIL = {
    "email_id": "66f0c0ffee",
    "recipient": "person@example.org",
    "message": "550 5.1.1 no such user",
    "response": "550 5.1.1 no such user",
    "response_code": 550,
    "truth_source": "",
    "headers": {"Message-Id": "<id@host>", "Subject": "News"},
    "bounce": FORWARD_EMAIL_BOUNCE,
    "bounced_at": "2026-11-22T11:33:11.250Z",
}

CASES = {
    "forwardemail": Case(
        "forwardemail",
        "webhook_key",
        by_header(signed),
        FORWARD_EMAIL,
        kinds={Kind.SOFT: FORWARD_EMAIL | {"bounce": FORWARD_EMAIL_BOUNCE | {"category": "block"}}},
    ),
}
