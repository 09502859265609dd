# SPDX-License-Identifier: GPL-3.0-or-later
"""How many go first where only time speaks, and what makes them more."""

from __future__ import annotations

from bouncestream.relay.scouts import LIMIT, Scouts


def test_one_goes_first_and_keeps_its_place_until_it_ends() -> None:
    scouts = Scouts()
    assert scouts.may_go("a", 0.0, {"a", "b"})
    assert not scouts.may_go("b", 0.0, {"a", "b"})
    scouts.waits("a", 600.0)
    assert not scouts.may_go("b", 599.0, {"b"}), "it waits to be posted"
    scouts.posted("a")
    assert not scouts.may_go("b", 9999.0, {"a", "b"})
    scouts.ended("a")
    assert scouts.may_go("b", 9999.0, {"b"})


def test_a_place_is_free_again_when_its_event_is_forgotten() -> None:
    scouts = Scouts()
    scouts.may_go("a", 0.0, {"a"})
    scouts.waits("a", 600.0)
    assert scouts.may_go("b", 601.0, {"b"})


def test_they_grow_with_each_that_ends_well_and_shrink_to_one_at_a_stall() -> None:
    scouts = Scouts()
    scouts.moved("a")
    assert scouts.allowed == 1, "that one was no scout"
    scouts.may_go("a", 0.0, {"a"})
    for expected in (2, 4, 8):
        scouts.moved("a")
        assert scouts.allowed == expected
    scouts.stalled()
    assert scouts.allowed == 1
    for _ in range(20):
        scouts.moved("a")
    assert scouts.allowed == LIMIT
