# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from base64 import b64decode
from datetime import UTC, datetime
from typing import Any

import pytest

from bouncestream import providers
from bouncestream.errors import Unauthorized
from bouncestream.event import BounceEvent, Kind, identity_keys
from bouncestream.providers._contract import Parsed, admit, prove
from tests.providers.case import KEY, NOW, ask, request
from tests.providers.cases.postal import CASES, POSTAL, POSTAL_BOUNCED, POSTAL_FAILURE, POSTAL_MESSAGE, signed

CASE = CASES["postal"]
CAMPAIGN = "11111111-2222-4333-8444-555555555555"


def parse(item: Any) -> Parsed:
    return ask(CASE, CASE.request(item))


def one(**payload: Any) -> BounceEvent:
    (event,) = parse(POSTAL | {"payload": POSTAL_FAILURE | payload}).events
    return event


def test_all_of_a_failure() -> None:
    event = one(message=POSTAL_MESSAGE | {"tag": CAMPAIGN})
    assert (event.kind, event.recipient, event.reason) == (Kind.HARD, "person@example.org", "user_unknown")
    assert (event.reply_code, event.enhanced_status) == ("550", "5.1.1")
    assert (event.campaign_uuid, event.subscriber_uuid) == (CAMPAIGN, "")
    assert event.occurred_at == datetime(2026, 11, 22, 11, 33, 11, 250_000, UTC)
    assert (event.message_id, event.provider_event_id) == ("id@host", POSTAL["uuid"])


def test_a_bounce_is_about_the_message_that_was_sent() -> None:
    (event,) = parse(POSTAL_BOUNCED).events
    assert (event.kind, event.recipient, event.message_id) == (Kind.SOFT, "person@example.org", "id@host")
    assert set(identity_keys(event, b"k")) & set(identity_keys(one(), b"k"))
    hook = CASE.with_key(KEY, classes={"MessageBounced": "hard"})
    assert ask(CASE, CASE.request(POSTAL_BOUNCED), hook).events[0].kind is Kind.HARD


@pytest.mark.parametrize(
    ("details", "output", "kind", "reason"),
    [
        ("Permanent SMTP delivery error", "550 5.7.1 refused by policy", Kind.SOFT, "policy"),
        ("Permanent SMTP delivery error", "550 No such user here", Kind.HARD, "user_unknown"),
        ("Permanent SMTP delivery error", "554 no thanks", Kind.SOFT, "rejected"),
        ("Maximum number of delivery attempts (18) has been reached.", "", Kind.SOFT, "expired"),
        (
            "Maximum number of delivery attempts (18) has been reached.",
            "550 5.1.1 no such user",
            Kind.SOFT,
            "user_unknown",
        ),
    ],
)
def test_every_5xx_is_a_hard_failure_to_it(details: str, output: str, kind: Kind, reason: str) -> None:
    event = one(details=details, output=output)
    assert (event.kind, event.reason) == (kind, reason)


HELD = "Recipient (person@example.org) is on the suppression list (reason: too many hard fails)"


@pytest.mark.parametrize(
    "item",
    [
        {"event": "MessageDelayed"},
        {"event": "MessageSent"},
        {"event": "MessageHeld", "payload": POSTAL_FAILURE | {"details": "Message exceeded the spam threshold"}},
        {"event": "DomainDNSError", "payload": {"domain": "example.com"}},
        {"payload": POSTAL_FAILURE | {"message": POSTAL_MESSAGE | {"direction": "incoming"}}},
    ],
)
def test_what_is_no_event(item: dict[str, Any]) -> None:
    parsed = parse(POSTAL | item)
    assert (len(parsed.events), len(parsed.ignored)) == (0, 1)


def test_the_suppression_list_is_told_as_such() -> None:
    held = POSTAL | {"event": "MessageHeld", "payload": POSTAL_FAILURE | {"details": HELD, "output": ""}}
    (event,) = parse(held).events
    assert event.reason == "provider_list"
    assert event.evidence == (
        'Postal says "MessageHeld/suppression list" → not sent, by a list of its own; '
        "see Messages, Suppressions of the mail server at Postal"
    )
    hook = CASE.with_key(KEY, classes={"MessageHeld/suppression list": "hard"})
    assert ask(CASE, CASE.request(held), hook).events[0].kind is Kind.HARD


def test_what_is_not_known() -> None:
    assert parse(POSTAL | {"event": "Novelty"}).unreadable[0].event_type.startswith("Novelty")
    assert parse({"payload": {}}).unreadable[0].why == "event is missing"


def test_sha_1_alone_is_not_enough() -> None:
    headers = signed(CASE.good, KEY)
    del headers["X-Postal-Signature-256"]
    with pytest.raises(Unauthorized, match="no signature"):
        ask(CASE, request(CASE.good, headers))


#: Made with Postal's signer.
PUBLIC_KEY = (
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAuSEW2BE13zi5wUBUtNr9Mki7SVq/C6apfSOSQP6ssVq/k67NUs25nLYnWcPgJl7p"
    "iExbNEXYvfMTAGXE6mwK2cBhb6ENev4LQ+AhW/cDiEt8UvR6kkFgKn2ORLJ/pewbSjBlN3f6twSxeQV/LF7SCAj6h2zQXxZN87Wro5ZJBXC7"
    "2kh0VOCvFG337o9mRkI5/F3yBvIFN5NbwJY2WszmeQQoFgP+s3qIKAbGheBSNjFqnDO7CT3M9zEd/PCLnDTLGx76284sD8d/ozO8ENUVxg/b"
    "8giZC4IvXXfgMhNA+w0nx5+auMGK9xadD/jBNaMAsG6zbvnnky6WwufMUMfUgwIDAQAB"
)
SIGNATURE = (
    "EoKY7YufUhBWldmRJaIfY8n7NcGn327Jk6aiKZD+411sRSjCcgVxza26JjkRkhdu5Z4Lj8DXAQ/gPH3JkHaOUX3iFN0ivuc2ai6+uz2t6xIF"
    "Fi7STFwhi4Zr7ktB1g8REMVcYi+mFxkdL5PeNKedZcNV0BsTLN0gFL2GLGQKbqvUgscvl16vBdyxTpP7/AgEdATnmnNQc5EDazcv2E8SkWlV"
    "1ZA18HkQeyIaOwf+yhKTwSIlJLhb+CaB/Nm7UqQGJsbge2MqHCVRT3Q5eX5MkxoYMmU2WqcfDxXz0MDNQezwWiV0ieFyCRR2rnoBY4GzELjm"
    "7F06NgsorErm8vWNQw=="
)
BODY = b64decode("eyJldmVudCI6Ik1lc3NhZ2VEZWxpdmVyeUZhaWxlZCIsInV1aWQiOiIwZmNjODMxZiJ9")


def test_a_vector() -> None:
    hook = providers.webhook("news", "postal", signing_keys=(PUBLIC_KEY,))
    asked = request(BODY, {"X-Postal-Signature-256": SIGNATURE})
    assert not admit(asked, hook, NOW)
    assert prove(asked, hook, NOW) is None
    tampered = request(BODY + b" ", {"X-Postal-Signature-256": SIGNATURE})
    with pytest.raises(Unauthorized, match="wrong signature"):
        prove(tampered, hook, NOW)
