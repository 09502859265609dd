# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from bouncestream.event import Kind
from tests.providers.case import ask
from tests.providers.cases.smtp2go import CASES, SMTP2GO

CAMPAIGN = "11111111-2222-4333-8444-555555555555"
SUBSCRIBER = "66666666-7777-4888-8999-aaaaaaaaaaaa"


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_all_of_a_bounce(case) -> None:  # type: ignore[no-untyped-def]
    listed = {"x-listmonk-campaign": CAMPAIGN, "X-Listmonk-Subscriber": SUBSCRIBER}
    (event,) = ask(case, case.request(SMTP2GO | listed)).events
    assert (event.kind, event.reason, event.message_id) == (Kind.HARD, "user_unknown", "<id@host>")
    assert (event.campaign_uuid, event.subscriber_uuid) == (CAMPAIGN, SUBSCRIBER)
    assert event.provider_event_id == "1aaaaa-AAAAAAAAAAAA-0001"  # not `id`, which is the webhook's
    assert event.occurred_at is not None


def test_what_smtp2go_itself_refuses() -> None:
    case = CASES["smtp2go"]
    rejected = SMTP2GO | {"event": "reject", "message": "Recipient is suppressed"}
    assert [event.reason for event in ask(case, case.request(rejected)).events] == ["provider_list"]


@pytest.mark.parametrize("fields", [{"event": "delivered"}, {"event": "sms-sent"}])
def test_what_is_no_event(fields: dict[str, str]) -> None:
    case = CASES["smtp2go"]
    assert ask(case, case.request(SMTP2GO | fields)).events == ()
