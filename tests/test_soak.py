# SPDX-License-Identifier: GPL-3.0-or-later
"""`make soak` judges rightly, and a short one runs: hostile clients, forged mails, the counting at the end."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.soak import Sample, Told, growth, judge, percentile, soak

GOOD = Told(
    calm=[0.01] * 100,
    storm=[0.01] * 197 + [0.09, 0.09, 0.5],
    samples=[Sample(1, 40, 20, 0), Sample(11, 50, 20, 1), Sample(12, 59.5, 20, 2)],
    warm_up=10,
    acknowledged=100,
)


def test_all_is_well() -> None:
    assert [text for good, text in judge(GOOD) if not good] == []


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        (replace(GOOD, acknowledged=0), "answered"),
        (replace(GOOD, samples=[*GOOD.samples, Sample(13, 61, 20, 3)]), "memory"),
        (replace(GOOD, samples=[]), "memory"),
        (replace(GOOD, storm=[0.01] * 90 + [0.11] * 10), "p99"),
        (replace(GOOD, lost=1), "lost"),
        (replace(GOOD, doubled=1), "doubled"),
        (replace(GOOD, unsettled=1), "settled"),
        (replace(GOOD, blocklisted=1), "blocklisted"),
    ],
)
def test_what_is_wrong_is_told(wrong: Told, word: str) -> None:
    (bad,) = [text for good, text in judge(wrong) if not good]
    assert word in bad


def test_a_slow_calm_allows_more() -> None:
    slow = replace(GOOD, calm=[0.08] * 100, storm=[0.15] * 100)
    assert all(good for good, _ in judge(slow))
    assert percentile([], 0.99) == 0.0
    assert growth(GOOD.samples, 10) == (50, 59.5)


@pytest.mark.process
@pytest.mark.chaos
async def test_a_short_one(tmp_path: Path) -> None:
    told = await soak(12, tmp_path)
    assert (told.acknowledged, told.lost, told.doubled, told.unsettled) == (600, 0, 0, 0)
    assert len(told.calm) + len(told.storm) == 600
    assert len(told.samples) >= 5
    assert told.blocklisted == 0
