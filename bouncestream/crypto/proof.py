# SPDX-License-Identifier: GPL-3.0-or-later
"""The proofs of a request's origin. A provider's file declares a proof on the option that holds its key:

    token: Secret | None = secret_key("…", proof=HeaderSecret("Authorization"))

Here is what every proof offers, and the two where the secret itself is sent. `signature` has those that sign with
a shared key, `public_key` those with a key pair, `sns` that of Amazon SNS. Pure: what has to be fetched for a proof
is asked for by a value.
"""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Protocol

from bouncestream.crypto.secret import Secret
from bouncestream.errors import Unauthorized


class Missing(Unauthorized):
    """Nothing of this proof was sent, so another one may still be meant."""


class Asked(Protocol):
    """The request, as far as a proof sees it."""

    @property
    def headers(self) -> Mapping[str, str]:
        """Without regard to case."""

    @property
    def body(self) -> bytes:
        """The body, decompressed if the proof is `inside`."""

    @property
    def as_sent(self) -> bytes:
        """The body, compressed if it came so."""

    @property
    def claims(self) -> dict[int, Any]:
        """By `id` of a proof: what its `head` has read, for its `body`."""

    def json(self) -> Any:
        """The body, decompressed, as JSON. Raises Malformed."""

    def text(self) -> str:
        """The body as text."""

    def form(self) -> dict[str, str]:
        """The body as a form. Raises Malformed."""


@dataclass(frozen=True, slots=True)
class Fetch:
    """A wish: this has to be fetched before the proof can be told; it is then handed in as `fetched[url]`."""

    url: str


class Proof:
    """A proof: one way of proving oneself. `key` is the value of the option that it is declared on, `settings` all
    options of the webhook."""

    #: What names this proof in a table, such as `HMAC`.
    word: ClassVar[str] = ""
    #: For `WWW-Authenticate` of the answer 401 (RFC 9110 section 11.6.1); empty: none.
    challenge: ClassVar[str] = ""

    @property
    def inside(self) -> bool:
        """Whether it lies in the body, which is then decompressed and read before anything is proven: 1 MiB at
        most, and large ones one after the other."""
        return False

    @property
    def options(self) -> tuple[str, ...]:
        """Other options that only say something together with its key."""
        return ()

    def how(self, settings: Any) -> str:
        """The words for what to enter at the provider beside the URL; empty: nothing, it has the key."""
        return ""

    def fault(self, key: Any) -> str:
        """Why the key cannot be used, in words that follow its name; empty: it can."""
        return ""

    def sample(self, key: Any, settings: Any, body: bytes, now: datetime) -> dict[str, str]:
        """Headers as the provider would send them with this body, but no secret itself: what a self-test sends to
        see whether they arrive. Empty: they cannot be made here."""
        return {}

    def head(self, request: Asked, key: Any, settings: Any, now: datetime) -> bool:
        """Before the body is read: True when the headers prove it, False when the body has to. Raises Missing, or
        Unauthorized when no body could make it right any more."""
        raise NotImplementedError

    def body(
        self, request: Asked, key: Any, settings: Any, now: datetime, fetched: Mapping[str, bytes]
    ) -> Fetch | None:
        """Raise Unauthorized unless the body proves it; only called after `head` said False."""
        raise Missing("the body contains no proof of origin")


@dataclass(frozen=True, slots=True)
class HeaderSecret(Proof):
    """The secret itself, in a header. A word `Bearer` before it is skipped (RFC 6750 section 2.1); with `bearer` it
    has to be there."""

    word: ClassVar[str] = "secret header"
    header: str = ""
    named_by: str = ""  #: the option that names the header, if the operator chooses it
    bearer: bool = False

    @property
    def options(self) -> tuple[str, ...]:
        return (self.named_by,) if self.named_by else ()

    def how(self, settings: Any) -> str:
        return f"the secret in the header {self.name(settings)}"

    def sample(self, key: Secret, settings: Any, body: bytes, now: datetime) -> dict[str, str]:
        return {self.name(settings): "Bearer selftest" if self.bearer else "selftest"}

    def name(self, settings: Any) -> str:
        """The header's name."""
        return str(getattr(settings, self.named_by)) if self.named_by else self.header

    def head(self, request: Asked, key: Secret, settings: Any, now: datetime) -> bool:
        name = self.name(settings)
        offered = request.headers.get(name)
        if offered is None:
            raise Missing(f"no header {name}")
        scheme, _, rest = offered.partition(" ")
        if scheme.lower() == "bearer" and key.matches(rest.strip()):
            return True
        if not self.bearer and key.matches(offered.strip()):
            return True
        raise Unauthorized(f"wrong secret in the header {name}")


@dataclass(frozen=True, slots=True)
class Basic(Proof):
    """HTTP basic authentication (RFC 7617): the secret is the password, whatever the user's name is."""

    word: ClassVar[str] = "basic authentication"
    challenge: ClassVar[str] = 'Basic realm="bouncestream", charset="UTF-8"'

    def how(self, settings: Any) -> str:
        return "the password in the URL: https://bouncestream:<password>@…"

    def head(self, request: Asked, key: Secret, settings: Any, now: datetime) -> bool:
        offered = request.headers.get("Authorization")
        if offered is None:
            raise Missing("no basic authentication")
        scheme, _, rest = offered.partition(" ")
        try:
            _, colon, password = b64decode(rest.strip(), validate=True).partition(b":")
        except (binascii.Error, ValueError):
            scheme, _, colon, password = "", b"", b"", b""
        if scheme.lower() != "basic" or not colon:
            raise Unauthorized("the Authorization header is not basic authentication")
        if not key.matches(password):
            raise Unauthorized("wrong password")
        return True

    def sample(self, key: Secret, settings: Any, body: bytes, now: datetime) -> dict[str, str]:
        return {"Authorization": self.header("selftest", "selftest")}

    @staticmethod
    def header(user: str, password: str) -> str:
        """The header `Authorization` of this user."""
        return "Basic " + b64encode(f"{user}:{password}".encode()).decode("ascii")
