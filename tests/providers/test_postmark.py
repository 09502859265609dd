# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bouncestream.event import BounceEvent, Kind, identity_keys
from bouncestream.providers._contract import Parsed
from tests.providers.case import ask
from tests.providers.cases.postmark import CASES, POSTMARK

CASE = CASES["postmark"]
CAMPAIGN = "11111111-2222-4333-8444-555555555555"
SUBSCRIBER = "66666666-7777-4888-8999-aaaaaaaaaaaa"
CHANGE = {
    "RecordType": "SubscriptionChange",
    "MessageID": "00000000-0000-4000-8000-00000000000a",
    "Recipient": "person@example.org",
    "ChangedAt": "2026-11-20T10:53:11Z",
    "SuppressSending": True,
    "SuppressionReason": "ManualSuppression",
    "Origin": "Recipient",
}


def parse(item: dict[str, Any]) -> Parsed:
    return ask(CASE, CASE.request(item))


def one(**fields: Any) -> BounceEvent:
    (event,) = parse(POSTMARK | fields).events
    return event


def test_all_of_a_bounce() -> None:
    event = one(Metadata={"Listmonk_campaign": CAMPAIGN, "listmonk-subscriber": SUBSCRIBER})
    assert (event.kind, event.recipient, event.reason) == (Kind.HARD, "person@example.org", "user_unknown")
    assert (event.reply_code, event.enhanced_status) == ("550", "5.1.1")
    assert (event.campaign_uuid, event.subscriber_uuid) == (CAMPAIGN, SUBSCRIBER)
    assert event.occurred_at == datetime(2026, 11, 20, 9, 53, 11, 123456, UTC)  # seven digits, another offset
    assert event.evidence == 'Postmark says "Bounce/HardBounce" → hard'


def test_its_own_number_of_the_mail_is_no_message_id_but_a_mark() -> None:
    soft, hard = one(Type="SoftBounce", ID=1), one(ID=2)
    assert hard.message_id == ""
    assert identity_keys(soft, b"k") == identity_keys(hard, b"k")


@pytest.mark.parametrize(
    ("type_", "details", "kind"),
    [
        ("HardBounce", "smtp;550 5.1.1 no such user", Kind.HARD),
        ("HardBounce", "smtp;550 5.7.1 refused by policy", Kind.SOFT),
        ("HardBounce", "smtp;552 5.2.2 mailbox full", Kind.SOFT),
        ("BadEmailAddress", "", Kind.HARD),
        ("SoftBounce", "smtp;452 4.2.2 mailbox full", Kind.SOFT),
        ("Blocked", "smtp;550 blocked", Kind.SOFT),
        ("SpamComplaint", "", Kind.COMPLAINT),
        ("Unsubscribe", "", Kind.UNSUBSCRIBE),
    ],
)
def test_types(type_: str, details: str, kind: Kind) -> None:
    assert one(Type=type_, Details=details).kind is kind


@pytest.mark.parametrize(
    "item",
    [
        POSTMARK | {"Type": "AutoResponder"},
        CHANGE | {"SuppressionReason": "HardBounce"},
        CHANGE | {"SuppressSending": False},
        {"RecordType": "Delivery", "Recipient": "person@example.org"},
    ],
)
def test_what_is_no_event(item: dict[str, Any]) -> None:
    parsed = parse(item)
    assert parsed.events == ()
    assert len(parsed.ignored) == 1


@pytest.mark.parametrize("item", [POSTMARK | {"Type": "ManuallyDeactivated"}, CHANGE | {"Origin": "Admin"}])
def test_what_postmark_itself_refuses(item: dict[str, Any]) -> None:
    assert [event.reason for event in parse(item).events] == ["provider_list"]


def test_an_unsubscription() -> None:
    (event,) = parse(CHANGE).events
    assert (event.kind, event.recipient) == (Kind.UNSUBSCRIBE, "person@example.org")


def test_a_type_that_is_not_known_is_named() -> None:
    (trouble,) = parse(POSTMARK | {"Type": "Novelty"}).unreadable
    assert trouble.event_type == "Bounce/Novelty"
    (trouble,) = parse({"Type": "HardBounce"}).unreadable
    assert trouble.why == "RecordType is missing"


def test_a_bounce_without_an_address_is_kept() -> None:
    (trouble,) = parse(POSTMARK | {"Email": ""}).unreadable
    assert trouble.why == "it names no recipient"
