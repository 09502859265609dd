# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from base64 import b64decode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bouncestream import providers
from bouncestream.crypto.public_key import Ecdsa
from bouncestream.errors import TooLarge, Unauthorized
from bouncestream.event import BounceEvent, Kind, identity_keys
from bouncestream.providers._contract import MAX_EVENTS, Parsed, admit, prove
from tests.providers.case import KEY, NOW, ask, request
from tests.providers.cases.sendgrid import CASES, SENDGRID, signed

CASE = CASES["sendgrid"]
CAMPAIGN = "11111111-2222-4333-8444-555555555555"
SUBSCRIBER = "66666666-7777-4888-8999-aaaaaaaaaaaa"


def parse(*items: Any) -> Parsed:
    return ask(CASE, CASE.request(list(items)))


def one(**fields: Any) -> BounceEvent:
    (event,) = parse(SENDGRID | fields).events
    return event


def test_all_of_a_bounce() -> None:
    event = one(listmonk_campaign=CAMPAIGN, listmonk_subscriber=SUBSCRIBER)
    assert (event.kind, event.recipient, event.reason) == (Kind.HARD, "person@example.org", "user_unknown")
    assert (event.reply_code, event.enhanced_status) == ("550", "5.1.1")
    assert (event.campaign_uuid, event.subscriber_uuid) == (CAMPAIGN, SUBSCRIBER)
    assert event.occurred_at == datetime(2026, 11, 22, 11, 33, 11, tzinfo=UTC)
    assert (event.message_id, event.provider_event_id) == ("<id@host>", "Ym91bmNlLTE")
    assert event.evidence == 'SendGrid says "bounce/bounce/Invalid Address" → hard'


@pytest.mark.parametrize(
    ("type_", "classification", "words", "kind", "reason"),
    [
        ("bounce", "Invalid Address", "", Kind.HARD, "user_unknown"),
        ("bounce", None, "", Kind.HARD, "undetermined"),
        ("bounce", "Mailbox Unavailable", "552 5.2.2 full", Kind.SOFT, "mailbox_full"),
        ("bounce", "Content", "", Kind.SOFT, "content"),
        ("bounce", "Technical Failure", "", Kind.SOFT, "system_error"),
        ("bounce", "Unclassified", "550 no thanks", Kind.SOFT, "rejected"),
        ("bounce", "Unclassified", "550 5.1.1 no such user", Kind.HARD, "user_unknown"),
        ("blocked", "Reputation", "", Kind.SOFT, "blocklisted"),
        ("blocked", "Frequency or Volume Too High", "", Kind.SOFT, "too_many"),
        ("novel", ["Novel"], "550 5.1.1 no such user", Kind.HARD, "user_unknown"),
        ("novel", None, "no", Kind.SOFT, "undetermined"),
    ],
)
def test_bounces(type_: str, classification: Any, words: str, kind: Kind, reason: str) -> None:
    event = one(type=type_, bounce_classification=classification, reason=words, status="")
    assert (event.kind, event.reason) == (kind, reason)


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("Bounced Address", Kind.HARD),
        ("Invalid", Kind.HARD),
        ("Spam Reporting Address", Kind.COMPLAINT),
        ("Unsubscribed Address", Kind.UNSUBSCRIBE),
        ("Spam Content (if spam checker app enabled)", None),
        ("Recipient List over Package Quota", None),
        ("Invalid SMTPAPI header", None),
    ],
)
def test_dropped(reason: str, kind: Kind | None) -> None:
    events = parse(SENDGRID | {"event": "dropped", "reason": reason, "status": ""}).events
    assert [event.kind for event in events] == ([kind] if kind else [])


@pytest.mark.parametrize("event", ["deferred", "delivered", "processed", "open", "click", "group_resubscribe"])
def test_what_is_no_event(event: str) -> None:
    parsed = parse(SENDGRID | {"event": event})
    assert (len(parsed.events), len(parsed.ignored)) == (0, 1)


