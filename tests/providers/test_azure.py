# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from multidict import CIMultiDict

from bouncestream import providers
from bouncestream.crypto.secret import Secret
from bouncestream.errors import Unauthorized
from bouncestream.event import BounceEvent, Kind, identity_keys
from bouncestream.providers._contract import Parsed
from tests.providers.case import OTHER, ask, request
from tests.providers.cases.azure import AZURE, AZURE_REPORT, CASES, CLOUD_EVENT, CODE, VALIDATION

CASE = CASES["azure"]
PROVIDER = providers.get("azure")


def parse(*items: Any) -> Parsed:
    return ask(CASE, CASE.request(list(items)))


def one(status: str = "Bounced", words: str = "550 5.1.1 no such user", **more: Any) -> BounceEvent:
    data = AZURE_REPORT | {"status": status, "deliveryStatusDetails": {"statusMessage": words}} | more
    (event,) = parse(AZURE | {"data": data}).events
    return event


@pytest.mark.parametrize("document", [[AZURE], CLOUD_EVENT, [CLOUD_EVENT]])
def test_all_of_a_bounce_in_either_schema(document: Any) -> None:
    (event,) = ask(CASE, CASE.request(document)).events
    assert (event.kind, event.recipient, event.reason) == (Kind.HARD, "person@example.org", "user_unknown")
    assert (event.reply_code, event.enhanced_status) == ("550", "5.1.1")
    assert event.occurred_at == datetime(2026, 11, 22, 11, 33, 11, tzinfo=UTC)
    assert (event.message_id, event.provider_event_id) == ("<id@host>", AZURE["id"])


def test_the_message_id_and_the_id_of_the_event_are_marks() -> None:
    once = one()
    assert identity_keys(once, b"k") == identity_keys(one(deliveryAttemptTimeStamp=None), b"k")
    assert set(identity_keys(once, b"k")) & set(identity_keys(one(internetMessageId=""), b"k"))


@pytest.mark.parametrize(
    ("status", "words", "kind", "reason"),
    [
        ("Bounced", "550 5.7.511 access denied, banned sender", Kind.SOFT, "blocklisted"),
        ("Bounced", "552 5.2.2 mailbox full", Kind.SOFT, "mailbox_full"),
        ("Bounced", "", Kind.HARD, "undetermined"),
        ("Failed", "452 4.2.2 over quota", Kind.SOFT, "mailbox_full"),
        ("Failed", "550 5.1.10 recipient not found", Kind.HARD, "user_unknown"),
        ("Suppressed", "", Kind.HARD, "suppressed"),
        ("FilteredSpam", "contact abuse@example.org", Kind.SOFT, "spam"),
        ("Quarantined", "", Kind.SOFT, "spam"),
    ],
)
def test_statuses(status: str, words: str, kind: Kind, reason: str) -> None:
    event = one(status, words)
    assert (event.kind, event.reason) == (kind, reason)


@pytest.mark.parametrize(
    "item",
    [
        {"data": AZURE_REPORT | {"status": "Delivered"}},
        {"data": AZURE_REPORT | {"status": "Expanded"}},
        {"eventType": "Microsoft.Communication.EmailEngagementTrackingReportReceived"},
        {"eventType": "Microsoft.EventGrid.SubscriptionDeletedEvent"},
    ],
)
def test_what_is_no_event(item: dict[str, Any]) -> None:
    parsed = parse(AZURE | item)
    assert (len(parsed.events), len(parsed.ignored)) == (0, 1)


def test_what_is_not_known() -> None:
    parsed = parse(AZURE | {"data": AZURE_REPORT | {"status": "Novelty"}}, {}, AZURE)
    assert [(one.why, one.event_type) for one in parsed.unreadable] == [
        ("Azure's type is unknown", "Novelty"),
        ("eventType and type are missing", ""),
    ]
    assert len(parsed.events) == 1


def test_the_validation_of_a_webhook_without_a_token_is_answered_too() -> None:
    """It proves itself by its path alone."""
    alone = CASE.without(path_secret=Secret(OTHER))
    parsed = ask(CASE, replace(CASE.bare(VALIDATION), path_secret=OTHER), alone)
    assert parsed.answer is not None
    assert json.loads(parsed.answer.body) == {"validationResponse": CODE}
    assert (len(parsed.events), len(parsed.unreadable)) == (0, 0)


@pytest.mark.parametrize(
    "document",
    [
        [],
        {},
        [VALIDATION[0] | {"eventType": "Microsoft.Communication.EmailDeliveryReportReceived"}],
        [VALIDATION[0] | {"data": {"validationCode": "<script>"}}],
        [VALIDATION[0] | {"data": {"validationCode": "a" * 101}}],
        b"junk",
    ],
)
def test_nothing_but_a_code_is_echoed(document: Any) -> None:
    asked = request(CASE.encoded(document), {"aeg-event-type": "SubscriptionValidation"})
    assert PROVIDER.shake(asked, CASE.settings) is None


def test_who_says_that_it_is_a_validation_is_not_believed() -> None:
    with pytest.raises(Unauthorized):
        ask(CASE, request(CASE.good, {"aeg-event-type": "SubscriptionValidation"}))


@pytest.mark.parametrize("origin", ["evil.example", "", "eventgrid.azure.net.evil.example"])
def test_nobody_else_is_allowed_to_send(origin: str) -> None:
    asked = replace(request(b"", CIMultiDict({"WebHook-Request-Origin": origin})), method="OPTIONS")
    assert PROVIDER.shake(asked, CASE.settings) is None
