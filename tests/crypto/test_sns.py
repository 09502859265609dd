# SPDX-License-Identifier: GPL-3.0-or-later
import re
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from multidict import CIMultiDict

from bouncestream.crypto.proof import Fetch
from bouncestream.crypto.sns import Sns
from bouncestream.errors import Unauthorized
from bouncestream.providers._request import WebhookRequest

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
TOPIC = "arn:aws:sns:eu-central-1:123456789012:bounces"
URL = "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123abcd.pem"
PROOF = Sns(
    certificates=re.compile(r"https://sns\.[a-z0-9-]{3,}\.amazonaws\.com/SimpleNotificationService-\w+\.pem")
)
KEY = rsa.generate_private_key(65537, 2048)


def certificate(begins: datetime, ends: datetime) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(KEY.public_key())
    made = made.serial_number(1).not_valid_before(begins).not_valid_after(ends)
    return made.sign(KEY, SHA256()).public_bytes(Encoding.PEM)


PEM = certificate(NOW - timedelta(days=1), NOW + timedelta(days=1))


def message(version: str = "2", **fields: Any) -> dict[str, Any]:
    said = {
        "Type": "Notification",
        "MessageId": "aaaaaaaa-0000-4000-8000-000000000008",
        "TopicArn": TOPIC,
        "Message": '{"eventType":"Bounce"}',
        "Timestamp": "2026-11-22T12:00:00.000Z",
        "SignatureVersion": version,
        "SigningCertURL": URL,
        **fields,
    }
    names = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
    if said["Type"] != "Notification":
        names = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
    text = "".join(f"{name}\n{said[name]}\n" for name in names if name in said)
    signed = KEY.sign(text.encode(), PKCS1v15(), SHA1() if version == "1" else SHA256())
    return said | {"Signature": b64encode(signed).decode()}


def prove(said: Any, topics: tuple[str, ...] = (TOPIC,), now: datetime = NOW, pem: bytes = PEM) -> None:
    asked = WebhookRequest("POST", CIMultiDict(), said if isinstance(said, bytes) else orjson.dumps(said))
    assert PROOF.head(asked, topics, None, now) is False
    assert PROOF.body(asked, topics, None, now, {}) == Fetch(URL)  # asks for it, and takes it
    assert PROOF.body(asked, topics, None, now, {URL: pem}) is None


@pytest.mark.parametrize("version", ["1", "2"])
def test_what_is_signed_for_our_topic(version: str) -> None:
    prove(message(version))
    prove(message(version, Subject="Amazon SES"))
    prove(message(version, Type="SubscriptionConfirmation", SubscribeURL="https://x", Token="t"))


def test_another_topic_is_refused_before_anything_is_fetched() -> None:
    other = message(TopicArn="arn:aws:sns:eu-central-1:666666666666:forged")
    asked = WebhookRequest("POST", CIMultiDict(), orjson.dumps(other))
    with pytest.raises(Unauthorized, match="topic"):
        PROOF.body(asked, (TOPIC,), None, NOW, {})
    named = WebhookRequest("POST", CIMultiDict({"x-amz-sns-topic-arn": "arn:other"}), b"")
    with pytest.raises(Unauthorized, match="topic"):
        PROOF.head(named, (TOPIC,), None, NOW)


def test_raw_delivery_has_no_signature() -> None:
    asked = WebhookRequest("POST", CIMultiDict({"x-amz-sns-rawdelivery": "true"}), b"")
    with pytest.raises(Unauthorized, match="raw message delivery"):
        PROOF.head(asked, (TOPIC,), None, NOW)


@pytest.mark.parametrize(
    "url",
    [
        "http://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123abcd.pem",
        "https://sns.evil.example/SimpleNotificationService-0123abcd.pem",
        "https://sns.eu-central-1.amazonaws.com.evil.example/SimpleNotificationService-0123abcd.pem",
        "https://sns.eu-central-1.amazonaws.com/other.pem",
        5,
    ],
)
def test_a_certificate_from_elsewhere_is_refused(url: Any) -> None:
    asked = WebhookRequest("POST", CIMultiDict(), orjson.dumps(message() | {"SigningCertURL": url}))
    with pytest.raises((Unauthorized, TypeError)):
        PROOF.body(asked, (TOPIC,), None, NOW, {})


@pytest.mark.parametrize(
    "change",
    [
        {"Message": "{}"},
        {"Subject": "added"},
        {"Timestamp": "2026-11-23T12:00:00.000Z"},
        {"Type": "UnsubscribeConfirmation", "SubscribeURL": "https://x", "Token": "t"},
        {"Signature": b64encode(b"x" * 256).decode()},
        {"SignatureVersion": "1"},
        {"SignatureVersion": "3"},
    ],
)
def test_what_was_changed_is_refused(change: dict[str, Any]) -> None:
    asked = WebhookRequest("POST", CIMultiDict(), orjson.dumps(message() | change))
    with pytest.raises(Unauthorized):
        PROOF.body(asked, (TOPIC,), None, NOW, {URL: PEM})


def test_what_was_signed_for_another_topic_cannot_be_cut_in_other_pieces() -> None:
    """SNS signs lines; whoever writes the message of a topic of their own writes some of them."""
    said = {"Message": "forged", "MessageId": "m", "SubscribeURL": "u", "Timestamp": "t", "Token": "k"}
    said |= {"TopicArn": TOPIC, "Type": "odd"}
    lines = "".join(f"{name}\n{value}\n" for name, value in said.items()).removeprefix("Message\n").rstrip("\n")
    theirs = message(Message=lines, TopicArn="arn:aws:sns:eu-central-1:666666666666:forged")
    rest = [f"{name}\n{theirs[name]}" for name in ("MessageId", "Timestamp", "TopicArn", "Type")]
    forged = theirs | said | {"Type": "\n".join(["odd", *rest])}
    asked = WebhookRequest("POST", CIMultiDict(), orjson.dumps(forged))
    with pytest.raises(Unauthorized, match="Type"):
        PROOF.body(asked, (TOPIC,), None, NOW, {URL: PEM})


def test_a_certificate_out_of_its_time_is_refused() -> None:
    for now in (NOW - timedelta(days=2), NOW + timedelta(days=2)):
        with pytest.raises(Unauthorized, match="has expired or is not valid yet"):
            prove(message(), now=now)
