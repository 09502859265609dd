# SPDX-License-Identifier: GPL-3.0-or-later
"""One case for each provider and way of proving oneself: how a good request looks. The shared suite does the rest.

A new provider's file needs a line here; a test says so.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from multidict import CIMultiDict

from bouncestream import providers
from bouncestream.crypto.proof import Basic, Fetch
from bouncestream.crypto.secret import Secret
from bouncestream.errors import Unauthorized
from bouncestream.event import Kind
from bouncestream.providers._contract import Parsed, Webhook, WebhookRequest, admit, parse, prove
from bouncestream.providers.generic import SIGNED
from tests.providers import sns

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


def within(signed: Callable[[Any, str], Any]) -> Sign:
    """Signs in the document itself; what is no object cannot be signed so, and is sent as it is."""

    def sign(document: Any, secret: str, case: Case) -> tuple[bytes, dict[str, str]]:
        return case.encoded(signed(document, secret) if isinstance(document, dict) else document), {}

    return sign


def as_json(document: Any) -> bytes:
    return json.dumps(document).encode()


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


def verify(asked: WebhookRequest, settings: Webhook, fetched: Mapping[str, bytes] | None = None) -> None:
    """What the server does before it believes a request: first the head, then the body."""
    if not admit(replace(asked, body=b""), settings, NOW):
        have: dict[str, bytes] = {}
        while isinstance(wanted := prove(asked, settings, NOW, have), Fetch):
            if wanted.url in have or wanted.url not in (fetched or {}):
                raise Unauthorized("cannot be fetched")
            have[wanted.url] = (fetched or {})[wanted.url]


def ask(case: Case, asked: WebhookRequest, settings: Webhook | None = None) -> Parsed:
    """What the provider's file makes of a request. Raises Unauthorized, Malformed, TooLarge."""
    settings = settings or case.settings
    verify(asked, settings, case.fetched)
    return parse(providers.get(case.provider), asked, settings, NOW)


def _generic_signed(body: bytes, secret: str) -> dict[str, str]:
    at = str(int(NOW.timestamp()))
    signed = SIGNED.sign(Secret(secret), body, timestamp=at)
    return {"X-Bouncestream-Timestamp": at, "X-Bouncestream-Signature": f"sha256={signed}"}


GENERIC = {"kind": "hard", "recipient": "person@example.org", "reason": "user_unknown"}
SENDAMATIC = {
    "notification_type": "bounce",
    "bounce": {
        "bounce_type": "Hard bounce",
        "original_recipient": "person@example.org",
        "message_id": "<id@host>",
        "reason": "550 5.1.1 user unknown",
        "reputation_score": True,
    },
}

SENDAMATIC_COMPLAINT = {
    "notification_type": "complaint",
    "complaint": {"report": "Feedback-Type: abuse", "recipient": "person@example.org", "message_id": "<id@host>"},
}

POSTMARK = {
    "RecordType": "Bounce",
    "Type": "HardBounce",
    "ID": 9007199254740993,
    "MessageID": "00000000-0000-4000-8000-00000000000a",
    "Email": "person@example.org",
    "Details": "smtp;550 5.1.1 no such user",
    "BouncedAt": "2026-11-20T10:53:11.1234567+01:00",
}

MAILGUN_FAILURE = {
    "event": "failed",
    "severity": "permanent",
    "reason": "bounce",
    "id": "Ase7i2zsRYeDXztHGENqRA",
    "timestamp": 1795347191.25,
    "recipient": "person@example.org",
    "delivery-status": {"code": 550, "enhanced-code": "5.1.1", "message": "5.1.1 no such user", "attempt-no": 1},
    "message": {"headers": {"message-id": "id@host", "to": "Someone <other@example.org>"}},
}
MAILGUN = {"event-data": MAILGUN_FAILURE}


def mailgun_signed(document: Any, secret: str, name: str = "signature", at: float = NOW.timestamp()) -> Any:
    token = "0123456789" * 5
    digest = hmac.digest(secret.encode("utf-8", "surrogatepass"), f"{at:.0f}{token}".encode(), "sha256")
    return document | {"signature": {"timestamp": f"{at:.0f}", "token": token, name: digest.hex()}}


SES_MAIL = {"messageId": "0107019a-example-000000", "destination": ["person@example.org"]}
SES_FAILED = {"action": "failed", "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 no such user"}
SES_BOUNCE = {
    "notificationType": "Bounce",
    "mail": SES_MAIL,
    "bounce": {
        "bounceType": "Permanent",
        "bounceSubType": "General",
        "bouncedRecipients": [{"emailAddress": "person@example.org", **SES_FAILED}],
        "timestamp": "2026-11-22T11:33:11.000Z",
        "feedbackId": "0107019a-feedback-000000",
    },
}
SES_FULL = {
    "eventType": "Bounce",
    "mail": SES_MAIL,
    "bounce": {
        "bounceType": "Transient",
        "bounceSubType": "MailboxFull",
        "bouncedRecipients": [{"emailAddress": "person@example.org"}],
    },
}
SES_COMPLAINT = {
    "eventType": "Complaint",
    "mail": SES_MAIL,
    "complaint": {"complainedRecipients": [{"emailAddress": "person@example.org"}], "complaintSubType": None},
}
SES_SUBSCRIPTION = {
    "eventType": "Subscription",
    "mail": SES_MAIL,
    "subscription": {"newTopicPreferences": {"unsubscribeAll": True}},
}


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
    "generic, signed": Case("generic", "hmac_secret", by_header(_generic_signed), GENERIC),
    "sendamatic": Case(
        "sendamatic",
        "secret",
        by_header(lambda body, secret: {"X-Webhook-Secret": secret}),
        SENDAMATIC,
        kinds={Kind.COMPLAINT: SENDAMATIC_COMPLAINT},
    ),
    "sendamatic, authorization": Case(
        "sendamatic",
        "secret",
        by_header(lambda body, secret: {"authorization": f"Bearer {secret}"}),
        SENDAMATIC,
        options={"header": "Authorization"},
    ),
    "postmark": Case(
        "postmark",
        "password",
        by_header(
            lambda body, secret: {
                "Authorization": Basic.header("anyone", secret.encode("utf-8", "replace").decode())
            }
        ),
        POSTMARK,
        kinds={
            Kind.SOFT: POSTMARK | {"Type": "SoftBounce"},
            Kind.COMPLAINT: POSTMARK | {"RecordType": "SpamComplaint"},
            Kind.UNSUBSCRIBE: POSTMARK | {"Type": "Unsubscribe"},
        },
    ),
    "mailgun": Case(
        "mailgun",
        "signing_key",
        within(mailgun_signed),
        MAILGUN,
        kinds={
            Kind.SOFT: {"event-data": MAILGUN_FAILURE | {"reason": "old", "delivery-status": {"code": 602}}},
            Kind.COMPLAINT: {"event-data": MAILGUN_FAILURE | {"event": "complained"}},
            Kind.UNSUBSCRIBE: {"event-data": MAILGUN_FAILURE | {"event": "unsubscribed"}},
        },
    ),
    "ses": Case(
        "ses",
        "topics",
        within(lambda document, secret: sns.message(secret, json.dumps(document))),
        SES_BOUNCE,
        content_type="text/plain; charset=UTF-8",
        value=lambda *secrets: tuple(map(sns.topic, secrets)),
        fetched={sns.CERTIFICATE: sns.PEM},
        kinds={Kind.SOFT: SES_FULL, Kind.COMPLAINT: SES_COMPLAINT, Kind.UNSUBSCRIBE: SES_SUBSCRIPTION},
    ),
}
