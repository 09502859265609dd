# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import random

import pytest

from bouncestream.sinks.listmonk.stream import LONGEST, EventReader

LINE = b'data: {"id": "", "type": "error", "message": "a line\\n", "data": null}\n\n'


def test_lines_come_out_however_they_are_cut() -> None:
    whole = (b"retry: 3000\n" + LINE) * 20
    dice = random.Random(3)
    reader, found, at = EventReader(), [], 0
    while at < len(whole):
        step = dice.randrange(1, 40)
        found += reader.feed(whole[at : at + step])
        at += step
    assert found == ["a line"] * 20


@pytest.mark.parametrize(
    "odd",
    [
        b"<html>\n\n",
        b"data: \n",
        b"data: {\n",
        b'data: {"type": "error"}\n',
        b'data: {"type": "error", "message": 5}\n',
        b'data: {"type": "other", "message": "x"}\n',
        b"data: [1]\ndata: null\n",
        b"event: x\nid: 5\n: a comment\n\xff\xfe\x00\n",
        b"x" * (3 * LONGEST) + b"\n",
        b"data: " + b"x" * LONGEST + b"\n",
    ],
)
def test_what_is_no_line_is_passed_over(odd: bytes) -> None:
    reader = EventReader()
    assert reader.feed(odd) == []
    assert reader.feed(LINE) == ["a line"]


def test_a_line_without_an_end_takes_no_memory() -> None:
    reader = EventReader()
    for _ in range(100):
        assert reader.feed(b"data: " + b"x" * LONGEST) == []
    assert len(reader._rest) <= LONGEST
    assert reader.feed(b"\n" + LINE) == ["a line"]
