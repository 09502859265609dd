# SPDX-License-Identifier: GPL-3.0-or-later
"""A request that proves the way to a webhook: the doctor sends it, the server answers it. It stores nothing, unless
its body asks for a test event (`doctor --write`).

It is signed with a secret of that webhook (HMAC over the time and the body, under a prefix of its own, so that it
is never an event and no event is ever one), and no secret itself goes over the wire. It is signed as the provider
would, too: a proxy may take away the header that the provider's requests are proven by.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime

from bouncestream.crypto.location import Header
from bouncestream.crypto.proof import Missing
from bouncestream.crypto.secret import Secret
from bouncestream.crypto.signature import WINDOW, Hmac
from bouncestream.errors import Unauthorized
from bouncestream.event import BounceEvent, Kind
from bouncestream.providers._request import WebhookRequest
from bouncestream.providers._settings import Webhook

HEADER = "X-Bouncestream-Selftest"
SIGNATURE = "X-Bouncestream-Selftest-Signature"
#: Bytes of the smallest one; more is not read from an address that the webhook does not let in.
SMALL = 64
_OURS = Hmac(
    signature=Header(SIGNATURE, prefix="sha256="),
    message="{timestamp}.selftest.{body}",
    timestamp=Header(HEADER),
    window=WINDOW,
)
_EVENT = re.compile(rb"event ([0-9a-f]{32})")


def headers(hook: Webhook, secret: Secret, now: datetime, body: bytes) -> Mapping[str, str]:
    """The headers of a self-test with this body, and those that the provider proves itself by."""
    at = str(int(now.timestamp()))
    return {**_samples(hook, body, now), HEADER: at, SIGNATURE: f"sha256={_OURS.sign(secret, body, timestamp=at)}"}


def _samples(hook: Webhook, body: bytes, now: datetime) -> dict[str, str]:
    made: dict[str, str] = {}
    for name, proof in hook.proofs.items():
        made |= proof.sample(getattr(hook, name), hook, body, now)
    return made


def lost(request: WebhookRequest, hook: Webhook, now: datetime) -> str:
    """Of a self-test that is proven: what of the provider's proofs has not arrived as it was sent, in words."""
    for name, proof in hook.proofs.items():
        key = getattr(hook, name)
        sample = proof.sample(key, hook, b"", now)
        if not sample:
            continue
        try:
            if not proof.head(request, key, hook, now):
                proof.body(request, key, hook, now, {})
        except Missing as error:
            return str(error)
        except Unauthorized as error:
            if isinstance(proof, Hmac):
                return str(error)
            sent = _samples(hook, b"", now)  # of a secret only a stand-in, which is refused, but known again
            if other := next((one for one in sample if request.headers.get(one) != sent[one]), ""):
                return f"the header {other} has another value"
    return ""


def claim(request: WebhookRequest, now: datetime) -> None:
    """Before the body is read: raise Unauthorized unless a secret could have signed it."""
    _OURS.head(request, None, None, now)


def check(request: WebhookRequest, secrets: Iterable[Secret], now: datetime) -> None:
    """Raise Unauthorized unless one of the webhook's secrets signed it."""
    why = "the webhook has no secret to sign a self-test with"
    for secret in secrets:
        try:
            _OURS.body(request, secret, None, now, {})
            return
        except Unauthorized as error:
            why = str(error)  # not the exception: its traceback would hold this frame, and the frame the body
    raise Unauthorized(why)


def asking_for(mark: str) -> bytes:
    """The body of a self-test that asks for a test event with this mark, 32 hexadecimal digits."""
    return f"event {mark}".encode("ascii")


def recipient(mark: str) -> str:
    """Whom the test event with this mark is about: nobody, in a domain that never exists (RFC 2606 section 2)."""
    return f"doctor-{mark}@bouncestream.invalid"


def event(body: bytes, source: str, provider: str) -> BounceEvent | None:
    """The test event that a body asks for, if it does. Listmonk knows no such subscriber, so it keeps nothing."""
    found = _EVENT.fullmatch(body)
    if found is None:
        return None
    mark = found[1].decode("ascii")
    return BounceEvent(
        Kind.SOFT,
        recipient(mark),
        source=source,
        provider=provider,
        message_id=f"<{mark}@bouncestream.invalid>",
        diagnostic="a test event of bouncestream doctor --write",
        evidence="bouncestream doctor --write asked for it",
    )
