# SPDX-License-Identifier: GPL-3.0-or-later
"""A case: how a good request of one provider looks, with one way of proving oneself. `cases/` has them all."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from multidict import CIMultiDict

from bouncestream import providers
from bouncestream.crypto.proof import Basic, Fetch
from bouncestream.crypto.secret import Secret
from bouncestream.errors import Unauthorized
from bouncestream.event import Kind
from bouncestream.providers._contract import Parsed, Webhook, WebhookRequest, admit, parse, prove

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
KEY = "a-secret-of-good-length"
OTHER = "another-secret-of-length"

#: What is to be sent, secret, case → its bytes and the headers that prove it. See `by_header` and `within`.
Sign = Callable[[Any, str, "Case"], tuple[bytes, dict[str, str]]]


def request(body: bytes, headers: Mapping[str, str] | None = None, **more: str) -> WebhookRequest:
    return WebhookRequest("POST", CIMultiDict(headers or {}), body, **more)  # type: ignore[arg-type]


def by_header(headers: Callable[[bytes, str], dict[str, str]]) -> Sign:
    """Signs the bytes that are sent (or none of them), by headers."""

    def sign(document: Any, secret: str, case: Case) -> tuple[bytes, dict[str, str]]:
        body = case.encoded(document)
        return body, headers(body, secret)

    return sign


def by_basic(document: Any, secret: str, case: Case) -> tuple[bytes, dict[str, str]]:
    """Sends the secret as the password of basic authentication."""
    password = secret.encode("utf-8", "replace").decode()
    return case.encoded(document), {"Authorization": Basic.header("anyone", password)}


def within(signed: Callable[[Any, str], Any]) -> Sign:
    """Signs in the document itself; what is no object cannot be signed so, and is sent as it is."""

    def sign(document: Any, secret: str, case: Case) -> tuple[bytes, dict[str, str]]:
        return case.encoded(signed(document, secret) if isinstance(document, dict) else document), {}

    return sign


def mac(secret: str, message: bytes, hash: str = "sha256") -> bytes:
    """An HMAC as a provider makes it."""
    return hmac.digest(secret.encode("utf-8", "surrogatepass"), message, hash)


def as_json(document: Any) -> bytes:
    return json.dumps(document).encode()


def as_form(document: Any) -> bytes:
    """An object as a form; what is none has no fields."""
    return urlencode(document if isinstance(document, dict) else "", errors="surrogatepass").encode()


@dataclass(frozen=True)
class Case:
    """How one provider is spoken to, with one way of proving oneself."""

    provider: str
    key: str  #: the option that holds its key
    sign: Sign
    document: Any  #: what is sent, with one event about person@example.org
    encode: Callable[[Any], bytes] = as_json
    content_type: str = "application/json"
    method: str = "POST"
    options: Mapping[str, Any] = field(default_factory=dict)
    #: From what the operator sets, for a secret of the test (of several secrets one after the other).
    value: Callable[..., Any] = Secret
    #: URL → what is fetched from there for the proof.
    fetched: Mapping[str, bytes] = field(default_factory=dict)
    #: Other documents of the same kind of proof, by the kind of their one event.
    kinds: Mapping[Kind, Any] = field(default_factory=dict)

    @property
    def good(self) -> bytes:
        """The document as it is sent."""
        return self.encoded(self.document)

    @property
    def settings(self) -> Webhook:
        return self.with_key(KEY)

    def with_key(self, *secrets: str, **more: Any) -> Webhook:
        """The webhook with these secrets, or none."""
        return self.without(**({self.key: self.value(*secrets)} if secrets else {}), **more)

    def without(self, **more: Any) -> Webhook:
        return providers.webhook("news", self.provider, **{**self.options, **more})

    def request(self, document: Any = None, secret: str = KEY, **headers: str) -> WebhookRequest:
        """What the provider would send; bytes are sent as they are."""
        body, proof = self.sign(self.document if document is None else document, secret, self)
        made = request(body, {"Content-Type": self.content_type, **proof, **headers})
        if self.key == "path_secret":
            made = replace(made, path_secret=secret)
        return replace(made, method=self.method)

    def bare(self, document: Any = None) -> WebhookRequest:
        """The same without any proof."""
        body = self.encoded(self.document if document is None else document)
        return replace(request(body, {"Content-Type": self.content_type}), method=self.method)

    def encoded(self, document: Any) -> bytes:
        return document if isinstance(document, bytes) else self.encode(document)

    @property
    def inside(self) -> bool:
        """Whether the proof lies in the body."""
        return self.settings.inside


def verify(
    asked: WebhookRequest, settings: Webhook, fetched: Mapping[str, bytes] | None = None, now: datetime = NOW
) -> None:
    """What the server does before it believes a request: first the head, then the body."""
    if not admit(replace(asked, body=b""), settings, now):
        have: dict[str, bytes] = {}
        while isinstance(wanted := prove(asked, settings, now, have), Fetch):
            if wanted.url in have or wanted.url not in (fetched or {}):
                raise Unauthorized("cannot be fetched")
            have[wanted.url] = (fetched or {})[wanted.url]


def ask(case: Case, asked: WebhookRequest, settings: Webhook | None = None) -> Parsed:
    """What the provider's file makes of a request. Raises Unauthorized, Malformed, TooLarge."""
    settings = settings or case.settings
    verify(asked, settings, case.fetched)
    return parse(providers.get(case.provider), asked, settings, NOW)
