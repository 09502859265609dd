# SPDX-License-Identifier: GPL-3.0-or-later
"""A request that proves the way to a webhook and stores nothing: the doctor sends it, the server answers it.

It is signed with a secret of that webhook (HMAC over the time and the body, under a prefix of its own, so that it
is never an event and no event is ever one), and no secret itself goes over the wire.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from bouncestream.crypto.secret import Secret
from bouncestream.crypto.signature import sign, verify
from bouncestream.errors import Unauthorized

HEADER = "X-Bouncestream-Selftest"
SIGNATURE = "X-Bouncestream-Signature"
_PREFIX = b"selftest."


def headers(secret: Secret, now: datetime, body: bytes) -> Mapping[str, str]:
    """The headers of a self-test with this body."""
    at = int(now.timestamp())
    return {HEADER: str(at), SIGNATURE: sign(secret, at, _PREFIX + body)}


def check(sent: Mapping[str, str], body: bytes, secrets: Iterable[Secret | None], now: datetime) -> None:
    """Raise Unauthorized unless one of the webhook's secrets signed it."""
    why = Unauthorized("the webhook has no secret that a self-test could be signed with")
    for secret in secrets:
        if secret is None:
            continue
        try:
            verify(secret, sent.get(HEADER), sent.get(SIGNATURE), _PREFIX + body, now)
            return
        except Unauthorized as error:
            why = error
    raise why
