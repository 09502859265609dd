# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from base64 import b64encode
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

from bouncestream.event import Kind
from tests.providers.case import Case, by_header
from tests.providers.keys import public, rsa_key


def signed(body: bytes, secret: str) -> dict[str, str]:
    key = rsa_key(secret)
    return {
        "X-Postal-Signature": b64encode(key.sign(body, PKCS1v15(), SHA1())).decode(),
        "X-Postal-Signature-256": b64encode(key.sign(body, PKCS1v15(), SHA256())).decode(),
        "X-Postal-Signature-KID": "0" * 64,
    }


POSTAL_MESSAGE: dict[str, Any] = {
    "id": 12345,
    "token": "abcdef123",
    "direction": "outgoing",
    "message_id": "id@host",
    "to": "person@example.org",
    "from": "news@example.com",
    "subject": "News",
    "timestamp": 1795347180.1,
    "spam_status": "NotChecked",
    "tag": None,
}
POSTAL_FAILURE: dict[str, Any] = {
    "message": POSTAL_MESSAGE,
    "status": "HardFail",
    "details": "Permanent SMTP delivery error when sending to mx.example.org",
    "output": "550 5.1.1 no such user",
    "sent_with_ssl": True,
    "timestamp": 1795347191.2,
    "time": 0.22,
}
POSTAL = {
    "event": "MessageDeliveryFailed",
    "timestamp": 1795347191.25,
    "payload": POSTAL_FAILURE,
    "uuid": "0fcc831f-92b9-4e2b-97f2-d873abc77fab",
}
POSTAL_BOUNCED = POSTAL | {
    "event": "MessageBounced",
    "payload": {
        "original_message": POSTAL_MESSAGE,
        "bounce": POSTAL_MESSAGE | {"direction": "incoming", "to": "x@y.z"},
    },
}

CASES = {
    "postal": Case(
        "postal",
        "signing_keys",
        by_header(signed),
        POSTAL,
        value=lambda *secrets: tuple(public(rsa_key(secret)) for secret in secrets),
        kinds={Kind.SOFT: POSTAL_BOUNCED},
    ),
}
