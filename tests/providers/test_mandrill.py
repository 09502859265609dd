# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace

import pytest

from bouncestream import providers
from bouncestream.crypto.secret import Secret
from bouncestream.errors import Unauthorized
from bouncestream.event import BounceEvent, Kind
from tests.providers.case import KEY, as_json, ask, request, verify
from tests.providers.cases.mandrill import CASES, MANDRILL, bounce, signed

CASE = CASES["mandrill"]
PROVIDER = providers.get("mandrill")
CAMPAIGN = "11111111-2222-4333-8444-555555555555"


def one(**fields: object) -> BounceEvent:
    mail = {**MANDRILL["msg"], **fields}  # type: ignore[dict-item]
    (event,) = ask(CASE, CASE.request(bounce(msg=mail))).events
    return event


def test_all_of_a_bounce() -> None:
    event = one(metadata={"listmonk_campaign": CAMPAIGN})
    assert (event.kind, event.reason, event.campaign_uuid) == (Kind.HARD, "user_unknown", CAMPAIGN)
    assert (event.reply_code, event.enhanced_status) == ("550", "5.1.1")
    assert event.provider_event_id == "bs00000000000000000000000000000a"


@pytest.mark.parametrize(
    ("why", "diag", "kind", "reason"),
    [
        ("invalid_domain", "", Kind.HARD, None),
        ("bad_mailbox", "smtp;550 5.7.1 policy", Kind.SOFT, None),
        ("general", "smtp;550 no words that we know", Kind.SOFT, None),
        ("general", "smtp;550 5.1.1 user unknown", Kind.HARD, "user_unknown"),
    ],
)
def test_hard_bounces(why: str, diag: str, kind: Kind, reason: str | None) -> None:
    event = one(bounce_description=why, diag=diag)
    assert event.kind is kind
    assert reason is None or event.reason == reason


@pytest.mark.parametrize(
    "item",
    [
        MANDRILL | {"event": "deferral"},
        {"type": "blacklist", "action": "add", "reject": {"email": "person@example.org", "reason": "hard-bounce"}},
    ],
)
def test_what_is_no_event(item: dict[str, object]) -> None:
    parsed = ask(CASE, CASE.request([item]))
    assert (parsed.events, len(parsed.ignored)) == ((), 1)


def test_what_mandrill_itself_refuses_is_kept() -> None:
    (event,) = ask(CASE, CASE.request(bounce(event="reject", msg={"email": "person@example.org"}))).events
    assert event.reason == "provider_list"


def test_several_events() -> None:
    parsed = ask(CASE, CASE.request([*bounce(), 5, *bounce(event="spam")]))
    assert [event.kind for event in parsed.events] == [Kind.HARD, Kind.COMPLAINT]
    assert len(parsed.unreadable) == 1


@pytest.mark.parametrize("url", ["", "https://bounces.example.org/webhooks/news/", "http://x"])
def test_the_url_is_signed_too(url: str) -> None:
    with pytest.raises(Unauthorized, match="wrong signature"):
        verify(request(CASE.good, signed(CASE.good, KEY, url)), CASE.settings)


def test_it_is_answered_before_there_is_a_key() -> None:
    head = PROVIDER.shake(replace(request(b""), method="HEAD"), CASE.settings)
    test = PROVIDER.shake(CASE.bare([]), CASE.settings)
    assert head is not None
    assert test is not None
    assert (head.status, test.status) == (200, 200)
    assert PROVIDER.shake(CASE.bare(), CASE.settings) is None
    assert PROVIDER.shake(request(as_json(bounce())), CASE.settings) is None
    assert ask(CASE, CASE.request([])).unreadable == ()


def test_a_vector() -> None:
    """Computed with node:crypto as Mailchimp documents it."""
    body = (
        b"mandrill_events=%5B%7B%22event%22%3A%22hard_bounce%22%2C%22msg%22%3A%7B%22email%22%3A%22ada%40example.com"
        b"%22%7D%7D%5D"
    )
    hook = CASE.without(
        webhook_key=Secret("fdbQ6WZ-example-key"), url="https://user:pass@hooks.example.net/mandrill?src=1"
    )
    verify(request(body, {"X-Mandrill-Signature": "w2EShYQfdKxlx9Rg7eIiEQjVw9A="}), hook)
    with pytest.raises(Unauthorized):
        verify(request(body + b"&x=1", {"X-Mandrill-Signature": "w2EShYQfdKxlx9Rg7eIiEQjVw9A="}), hook)
