# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bouncestream.providers._phrases import Phrases


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("bounced/permanent", "bounced/permanent"),
        ("BOUNCED/Permanent", "bounced/permanent"),
        ("bounced/other", "bounced*"),
        ("bounced", "bounced*"),
        ("mail bounced", "* bounced"),
        ("the spam report", "*spam*"),
        ("spam", "*spam*"),
        ("bounce", None),
        ("unbounced", None),
        ("", None),
        ("straße", "STRASSE"),
    ],
)
def test_which_phrase_a_word_is(text: str, phrase: str | None) -> None:
    table = Phrases(["bounced*", "bounced/permanent", "* bounced", "*spam*", "STRASSE"])
    assert table.find(text) == phrase


def test_the_most_telling_one_wins_and_of_equal_ones_the_first() -> None:
    assert Phrases(["*", "a*", "ab*"]).find("abc") == "ab*"
    assert Phrases(["a*", "*a"]).find("aba") == "a*"
    assert Phrases(["*a", "a*"]).find("aba") == "*a"
    assert Phrases([]).find("a") is None


def test_nothing_but_a_star_is_special() -> None:
    for odd in (".", "a?", "[a-z]", "(a|b)+", "\\", "$"):
        assert Phrases([odd]).find(odd) == odd
        assert Phrases([odd]).find("ab") is None


letters = st.text("ab*", max_size=6)


@given(st.lists(letters, max_size=5), st.text("ab", max_size=8))
def test_as_a_regular_expression_would_have_it(phrases: list[str], text: str) -> None:
    fitting = [one for one in phrases if re.fullmatch(re.escape(one).replace(r"\*", ".*"), text)]
    best = max((len(one.replace("*", "")) for one in fitting), default=-1)
    found = Phrases(phrases).find(text)
    assert found == next((one for one in fitting if len(one.replace("*", "")) == best), None)


def test_a_text_is_read_once_whatever_the_phrases_are() -> None:
    """What a search that goes back would never end with."""
    table = Phrases([*("*a" * 60 + "b" * number + "*" for number in range(1, 200)), "*" * 200])
    assert table.find("a" * 600) == "*" * 200
