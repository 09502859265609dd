# SPDX-License-Identifier: GPL-3.0-or-later
"""What waits, as more of it may come."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bouncestream.brake import Brake, Threshold, Usual
from bouncestream.brake.patience import Patience
from tests.brake.streams import DEFAULT, START, hard, play


@pytest.mark.parametrize("rate", [0.8, 0.9, 5, 500])
def test_however_fast_they_come(rate: float) -> None:
    """3,000 of 10,000 sent; below 500 in ten minutes it is not braked."""
    stream = [hard(n, n / rate, "big.example") for n in range(3000)]
    through, held, _ = play(stream, Usual({"c": 10_000}), batch=10, waiting=None if rate > 0.8 else 0)
    assert len(through) <= 100 if rate > 0.8 else held == []


def test_an_ordinary_campaign_hardly_waits() -> None:
    """1 % hard of 100 mails a second; what is sent is known as of a minute ago."""
    stream = [hard(n, n, f"d{n % 50}.example") for n in range(1000)]

    def usual(now: datetime) -> Usual:
        return Usual({"c": int((now - START).total_seconds() // 60 * 60 * 100)})

    through, held, brake = play(stream[61:1000], usual, batch=5, waiting=None)
    assert (len(through), held) == (939, [])
    assert Patience(DEFAULT, brake.window).waiting == {}


def test_what_waits_is_remembered_by_a_start() -> None:
    stream = [hard(n, n / 100, "big.example") for n in range(300)]
    sent = Usual({"c": 10_000})
    brake = Brake(DEFAULT)
    decision = brake.judge(stream, stream[-1].at, sent)
    assert sorted(decision.waits) == list(range(50, 300))
    assert set(decision.waits.values()) == {one.at + DEFAULT.window for one in stream[50:]}
    brake.apply(decision)
    window = [replace(one, waits=one.row in decision.waits) for one in brake.window]
    later = [hard(n, n / 100, "big.example") for n in range(300, 600)]
    held = Brake(DEFAULT, window).judge(later, later[-1].at, sent).held
    assert sorted(held) == list(range(50, 600))


@pytest.mark.parametrize("restart", [False, True])
def test_what_came_at_a_domain_before_its_readers_were_known(restart: bool) -> None:
    """Listmonk is asked when the 51st comes: how fast they come is known then, also after a start."""
    stream = [hard(n, n, "mid.example") for n in range(51)]
    sent, readers = {"c": 1_000_000}, {"c": {"mid.example": 10_000}}
    brake = Brake(DEFAULT)
    for one in stream[:50]:
        brake.apply(brake.judge([one], one.at, Usual(sent)))
    if restart:
        brake = Brake(DEFAULT, brake.window)
    assert brake.judge(stream[50:], stream[50].at, Usual(sent, readers=readers)).waits


def test_keys_that_are_old_are_forgotten() -> None:
    """Each recipient domain has one; a long run meets more of them than a window holds."""
    brake = Brake(DEFAULT)
    for minute in range(40):
        coming = [hard(200 * minute + n, 60 * minute) for n in range(200)]
        brake.apply(brake.judge(coming, coming[-1].at, Usual({"c": 1_000_000})))
    assert len(brake.patience._lately) <= 2 * 200 * 10 + 201


def test_nothing_waits_for_longer_than_half_an_hour() -> None:
    day = Threshold(5, timedelta(days=1), 0.05)
    stream = [hard(n, 0, "big.example") for n in range(10)]
    decision = Brake(day).judge(stream, START, Usual({"c": 1000}))
    assert set(decision.waits.values()) == {START + timedelta(minutes=30)}
