# SPDX-License-Identifier: GPL-3.0-or-later
"""A session of the dashboard: who is logged in until when, and until when addresses are shown to them. It is kept
by the browser, in a cookie that nobody else can make; so a restart logs nobody out, and nothing is kept here. Pure.

The value of the cookie is JSON and its HMAC-SHA-256, each as base64url (RFC 4648 section 5) without padding.
The token of a form is made of the session that it belongs to, so that no other site's form is taken (OWASP,
Cross-Site Request Forgery Prevention, "Signed Double-Submit", read in November 2026).
"""

from __future__ import annotations

import binascii
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import asdict, dataclass

#: Characters of a cookie that are looked at.
LONGEST = 1000
#: How long addresses stay shown after a click; seconds.
SHOWN = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session. Times are seconds since 1970."""

    who: str  #: the user that the proxy named; empty: whoever has the token
    name: str  #: random, never used twice
    until: float
    shown_until: float = 0.0

    def shows(self, now: float) -> bool:
        """Whether addresses are shown."""
        return now < self.shown_until


def key_of(secret: bytes) -> bytes:
    """The key that signs sessions, made of a secret that nobody else has."""
    return hmac.digest(secret, b"bouncestream: sessions of the dashboard", "sha256")


def written(session: Session, key: bytes) -> str:
    """The value of the cookie."""
    told = json.dumps(asdict(session), separators=(",", ":")).encode()
    return f"{_text(told)}.{_text(_signature(told, key))}"


def read(value: str, key: bytes, now: float) -> Session | None:
    """The session of a cookie; None: it was not made with this key, or is over."""
    if len(value) > LONGEST:
        return None
    told, _, signature = value.partition(".")
    try:
        body = _bytes(told)
        if not hmac.compare_digest(_bytes(signature), _signature(body, key)):
            return None
        session = Session(**json.loads(body))
    except (binascii.Error, ValueError, TypeError):
        return None
    return session if now < session.until else None


def form_token(session: Session, key: bytes) -> str:
    """What each form of the session carries."""
    return _text(hmac.digest(key, f"form {session.name}".encode(), "sha256"))


def is_form_token(value: str, session: Session, key: bytes) -> bool:
    """Whether a form is one of ours, made for this session."""
    return hmac.compare_digest(value.encode("utf-8", "surrogatepass"), form_token(session, key).encode())


def _signature(told: bytes, key: bytes) -> bytes:
    return hmac.digest(key, b"session " + told, "sha256")


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
