# SPDX-License-Identifier: GPL-3.0-or-later
"""The signature over a form: the URL that it was sent to, then name and value of each field, sorted by name.

Source: Mailchimp Transactional's guide "Authenticating webhook requests", as noted in November 2026.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import unquote_to_bytes

from bouncestream.crypto.proof import Asked
from bouncestream.crypto.signature import Hmac


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedForm(Hmac):
    """An HMAC over URL and fields. The URL is an option, as it was entered at the provider: a proxy may have
    changed what arrives here."""

    word: ClassVar[str] = "HMAC"
    url: str  #: the option that has the URL

    @property
    def options(self) -> tuple[str, ...]:
        return (self.url,)

    def said(self, request: Asked, settings: Any, parts: dict[bytes, bytes]) -> bytes:
        fields = [field.replace(b"+", b" ").partition(b"=") for field in request.as_sent.split(b"&")]
        read = sorted((unquote_to_bytes(name), unquote_to_bytes(value)) for name, _, value in fields)
        url: str = getattr(settings, self.url)
        return url.encode() + b"".join(name + value for name, value in read)