def test_a_batch_with_a_bad_one() -> None:
    parsed = parse(SENDGRID, {"event": "novelty"}, {}, None, SENDGRID | {"email": "Other@Example.org"})
    assert [event.recipient for event in parsed.events] == ["person@example.org", "other@example.org"]
    assert [(one.why, one.event_type) for one in parsed.unreadable] == [
        ("SendGrid's type is unknown", "novelty"),
        ("event is missing", ""),
        ("AttributeError while reading it", ""),
    ]


def test_a_huge_batch_is_taken_and_one_beyond_the_bound_is_not() -> None:
    assert len(parse(*[SENDGRID] * MAX_EVENTS).events) == MAX_EVENTS
    with pytest.raises(TooLarge):
        parse(*[SENDGRID] * (MAX_EVENTS + 1))


def test_a_late_bounce_without_the_message_is_known_by_its_own_id() -> None:
    first, again = one(**{"smtp-id": None}), one(**{"smtp-id": None, "attempt": 2})
    assert identity_keys(first, b"k") == identity_keys(again, b"k")
    assert identity_keys(first, b"k") != identity_keys(one(**{"smtp-id": None}, sg_event_id="other"), b"k")


@pytest.mark.parametrize(("hours", "fits"), [(-47, True), (-49, False), (49, False)])
def test_a_retry_may_be_a_day_old_but_a_signature_is_not_good_forever(hours: int, fits: bool) -> None:
    body = CASE.good
    asked = request(body, signed(body, KEY, (NOW + timedelta(hours=hours)).timestamp()))
    if fits:
        assert ask(CASE, asked).events
    else:
        with pytest.raises(Unauthorized, match="a replay or a wrong clock"):
            ask(CASE, asked)


#: The example of Twilio's own libraries.
PUBLIC_KEY = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglS"
    "I8eNEc6wEA3F+g=="
)
SIGNATURE = "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM="
TIMESTAMP = "1600112502"
BODY = b64decode(
    "W3siZW1haWwiOiJoZWxsb0B3b3JsZC5jb20iLCJldmVudCI6ImRyb3BwZWQiLCJyZWFzb24iOiJCb3VuY2VkIEFkZHJlc3MiLCJz"
    "Z19ldmVudF9pZCI6IlpISnZjQzB4TURrNU5Ea3hPUzFNVW5wWWJGOU9TRk4wVDBkb1VUUnJiMlpUYlY5QkxUQSIsInNnX21lc3Nh"
    "Z2VfaWQiOiJMUnpYbF9OSFN0T0doUTRrb2ZTbV9BLmZpbHRlcmRyZWN2LXAzbWR3MS03NTZiNzQ1YjU4LWttemJsLTE4LTVGNUZD"
    "NzZDLTkuMCIsInNtdHAtaWQiOiI8TFJ6WGxfTkhTdE9HaFE0a29mU21fQUBpc210cGQwMDM5cDFpYWQxLnNlbmRncmlkLm5ldD4i"
    "LCJ0aW1lc3RhbXAiOjE2MDAxMTI0OTJ9XQ0K"
)


def test_the_vector_of_twilio() -> None:
    sent = {
        "X-Twilio-Email-Event-Webhook-Signature": SIGNATURE,
        "X-Twilio-Email-Event-Webhook-Timestamp": TIMESTAMP,
    }
    hook = providers.webhook("news", "sendgrid", verification_keys=(PUBLIC_KEY,))
    now = datetime.fromtimestamp(int(TIMESTAMP), UTC)
    asked = request(b"", sent)
    assert not admit(asked, hook, now)
    assert prove(replace(asked, body=BODY), hook, now) is None
    tampered = request(BODY.replace(b"dropped", b"bounce"), sent)
    with pytest.raises(Unauthorized, match="wrong signature"):
        prove(tampered, hook, now)


def test_a_key_of_another_kind_is_a_fault_of_the_configuration() -> None:
    proof = providers.webhook("news", "sendgrid", verification_keys=(PUBLIC_KEY,)).proofs["verification_keys"]
    assert isinstance(proof, Ecdsa)
    assert proof.fault((PUBLIC_KEY,)) == ""
    assert proof.fault(("junk",)) == "is not a public key; copy all of it, as PEM or base64"
