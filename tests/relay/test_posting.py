# SPDX-License-Identifier: GPL-3.0-or-later
"""When it is written down that an event is on its way, seen from the client that sends it."""

from __future__ import annotations

import pytest

from bouncestream.ports import Answer, Claimed, State
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
