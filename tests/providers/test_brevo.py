# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bouncestream import providers
from bouncestream.event import BounceEvent, Kind, identity_keys
from bouncestream.policy import Rules
from bouncestream.providers._contract import Parsed
from tests.providers.case import KEY, ask
from tests.providers.cases.brevo import BREVO, CASES

CASE = CASES["brevo"]
CAMPAIGN = "11111111-2222-4333-8444-555555555555"
SUBSCRIBER = "66666666-7777-4888-8999-aaaaaaaaaaaa"
CUSTOM = f'{{"listmonk_campaign":"{CAMPAIGN}","listmonk_subscriber":"{SUBSCRIBER}"}}'


def parse(item: Any) -> Parsed:
    return ask(CASE, CASE.request(item))


def one(**fields: Any) -> BounceEvent:
    (event,) = parse(BREVO | fields).events
    return event


@pytest.mark.parametrize("name", ["X-Mailin-custom", "X-Mailin-Custom"])  # Listmonk's Go writes the second
def test_all_of_a_bounce(name: str) -> None:
    event = one(**{name: CUSTOM})
    assert (event.kind, event.recipient, event.reason) == (Kind.HARD, "person@example.org", "user_unknown")
    assert (event.reply_code, event.enhanced_status) == ("550", "5.1.1")
    assert (event.campaign_uuid, event.subscriber_uuid) == (CAMPAIGN, SUBSCRIBER)
    assert event.occurred_at == datetime(2026, 11, 22, 11, 33, 11, 250_000, UTC)
    assert (event.message_id, event.provider_event_id) == ("<id@host>", "")


def test_its_id_is_of_the_webhook_and_the_message_id_carries() -> None:
    assert identity_keys(one(id=1), b"k") == identity_keys(one(id=2), b"k")
    assert identity_keys(one(), b"k") != identity_keys(one(**{"message-id": "<other@host>"}), b"k")


@pytest.mark.parametrize("when", [{"ts_epoch": None}, {"ts_epoch": None, "ts_event": None}])
def test_older_times(when: dict[str, Any]) -> None:
    assert one(**when).occurred_at == datetime(2026, 11, 22, 11, 33, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    ("event", "reason", "kind"),
    [
        ("hard_bounce", "550 5.7.1 refused by policy", Kind.SOFT),
        ("hard_bounce", "552 5.2.2 mailbox full", Kind.SOFT),
        ("invalid_email", "", Kind.HARD),
        ("soft_bounce", "550 5.1.1 no such user", Kind.SOFT),
        ("complaint", "", Kind.COMPLAINT),
        ("unsubscribe", "", Kind.UNSUBSCRIBE),
        ("blocked", "blocked : due to unsubscribed user", Kind.UNSUBSCRIBE),
    ],
)
def test_events(event: str, reason: str, kind: Kind) -> None:
    assert one(event=event, reason=reason).kind is kind


@pytest.mark.parametrize("event", ["deferred", "delivered", "unique_proxy_open", "error", "request"])
def test_what_is_no_event(event: str) -> None:
    parsed = parse(BREVO | {"event": event, "reason": "blocked : due to blacklist user"})
    assert (len(parsed.events), len(parsed.ignored)) == (0, 1)


def test_what_brevo_itself_refuses_is_kept_and_told_as_nothing() -> None:
    event = one(event="blocked", reason="blocked : due to blacklist user")
    assert event.reason == "provider_list"
    assert Rules().ignores(event)
    hook = CASE.with_key(KEY, classes={"blocked": "hard"})
    (told,) = ask(CASE, CASE.request(BREVO | {"event": "blocked", "reason": ""}), hook).events
    assert (told.kind, Rules().ignores(told)) == (Kind.HARD, "")


def test_a_batch_with_a_bad_one() -> None:
    parsed = parse([BREVO, {"event": "novelty"}, {}, BREVO | {"event": "spam"}])
    assert [event.kind for event in parsed.events] == [Kind.HARD, Kind.COMPLAINT]
    assert [trouble.event_type for trouble in parsed.unreadable] == ["novelty", ""]


def test_a_5xx_would_lose_the_event() -> None:
    assert providers.get("brevo").busy == 429
