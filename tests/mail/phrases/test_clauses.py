# SPDX-License-Identifier: GPL-3.0-or-later
"""Cutting a server's words into clauses."""

from __future__ import annotations

import re
import time

import pytest

from bouncestream.mail.phrases.clauses import (
    _ACCEPTED,
    _ASIDE,
    _BESIDE,
    _DENIED,
    _IDLE,
    _PASSED,
    _PASSING,
    _TOPICS,
    cut,
    told,
)
from tests.mail.needed import without


def clauses(text: str, advice: bool = False) -> list[str]:
    return [clause.text for clause in cut(told(text)) if clause.advice is advice]


def test_sentences_and_clauses_are_counted() -> None:
    found = [(c.text, c.sentence, c.place) for c in cut(told("550 Rejected: no such user. Goodbye!"))]
    assert found == [("550 rejected", 0, 0), ("no such user", 0, 1), ("goodbye", 1, 0)]


@pytest.mark.parametrize(
    "text",
    [
        "550 gone. See our policy",
        "550 gone - please ask the postmaster",
        "550 gone, for more information write to us",
        "550 gone. If this is spam, stop",
        "550 gone --> see the rules",
        "550 gone. Bitte wenden",
        "550 gone. Veuillez lire ceci",
        "550 gone. 请参阅我们的政策",
    ],
)
def test_advice_is_no_cause(text: str) -> None:
    assert clauses(text) == ["550 gone"]
    assert clauses(text, advice=True)


def test_a_colon_may_end_advice() -> None:
    assert clauses("550 Please check the address: no such user") == ["550", "no such user"]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("550 gone [spf=pass dkim=none]", "550 gone"),
        ("550 gone (spam=no)", "550 gone"),
        ("550 gone, not because of spam", "550 gone"),
        ("550 gone (in reply to RCPT TO command)", "550 gone"),
        ("550 gone; message returned to the sender", "550 gone message"),
        ("550 gone, do not try again later", "550 gone do"),
        ("550 gone https://example.com/policy", "550 gone"),
    ],
)
def test_what_passed_and_what_is_denied_is_nothing(text: str, left: str) -> None:
    assert " ".join(clauses(text)) == left


def test_a_reply_of_several_lines_is_one() -> None:
    assert clauses("550-5.1.1 no such\n550 5.1.1 user") == ["550-5.1.1 no such 550 5.1.1 user"]


def test_bytes_in_octal_digits_are_read() -> None:
    assert clauses(r"550 \346\224\266") == ["550 收"]


def test_long_texts_take_no_time() -> None:
    started = time.perf_counter()
    for text in ("not " * 100_000, "a=" * 100_000, "no spam: " * 100_000, ". " * 100_000):
        list(cut(told(text)))
    assert time.perf_counter() - started < 1


@pytest.mark.parametrize("text", ["550 user unknown?", "550 User unknown? No: refused", "Is the user gone? (no)"])
def test_a_question_says_nothing(text: str) -> None:
    assert not any("user" in clause for clause in clauses(text))


def test_letters_that_were_lost_ask_nothing() -> None:
    assert clauses("550 Compte supprim? d?finitivement") == clauses("550 Compte supprim? d?finitivement.")
    assert "compte supprim" in " ".join(clauses("550 Compte supprim? d?finitivement"))


@pytest.mark.parametrize("text", ["/etc/aliases.db: gone", "alias database (/var/db/aliases.db) gone"])
def test_a_path_is_a_file(text: str) -> None:
    assert any("file" in clause for clause in clauses(text))
    assert "db/" not in " ".join(clauses(text))


@pytest.mark.parametrize(
    ("pattern", "hints"),
    [
        (_BESIDE, _ASIDE),
        (_PASSED, (*_PASSING, *_ACCEPTED)),
        (_DENIED, (*_TOPICS, *_IDLE)),
    ],
)
def test_no_pattern_matches_without_one_of_the_signs_that_are_asked_for_first(
    pattern: re.Pattern[str], hints: tuple[str, ...]
) -> None:
    assert without(pattern.pattern, hints) == []
