# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of a given width, also of scripts that take two cells a character."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bouncestream.cli import layout
from bouncestream.cli.layout import columns, cut, pad, paragraphs, width, wrap


def lines(made: list[tuple[list[str], list[str]]]) -> list[str]:
    return [line for cells, below in made for line in ("  ".join(cells).rstrip(), *below)]


def test_a_wide_character_takes_two_cells_and_a_combining_one_none() -> None:
    assert (width("ab"), width("用户"), width("e\u0301"), width("ß")) == (2, 4, 1, 1)
    assert pad("用户", 6) == "用户  "
    assert pad("7", 3, right=True) == "  7"


def test_what_is_cut_says_so() -> None:
    assert cut("mailbox_disabled", 9) == "mailbox_…"
    assert cut("用户不存在", 6) == "用户…"
    assert cut("short", 5) == "short"


def test_words_are_not_broken() -> None:
    long = "https://news.example.com/webhooks/sendamatic/a-long-secret"
    assert wrap(f"post it to {long} now", 20, "→ ", "  ") == ["→ post it to", f"  {long}", "  now"]
    assert wrap("", 20) == [""]


def test_a_script_without_blanks_is_broken_anywhere() -> None:
    assert wrap("用户不存在", 6) == ["用户不", "存在"]


@given(st.text(st.sampled_from("a b用-é"), max_size=60), st.integers(4, 30))
def test_nothing_is_lost_and_no_line_is_too_wide(text: str, room: int) -> None:
    made = wrap(text, room)
    assert "".join(made).replace(" ", "") == text.replace(" ", "")
    longest = max((width(word) for word in text.split()), default=0)
    assert all(width(line) <= max(room, longest) for line in made)


def test_a_table_fits_its_room_and_prose_goes_below() -> None:
    rows = [("1", "a" * 30, "news: " + "word " * 12), ("22", "b", "")]
    made = lines(columns(("no.", "who", "why"), rows, 30, prose=True))
    assert made[0].split() == ["no.", "who"]
    assert made[1] == "  1  " + "a" * 24 + "…"
    assert made[2:] == [
        "    news: word word word word",
        "    word word word word word",
        "    word word word",
        " 22  b",
    ]
    assert all(width(line) <= 30 for line in made)


def test_prose_stands_beside_where_there_is_room() -> None:
    made = lines(columns(("no.", "why"), [("1", "one two three four five six seven eight nine")], 40, prose=True))
    assert made == ["no.  why", "  1  one two three four five six seven", "     eight nine"]


def test_a_pipe_loses_nothing() -> None:
    made = lines(columns(("who", "state"), [("x" * 60, "dead"), ("y", "held")], 40, whole=True))
    assert made[1] == "x" * 60 + "  dead"
    assert made[2].endswith("held")


def test_numbers_stand_at_the_right() -> None:
    assert lines(columns(("n", "x"), [("1,000", "2a"), ("7", "3")], 40)) == ["    n  x", "1,000  2a", "    7  3"]


def test_a_paragraph_is_wrapped_and_an_indented_line_is_kept() -> None:
    text = "one two\nthree four\n\n    a  snippet\nfive"
    assert list(paragraphs(text, 10)) == ["one two", "three four", "", "    a  snippet", "five", ""]
    assert list(paragraphs("one two three", 8)) == ["one two", "three", ""]


def test_a_table_of_many_rows_is_quick_enough_to_wait_for() -> None:
    rows = [(str(number), f"r•••@{'x' * 50}.example", "verified", "") for number in range(20_000)]
    assert len(columns(("no.", "who", "state", "why"), rows, layout.width("x" * 40), prose=True)) == 20_001
