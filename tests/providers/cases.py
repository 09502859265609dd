# SPDX-License-Identifier: GPL-3.0-or-later
"""One case for each provider: how a good request looks. The shared suite does the rest.

A new provider's file needs a line here; a test says so.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from multidict import CIMultiDict

from bouncestream.config.model import Webhook
from bouncestream.crypto.secret import Secret
from bouncestream.crypto.signature import sign
from bouncestream.providers._contract import WebhookRequest

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
KEY = "a-secret-of-good-length"
OTHER = "another-secret-of-length"


def request(body: bytes, headers: dict[str, str] | None = None, **more: str) -> WebhookRequest:
    return WebhookRequest("POST", CIMultiDict(headers or {}), body, **more)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Case:
    """How one provider is spoken to, with one way of proving oneself."""

    settings: Webhook
    key: str  #: the setting that holds the secret
    proof: Callable[[bytes, str], dict[str, str]]  #: body, secret → headers
    good: bytes  #: a body with one event

    def with_secret(self, *values: str) -> Webhook:
        return replace(self.settings, **{self.key: Secret(*values)})  # type: ignore[arg-type]

    def request(self, body: bytes, secret: str = KEY, **headers: str) -> WebhookRequest:
        return request(body, {**self.proof(body, secret), **headers})


GENERIC = json.dumps({"kind": "hard", "recipient": "person@example.org"}).encode()
SENDAMATIC = json.dumps(
    {
        "notification_type": "bounce",
        "bounce": {
            "bounce_type": "Hard bounce",
            "original_recipient": "person@example.org",
            "message_id": "<id@host>",
            "reputation_score": True,
        },
    }
).encode()


def _signed(body: bytes, secret: str) -> dict[str, str]:
    at = int(NOW.timestamp())
    return {"X-Bouncestream-Timestamp": str(at), "X-Bouncestream-Signature": sign(Secret(secret), at, body)}


CASES = {
    "generic, token": Case(
        Webhook(name="scripts", provider="generic", token=Secret(KEY)),
        "token",
        lambda body, secret: {"Authorization": f"Bearer {secret}"},
        GENERIC,
    ),
    "generic, signed": Case(
        Webhook(name="scripts", provider="generic", hmac_secret=Secret(KEY)), "hmac_secret", _signed, GENERIC
    ),
    "sendamatic": Case(
        Webhook(name="news", provider="sendamatic", secret=Secret(KEY)),
        "secret",
        lambda body, secret: {"X-Webhook-Secret": secret},
        SENDAMATIC,
    ),
    "sendamatic, authorization": Case(
        Webhook(name="news", provider="sendamatic", secret=Secret(KEY), header="Authorization"),
        "secret",
        lambda body, secret: {"authorization": f"Bearer {secret}"},
        SENDAMATIC,
    ),
}
