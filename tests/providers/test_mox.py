# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from bouncestream.event import Kind
from tests.providers.case import KEY, ask, request
from tests.providers.cases.mox import CASES, MOX

CASE = CASES["mox"]
CAMPAIGN = "11111111-2222-4333-8444-555555555555"
SUBSCRIBER = "66666666-7777-4888-8999-aaaaaaaaaaaa"


def test_all_of_a_failure_with_the_case_that_headers_get() -> None:
    extra = {"Email": "person@example.org", "Listmonk_campaign": CAMPAIGN, "Listmonk_subscriber": SUBSCRIBER}
    (event,) = ask(CASE, CASE.request(MOX | {"Extra": extra})).events
    assert (event.kind, event.recipient, event.message_id) == (Kind.HARD, "person@example.org", "<id@host>")
    assert (event.campaign_uuid, event.subscriber_uuid) == (CAMPAIGN, SUBSCRIBER)
    assert (event.reply_code, event.enhanced_status) == ("550", "5.1.1")


@pytest.mark.parametrize("extra", [None, {}, {"Email": ""}])
def test_without_the_campaign_header_nobody_is_known(extra: object) -> None:
    parsed = ask(CASE, CASE.request(MOX | {"Extra": extra}))
    assert parsed.events == ()
    assert "recipient" in parsed.unreadable[0].why


def test_the_subscriber_alone_will_do() -> None:
    (event,) = ask(CASE, CASE.request(MOX | {"Extra": {"Listmonk_subscriber": SUBSCRIBER}})).events
    assert (event.recipient, event.subscriber_uuid) == ("", SUBSCRIBER)


def test_what_mox_itself_refuses() -> None:
    (event,) = ask(CASE, CASE.request(MOX | {"Event": "suppressed"})).events
    assert event.reason == "provider_list"


@pytest.mark.parametrize("name", ["delayed", "delivered", "unrecognized"])
def test_what_is_no_event(name: str) -> None:
    assert ask(CASE, CASE.request(MOX | {"Event": name})).events == ()


def test_the_authorization_is_any_value() -> None:
    assert ask(CASE, request(CASE.good, {"Authorization": KEY})).events
