# SPDX-License-Identifier: GPL-3.0-or-later
"""Two holders never act at once, whatever becomes of messages, clocks and processes."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from bouncestream.lease import GUARD, RENEW, TTL, Bridge, Tenure, bridge_of, holder_of


def test_a_lease_lasts_from_before_it_was_asked_for() -> None:
    tenure = Tenure("relay")
    assert not tenure.held(0) and not tenure.safe(0) and tenure.safe_for(0) == 0
    assert tenure.granted(1, asked_at=100)
    assert tenure.held(100 + TTL - 0.1) and not tenure.held(100 + TTL)
    assert tenure.safe(100 + TTL - GUARD - 0.1) and not tenure.safe(100 + TTL - GUARD)
    assert tenure.safe_for(101) == TTL - GUARD - 1


def test_a_renewal_is_no_new_epoch_and_a_lease_that_had_ended_is_one() -> None:
    tenure = Tenure("relay")
    tenure.granted(1, asked_at=100)
    assert not tenure.granted(1, asked_at=105)
    assert tenure.safe(105 + TTL - GUARD - 0.1)
    assert tenure.granted(2, asked_at=200)


def test_a_bridge_tells_the_others_how_it_is() -> None:
    board = '{"listmonk": ["red", "it is away"]}'
    assert Bridge("mx1", "1a", "0.1.0", 9, 1, board).parts == {"listmonk": {"state": "red", "why": "it is away"}}
    for odd in ("", "[]", "3", "{", '{"listmonk": 3}', '{"listmonk": ["red"]}'):
        assert Bridge("mx1", "1a", "0.1.0", 9, 1, odd).parts == {}


def test_a_refusal_ends_it_at_once() -> None:
    tenure = Tenure("relay")
    tenure.granted(1, asked_at=100)
    tenure.refused()
    assert not tenure.held(100) and not tenure.safe(100)


def test_two_renewals_may_fail_before_anything_has_to_end() -> None:
    assert TTL - GUARD > 2 * RENEW


def test_a_process_that_was_stopped_does_not_go_on_where_it_was() -> None:
    tenure = Tenure("relay")
    tenure.granted(1, asked_at=100)
    assert not tenure.safe(100 + 2 * TTL)


def test_two_runs_of_a_name_are_two_holders() -> None:
    assert holder_of("mx:1", "a1b2") != holder_of("mx:1", "c3d4")
    assert bridge_of(holder_of("mx:1", "a1b2")) == "mx:1"


class Database:
    """The row, by the rule of `outbox/leases`: who finds it ended takes it over."""

    def __init__(self) -> None:
        self.holder, self.epoch, self.ends = "", 0, float("-inf")

    def ask(self, holder: str, now: float) -> int | None:
        ended = self.ends <= now
        if self.holder != holder and not ended:
            return None
        self.epoch += ended or self.holder != holder
        self.holder, self.ends = holder, now + TTL
        return self.epoch


@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.floats(0, 8), st.floats(0, 4), st.floats(0, 4), st.booleans()),
        max_size=60,
    )
)
@settings(max_examples=300)
def test_no_two_hold_it_at_once(asked: list[tuple[str, float, float, float, bool]]) -> None:
    """Requests wait on their way there and back, and answers are lost; clocks of bridges and database differ."""
    database = Database()
    offset = {"a": 1000.0, "b": -500.0}
    tenures = {"a": Tenure("relay"), "b": Tenure("relay")}
    now = 0.0
    for name, pause, there, back, arrives in asked:
        now += pause
        asked_at = now + offset[name]
        now += there
        epoch = database.ask(name, now + 77_000)
        now += back
        if not arrives:
            continue
        if epoch is None:
            tenures[name].refused()
        else:
            tenures[name].granted(epoch, asked_at)
        holders = [each for each, tenure in tenures.items() if tenure.held(now + offset[each])]
        assert len(holders) <= 1
        assert not holders or tenures[holders[0]].epoch == database.epoch
