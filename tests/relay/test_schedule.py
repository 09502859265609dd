# SPDX-License-Identifier: GPL-3.0-or-later
"""When labels are read: their later reads, and that a restart forgets none of them."""

from __future__ import annotations

from itertools import pairwise

import pytest

from bouncestream.relay.schedule import FIRST_READ, LATER_READS, READ_PACE, LaterReads, Schedule

M = 60.0


def test_while_events_are_posted_all_the_time_a_label_is_read_at_its_pace() -> None:
    """Each post would have it read at once else, and a read costs as much as posting dozens of events does."""
    schedule = Schedule()
    schedule.reset(0.0)
    assert schedule.at == 0.0, "what was never read waits for nothing"
    reads = []
    for tick in range(1000):
        now = tick / 100
        schedule.reset(now)  # one more was posted
        if schedule.at <= now:
            reads.append(now)
            schedule.was_read(now, fresh=True)
    assert [round(later - earlier, 6) for earlier, later in pairwise(reads)] == [READ_PACE] * (len(reads) - 1)
    assert READ_PACE > FIRST_READ
    assert 30 < len(reads) <= 41


def test_after_a_pause_a_post_has_its_label_read_at_once() -> None:
    schedule = Schedule()
    schedule.was_read(0.0, fresh=False)
    schedule.reset(READ_PACE + 1)
    assert schedule.at == READ_PACE + 1


def test_a_label_is_read_four_times_more_and_ever_later() -> None:
    later = LaterReads(M)
    assert later.plan({"a"}, 100.0) == {"a": (0, M)}
    now, waits = 100.0, []
    while later:
        at = later.next_at()
        assert at is not None
        assert later.due(at - 0.1) == []
        assert later.due(at) == ["a"]
        waits.append(at - now)
        now = at
        step = later.were_read(["a", "other"], now)
    assert waits == [M, 4 * M, 16 * M, 64 * M]
    assert step == {"a": None}, "the outbox forgets it too"
    assert later.next_at() is None


def test_a_read_before_its_time_is_none_of_them() -> None:
    later = LaterReads(M)
    later.plan({"a"}, 0.0)
    assert later.were_read(["a"], M - 1) == {}
    assert later.next_at() == M


def test_what_comes_new_begins_anew() -> None:
    later = LaterReads(M)
    later.plan({"a"}, 0.0)
    later.were_read(["a"], M)
    assert later.plan({"a"}, M + 1) == {"a": (0, M)}
    assert later.next_at() == 2 * M + 1


@pytest.mark.parametrize(
    ("wait", "expected"), [(10.0, 10.0), (-5.0, 0.0), (1e9, 16 * M)], ids=["in time", "overdue", "the clock jumped"]
)
def test_what_an_earlier_run_left_goes_on(wait: float, expected: float) -> None:
    later = LaterReads(M)
    later.restore({"a": (2, wait)}, 1000.0)
    assert later.next_at() == 1000.0 + expected
    assert later.were_read(["a"], 1000.0 + expected) == {"a": (LATER_READS - 1, 64 * M)}


def test_the_longest_due_comes_first() -> None:
    later = LaterReads(M)
    later.restore({"a": (0, 30.0), "b": (3, 10.0), "c": (0, 50.0)}, 0.0)
    assert later.due(40.0) == ["b", "a"]
