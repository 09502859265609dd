# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bouncestream import providers
from bouncestream.crypto.secret import Secret
from bouncestream.errors import Unauthorized
from bouncestream.event import BounceEvent, Kind, identity_keys
from bouncestream.providers._contract import Parsed, admit, prove
from tests.providers.case import KEY, NOW, ask, request
from tests.providers.cases.resend import CASES, RESEND, RESEND_BOUNCE, RESEND_MAIL, signed

CASE = CASES["resend"]
CAMPAIGN = "11111111-2222-4333-8444-555555555555"
SUBSCRIBER = "66666666-7777-4888-8999-aaaaaaaaaaaa"
HEADERS = [
    {"name": "X-Listmonk-Campaign", "value": CAMPAIGN},
    {"name": "X-Listmonk-Subscriber", "value": SUBSCRIBER},
]


def parse(item: Any) -> Parsed:
    return ask(CASE, CASE.request(item))


ADVICE = "You may be able to send to the recipient once the content that caused the message to bounce is changed."


def one(type_: str = "email.bounced", bounce: Any = None, **data: Any) -> BounceEvent:
    said = RESEND_MAIL | {"bounce": RESEND_BOUNCE | (bounce or {})} | data
    (event,) = parse(RESEND | {"type": type_, "data": said}).events
    return event


def test_all_of_a_bounce() -> None:
    event = one(headers=HEADERS, message_id="<id@host>")
    assert (event.kind, event.recipient, event.reason) == (Kind.HARD, "person@example.org", "user_unknown")
    assert (event.reply_code, event.enhanced_status) == ("550", "5.1.1")
    assert (event.campaign_uuid, event.subscriber_uuid) == (CAMPAIGN, SUBSCRIBER)
    assert event.occurred_at == datetime(2026, 11, 22, 11, 33, 11, 126_000, UTC)
    assert (event.message_id, event.provider_event_id) == ("<id@host>", "msg_1")


@pytest.mark.parametrize(
    ("bounce", "kind", "reason"),
    [
        ({"type": "Permanent", "diagnosticCode": None}, Kind.HARD, "undetermined"),
        ({"diagnosticCode": ["smtp; 550 5.7.1 refused by policy"]}, Kind.SOFT, "policy"),
        ({"diagnosticCode": "smtp; 550 5.1.1 no such user"}, Kind.HARD, "user_unknown"),
        ({"type": "Transient", "diagnosticCode": []}, Kind.SOFT, "undetermined"),
        ({"type": "Transient", "diagnosticCode": ["smtp; 550 5.4.4 no host"]}, Kind.HARD, "host_unknown"),
        ({"type": "Transient", "subType": "MailboxFull", "diagnosticCode": None}, Kind.SOFT, "mailbox_full"),
        ({"type": "Transient", "diagnosticCode": None, "message": ADVICE}, Kind.SOFT, "undetermined"),
        ({"diagnosticCode": None, "message": "550 5.2.2 over quota"}, Kind.SOFT, "mailbox_full"),
        ({"type": "Undetermined", "diagnosticCode": None}, Kind.SOFT, "undetermined"),
    ],
)
def test_bounces(bounce: dict[str, Any], kind: Kind, reason: str) -> None:
    event = one(bounce={"message": ""} | bounce)
    assert (event.kind, event.reason) == (kind, reason)


@pytest.mark.parametrize(
    "item",
    [
        {"type": "email.delivery_delayed"},
        {"type": "email.failed"},
        {"type": "suppression.added", "data": {"email": "person@example.org"}},
        {"type": "contact.updated", "data": {"email": "person@example.org", "unsubscribed": True}},
        {"data": RESEND_MAIL | {"to": ["a@example.org", "b@example.org"]}},
    ],
)
def test_what_is_no_event(item: dict[str, Any]) -> None:
    parsed = parse(RESEND | item)
    assert (len(parsed.events), len(parsed.ignored)) == (0, 1)


def test_what_resend_itself_refuses() -> None:
    assert one("email.suppressed").reason == "provider_list"
    assert one(bounce={"subType": "OnAccountSuppressionList"}).reason == "provider_list"


def test_a_type_that_is_not_known_is_named() -> None:
    assert parse(RESEND | {"type": "email.novelty"}).unreadable[0].event_type == "email.novelty"
    assert parse({"data": {}}).unreadable[0].why == "type is missing"


def test_a_retry_is_signed_anew_and_is_the_same_event() -> None:
    later = (NOW + timedelta(seconds=200)).timestamp()
    first, retried, other = (
        ask(CASE, request(CASE.good, signed(CASE.good, KEY, number, at))).events[0]
        for number, at in (("msg_1", NOW.timestamp()), ("msg_1", later), ("msg_2", later))
    )
    assert identity_keys(first, b"k") == identity_keys(retried, b"k") != identity_keys(other, b"k")


def test_judged_again_it_is_the_same_event() -> None:
    """What is kept of the headers is enough."""
    asked = CASE.request()
    kept = providers.get("resend").kept(asked, CASE.settings)
    assert kept == {"svix-id": "msg_1"}


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_replay(seconds: int) -> None:
    old = (NOW + timedelta(seconds=seconds)).timestamp()
    with pytest.raises(Unauthorized, match="a replay or a wrong clock"):
        ask(CASE, request(CASE.good, signed(CASE.good, KEY, at=old)))


def test_the_vector_of_svix() -> None:
    """Of the test suites of Svix and Standard Webhooks; the second signature is of another key."""
    body, sent = b'{"test": 2432232314}', "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    headers = {
        "svix-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "svix-timestamp": "1614265330",
        "svix-signature": f"v1,{'A' * 43}= {sent}",
    }
    hook = providers.webhook("news", "resend", signing_secret=Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
    now = datetime.fromtimestamp(1614265330, UTC)
    asked = request(b"", headers)
    assert not admit(asked, hook, now)
    assert prove(replace(asked, body=body), hook, now) is None
    with pytest.raises(Unauthorized, match="wrong signature"):
        prove(request(body + b" ", headers), hook, now)
