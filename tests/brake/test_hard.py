# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from datetime import timedelta

from bouncestream.brake import Mark, Threshold
from tests.brake.streams import DEFAULT


def test_words() -> None:
    assert str(DEFAULT) == "50 in 10m and 5%"
    assert str(Threshold(7, timedelta(seconds=90), 0.005)) == "7 in 90s and 0.5%"
    assert str(Mark("reason", "", "")) == "no reason given"
