# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests as single providers send and sign them, and a configuration with all providers."""

from __future__ import annotations

import hashlib
import hmac
import time
from base64 import b64encode
from pathlib import Path

import orjson
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from benchmarks.prepared import HMAC_SECRET, Prepared, address, request, subscriber_uuid, write
from bouncestream import providers
from bouncestream.providers._settings import proofs_of
from bouncestream.settings.key import keys_of

#: Events in one of SendGrid's requests.
BATCH = 100

_EC = ec.derive_private_key(4711, ec.SECP256R1())


def _public(key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey) -> str:
    return b64encode(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def sendgrid(path: Path, number: int) -> tuple[Prepared, str]:
    """Batches signed with ECDSA, and the webhook that takes them."""
    at = int(time.time())

    def make(index: int) -> bytes:
        rows = [_sendgrid(index * BATCH + one, at) for one in range(BATCH)]
        body = orjson.dumps(rows) + b"\r\n"
        signature = _EC.sign(b"%d" % at + body, ec.ECDSA(SHA256()))
        text = b64encode(signature).decode().ljust(96)  # DER differs by some bytes; all requests have one size
        name = "X-Twilio-Email-Event-Webhook"
        return request("sendgrid", f"{name}-Timestamp: {at}\r\n{name}-Signature: {text}\r\n", body)

    key = _public(_EC.public_key())
    hook = f'[webhooks.sendgrid]\nprovider = "sendgrid"\nverification_keys = ["{key}"]\n'
    return write(path, range(number), make, BATCH), hook


def _sendgrid(number: int, at: int) -> dict[str, object]:
    digest = hashlib.sha256(b"%d" % number).hexdigest()
    return {
        "event": "bounce",
        "type": "bounce",
        "bounce_classification": "Invalid Address",
        "email": address(number),
        "timestamp": at,
        "smtp-id": f"<{digest[:24]}.{number:08d}@news.example.org>",
        "sg_event_id": digest[:22],
        "sg_message_id": f"{digest[22:44]}.filter0001.1.0",
        "reason": "550 5.1.1 The email account that you tried to reach does not exist",
        "status": "5.1.1",
        "listmonk_subscriber": subscriber_uuid(number),
    }


def mailgun(path: Path, number: int) -> tuple[Prepared, str]:
    """Events with a signature within, and the webhook that takes them."""
    at = int(time.time())

    def make(index: int) -> bytes:
        digest = hashlib.sha256(b"%d" % index).hexdigest()
        token = (digest + digest)[:50]
        signature = hmac.digest(HMAC_SECRET.encode(), f"{at}{token}".encode(), "sha256").hex()
        event = {
            "event": "failed",
            "severity": "permanent",
            "reason": "bounce",
            "id": digest[:22],
            "timestamp": at,
            "recipient": address(index),
            "delivery-status": {"code": 550, "enhanced-code": "5.1.1", "message": "5.1.1 no such user"},
            "message": {"headers": {"message-id": f"{digest[:24]}.{index:08d}@news.example.org"}},
            "user-variables": {"listmonk_subscriber": subscriber_uuid(index)},
        }
        signed = {"signature": {"timestamp": str(at), "token": token, "signature": signature}, "event-data": event}
        return request("mailgun", "", orjson.dumps(signed))

    hook = f'[webhooks.mailgun]\nprovider = "mailgun"\nsigning_key = "{HMAC_SECRET}"\n'
    return write(path, range(number), make), hook


def every() -> str:
    """Webhooks of all providers, with a key for each proof."""
    keys = {
        "ECDSA": _public(_EC.public_key()),
        "Ed25519": _public(ed25519.Ed25519PrivateKey.generate().public_key()),
        "RSA": _public(rsa.generate_private_key(65537, 2048).public_key()),
    }
    return "\n".join(_section(name, keys) for name in providers.names())


def _section(name: str, keys: dict[str, str]) -> str:
    settings = providers.get(name).settings
    lines = [f"[webhooks.every-{name}]", f'provider = "{name}"']
    options = keys_of(settings)
    for option, proof in proofs_of(settings).items():
        if options[option].secret:
            lines.append(f'{option} = "whsec_{b64encode(f"the key of {name}, {option}".encode()).decode()}"')
        elif proof.word in keys:
            lines.append(f'{option} = ["{keys[proof.word]}"]')
        else:
            lines.append(f'{option} = ["{_topic(name)}"]')
        lines += [f'{other} = "https://b.example.org/"' for other in proof.options if not options[other].written]
    if not proofs_of(settings):
        lines.append('path_secret = "the-path-of-the-benchmarks-0193"')
    for key in options.values():
        if key.required and key.name != "provider":
            lines.append(f"{key.name} = " + ('{ "a" = "hard" }' if key.sample.startswith("{") else '"a"'))
    if "signature" in options:
        lines.append('signature = "X-Signature"')
    return "\n".join(lines) + "\n"


def _topic(name: str) -> str:
    amazon = "arn:aws:sns:eu-central-1:123456789012:bounces"
    return amazon if name == "ses" else "arn:scw:sns:fr-par:project-0123abcd:tem"
