# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import random
import re
import time
from datetime import datetime

import pytest

from bouncestream.sources.listmonk_log.entry import MARKS, Unsent, begun, entry, unsent

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


PIECES = [
    HEAD, "in campaign ", "VERP test", "News", "a\nb", ": subscriber ", ": subscriber 5", "3", "77", ": ", "550 ",
    '"', '550 "', "\\x", "\\xff", "\\u12", "\\ud800", "\\777", "\\", "\n", "\r", "\x00", "🦊", "\ud800", "٣",
]  # fmt: skip


@pytest.mark.parametrize("seed", range(20))
def test_whatever_a_line_holds_only_its_beginning_names_somebody(seed: int) -> None:
    dice = random.Random(seed)
    named = 0
    for _ in range(1000):
        line = "".join(dice.choices(PIECES, k=dice.randrange(14)))
        if dice.random() < 0.5:
            line = f"in campaign {dice.choice(sorted(NAMES))}: subscriber {dice.randrange(99)}: {line}"
        line = (HEAD if dice.random() < 0.9 else "") + line
        if dice.random() < 0.3:
            at = dice.randrange(len(line) + 1)
            line = line[:at] + chr(dice.randrange(0x11000)) + line[at:]
        found = entry(line)
        for names in (NAMES, None):
            if found is None or (who := unsent(found, names)) is None:
                continue
            named += 1
            assert line.startswith(f"{HEAD}in campaign {who.campaign}: subscriber ") or not line.startswith(HEAD)
            behind = line[line.index("in campaign ") + len(f"in campaign {who.campaign}: subscriber ") :]
            assert int(re.match(r"\d+(?=: )", behind, re.ASCII)[0]) == who.subscriber  # type: ignore[index]
            assert names is None or who.campaign in names
            assert len(who.words) <= len(line)
    assert named > 100


@pytest.mark.parametrize(
    "words",
    [
        "x: subscriber 1: " * 3000,
        '550 "' + "\\" * 20_001,
        '550 "' + "a" * 20_000,
        '550 "' + 'a\\"' * 6000 + "x",
        '550 "' + "a\\xff" * 4000 + '"' + " " * 300 + "x",
        "in campaign VERP test: subscriber " + "1" * 20_000,
    ],
)
def test_a_long_line_takes_no_longer_than_its_length(words: str) -> None:
    begun = time.process_time()
    for names in (NAMES, None):
        for front in ("in campaign ", "in campaign VERP test: subscriber 3: ", ""):
            read(front + words, set(names) if names else None)
    assert time.process_time() - begun < 0.5


def test_a_whole_log_is_read_soon() -> None:
    text = (
        '550 "5.1.1 <person@example.com>: Recipient address rejected: User unknown; see \\"https://example.org/\\""'
    )
    lines = [f"{HEAD}in campaign VERP test: subscriber {number}: {text}" for number in range(5000)]
    begun = time.process_time()
    found = [unsent(one, NAMES) for line in lines if (one := entry(line)) is not None]
    assert time.process_time() - begun < 0.5, "about 0.04 s on a server of 2026"
    assert [one.subscriber for one in found if one is not None] == list(range(5000))


def test_a_campaign_that_is_begun() -> None:
    line = "2026/11/29 16:01:02.5 manager.go:467: start processing campaign (a (b)\nc)"
    assert begun(line) == (datetime(2026, 11, 29, 16, 1, 2, 500000), "a (b)\nc")  # noqa: DTZ001
    for odd in (line[:-1], line.replace("start", "stop"), f"x{line}", line.replace("/11/", "/13/"), ""):
        assert begun(odd) is None


def test_too_many_marks_name_nobody() -> None:
    assert read("in campaign " + "x: subscriber 1: " * (MARKS + 1)) is None
