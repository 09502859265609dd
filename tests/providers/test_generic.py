# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import gzip
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bouncestream.crypto.secret import Secret
from bouncestream.errors import Malformed, TooLarge, Unauthorized
from bouncestream.event import BounceEvent, Kind
from bouncestream.providers._contract import MAX_EVENTS, Parsed, read
from bouncestream.providers.generic import PROVIDER
from tests.providers.case import KEY, NOW, OTHER, request
from tests.providers.cases.generic import CASES

CASE = CASES["generic, token"]
CAMPAIGN = "11111111-2222-4333-8444-555555555555"
SUBSCRIBER = "AAAAAAAA-2222-4333-8444-555555555555"


def parse(body: bytes | object, **headers: str) -> Parsed:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read(PROVIDER, CASE.request(data, **headers), CASE.settings, NOW)


def one(**fields: Any) -> BounceEvent:
    (event,) = parse({"kind": "soft", "recipient": "a@example.org", **fields}).events
    return event


def test_all_fields() -> None:
    (event,) = parse(
        {
            "kind": "complaint",
            "recipient": "Person <Person@Example.ORG>",
            "subscriber_uuid": SUBSCRIBER,
            "campaign_uuid": CAMPAIGN,
            "occurred_at": "2026-11-20T10:00:00+02:00",
            "reason": "user_unknown",
            "reply_code": 550,
            "enhanced_status": "5.1.1",
            "diagnostic": "550 5.1.1 no such user",
            "message_id": "<Id@Host>",
            "provider_event_id": 12345,
            "id": "ours",
            "source": "ours",
            "evidence": "ours",
        }
    ).events
    assert event == BounceEvent(
        kind=Kind.COMPLAINT,
        recipient="person@example.org",
        source="news",
        provider="generic",
        occurred_at=datetime(2026, 11, 20, 8, tzinfo=UTC),
        subscriber_uuid=SUBSCRIBER.lower(),
        campaign_uuid=CAMPAIGN,
        reason="user_unknown",
        reply_code="550",
        enhanced_status="5.1.1",
        diagnostic="550 5.1.1 no such user",
        message_id="<Id@Host>",
        provider_event_id="12345",
        evidence="news says complaint",
        stable_id=True,
    )


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind(kind: Kind) -> None:
    assert one(kind=f" {kind.upper()} ").kind is kind


def test_an_array_and_lines() -> None:
    item = {"kind": "hard", "recipient": "a@example.org"}
    line = json.dumps(item).encode()
    assert len(parse([item, item]).events) == 2
    assert len(parse(line + b"\n\n" + line + b"\r\n").events) == 2
    assert len(parse(line, **{"Content-Type": "application/x-ndjson"}).events) == 1
    assert len(parse(json.dumps(item, indent=2).encode()).events) == 1
    assert parse([]) == Parsed()
    separator = json.dumps({**item, "diagnostic": "a\u2028b"}, ensure_ascii=False).encode()
    assert len(parse(separator + b"\n" + line).events) == 2


def test_a_bad_item_does_not_spoil_its_neighbours() -> None:
    good = {"kind": "hard", "recipient": "a@example.org"}
    parsed = parse([good, 5, {"kind": "hard"}, {"recipient": "a@example.org"}, {"kind": "opened"}, None, good])
    assert len(parsed.events) == 2
    assert [(unreadable.why, unreadable.event_type, unreadable.part) for unreadable in parsed.unreadable] == [
        ("an event must be a JSON object", "", b"5"),
        ("neither a recipient nor a well-formed subscriber_uuid", "", b'{"kind":"hard"}'),
        ("kind is missing", "", b'{"recipient":"a@example.org"}'),
        ("kind must be hard, soft, complaint or unsubscribe", "opened", b'{"kind":"opened"}'),
        ("an event must be a JSON object", "", b"null"),
    ]


def test_a_bad_line_does_not_spoil_its_neighbours() -> None:
    parsed = parse(b'{"kind":"hard","recipient":"a@example.org"}\nnonsense\n')
    assert len(parsed.events) == 1
    assert parsed.unreadable[0].part == b"nonsense"
    with pytest.raises(Malformed, match="neither JSON nor lines"):
        parse(b"non\nsense")


def test_thousands_of_unreadable_parts_are_one_after_the_first_hundred() -> None:
    parsed = parse([{}] * 5000)
    assert len(parsed.unreadable) == 100
    assert parsed.unreadable[-1].part == b""
    assert "4901 more parts" in parsed.unreadable[-1].why


def test_as_many_events_as_the_intake_takes_and_not_one_more() -> None:
    item = {"kind": "hard", "subscriber_uuid": SUBSCRIBER}
    assert len(parse([item] * MAX_EVENTS).events) == MAX_EVENTS
    with pytest.raises(TooLarge):
        parse([item] * (MAX_EVENTS + 1))
    with pytest.raises(TooLarge):
        parse(b"\n".join([json.dumps(item).encode()] * (MAX_EVENTS + 1)))


