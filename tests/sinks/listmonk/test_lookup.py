# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from bouncestream.sinks.listmonk.lookup import LOOKUP_CHARACTERS, LOOKUP_MANY, chunks


def test_each_part_fits_a_query() -> None:
    values = [f"{number:0{number % 300 + 1}d}@example.com" for number in range(1000)]
    parts = list(chunks(values))
    assert [one for part in parts for one in part] == values
    assert all(len(part) <= LOOKUP_MANY for part in parts)
    assert all(sum(len(one) + 4 for one in part[:-1]) <= LOOKUP_CHARACTERS for part in parts)
    assert list(chunks([])) == []
    assert list(chunks(["x" * 9000])) == [["x" * 9000]]
