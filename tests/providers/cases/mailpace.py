# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from base64 import b64encode

from bouncestream.event import Kind
from tests.providers.case import Case, by_header
from tests.providers.keys import ed25519_key, public

MAILPACE = {
    "event": "email.bounced",
    "payload": {
        "status": "bounced",
        "id": 1,
        "domain_id": 1,
        "updated_at": "2026-11-22T11:33:11.000Z",
        "from": "News <news@example.com>",
        "to": "person@example.org",
        "message_id": "0001@mailer.mailpace.com",
        "tags": [],
    },
}


def signed(body: bytes, secret: str) -> dict[str, str]:
    return {"X-MailPace-Signature": b64encode(ed25519_key(secret).sign(body)).decode()}


CASES = {
    "mailpace": Case(
        "mailpace",
        "domain_keys",
        by_header(signed),
        MAILPACE,
        value=lambda *secrets: tuple(public(ed25519_key(secret)) for secret in secrets),
        kinds={Kind.HARD: MAILPACE},
    ),
}
