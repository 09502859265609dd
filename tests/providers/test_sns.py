# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from typing import Any

import pytest

from bouncestream import providers
from bouncestream.errors import Malformed
from bouncestream.providers._contract import Gathered, Parsed, Webhook
from bouncestream.providers._sns import unwrapped
from tests.providers import sns
from tests.providers.case import NOW, request

TOPIC = sns.topic("secret")


def read(said: Any) -> tuple[Parsed, list[Any]]:
    """What comes of a message, and what was read as an event."""
    found: list[Any] = []
    into: Gathered[Webhook] = Gathered(providers.webhook("a", "generic"), "SNS", {}, NOW)
    unwrapped(request(json.dumps(said).encode()), into, (TOPIC,), lambda event, _: found.append(event))
    return into.done(), found


def test_an_event_in_a_message_and_a_raw_one() -> None:
    assert read(sns.message("secret", '{"a": 1}')) == (Parsed(), [{"a": 1}])
    assert read({"a": 1}) == (Parsed(), [{"a": 1}])


@pytest.mark.parametrize("text", ["words", "5", "[]", ""])
def test_a_text_that_is_no_event(text: str) -> None:
    parsed, found = read(sns.message("secret", text))
    assert (found, len(parsed.ignored)) == ([], 1)


def test_only_a_subscription_to_our_topic_is_confirmed() -> None:
    parsed, found = read(sns.message("secret", "x", "SubscriptionConfirmation"))
    assert (found, len(parsed.visits), parsed.notes) == ([], 1, ())
    parsed, found = read(sns.message("of another", "x", "SubscriptionConfirmation"))
    assert (found, parsed.visits, len(parsed.notes)) == ([], (), 1)


def test_the_end_of_a_subscription_is_told_and_not_undone() -> None:
    parsed, found = read(sns.message("secret", "x", "UnsubscribeConfirmation"))
    assert (found, parsed.visits) == ([], ())
    assert "has ended" in parsed.notes[0]


def test_what_is_no_json() -> None:
    into: Gathered[Webhook] = Gathered(providers.webhook("a", "generic"), "SNS", {}, NOW)
    with pytest.raises(Malformed):
        unwrapped(request(b"{"), into, (), lambda event, _: None)
