# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bouncestream.crypto.secret import Secret
from bouncestream.errors import Unauthorized
from bouncestream.event import Kind
from bouncestream.providers._contract import admit, prove
from tests.providers.case import KEY, NOW, ask, request, verify
from tests.providers.cases.emailit import CASES, EMAILIT, signed

CASE = CASES["emailit"]


def test_a_bounce_and_its_retry_signed_anew_are_one() -> None:
    (event,) = ask(CASE, CASE.request()).events
    assert (event.kind, event.provider_event_id) == (Kind.HARD, "em_4yM2nTvR8oPcX3uZiKeLg7sB")
    (again,) = ask(CASE, request(CASE.good, signed(CASE.good, KEY, NOW.timestamp() - 200))).events
    assert again == event


@pytest.mark.parametrize(
    "sort",
    ["email.attempted", "email.rejected", "contact.created", "email_verification.updated"],
)
def test_what_is_no_event(sort: str) -> None:
    assert ask(CASE, CASE.request([EMAILIT | {"type": sort}])).events == ()


def test_what_emailit_itself_refuses() -> None:
    (event,) = ask(CASE, CASE.request([EMAILIT | {"type": "email.suppressed"}])).events
    assert event.reason == "provider_list"


@pytest.mark.parametrize("age", [301, -301])
def test_a_replay(age: int) -> None:
    with pytest.raises(Unauthorized, match="replay"):
        verify(request(CASE.good, signed(CASE.good, KEY, NOW.timestamp() - age)), CASE.settings)


def test_a_vector() -> None:
    """Computed with node:crypto as Emailit documents it: the secret is the key with its first letters."""
    body = b'[{"event_id":"evt_1","type":"email.bounced"}]'
    headers = {
        "X-Emailit-Timestamp": "1760000000",
        "X-Emailit-Signature": "335129b0c4eb109769439d6b666cbfe89c95d7c15b9b07bcd4c5ae21e9c781e8",
    }
    hook, at = CASE.without(signing_secret=Secret("whsec_" + "ab" * 32)), datetime.fromtimestamp(1760000000, UTC)
    asked = request(body, headers)
    assert admit(asked, hook, at) is False
    assert prove(asked, hook, at) is None
