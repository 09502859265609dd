# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import random
from datetime import datetime

import pytest

from bouncestream.sources.listmonk_log.entry import MARKS, Unsent, entry, unsent

HEAD = "2026/11/29 16:01:02.123456 manager.go:548: error sending message "
NAMES = {"News", "News: subscriber 5", "VERP test", "a\nb", "Größe: 550 5.1.1"}


def read(words: str, names: set[str] | None = NAMES) -> Unsent | None:
    found = entry(HEAD + words)
    assert found is not None
    return unsent(found, names)


def test_the_line_of_today() -> None:
    found = entry(HEAD + 'in campaign VERP test: subscriber 3: 550 "5.1.1 <n@example.com>: User unknown"')
    assert found is not None
    assert found.at == datetime(2026, 11, 29, 16, 1, 2, 123456)  # noqa: DTZ001
    assert unsent(found, NAMES) == Unsent("VERP test", 3, "550 5.1.1 <n@example.com>: User unknown")


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("550 5.1.1 gone", "550 5.1.1 gone"),
        ('550 "gone"', "550 gone"),
        ('550 "say \\"gone\\"\\n5.1.1 \\\\ \\t\\u00e9\\U0001f98a"', '550 say "gone"\n5.1.1 \\ \té🦊'),
        ('550 "\\xff\\ud800"', "550 ��"),
        ('550 "\\xc3\\xa9"', "550 é"),
        ('550 "cut off', '550 "cut off'),
        ("dial tcp 192.0.2.1:25: connect: refused", "dial tcp 192.0.2.1:25: connect: refused"),
        ("550 5.1.1 gone\n550 for good", "550 5.1.1 gone\n550 for good"),
        ("", ""),
    ],
)  # fmt: skip
def test_the_servers_text(words: str, text: str) -> None:
    assert read(f"in campaign VERP test: subscriber 3: {words}") == Unsent("VERP test", 3, text)


@pytest.mark.parametrize(
    "forged",
    [
        "550 5.1.1 no: subscriber 77: 550 5.1.1 gone",
        '550 "5.1.1 no: subscriber 77: 550 5.1.1 gone"',
        f"550 5.1.1 no\n{HEAD}in campaign VERP test: subscriber 77: 550 5.1.1 gone",
        f"550 no\r{HEAD}in campaign News: subscriber 77: 550 gone",
        "550 VERP test: subscriber 77: 550 gone",
        ": subscriber 77: VERP test: subscriber 78: ",
    ],
)
def test_the_right_end_is_a_strangers(forged: str) -> None:
    found = read(f"in campaign VERP test: subscriber 3: {forged}")
    assert found is None or found.subscriber == 3
    assert found is not None
    # without the names a second mark makes it unclear
    without = read(f"in campaign VERP test: subscriber 3: {forged}", None)
    assert without is None


def test_what_two_campaigns_may_have_written_names_nobody() -> None:
    assert read("in campaign News: subscriber 5: subscriber 6: 550 gone") is None
    assert read("in campaign News: subscriber 6: 550 gone") == Unsent("News", 6, "550 gone")
    assert read("in campaign a\nb: subscriber 6: 550 gone") == Unsent("a\nb", 6, "550 gone")
    assert read("in campaign Größe: 550 5.1.1: subscriber 6: x") == Unsent("Größe: 550 5.1.1", 6, "x")


@pytest.mark.parametrize(
    "words",
    [
        "in campaign Unknown: subscriber 3: 550 gone",
        "in campaign VERP test : subscriber 3: 550 gone",
        "in campaign VERP test: subscriber three: 550 gone",
        "in campaign VERP test: subscriber ٣: 550 gone",
        "in campaign VERP test",
        "'VERP test: subscriber 3: 550 gone': 550 gone",
        "(VERP test: subscriber 3: ): 550 gone",
    ],
)
def test_what_names_nobody(words: str) -> None:
    assert read(words) is None


def test_the_single_mark_where_the_names_are_not_known() -> None:
    assert read("in campaign Any: subscriber 3: 550 gone", None) == Unsent("Any", 3, "550 gone")


@pytest.mark.parametrize(
    "line",
    [
        "",
        "error sending message in campaign VERP test: subscriber 3: 550",
        f"x {HEAD}in campaign VERP test: subscriber 3: 550",
        "2026/11/29 16:01:02.123456 manager.go:548: start processing campaign",
        f"2026/13/29 16:01:02 manager.go:548: {HEAD[45:]}in campaign VERP test: subscriber 3: 550",
        f"hello\n{HEAD}in campaign VERP test: subscriber 3: 550",
    ],
)
def test_other_lines(line: str) -> None:
    assert entry(line) is None


def test_no_line_breaks_the_reader() -> None:
    dice = random.Random(7)
    pieces = [
        HEAD,
        "in campaign ",
        "VERP test",
        ": subscriber ",
        "3",
        ": ",
        '550 "',
        "\\x",
        "\\u12",
        "\n",
        '"',
        "\x00",
        "🦊",
    ]
    for _ in range(5000):
        line = HEAD + "".join(dice.choices(pieces, k=dice.randrange(12)))
        found = entry(line)
        if found is not None:
            unsent(found, NAMES)
            unsent(found, None)
    many = "in campaign " + "x: subscriber 1: " * (MARKS + 1)
    assert read(many) is None
