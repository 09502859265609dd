# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages of Amazon SNS, signed with a key and certificate that stand for its own."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CERTIFICATE = "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem"

_NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
_KEY = rsa.generate_private_key(65537, 2048)
_DAY = timedelta(days=1)
PEM = (
    x509.CertificateBuilder(_NAME, _NAME, _KEY.public_key(), 1, NOW - _DAY, NOW + _DAY)
    .sign(_KEY, SHA256())
    .public_bytes(Encoding.PEM)
)


def topic(secret: str) -> str:
    """A topic for each secret of the tests: it is the topic that is believed."""
    name = hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
    return f"arn:aws:sns:eu-central-1:123456789012:{name[:12]}"


def message(secret: str, text: str, sort: str = "Notification", **fields: Any) -> dict[str, Any]:
    """A message with this text, signed; `sort` is its Type."""
    said = {
        "Type": sort,
        "MessageId": "aaaaaaaa-0000-4000-8000-000000000008",
        "TopicArn": topic(secret),
        "Message": text,
        "Timestamp": "2026-11-22T11:33:12.000Z",
        "SignatureVersion": "2",
        "SigningCertURL": CERTIFICATE,
        **fields,
    }
    if sort != "Notification":
        said |= {"Token": "token", "SubscribeURL": CERTIFICATE.rpartition("/")[0] + "/?Action=ConfirmSubscription"}
    names = ["Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
    signed = "".join(f"{name}\n{said[name]}\n" for name in names if name in said).encode()
    signature = _KEY.sign(signed, PKCS1v15(), SHA1() if said["SignatureVersion"] == "1" else SHA256())
    return said | {"Signature": b64encode(signature).decode()}
