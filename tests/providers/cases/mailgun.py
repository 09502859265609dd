# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import hmac
from typing import Any

from bouncestream.event import Kind
from tests.providers.case import NOW, Case, within

MAILGUN_FAILURE = {
    "event": "failed",
    "severity": "permanent",
    "reason": "bounce",
    "id": "Ase7i2zsRYeDXztHGENqRA",
    "timestamp": 1795347191.25,
    "recipient": "person@example.org",
    "delivery-status": {"code": 550, "enhanced-code": "5.1.1", "message": "5.1.1 no such user", "attempt-no": 1},
    "message": {"headers": {"message-id": "id@host", "to": "Someone <other@example.org>"}},
}

MAILGUN = {"event-data": MAILGUN_FAILURE}


def mailgun_signed(document: Any, secret: str, name: str = "signature", at: float = NOW.timestamp()) -> Any:
    token = "0123456789" * 5
    digest = hmac.digest(secret.encode("utf-8", "surrogatepass"), f"{at:.0f}{token}".encode(), "sha256")
    return document | {"signature": {"timestamp": f"{at:.0f}", "token": token, name: digest.hex()}}


CASES = {
    "mailgun": Case(
        "mailgun",
        "signing_key",
        within(mailgun_signed),
        MAILGUN,
        kinds={
            Kind.SOFT: {"event-data": MAILGUN_FAILURE | {"reason": "old", "delivery-status": {"code": 602}}},
            Kind.COMPLAINT: {"event-data": MAILGUN_FAILURE | {"event": "complained"}},
            Kind.UNSUBSCRIBE: {"event-data": MAILGUN_FAILURE | {"event": "unsubscribed"}},
        },
    ),
}
