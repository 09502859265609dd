# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from bouncestream.crypto.secret import Secret
from bouncestream.event import Kind
from bouncestream.providers.generic import SIGNED
from tests.providers.case import NOW, Case, by_header


def _signed(body: bytes, secret: str) -> dict[str, str]:
    at = str(int(NOW.timestamp()))
    signed = SIGNED.sign(Secret(secret), body, timestamp=at)
    return {"X-Bouncestream-Timestamp": at, "X-Bouncestream-Signature": f"sha256={signed}"}


GENERIC = {"kind": "hard", "recipient": "person@example.org", "reason": "user_unknown"}

CASES = {
    "generic, token": Case(
        "generic",
        "token",
        by_header(lambda body, secret: {"Authorization": f"Bearer {secret}"}),
        GENERIC,
        kinds={
            Kind.SOFT: GENERIC | {"kind": "soft"},
            Kind.COMPLAINT: GENERIC | {"kind": "complaint", "reason": ""},
        },
    ),
    "generic, signed": Case("generic", "hmac_secret", by_header(_signed), GENERIC),
}
