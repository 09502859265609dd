# SPDX-License-Identifier: GPL-3.0-or-later
"""The breaker: trouble passes by itself, a pause names what a person has to do."""

from __future__ import annotations

import pytest

from bouncestream.ports import Answer, PostOutcome
from bouncestream.relay.breaker import PAUSE_LIMIT, TROUBLE_BASE, TROUBLE_LIMIT, Breaker


def test_trouble_waits_longer_each_time_up_to_a_bound() -> None:
    breaker = Breaker(lambda: 0.0)
    now, waits = 0.0, []
    for _ in range(12):
        breaker.trouble(now, "refused")
        waits.append(breaker.until - now)
        now = breaker.until
    assert waits[0] == TROUBLE_BASE
    assert waits == sorted(waits)
    assert waits[-1] == TROUBLE_LIMIT
    breaker.fine()
    assert breaker.until < 0
    assert not breaker.why


def test_what_others_in_flight_meet_is_the_same_trouble() -> None:
    breaker = Breaker(lambda: 0.0)
    breaker.trouble(0.0, "refused")
    until = breaker.until
    breaker.trouble(0.1, "refused")
    assert breaker.until == until


def test_the_servers_own_wish_is_kept() -> None:
    breaker = Breaker(lambda: 0.9)
    breaker.trouble(0.0, "429", retry_after=17.0)
    assert breaker.until == 17.0


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(PostOutcome.DENIED, 404), "Enable bounce webhooks"),
        (Answer(PostOutcome.UNKNOWN, 503), "Enable bounce processing"),
        (Answer(PostOutcome.DENIED, 403, "permission denied: webhooks:post_bounce"), "grant webhooks:post_bounce"),
        (Answer(PostOutcome.DENIED, 403, "invalid API credentials"), "[listmonk] user and token"),
        (Answer(PostOutcome.FOREIGN, 200, "<html>"), "point [listmonk] url at Listmonk itself"),
        (Answer(PostOutcome.DENIED, 418), "the proxy's rules"),
    ],
)
def test_a_pause_names_the_fix(answer: Answer, words: str) -> None:
    breaker = Breaker(lambda: 0.0)
    breaker.pause(10.0, answer)
    assert words in breaker.paused
    assert not breaker.wants_probe(10.0)
    assert breaker.wants_probe(breaker.until)
    assert breaker.until <= 10.0 + PAUSE_LIMIT


def test_an_outage_is_no_pause() -> None:
    breaker = Breaker(lambda: 0.0)
    breaker.pause(0.0, Answer(PostOutcome.NOT_SENT, 0, "refused"))
    assert not breaker.paused
    assert breaker.why == "refused"
