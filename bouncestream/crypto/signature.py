# SPDX-License-Identifier: GPL-3.0-or-later
"""HMAC-SHA256 (RFC 2104) over a timestamp and a body: who sent it, that it is whole, and that it is not a replay.

What is signed is `<unix seconds> + "." + <body as sent>`; the signature is written `sha256=<hex>`.
"""

from __future__ import annotations

import hmac
from datetime import datetime

from bouncestream.crypto.secret import Secret
from bouncestream.errors import Unauthorized

#: Seconds by which the signed timestamp may be away from our clock, either way.
WINDOW = 300

_PREFIX = "sha256="
_LENGTH = len(_PREFIX) + 64


def sign(secret: Secret, timestamp: int, body: bytes) -> str:
    """The signature of `body` as sent at `timestamp`; of several secrets the first one is used."""
    return f"sha256={_mac(secret.keys[0], str(timestamp), body).hex()}"


def claim(timestamp: str | None, signature: str | None, now: datetime, window: int = WINDOW) -> tuple[str, str]:
    """Timestamp and signature as they are compared. Raises Unauthorized, with the reason in words, when no body at
    all could make them right: this much is looked at before a body is read. (Our clock is no secret: it stands in
    the Date of each answer.)"""
    if timestamp is None or signature is None:
        raise Unauthorized("no signature")
    timestamp = timestamp.strip()
    offered = signature.strip().lower()
    if len(offered) != _LENGTH or not offered.isascii() or not offered.startswith(_PREFIX):
        raise Unauthorized("unreadable signature")
    if not timestamp.isdigit() or not timestamp.isascii() or len(timestamp) > 11:
        raise Unauthorized("unreadable timestamp")
    age = now.timestamp() - int(timestamp)
    if abs(age) > window:
        when = f"{age:.0f} s old" if age > 0 else f"{-age:.0f} s in the future"
        raise Unauthorized(f"the signed timestamp is {when}, more than {window} s: a replay, or a clock is wrong")
    return timestamp, offered


def verify(
    secret: Secret, timestamp: str | None, signature: str | None, body: bytes, now: datetime, window: int = WINDOW
) -> None:
    """Raise Unauthorized, with the reason in words, unless `signature` is that of `body` at `timestamp`."""
    prove(secret, *claim(timestamp, signature, now, window), body)


def prove(secret: Secret, timestamp: str, offered: str, body: bytes) -> None:
    """Raise Unauthorized unless `offered` is the signature of `body`; both texts are those that `claim` gave."""
    found = False
    for key in secret.keys:
        found |= hmac.compare_digest(_PREFIX + _mac(key, timestamp, body).hex(), offered)
    if not found:
        raise Unauthorized("wrong signature")


def _mac(key: bytes, timestamp: str, body: bytes) -> bytes:
    return hmac.digest(key, timestamp.encode("ascii") + b"." + body, "sha256")
