# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from bouncestream.crypto.secret import Secret
from bouncestream.event import Kind
from tests.providers.case import ask, request, verify
from tests.providers.cases.maileroo import CASES, MAILEROO

CASE = CASES["maileroo"]
CAMPAIGN = "11111111-2222-4333-8444-555555555555"


def test_all_of_a_failure() -> None:
    (event,) = ask(CASE, CASE.request(MAILEROO | {"tags": {"Listmonk_campaign": CAMPAIGN}})).events
    assert (event.kind, event.reason, event.enhanced_status) == (Kind.HARD, "user_unknown", "5.1.1")
    assert (event.campaign_uuid, event.message_id) == (CAMPAIGN, "")  # the Message-ID is Maileroo's
    assert event.provider_event_id == "<0001@maileroo.example>"


@pytest.mark.parametrize("reason", ["552 5.2.2 full", "421 4.7.0 try later", "no words that we know", None])
def test_a_failure_is_hard_only_when_the_words_say_so(reason: str | None) -> None:
    data = {"to": ["person@example.org"], "reason": reason}
    (event,) = ask(CASE, CASE.request(MAILEROO | {"event_data": data})).events
    assert (event.kind, event.recipient) == (Kind.SOFT, "person@example.org")


def test_what_maileroo_itself_refuses() -> None:
    (event,) = ask(CASE, CASE.request(MAILEROO | {"event_type": "rejected"})).events
    assert event.reason == "provider_list"


@pytest.mark.parametrize("sort", ["deferred", "delivered"])
def test_what_is_no_event(sort: str) -> None:
    assert ask(CASE, CASE.request(MAILEROO | {"event_type": sort})).events == ()


def test_a_vector() -> None:
    """Computed with node:crypto as Maileroo documents it."""
    digest = "13c903a3ae51b75e2e9e0a45ab1a7da9fcf75e6749868efc383984fc9245a185"
    body = b'{"event_type":"failed","event_id":"cb91"}'
    verify(request(body, {"x-maileroo-signature": digest}), CASE.without(signing_secret=Secret("maileroo-secret")))
