# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bouncestream.crypto.secret import Secret
from bouncestream.errors import Unauthorized
from bouncestream.event import BounceEvent, Kind, identity_keys
from bouncestream.providers._contract import Parsed, admit, prove
from bouncestream.providers.mailgun import WINDOW
from tests.providers.case import KEY, NOW, ask, request, verify
from tests.providers.cases.mailgun import CASES, MAILGUN, MAILGUN_FAILURE, mailgun_signed

CASE = CASES["mailgun"]
CAMPAIGN = "11111111-2222-4333-8444-555555555555"
SUBSCRIBER = "66666666-7777-4888-8999-aaaaaaaaaaaa"


def parse(**fields: Any) -> Parsed:
    return ask(CASE, CASE.request({"event-data": MAILGUN_FAILURE | fields}))


def one(**fields: Any) -> BounceEvent:
    (event,) = parse(**fields).events
    return event


def test_all_of_a_failure() -> None:
    event = one(**{"user-variables": {"listmonk_campaign": CAMPAIGN, "listmonk_subscriber": SUBSCRIBER}})
    assert (event.kind, event.recipient, event.reason) == (Kind.HARD, "person@example.org", "user_unknown")
    assert (event.reply_code, event.enhanced_status, event.message_id) == ("550", "5.1.1", "id@host")
    assert (event.campaign_uuid, event.subscriber_uuid) == (CAMPAIGN, SUBSCRIBER)
    assert event.occurred_at == datetime(2026, 11, 22, 11, 33, 11, 250000, UTC)
    assert event.provider_event_id == "Ase7i2zsRYeDXztHGENqRA/2026-11-22"  # their ids are unique within a day only
    assert event.evidence == 'Mailgun says "failed/permanent/bounce" → hard'


def test_variables_that_were_sent_as_text() -> None:
    event = one(**{"user-variables": f'{{"listmonk_campaign": "{CAMPAIGN}"}}'})
    assert event.campaign_uuid == CAMPAIGN


def test_a_message_id_is_one_with_and_without_brackets() -> None:
    bare, angled = one(), one(message={"headers": {"message-id": "<ID@host>"}})
    assert set(identity_keys(bare, b"k")) & set(identity_keys(angled, b"k"))


@pytest.mark.parametrize(
    ("severity", "reason", "status", "kind", "why"),
    [
        ("permanent", "bounce", {"code": 550, "message": "5.1.1 user unknown"}, Kind.HARD, "user_unknown"),
        ("permanent", "bounce", {"code": 550}, Kind.HARD, "rejected"),
        ("permanent", "bounce", {"code": 550, "enhanced-code": "5.7.1"}, Kind.SOFT, "policy"),
        ("permanent", "bounce", {"code": 552, "message": "5.2.2 mailbox full"}, Kind.SOFT, "mailbox_full"),
        ("permanent", "bounce", {"code": 450}, Kind.SOFT, "undetermined"),
        ("permanent", "delayed-bounce", {"bounce-code": "5.1.1"}, Kind.HARD, "user_unknown"),
        (
            "permanent",
            "generic",
            {"bounce-code": "5.0.0", "message": "550 Address unknown"},
            Kind.HARD,
            "user_unknown",
        ),
        ("permanent", "generic", {"code": 550}, Kind.SOFT, "rejected"),
        ("permanent", "espblock", {"code": 554, "message": "5.7.1 our policy"}, Kind.SOFT, "policy"),
        ("permanent", "old", {"code": 602, "message": "Too old"}, Kind.SOFT, "expired"),
        ("temporary", "old", {"code": 498, "message": "No MX for example.org"}, Kind.SOFT, "expired"),
        ("permanent", "suppress-bounce", {"code": 605}, Kind.HARD, "suppressed"),
        ("permanent", "suppress-complaint", {"code": 607}, Kind.COMPLAINT, "suppressed"),
        ("permanent", "suppress-unsubscribe", {"code": 606}, Kind.UNSUBSCRIBE, "suppressed"),
        ("permanent", "", {"code": 605}, Kind.HARD, "suppressed"),
        ("permanent", "", {"code": 625}, Kind.SOFT, "provider_list"),
    ],
)
def test_failures(severity: str, reason: str, status: dict[str, Any], kind: Kind, why: str) -> None:
    event = one(severity=severity, reason=reason, **{"delivery-status": status})
    assert (event.kind, event.reason) == (kind, why)