def test_who() -> None:
    assert one(recipient="", subscriber_uuid=SUBSCRIBER).recipient == ""
    assert one(recipient="bücher@bücher.example").recipient == "bücher@xn--bcher-kva.example"
    odd = one(recipient="not an address", subscriber_uuid=SUBSCRIBER)
    assert odd.recipient == ""
    assert odd.evidence.endswith("its recipient is not an address")
    assert parse({"kind": "hard", "recipient": "junk"}).unreadable[0].why == "recipient is not an address"
    nobody = {"kind": "hard", "subscriber_uuid": "00000000-0000-0000-0000-000000000000"}
    assert "neither a recipient" in parse(nobody).unreadable[0].why


@pytest.mark.parametrize(
    ("written", "year"),
    [
        (1763600000, 2025),
        (1763600000000, 2025),
        ("1763600000.5", 2025),
        ("2025-11-20", 2025),
        ("2025-11-20 10:00:00.1234567Z", 2025),
        ("0001-01-01T00:00:00Z", 1),
        (-1e9, 1938),
        (9999999999, 2286),
    ],
)
def test_times_even_absurd_ones_are_taken(written: Any, year: int) -> None:
    event = one(occurred_at=written)
    assert event.occurred_at is not None
    assert event.occurred_at.year == year
    assert event.occurred_at.utcoffset() == timedelta(0)


@pytest.mark.parametrize("written", ["yesterday", 1e300, -1e18, True, [], "9" * 18, "0001-01-01T00:00:00+23:00"])
def test_times_that_cannot_be_read_are_noted(written: Any) -> None:
    event = one(occurred_at=written)
    assert event.occurred_at is None
    assert event.evidence.endswith("its occurred_at cannot be read")


def test_texts_are_cleaned_and_cut() -> None:
    event = one(diagnostic="a\x00b\ud800" + "ü" * 2000, message_id=["no"], reason=True)
    assert event.diagnostic.startswith("a�b?ü")
    assert 2046 <= len(event.diagnostic.encode()) <= 2048
    assert event.message_id == event.reason == ""


@pytest.mark.parametrize(("code", "kept"), [("550", "550"), (421, "421"), ("5.1.1", ""), ("999", ""), (None, "")])
def test_reply_codes(code: Any, kept: str) -> None:
    assert one(reply_code=code).reply_code == kept


@pytest.mark.parametrize(("code", "kept"), [("5.1.1", "5.1.1"), ("4.4.222", "4.4.222"), ("550", ""), (5.1, "")])
def test_enhanced_codes(code: Any, kept: str) -> None:
    assert one(enhanced_status=code).enhanced_status == kept


def test_a_fingerprint_is_made_where_nothing_else_identifies() -> None:
    assert one().fingerprint
    assert one().fingerprint != one(reason="x").fingerprint
    assert one(message_id="<>").fingerprint
    assert one(campaign_uuid=CAMPAIGN).fingerprint
    assert one(n=2**70).fingerprint
    assert one(n="\ud800").fingerprint
    for marked in (
        one(message_id="<a@b>"),
        one(provider_event_id="x"),
        one(campaign_uuid=CAMPAIGN, subscriber_uuid=SUBSCRIBER),
    ):
        assert marked.fingerprint == b""


def test_either_proof_will_do_when_both_are_set() -> None:
    both = replace(CASE.settings, hmac_secret=Secret(OTHER))
    signed = CASES["generic, signed"]
    body = signed.good
    assert read(PROVIDER, CASE.request(body), both, NOW).events
    assert read(PROVIDER, signed.request(body, OTHER), both, NOW).events
    assert read(PROVIDER, signed.request(body, OTHER, Authorization="Basic eDp5"), both, NOW).events
    for bad in (CASE.request(body, OTHER), signed.request(body, KEY), request(body)):
        with pytest.raises(Unauthorized):
            read(PROVIDER, bad, both, NOW)


def test_the_signature_is_over_the_body_as_sent() -> None:
    signed = CASES["generic, signed"]
    packed = gzip.compress(signed.good)
    asked = replace(signed.request(packed), body=signed.good, sent=packed)
    assert read(PROVIDER, asked, signed.settings, NOW).events
    with pytest.raises(Unauthorized):
        read(PROVIDER, replace(signed.request(signed.good), sent=packed), signed.settings, NOW)


@pytest.mark.parametrize("header", [KEY, f"Basic {KEY}", f"Bearer  {KEY} x", "Bearer", f"Token {KEY}"])
def test_only_bearer_is_taken(header: str) -> None:
    with pytest.raises(Unauthorized):
        read(PROVIDER, request(CASE.good, {"Authorization": header}), CASE.settings, NOW)
