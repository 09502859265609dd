# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bouncestream import providers
from bouncestream.crypto.secret import Secret
from bouncestream.errors import Malformed, Unauthorized
from bouncestream.event import BounceEvent, Kind, identity_keys
from bouncestream.providers._contract import admit, prove
from tests.providers.case import NOW, ask, request
from tests.providers.cases.zeptomail import CASES, zeptomail

CASE = CASES["zeptomail"]


def one(event: str = "hardbounce", **detail: Any) -> BounceEvent:
    (event_,) = ask(CASE, CASE.request(zeptomail(event, **detail))).events
    return event_


def test_all_of_a_bounce() -> None:
    event = one()
    assert (event.kind, event.recipient, event.reason) == (Kind.HARD, "person@example.org", "user_unknown")
    assert (event.reply_code, event.enhanced_status) == ("550", "5.1.1")
    assert event.occurred_at == datetime(2026, 11, 22, 11, 33, 11, tzinfo=UTC)
    assert (event.message_id, event.provider_event_id, event.stable_id) == ("", "", False)


def test_a_retry_is_known_by_its_content_whatever_its_ids_are() -> None:
    again = zeptomail("hardbounce") | {"webhook_request_id": "wr-2"}
    (event,) = ask(CASE, CASE.request(again)).events
    assert identity_keys(event, b"k") == identity_keys(one(), b"k")
    assert identity_keys(one(time="2026-11-22T11:33:12Z"), b"k") != identity_keys(one(), b"k")


@pytest.mark.parametrize(
    ("event", "words", "kind"),
    [
        ("hardbounce", "550 5.7.1 refused by policy", Kind.SOFT),
        ("hardbounce", "", Kind.HARD),
        ("softbounce", "452 4.2.2 mailbox full", Kind.SOFT),
        ("email_feedback", "", Kind.COMPLAINT),
        ("FeedbackLoop", "", Kind.COMPLAINT),
    ],
)
def test_events(event: str, words: str, kind: Kind) -> None:
    assert one(event, diagnostic_message=words, reason="").kind is kind


@pytest.mark.parametrize("event", ["delivered", "email_open", "email_link_click"])
def test_what_is_no_event(event: str) -> None:
    parsed = ask(CASE, CASE.request(zeptomail(event)))
    assert (len(parsed.events), len(parsed.ignored)) == (0, 1)


def test_what_is_not_known() -> None:
    for document, why in (
        (zeptomail("novelty"), "ZeptoMail's type is unknown"),
        ({}, "event_name is missing"),
        ({"event_name": ["hardbounce"]}, "KeyError while reading it"),
    ):
        assert [one.why for one in ask(CASE, CASE.request(document)).unreadable] == [why]


@pytest.mark.parametrize("body", [b"a=b&c=d", b"%7Bjunk=1", b"x=%7B"])
def test_a_form_without_json(body: bytes) -> None:
    with pytest.raises(Malformed):
        ask(CASE, CASE.request(body))


def test_the_header_as_it_was_seen() -> None:
    """Percent-encoded as a whole too, and the signature may have a `=` of its own."""
    body = b'{"event_name":["hardbounce"],"event_message":[]}'
    sent = "ts=1760000000000;s=8sl3nbpB0ns%2B9nrLcdLx0n8hzrWNtF7LTNlHIDfpRuI%3D;s-algorithm=HmacSHA256"
    hook = providers.webhook("news", "zeptomail", auth_key=Secret("zepto-auth-key"))
    for header in (sent, sent.replace("=", "%3D").replace(";", "%3B")):
        asked = request(b"", {"producer-signature": header})
        assert not admit(asked, hook, NOW)
        if header == sent:
            assert prove(replace(asked, body=body), hook, NOW) is None
    with pytest.raises(Unauthorized, match="wrong signature"):
        prove(request(body + b" ", {"producer-signature": sent}), hook, NOW)
