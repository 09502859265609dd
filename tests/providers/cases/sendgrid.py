# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from base64 import b64encode

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.hashes import SHA256

from bouncestream.event import Kind
from tests.providers.case import NOW, Case, by_header
from tests.providers.keys import ecdsa_key, public


def signed(body: bytes, secret: str, at: float = NOW.timestamp()) -> dict[str, str]:
    signature = ecdsa_key(secret).sign(f"{at:.0f}".encode() + body, ECDSA(SHA256()))
    return {
        "X-Twilio-Email-Event-Webhook-Signature": b64encode(signature).decode(),
        "X-Twilio-Email-Event-Webhook-Timestamp": f"{at:.0f}",
    }


SENDGRID = {
    "event": "bounce",
    "type": "bounce",
    "bounce_classification": "Invalid Address",
    "email": "person@example.org",
    "timestamp": 1795347191,
    "smtp-id": "<id@host>",
    "sg_event_id": "Ym91bmNlLTE",
    "sg_message_id": "c2VuZGdyaWQ.filter0001.1.0",
    "reason": "550 5.1.1 no such user",
    "status": "5.1.1",
}

CASES = {
    "sendgrid": Case(
        "sendgrid",
        "verification_keys",
        by_header(signed),
        [SENDGRID],
        value=lambda *secrets: tuple(public(ecdsa_key(secret)) for secret in secrets),
        kinds={
            Kind.SOFT: [SENDGRID | {"type": "blocked", "status": "4.0.0", "reason": "450 later"}],
            Kind.COMPLAINT: [SENDGRID | {"event": "spamreport"}],
            Kind.UNSUBSCRIBE: [SENDGRID | {"event": "group_unsubscribe"}],
        },
    ),
}
