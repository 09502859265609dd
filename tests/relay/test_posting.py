# SPDX-License-Identifier: GPL-3.0-or-later
"""When it is written down that an event is on its way, seen from the client that sends it."""

from __future__ import annotations

import logging

import pytest

from bouncestream.ports import Answer, Claimed, Move, State
from bouncestream.relay.context import FAILURES_TOLD
from tests.relay.conftest import Bridge


async def test_an_event_is_claimed_and_stamped_as_sent_before_its_first_byte_goes_out(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stamp from after the answer would make the mark too new: what was posted meanwhile, and is queued still,
    would be taken for lost and be posted twice (rules 1 and 3)."""
    await bridge.start()
    clock, ledger, post = bridge.relay.context.clock, bridge.relay.context.ledger, bridge.sink.post
    begun: dict[str, float] = {}
    stamps: dict[str, float | None] = {}

    async def watched(claimed: Claimed) -> Answer:
        begun[claimed.event_id] = clock.monotonic()
        entry = ledger.entries[claimed.event_id]
        stamps[claimed.event_id] = entry.sent
        assert entry.in_flight
        assert await bridge.states() == {"claimed": 5}, "the claim is on disk"
        answer = await post(claimed)
        assert entry.sent == stamps[claimed.event_id], "nor is it moved later"
        return answer

    with monkeypatch.context() as patch:
        patch.setattr(bridge.sink, "post", watched)
        await bridge.emit(range(5))
        await bridge.idle()
    bridge.exactly_once(5)
    assert await bridge.states() == {State.VERIFIED: 5}
    assert len(stamps) == 5
    assert all(sent is not None and sent <= begun[event_id] for event_id, sent in stamps.items())


async def test_the_first_failure_of_an_event_is_a_warning_and_many_do_not_flood(
    bridge: Bridge, caplog: pytest.LogCaptureFixture
) -> None:
    await bridge.start()
    await bridge.idle()
    await bridge.emit(range(40))
    await bridge.idle()
    context = bridge.relay.context
    caplog.clear()
    for _ in range(2):
        await context.settle([Move(1, State.PENDING, "a firewall said no", failed=True)])
    await context.settle([Move(2, State.PENDING, "Listmonk is away")])
    assert [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING] == [
        "event 1 failed and will be tried again: a firewall said no"
    ]
    await context.settle([Move(row, State.PENDING, "a firewall said no", failed=True) for row in range(3, 41)])
    assert len([r for r in caplog.records if r.levelno == logging.WARNING]) == FAILURES_TOLD
