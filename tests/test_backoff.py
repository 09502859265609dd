# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bouncestream.backoff import LONGEST, backoff, wished


def test_it_doubles_up_to_the_longest() -> None:
    assert [backoff(n, jitter=0) for n in (1, 2, 3, 8)] == [2, 4, 8, 256]
    assert backoff(14, jitter=0) == 16384
    assert backoff(15, jitter=0) == LONGEST


@given(st.integers(-(2**70), 2**70), st.floats(0, 1, exclude_max=True))
def test_it_is_never_longer_than_the_longest_nor_shorter_than_half_a_step(failures: int, jitter: float) -> None:
    assert 1 <= backoff(failures, jitter=jitter) <= LONGEST


def test_jitter_spreads_what_failed_together() -> None:
    assert backoff(3, jitter=0.5) == 6
    assert backoff(3, jitter=0.999) > 4


def test_a_wish_to_wait_is_believed_for_an_hour() -> None:
    assert [wished(text) for text in ("17", " 0 ", "9" * 30)] == [17, 0, 3600]
    assert [wished(text) for text in (None, "", "-1", "1.5", "٣", "Wed, 21 Oct 2026 07:28:00 GMT")] == [None] * 6
