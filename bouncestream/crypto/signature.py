# SPDX-License-Identifier: GPL-3.0-or-later
"""Signatures: over the body as it was sent, a time, an id, in whatever order a provider puts them together.

`message` says what is signed, such as `{timestamp}.{body}`. With a `window` a signed time further away from our
clock is refused, since it may be a replay; without one the outbox alone knows repeated events, as for providers
whose retries may carry the old time.
"""

from __future__ import annotations

import binascii
import hmac
import re
from base64 import b64decode, b64encode
from binascii import unhexlify
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from bouncestream.crypto.location import Header, Location
from bouncestream.crypto.proof import Asked, Fetch, Missing, Proof
from bouncestream.crypto.secret import Secret
from bouncestream.errors import Unauthorized

#: Seconds by which a signed time may be away from our clock, either way, where a provider says no other.
WINDOW = 300

#: More signatures than this in one request are no change of keys.
_MOST = 10

#: Bytes of a key that is written in base64; Standard Webhooks asks for 24 at least. None at all is a key, too:
#: everybody's.
_SHORTEST = 16

#: Bytes of a signature.
_SIZES = {"sha1": 20, "sha256": 32, "sha512": 64}

_DIGITS = re.compile(rb"\d{1,13}")
_NAMED = re.compile(r"\{(timestamp|id|body)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature(Proof):
    """The base of all signatures; a kind of them adds `matches`."""

    signature: Location
    message: str = "{body}"
    timestamp: Location | None = None
    id: Location | None = None
    window: int = 0  #: seconds; 0: any time will do
    encoding: str = "hex"  #: or base64
    inside: bool = field(init=False)
    #: Of what is signed beside the body, by name.
    _locations: tuple[tuple[bytes, Location], ...] = field(init=False)
    _template: bytes = field(init=False)  #: the message for `%`

    def __post_init__(self) -> None:
        named = ((b"timestamp", self.timestamp), (b"id", self.id))
        locations = tuple((name, location) for name, location in named if location is not None)
        object.__setattr__(self, "_locations", locations)
        template = _NAMED.sub(r"%(\1)b", self.message.replace("%", "%%"))
        object.__setattr__(self, "_template", template.encode())
        inside = self.signature.inside or any(location.inside for _, location in locations)
        object.__setattr__(self, "inside", inside)

    def matches(self, key: Any, message: bytes, offered: bytes) -> bool:
        """Whether `offered` is a signature of `message`."""
        raise NotImplementedError

    def plausible(self, offered: bytes) -> bool:
        """Whether it can be a signature at all, by its size."""
        return True

    def signed(self, parts: Mapping[bytes, bytes]) -> bytes:
        """The message that is signed."""
        return self._template % parts

    def said(self, request: Asked, settings: Any, parts: dict[bytes, bytes]) -> bytes:
        """The message that a request must be signed over; `parts`: what is signed beside its body."""
        parts[b"body"] = request.as_sent
        return self.signed(parts)

    def head(self, request: Asked, key: Any, settings: Any, now: datetime) -> bool:
        if not self.inside:
            request.claims[id(self)] = self._claim(request, now)
        return False

    def body(
        self, request: Asked, key: Any, settings: Any, now: datetime, fetched: Mapping[str, bytes]
    ) -> Fetch | None:
        offered, parts = request.claims.pop(id(self), None) or self._claim(request, now)
        message = self.said(request, settings, parts)
        found = False
        for one in offered:
            found |= self.matches(key, message, one)
        if not found:
            raise Unauthorized("wrong signature")
        return None

    def _claim(self, request: Asked, now: datetime) -> tuple[list[bytes], dict[bytes, bytes]]:
        """The signatures and what else is signed. Raises Unauthorized, with the reason in words, when no body could
        make them right: this much is looked at before a body is read. (Our clock is no secret: it stands in the
        Date of each answer.)"""
        sent = self.signature.read(request)
        if not sent:
            there = isinstance(self.signature, Header) and self.signature.name in request.headers
            raise Unauthorized("unreadable signature") if there else Missing("no signature")
        parts: dict[bytes, bytes] = {}
        for name, location in self._locations:
            read = location.read(request)
            if not read:
                raise Missing("no signature")
            parts[name] = read[0].strip().encode("utf-8", "surrogatepass")
        offered = [one for text in sent[:_MOST] if (one := self._decoded(text.strip()))]
        if not offered:
            raise Unauthorized("unreadable signature")
        if self.window:
            self._in_time(parts[b"timestamp"], now)
        return offered, parts

    def _decoded(self, text: str) -> bytes:
        """A signature as its bytes; empty: it can be none."""
        try:
            offered = unhexlify(text) if self.encoding == "hex" else b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            return b""
        return offered if self.plausible(offered) else b""

    def _in_time(self, timestamp: bytes, now: datetime) -> None:
        if not _DIGITS.fullmatch(timestamp):
            raise Unauthorized("unreadable timestamp")
        seconds = int(timestamp) / (1 if len(timestamp) < 12 else 1000)
        age = now.timestamp() - seconds
        if abs(age) > self.window:
            when = f"{age:.0f} s old" if age > 0 else f"{-age:.0f} s in the future"
            raise Unauthorized(
                f"the signed timestamp is {when}, more than {self.window} s: a replay or a wrong clock"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Hmac(Signature):
    """An HMAC (RFC 2104) with a secret that both sides know."""

    word: ClassVar[str] = "HMAC"
    hash: str = "sha256"
    key: str = "text"  #: how the secret is the key: as its text, or as base64 after `whsec_`

    def fault(self, key: Secret) -> str:
        try:
            short = self.key != "text" and min(map(len, self._keys(key))) < _SHORTEST
        except (binascii.Error, ValueError):
            return "is not base64 after whsec_; copy the whole secret"
        return "has too few characters after whsec_; copy the whole secret" if short else ""

    def plausible(self, offered: bytes) -> bool:
        return len(offered) == _SIZES[self.hash]

    def matches(self, key: Secret, message: bytes, offered: bytes) -> bool:
        found = False
        for one in self._keys(key):  # all of them, always: an early end would tell which one it was
            found |= hmac.compare_digest(hmac.digest(one, message, self.hash), offered)
        return found

    def sign(self, key: Secret, body: bytes, *, timestamp: str = "", id: str = "") -> str:
        """The signature as it is sent, without its prefix; of several secrets the first one is used."""
        message = self.signed({b"timestamp": timestamp.encode(), b"id": id.encode(), b"body": body})
        digest = hmac.digest(self._keys(key)[0], message, self.hash)
        return digest.hex() if self.encoding == "hex" else b64encode(digest).decode("ascii")

    def sample(self, key: Secret, settings: Any, body: bytes, now: datetime) -> dict[str, str]:
        at, mark = str(int(now.timestamp())), "selftest"
        signed = self.sign(key, body, timestamp=at, id=mark)
        sent: dict[str, str] = {}
        for location, value in ((self.signature, signed), (self.timestamp, at), (self.id, mark)):
            if location is not None:
                if not isinstance(location, Header) or location.name in sent:
                    return {}  # in the body, or parts of one header, whose order is the provider's
                sent[location.name] = f"{location.prefix}{value}"
        return sent

    def _keys(self, key: Secret) -> tuple[bytes, ...]:
        if self.key == "text":
            return key.keys
        return tuple(b64decode(one.removeprefix("whsec_"), validate=True) for one in key.reveal_all())


def standard_webhooks(prefix: str = "webhook") -> Hmac:
    """Standard Webhooks (its specification, read in November 2026), which Svix made: `svix` is its older prefix."""
    return Hmac(
        signature=Header(f"{prefix}-signature", prefix="v1,", separator=" "),
        message="{id}.{timestamp}.{body}",
        timestamp=Header(f"{prefix}-timestamp"),
        id=Header(f"{prefix}-id"),
        window=WINDOW,
        encoding="base64",
        key="whsec",
    )
