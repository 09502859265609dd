# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from hashlib import sha256
from typing import Any

from bouncestream.crypto.secret import Secret
from bouncestream.event import Kind
from tests.providers.case import NOW, Case, by_header


def whsec(secret: str) -> str:
    """A secret of the tests as Svix writes one."""
    return "whsec_" + b64encode(sha256(secret.encode("utf-8", "surrogatepass")).digest()).decode()


def signed(body: bytes, secret: str, number: str = "msg_1", at: float = NOW.timestamp()) -> dict[str, str]:
    message = f"{number}.{at:.0f}.".encode() + body
    key = b64decode(whsec(secret).removeprefix("whsec_"))
    signature = b64encode(hmac.digest(key, message, "sha256")).decode()
    return {"svix-id": number, "svix-timestamp": f"{at:.0f}", "svix-signature": f"v1,{signature}"}


RESEND_MAIL: dict[str, Any] = {
    "created_at": "2026-11-22T11:33:00.894719+00:00",
    "email_id": "56761188-7520-42d8-8898-ff6fc54ce618",
    "from": "News <news@example.com>",
    "to": ["Person <person@example.org>"],
    "subject": "News",
}
RESEND_BOUNCE = {
    "type": "Permanent",
    "subType": "General",
    "message": "The recipient's mail server rejected the mail.",
    "diagnosticCode": ["smtp; 550 5.1.1 no such user"],
}
RESEND = {
    "type": "email.bounced",
    "created_at": "2026-11-22T11:33:11.126Z",
    "data": RESEND_MAIL | {"bounce": RESEND_BOUNCE},
}

CASES = {
    "resend": Case(
        "resend",
        "signing_secret",
        by_header(signed),
        RESEND,
        value=lambda *secrets: Secret(*map(whsec, secrets)),
        kinds={
            Kind.SOFT: RESEND | {"data": RESEND_MAIL | {"bounce": {"type": "Transient", "subType": "MailboxFull"}}},
            Kind.COMPLAINT: RESEND | {"type": "email.complained", "data": RESEND_MAIL},
        },
    ),
}
