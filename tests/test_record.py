# SPDX-License-Identifier: GPL-3.0-or-later
"""A record is made, compared, hashed and copied as a frozen dataclass is."""

from __future__ import annotations

import copy
import pickle
from dataclasses import replace

import pytest

from bouncestream.record import record


@record(frozen=True, slots=True)
class Point:
    x: int
    y: int = 0


def test_it_is_what_its_fields_are() -> None:
    point = Point(1, y=2)
    assert point == Point(1, 2)
    assert point != Point(1)
    assert {point: "here"}[Point(1, 2)] == "here"
    assert repr(point) == "Point(x=1, y=2)"


def test_it_is_replaced_and_copied() -> None:
    point = Point(1, y=2)
    assert replace(point, y=3) == Point(1, 3)
    assert copy.copy(point) == pickle.loads(pickle.dumps(point)) == point


def test_it_has_no_other_fields() -> None:
    with pytest.raises(AttributeError):
        Point(1).z = 3  # type: ignore[attr-defined]
