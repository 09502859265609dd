# SPDX-License-Identifier: GPL-3.0-or-later
"""When labels are read: their later reads, and that a restart forgets none of them."""

from __future__ import annotations

import pytest

from bouncestream.sinks.reading import LATER_READS, LaterReads

M = 60.0


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
