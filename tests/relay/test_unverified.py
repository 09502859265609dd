# SPDX-License-Identifier: GPL-3.0-or-later
"""Delivery without read-back: at least once, and it says so."""

from __future__ import annotations

from bouncestream.ports import State
from bouncestream.relay import unverified
from bouncestream.relay.ledger import Ledger, Times
from tests.sinks.listmonk.make import claimed


def posted(*, answered: bool = True, boot: str = "one") -> Ledger:
    ledger = Ledger(Times(margin=60))
    ledger.boot_read(boot, 0.0)
    entry = ledger.claimed(claimed(1))
    ledger.sending(entry, 1.0)
    ledger.closed(entry, 2.0, answered=answered)
    return ledger


def test_a_200_is_final_after_the_settle_time() -> None:
    ledger = posted()
    assert unverified.settle(ledger, 30.0, 60.0) == []
    (move,) = unverified.settle(ledger, 62.0, 60.0)
    assert (move.to, move.final) == (State.POSTED, True)
    assert "bounces:get" in move.why
    assert not ledger.entries


def test_a_restart_in_the_settle_time_has_it_posted_once_more() -> None:
    ledger = posted()
    ledger.boot_read("two", 10.0)
    (move,) = unverified.settle(ledger, 11.0, 60.0)
    assert (move.to, "posted once more" in move.why) == (State.PENDING, True)


def test_no_answer_is_posted_once_more_when_it_can_no_more_arrive() -> None:
    ledger = posted(answered=False)
    assert unverified.settle(ledger, 61.0, 5.0) == []
    (move,) = unverified.settle(ledger, 62.0, 5.0)
    assert move.to is State.PENDING


def test_after_a_crash_a_claimed_event_is_posted_once_more_and_a_posted_one_is_final() -> None:
    ledger = Ledger(Times(margin=60))
    ledger.recovered(claimed(1), 0.0)
    ledger.recovered(claimed(2, state=State.POSTED), 0.0)
    moves = {move.row: move for move in unverified.settle(ledger, 0.0, 60.0)}
    assert moves[1].to is State.PENDING
    assert moves[2].final
