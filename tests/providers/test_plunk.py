# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from bouncestream.event import Kind
from tests.providers.case import ask
from tests.providers.cases.plunk import CASES, PLUNK

CASE = CASES["plunk"]
SUBSCRIBER = "66666666-7777-4888-8999-aaaaaaaaaaaa"


def test_all_of_a_bounce() -> None:
    contact = {"email": "Person@example.org", "data": {"listmonk_subscriber": SUBSCRIBER}}
    (event,) = ask(CASE, CASE.request(PLUNK | {"contact": contact})).events
    assert (event.kind, event.recipient, event.subscriber_uuid) == (Kind.HARD, "person@example.org", SUBSCRIBER)
    assert (event.provider_event_id, event.message_id) == ("em1", "")
    assert event.occurred_at is not None
    assert event.occurred_at.second == 11


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ({"bouncedAt": "2026-11-22T11:33:11.000Z"}, Kind.SOFT),  # how, it does not say
        ({"transientBounce": True}, Kind.SOFT),
        ({"bounceType": "Undetermined"}, Kind.SOFT),
    ],
)
def test_a_bounce_is_hard_only_if_it_says_permanent(event: dict[str, object], kind: Kind) -> None:
    assert ask(CASE, CASE.request(PLUNK | {"event": event})).events[0].kind is kind


def test_a_type_that_was_added_counts_and_without_any_it_is_kept_as_unreadable() -> None:
    said = PLUNK | {"type": "email.delivery", "event": {}}
    assert ask(CASE, CASE.request(said)).events == ()
    (unreadable,) = ask(CASE, CASE.request(PLUNK | {"event": {"openedAt": "x"}})).unreadable
    assert unreadable.event_type == "?"
