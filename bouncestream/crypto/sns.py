# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages of Amazon SNS (and what speaks like it): RSA over some fields of the JSON, with a certificate to fetch.

Source: Amazon SNS developer guide, "Verifying the signatures of Amazon SNS messages", as stored in November 2026.
A valid signature alone proves nothing: anyone with an AWS account can have a topic. Hence the list of topics.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from bouncestream.crypto.proof import Asked, Fetch, Missing, Proof
from bouncestream.crypto.public_key import verify_rsa
from bouncestream.errors import Unauthorized

#: What is signed of each type, in this order; a subject only where there is one. Names and values stand on lines of
#: their own, and a value may have several: in a type of any words a forger could say what SNS signed as the message
#: of another topic. Of these types, the topic is always the line before.
_CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": _CONFIRMATION,
    "UnsubscribeConfirmation": _CONFIRMATION,
}
_TOPIC = re.compile(r"arn:[\w-]+:sns:[\w-]+:[\w-]+:[\w.-]{1,256}", re.ASCII)
_HASHES = {"1": "sha1", "2": "sha256"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sns(Proof):
    """The option is the list of topics that are let in, by their whole ARN."""

    word: ClassVar[str] = "SNS signature and topic"
    certificates: re.Pattern[str]  #: the URL of a signing certificate, whole

    @property
    def inside(self) -> bool:
        return True

    def fault(self, key: tuple[str, ...]) -> str:
        if not all(map(_TOPIC.fullmatch, key)):
            return "contains an entry that is not a topic; copy the ARN of the topic, not of the subscription"
        return ""

    def head(self, request: Asked, key: tuple[str, ...], settings: Any, now: datetime) -> bool:
        if request.headers.get("x-amz-sns-rawdelivery", "").lower() == "true":
            raise Unauthorized("raw message delivery sends no signature: switch it off in the subscription")
        topic = request.headers.get("x-amz-sns-topic-arn")
        if topic is not None and topic not in key:
            raise Unauthorized(f"the topic {topic[:200]} is not in topics")
        return False

    def body(
        self, request: Asked, key: tuple[str, ...], settings: Any, now: datetime, fetched: Mapping[str, bytes]
    ) -> Fetch | None:
        from cryptography.exceptions import InvalidSignature
        from cryptography.x509 import load_pem_x509_certificate

        said = request.json()
        if not isinstance(said, dict) or not isinstance(said.get("Signature"), str):
            raise Missing("no signature")
        topic = said["TopicArn"]
        if topic not in key:
            raise Unauthorized(f"the topic {str(topic)[:200]} is not in topics")
        url = said["SigningCertURL"]
        if not self.certificates.fullmatch(url):
            raise Unauthorized("its certificate URL is not the provider's")
        hash = _HASHES.get(str(said.get("SignatureVersion")))
        if hash is None:
            raise Unauthorized("its SignatureVersion is not supported")
        names = _SIGNED.get(said["Type"])
        if names is None:
            raise Unauthorized("its Type is not one that SNS signs")
        signed = "".join(
            f"{name}\n{said[name]}\n" for name in names if name != "Subject" or said.get(name) is not None
        )
        if url not in fetched:
            return Fetch(url)
        certificate = load_pem_x509_certificate(fetched[url])
        if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            raise Unauthorized("its certificate has expired or is not valid yet")
        try:
            verify_rsa(certificate.public_key(), signed.encode(), b64decode(said["Signature"]), hash)
        except (InvalidSignature, binascii.Error):
            raise Unauthorized("wrong signature") from None
        return None
