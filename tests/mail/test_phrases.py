# SPDX-License-Identifier: GPL-3.0-or-later
"""The phrase engine, and rules that the tables keep."""

import re
import time

import pytest

from bouncestream.mail import phrases
from bouncestream.mail.phrase_table import BARE, GROUPS, SHAPES, WEAK
from bouncestream.mail.reason import REASONS, kind_of

HARD = ("user_unknown", "host_unknown", "no_mail_domain", "moved")


def split(group: str) -> tuple[str, list[str]]:
    reason, _, listed = group.partition(":")
    return reason, [phrase.strip() for phrase in listed.replace("\n", " ").split(";") if phrase.strip()]


def find(text: str) -> str:
    hit = phrases.find(phrases.words(text))
    return hit.reason if hit else ""


@pytest.mark.parametrize("group", [*GROUPS, *WEAK, *SHAPES], ids=lambda g: g.partition(":")[0])
def test_every_group_gives_a_known_reason(group: str) -> None:
    assert group.partition(":")[0].rstrip(BARE) in REASONS


@pytest.mark.parametrize("group", [*GROUPS, *WEAK], ids=lambda g: g.partition(":")[0])
def test_phrases_are_written_as_they_are_compared(group: str) -> None:
    for phrase in split(group)[1]:
        for piece in phrase.split("*"):
            assert piece.strip(), phrase
            assert phrases.words(piece).strip() == piece.strip(), phrase


@pytest.mark.parametrize("group", [g for g in GROUPS if kind_of(split(g)[0].rstrip(BARE)) == "hard"])
def test_each_hard_phrase_is_found_or_a_milder_one_is(group: str) -> None:
    for phrase in split(group)[1]:
        hit = phrases.find(phrases.words(phrase.replace("*", " so and so ")))
        assert hit is not None, phrase


def test_shapes_are_regular_expressions() -> None:
    for group in SHAPES:
        for line in group.partition(":")[2].split("\n"):
            re.compile(line)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("User unknown", "user_unknown"),
        ("550 user_unknown!", "user_unknown"),
        ("<user-unknown@example.com> is fine", ""),
        ("see https://example.com/mailbox-full", ""),
        ("superuser unknown-ness", ""),
        ("the mailbox of somebody is full", "mailbox_full"),
        ("mailbox " + "word " * 40 + "is full", ""),
        ("", ""),
    ],
)
def test_words_are_compared_and_not_letters(text: str, reason: str) -> None:
    assert find(text) == reason


def test_what_speaks_against_hard_comes_first() -> None:
    assert find("user unknown, mailbox full") == "mailbox_full"
    assert find("no such user; blocked using bl.example.org") == "blocklisted"


def test_a_star_spans_at_least_one_word() -> None:
    plain = phrases.find(phrases.words("user unknown"))
    assert plain is not None and plain.bare
    named = phrases.find(phrases.words("user jane unknown"))
    assert named is not None and not named.bare


def test_long_texts_take_no_time() -> None:
    started = time.perf_counter()
    for text in ("user " * 100_000, "mailbox * " * 100_000, "a" * 1_000_000, "@" * 1_000_000, "x@" * 500_000):
        phrases.find(phrases.words(text))
    assert time.perf_counter() - started < 1
