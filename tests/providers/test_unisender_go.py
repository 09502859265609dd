# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace

import pytest

from bouncestream import providers
from bouncestream.crypto.secret import Secret
from bouncestream.errors import Unauthorized
from bouncestream.event import BounceEvent, Kind
from tests.providers.case import ask, request, verify
from tests.providers.cases.unisender_go import CASES, EVENT, batch

CASE = CASES["unisender_go"]
CAMPAIGN = "11111111-2222-4333-8444-555555555555"


def one(**fields: object) -> BounceEvent:
    (event,) = ask(CASE, CASE.request(batch(EVENT | fields))).events
    return event


def test_all_of_a_bounce() -> None:
    event = one(metadata={"listmonk_campaign": CAMPAIGN})
    assert (event.kind, event.reason, event.campaign_uuid) == (Kind.HARD, "user_unknown", CAMPAIGN)
    assert (event.reply_code, event.provider_event_id) == ("550", "1aaaaa-00001a-aaaa")
    assert event.occurred_at is not None
    assert event.occurred_at.hour == 11


@pytest.mark.parametrize(
    ("how", "words", "kind", "reason"),
    [
        ("err_user_inactive", "", Kind.HARD, "user_unknown"),
        ("err_mailbox_full", "", Kind.SOFT, "mailbox_full"),
        ("err_spam_rejected", "550 5.7.1 spam", Kind.SOFT, None),
        ("err_unsubscribed", "", Kind.UNSUBSCRIBE, "suppressed"),
        ("err_delivery_failed", "550 5.1.1 user unknown", Kind.HARD, "user_unknown"),
        ("skip_dup_unreachable", "", Kind.SOFT, "provider_list"),
        ("err_novelty", "no words that we know", Kind.SOFT, None),
    ],
)
def test_hard_bounces(how: str, words: str, kind: Kind, reason: str | None) -> None:
    event = one(delivery_info={"delivery_status": how, "destination_response": words})
    assert event.kind is kind
    assert reason is None or event.reason == reason


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "soft_bounced", "delivery_info": {"delivery_status": "err_will_retry"}},
        {"delivery_info": {"delivery_status": "err_lost"}},
        {"status": "delivered"},
    ],
)
def test_what_is_no_event(fields: dict[str, object]) -> None:
    assert ask(CASE, CASE.request(batch(EVENT | fields))).events == ()


def test_a_bad_event_and_a_bad_project_spoil_no_neighbour() -> None:
    both = batch(EVENT, 5)
    both["events_by_user"] = [{"user_id": 1}, *both["events_by_user"]]
    parsed = ask(CASE, CASE.request(both))
    assert (len(parsed.events), len(parsed.unreadable)) == (1, 2)


def test_the_look_whether_the_url_answers() -> None:
    answer = providers.get("unisender_go").shake(replace(request(b""), method="GET"), CASE.settings)
    assert answer is not None
    assert providers.get("unisender_go").shake(CASE.bare(), CASE.settings) is None


def test_a_vector() -> None:
    """Computed with node:crypto: the digest is over the bytes as they were sent, with the key in its place."""
    body = (
        rb'{"auth":"0b90818fd769585ede8888425c53803b","events_by_user":[{"user_id":456,"events":[{"event_name":'
        rb'"transactional_email_status","event_data":{"email":"ada@example.com","status":"hard_bounced",'
        rb'"metadata":{"n":"\u041c"}}}]}]}'
    )
    hook = CASE.without(signing_key=Secret("apikey123"))
    verify(request(body), hook)
    with pytest.raises(Unauthorized):
        verify(request(body.replace(b"456", b"457")), hook)
