# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from bouncestream.event import Kind
from tests.providers.case import ask
from tests.providers.cases.cloudflare import CASES, CLOUDFLARE, PAYLOAD

CASE = CASES["cloudflare"]


def test_all_of_a_bounce() -> None:
    (event,) = ask(CASE, CASE.request()).events
    assert (event.kind, event.reason, event.message_id) == (Kind.HARD, "user_unknown", "<id@host>")
    assert (event.reply_code, event.enhanced_status) == ("550", "5.1.1")
    assert event.provider_event_id == "01HX0000000000000000000000"


def test_a_bounce_of_a_type_that_is_not_known_is_judged() -> None:
    new = CLOUDFLARE | {"payload": PAYLOAD | {"bounce": {"type": "new"}}}
    full = PAYLOAD["delivery"] | {"smtpEnhancedStatusCode": "5.2.2", "smtpResponse": "full"}  # type: ignore[operator]
    soft = CLOUDFLARE | {"payload": PAYLOAD | {"bounce": None, "delivery": full}}
    parsed = ask(CASE, CASE.request([new, soft]))
    assert [event.kind for event in parsed.events] == [Kind.HARD, Kind.SOFT]


def test_what_was_tried_until_time_was_up_is_soft() -> None:
    event = {"recipient": "person@example.org", "failure": {"reason": "expired"}}
    failed = CLOUDFLARE | {"type": "cf.email.sending.message.failed", "payload": event}
    assert ask(CASE, CASE.request([failed])).events[0].kind is Kind.SOFT


def test_what_cloudflare_itself_refuses() -> None:
    rejected = CLOUDFLARE | {"type": "cf.email.sending.message.rejected"}
    assert [event.reason for event in ask(CASE, CASE.request([rejected])).events] == ["provider_list"]


@pytest.mark.parametrize("sort", ["deferred", "failed", "delivered"])
def test_what_is_no_event(sort: str) -> None:
    assert ask(CASE, CASE.request([CLOUDFLARE | {"type": f"cf.email.sending.message.{sort}"}])).events == ()