@pytest.mark.parametrize(
    "fields",
    [
        {"severity": "temporary", "reason": "generic"},
        {"severity": "temporary", "reason": "greylisted"},
        {"event": "delivered"},
        {"event": "rejected", "recipient": None},
        {"flags": {"is-routed": True}},  # a received mail, forwarded to the operator
    ],
)
def test_what_is_no_event(fields: dict[str, Any]) -> None:
    parsed = parse(**fields)
    assert parsed.events == ()
    assert len(parsed.ignored) == 1


def test_what_the_server_says_names_nobody_else() -> None:
    words = "550 5.1.1 <victim@example.net>: unknown; see <other@example.net>"
    parsed = parse(**{"delivery-status": {"code": 550, "message": words}, "envelope": {"targets": "x@example.net"}})
    assert [event.recipient for event in parsed.events] == ["person@example.org"]


def test_a_type_that_is_not_known_is_named() -> None:
    (trouble,) = parse(event="novelty").unreadable
    assert trouble.event_type == "novelty"
    (trouble,) = ask(CASE, CASE.request({"event-data": None})).unreadable
    assert "event-data" in trouble.why


def test_the_signature_of_the_primary_account_will_do() -> None:
    sub = mailgun_signed(MAILGUN, "the-subaccounts-own-key")
    sub["signature"] |= {"parent-signature": mailgun_signed(MAILGUN, KEY)["signature"]["signature"]}
    verify(CASE.request(CASE.encode(sub)), CASE.settings)
    verify(CASE.request(CASE.encode(sub)), CASE.with_key("the-subaccounts-own-key"))
    with pytest.raises(Unauthorized, match="wrong signature"):
        verify(CASE.request(CASE.encode(sub)), CASE.with_key("the-key-of-someone-else"))


@pytest.mark.parametrize("age", [timedelta(hours=9), -timedelta(hours=1)])
def test_the_last_retry_after_eight_hours_is_let_in(age: timedelta) -> None:
    late = mailgun_signed(MAILGUN, KEY, at=(NOW - age).timestamp())
    verify(CASE.request(CASE.encode(late)), CASE.settings)


def test_a_signature_that_leaked_is_not_good_forever() -> None:
    old = mailgun_signed(MAILGUN, KEY, at=NOW.timestamp() - WINDOW - 1)
    with pytest.raises(Unauthorized, match="replay"):
        verify(CASE.request(CASE.encode(old)), CASE.settings)


def test_the_old_form_is_refused_by_its_name() -> None:
    form = request(b"event=bounced&recipient=a%40b.example&timestamp=1&token=2&signature=3")
    with pytest.raises(Unauthorized, match="not JSON"):
        verify(form, CASE.settings)


@pytest.mark.parametrize(
    ("timestamp", "token", "signature"),
    [
        (
            "1661590666",
            "fff0ebc59c0516f4ce0823212a2f45e5c67814420b99fe558b",
            "a0cd251821d8fd56a2130b541becc8e441023574e602fe9829a9ab9fbfdea33f",
        ),
        (
            "1661621361",
            "fafa24ab7699395ccfce2847b87dce8a29f6696a79127ee77c",
            "4328a8ea0818dcb218382cf70ccee285c45a8755f5f5616be90b887b67d84593",
        ),
    ],
)
def test_public_vectors(timestamp: str, token: str, signature: str) -> None:
    """Of the tests of Symfony's bridge to Mailgun: signatures that Mailgun made."""
    hook = CASE.without(signing_key=Secret("key-0p6mqbf74lb20gzq9f4dhpn9rg3zyk26"))
    at = datetime.fromtimestamp(int(timestamp), UTC) + timedelta(hours=1)
    signed = {"signature": {"timestamp": timestamp, "token": token, "signature": signature}}
    asked = request(CASE.encode(signed | {"event-data": {"event": "delivered"}}))
    assert admit(replace(asked, body=b""), hook, at) is False
    assert prove(asked, hook, at) is None
    signed["signature"]["token"] = token.replace("f", "e", 1)
    with pytest.raises(Unauthorized):
        prove(request(CASE.encode(signed)), hook, at)
