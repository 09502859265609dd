# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from base64 import b64decode
from datetime import UTC, datetime
from typing import Any

import pytest

from bouncestream import providers
from bouncestream.crypto.secret import Secret
from bouncestream.errors import Unauthorized
from bouncestream.event import BounceEvent, Kind, identity_keys
from bouncestream.providers._contract import Parsed, admit, prove
from tests.providers.case import NOW, ask, request
from tests.providers.cases.forwardemail import CASES, FORWARD_EMAIL, FORWARD_EMAIL_BOUNCE

CASE = CASES["forwardemail"]
CAMPAIGN = "11111111-2222-4333-8444-555555555555"
SUBSCRIBER = "66666666-7777-4888-8999-aaaaaaaaaaaa"
HEADERS = {"Message-Id": "<id@host>", "X-Listmonk-Campaign": CAMPAIGN, "X-Listmonk-Subscriber": SUBSCRIBER}


def parse(item: Any) -> Parsed:
    return ask(CASE, CASE.request(item))


def one(bounce: Any = None, **fields: Any) -> BounceEvent:
    (event,) = parse(FORWARD_EMAIL | {"bounce": FORWARD_EMAIL_BOUNCE | (bounce or {})} | fields).events
    return event


def test_all_of_a_bounce() -> None:
    event = one(headers=HEADERS)
    assert (event.kind, event.recipient, event.reason) == (Kind.HARD, "person@example.org", "user_unknown")
    assert (event.reply_code, event.enhanced_status) == ("550", "5.1.1")
    assert (event.campaign_uuid, event.subscriber_uuid) == (CAMPAIGN, SUBSCRIBER)
    assert event.occurred_at == datetime(2026, 11, 22, 11, 33, 11, 250_000, UTC)
    assert (event.message_id, event.provider_event_id) == ("<id@host>", "")


def test_the_message_id_carries_where_the_uuids_are_missing() -> None:
    assert identity_keys(one(email_id="1"), b"k") == identity_keys(one(email_id="2"), b"k")
    assert identity_keys(one(), b"k") != identity_keys(one(headers={"Message-ID": "<b@host>"}), b"k")


@pytest.mark.parametrize(
    ("category", "response", "kind", "reason"),
    [
        ("block", "421 4.7.0 try later", Kind.SOFT, None),  # hard to Listmonk's own handler
        ("blocklist", "550 no", Kind.SOFT, "blocklisted"),
        ("spam", "550 no", Kind.SOFT, "spam"),
        ("virus", "550 no", Kind.SOFT, "virus"),
        ("network", "450 no", Kind.SOFT, "network"),
        ("recipient", "550 permanent failure for one or more recipients (x:blocked)", Kind.SOFT, None),
        ("recipient", "550 no such user", Kind.HARD, "user_unknown"),
        ("novelty", "550 no", Kind.SOFT, "rejected"),
    ],
)
def test_categories(category: str, response: str, kind: Kind, reason: str | None) -> None:
    event = one({"category": category, "status": None, "code": None}, response=response, response_code=None)
    assert event.kind is kind
    assert reason is None or event.reason == reason


@pytest.mark.parametrize("status", ["5.7.1", {"code": "5.7.1"}, {"code": 5}, ["5.7.1"], None, 5])
def test_a_status_may_be_a_text_or_an_object(status: Any) -> None:
    assert one({"status": status}, response="550 nope").kind is Kind.SOFT


def test_what_cannot_be_read() -> None:
    assert parse(FORWARD_EMAIL | {"bounce": None}).unreadable[0].why == "bounce.category is missing"
    assert parse(FORWARD_EMAIL | {"recipient": ""}).unreadable[0].why == "it names no recipient"


def test_a_vector() -> None:
    body = b64decode("eyJyZWNpcGllbnQiOiJhZGFAZXhhbXBsZS5jb20iLCJib3VuY2UiOnsiY2F0ZWdvcnkiOiJyZWNpcGllbnQifX0=")
    sent = {"X-Webhook-Signature": "0ee0ea4d5fda57611dc99665fa79880e1d192404a0f667948b3b5d219426e22c"}
    hook = providers.webhook("news", "forwardemail", webhook_key=Secret("fe-key"))
    assert not admit(request(body, sent), hook, NOW)
    assert prove(request(body, sent), hook, NOW) is None
    with pytest.raises(Unauthorized, match="wrong signature"):
        prove(request(body + b" ", sent), hook, NOW)
