# SPDX-License-Identifier: GPL-3.0-or-later
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from bouncestream import providers
from bouncestream.errors import Malformed
from bouncestream.event import BounceEvent, Kind, identity_keys
from bouncestream.providers._gathered import MAX_UNREADABLE, Gathered, UnknownType

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CAMPAIGN = "11111111-2222-4333-8444-555555555555"
SUBSCRIBER = "66666666-7777-4888-8999-aaaaaaaaaaaa"
CLASSES = {"bounce": "hard", "bounce/soft": "soft", "spam": "complaint", "open": "info", "later": "deferral"}


def gathered(**options: Any) -> Gathered[Any]:
    return Gathered(providers.webhook("news", "sendamatic", **options), "Acme", CLASSES, NOW)


def report(said: str = "bounce", **fields: Any) -> BounceEvent:
    into = gathered()
    into.report(said, **({"part": fields, "recipient": "Person@Example.ORG"} | fields))
    (event,) = into.events
    return event


def test_an_event_is_made_of_what_stands_in_the_request() -> None:
    event = report(
        at=1760000000,
        diagnostic=" 550 5.1.1 no such user ",
        message_id="<a@b>",
        metadata={"listmonk_campaign": CAMPAIGN, "listmonk_subscriber": SUBSCRIBER},
    )
    assert (event.kind, event.recipient, event.source) == (Kind.HARD, "person@example.org", "news")
    assert (event.provider, event.reason) == ("sendamatic", "user_unknown")
    assert (event.reply_code, event.enhanced_status) == ("550", "5.1.1")
    assert (event.campaign_uuid, event.subscriber_uuid) == (CAMPAIGN, SUBSCRIBER)
    assert event.occurred_at == datetime(2025, 10, 9, 8, 53, 20, tzinfo=UTC)
    assert event.evidence == 'Acme says "bounce" → hard'


@pytest.mark.parametrize("odd", ["'person@example.org", "imceasmtp-person+40example+2eorg@stranger.example"])
def test_whoever_subscribed_with_an_odd_address_has_the_bounce_to_himself(odd: str) -> None:
    assert report(recipient=odd).recipient == odd


def test_a_downgrade_says_why() -> None:
    event = report(status="5.7.1")
    assert event.kind is Kind.SOFT
    assert event.evidence == 'Acme says "bounce", 5.7.1 is not the address\'s fault → soft'


def test_a_cause_that_the_provider_names() -> None:
    assert report("bounce/soft", reason="mailbox_full").reason == "mailbox_full"
    assert report("spam", reason="suppressed").reason == "complaint"


def test_a_complaint_has_its_reason_by_itself() -> None:
    assert report("spam").reason == "complaint"


def test_what_is_no_event_is_told() -> None:
    into = gathered()
    into.report("open", part={}, recipient="a@b.example")
    into.report("later", part={}, recipient="a@b.example")
    assert into.events == []
    assert into.ignored == [
        'Acme says "open": neither a bounce nor a complaint',
        'Acme says "later": one failed attempt; it keeps retrying',
    ]


def test_the_operators_word_comes_before_everything() -> None:
    into = gathered(classes={"Bounce": "ignore", "later": "soft"})
    into.report("bounce", part={}, recipient="a@b.example", class_="hard")
    into.report("later", part={}, recipient="a@b.example")
    assert [event.kind for event in into.events] == [Kind.SOFT]


def test_an_unknown_type_and_nobody_are_refused() -> None:
    with pytest.raises(UnknownType) as told:
        report("new thing")
    assert told.value.event_type == "new thing"
    with pytest.raises(Malformed, match="no recipient"):
        report(recipient=["a@b.example"])
    assert report(recipient=None, metadata={"x-listmonk-subscriber": SUBSCRIBER}).recipient == ""


def test_a_vendors_number_of_the_mail_is_a_mark_of_identity() -> None:
    """Not a Message-ID, but it makes two reports about one mail one event, whatever number each report has."""
    one = report(vendor_message_id="uuid-1", event_id=1)
    two = report(vendor_message_id="uuid-1", event_id=2)
    assert one.message_id == ""
    assert identity_keys(one, b"k") == identity_keys(two, b"k")
    assert identity_keys(one, b"k") != identity_keys(report(vendor_message_id="uuid-2"), b"k")
    assert identity_keys(one, b"k") != identity_keys(
        report(vendor_message_id="uuid-1", recipient="b@c.example"), b"k"
    )
    assert report(event_id=2**60).provider_event_id == str(2**60)
    assert report().fingerprint


def test_a_bad_item_does_not_spoil_its_neighbours() -> None:
    into = gathered()
    into.each([1, {"x": 1}, {"to": "a@b.example"}], lambda item, into: _read(item, into))
    assert len(into.events) == 1
    assert [trouble.part for trouble in into.unreadable] == [b"1", b'{"x":1}']
    into.each({"to": "c@d.example"}, lambda item, into: _read(item, into))
    assert len(into.events) == 2


def test_a_bad_item_is_kept_as_it_can_be_read_again() -> None:
    into = gathered()
    into.each({"account": 1, "list": [{"x": 1}, {"to": "a@b.example"}]}, _read, key="list")
    (bad,) = into.unreadable
    assert (len(into.events), bad.part) == (1, b'{"x":1}')
    into.each(json.loads(bad.part) | {"to": "c@d.example"}, _read, key="list")
    assert [event.recipient for event in into.events] == ["a@b.example", "c@d.example"]


def _read(item: Any, into: Gathered[Any]) -> None:
    into.report("bounce", part=item, recipient=item["to"])


def test_much_trouble_has_one_cause() -> None:
    into = gathered()
    into.each([1] * 1000, lambda item, into: _read(item, into))
    assert len(into.done().unreadable) == MAX_UNREADABLE


def test_what_is_no_event_is_not_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deliveries and opens are many times more than bounces."""

    def judge(*_: object, **__: object) -> None:
        raise AssertionError("judged")

    monkeypatch.setattr("bouncestream.providers._gathered.judged", judge)
    into = gathered()
    into.report("open", part={}, recipient="a@b.example")
    assert len(into.ignored) == 1
