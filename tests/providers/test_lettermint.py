# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bouncestream.crypto.secret import Secret
from bouncestream.errors import Unauthorized
from bouncestream.event import Kind
from bouncestream.providers._contract import admit, prove
from tests.providers.case import KEY, NOW, ask, request, verify
from tests.providers.cases.lettermint import CASES, LETTERMINT, signed

CASE = CASES["lettermint"]
CAMPAIGN = "11111111-2222-4333-8444-555555555555"


def test_all_of_a_bounce() -> None:
    data = LETTERMINT["data"] | {"metadata": {"Listmonk_campaign": CAMPAIGN}}  # type: ignore[operator]
    (event,) = ask(CASE, CASE.request(LETTERMINT | {"data": data})).events
    assert (event.kind, event.reason, event.campaign_uuid) == (Kind.HARD, "user_unknown", CAMPAIGN)
    assert (event.reply_code, event.enhanced_status, event.diagnostic) == ("550", "5.1.1", "User unknown")
    assert event.provider_event_id == "f47ac10b-58cc-4372-a567-0e02b2c3d479"


def test_the_time_of_older_pages() -> None:
    old: dict[str, Any] = {**LETTERMINT, "created_at": LETTERMINT["timestamp"], "timestamp": None}
    assert ask(CASE, CASE.request(old)).events[0].occurred_at == datetime(2026, 11, 22, 11, 33, 11, tzinfo=UTC)


@pytest.mark.parametrize("name", ["message.failed", "message.policy_rejected", "webhook.test"])
def test_what_is_no_event(name: str) -> None:
    assert ask(CASE, CASE.request(LETTERMINT | {"event": name})).events == ()


def test_what_lettermint_itself_refuses() -> None:
    (event,) = ask(CASE, CASE.request(LETTERMINT | {"event": "message.suppressed"})).events
    assert event.reason == "provider_list"


@pytest.mark.parametrize("age", [301, -301])
def test_a_replay(age: int) -> None:
    with pytest.raises(Unauthorized, match="replay"):
        verify(request(CASE.good, signed(CASE.good, KEY, NOW.timestamp() - age)), CASE.settings)


def test_a_vector() -> None:
    """Computed with node:crypto as Lettermint documents it."""
    body = b'{"event":"message.hard_bounced"}'
    header = "t=1760000000,v1=aed268cbc856a7a4d2bc6505908061de44a6650830642645a736ca655974a10a"
    hook, at = CASE.without(signing_secret=Secret("lm-secret")), datetime.fromtimestamp(1760000000, UTC)
    asked = request(body, {"X-Lettermint-Signature": header})
    assert admit(asked, hook, at) is False
    assert prove(asked, hook, at) is None
