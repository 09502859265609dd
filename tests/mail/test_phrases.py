# SPDX-License-Identifier: GPL-3.0-or-later
"""The phrase engine, and rules that the tables keep."""

import re
import time

import pytest

from bouncestream.mail import phrases
from bouncestream.mail.phrases.engine import VENDORS, folded, phrases_of
from bouncestream.mail.phrases.entry import ORDER, Vendor, Weight, Wording
from bouncestream.mail.phrases.shapes import SHAPES
from bouncestream.mail.reason import REASONS, kind_of

SAID = [(vendor, said) for vendor in VENDORS for said in vendor.says]


def name(pair: Vendor | Wording) -> str:
    return pair.name if isinstance(pair, Vendor) else pair.reason


def find(text: str) -> str:
    hit = phrases.find(phrases.words(text))
    return hit.reason if hit else ""


@pytest.mark.parametrize(("vendor", "said"), SAID, ids=name)
def test_the_tables_keep_their_rules(vendor: Vendor, said: Wording) -> None:
    assert said.reason in REASONS
    assert said.reason in ORDER
    assert not said.before or said.before in ORDER
    for phrase in phrases_of(said):
        for piece in phrase.split("*"):
            assert piece.strip(), phrase
            assert phrases.words(piece).strip() == folded(piece).strip(), phrase


@pytest.mark.parametrize("vendor", VENDORS, ids=name)
def test_every_speaker_has_a_source_and_the_day_it_was_read(vendor: Vendor) -> None:
    assert re.search(
        r"(January|February|March|April|May|June|July|August|September|October|November|December) 20\d\d",
        vendor.source,
    )
    assert vendor.says


@pytest.mark.parametrize(("vendor", "said"), [p for p in SAID if kind_of(p[1].reason) == "hard"], ids=name)
def test_each_hard_phrase_is_found_or_a_milder_one_is(vendor: Vendor, said: Wording) -> None:
    for phrase in phrases_of(said):
        hit = phrases.find(phrases.words(phrase.replace("*", " so and so ")))
        assert hit is not None, phrase


def test_no_phrase_stands_twice_with_the_same_weight() -> None:
    seen: dict[tuple[str, Weight, bool], str] = {}
    for vendor, said in SAID:
        for phrase in phrases_of(said):
            key = (folded(phrase), said.weight, said.bare)
            assert seen.setdefault(key, said.reason) == said.reason, f"{phrase!r} of {vendor.name}"


def test_shapes_are_regular_expressions_for_known_reasons() -> None:
    for one in SHAPES:
        re.compile(one.pattern)
        assert one.reason in REASONS


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Quota exceeded", "mailbox_full"),
        ("552 quota_exceeded!", "mailbox_full"),
        ("<quota-exceeded@example.com> is fine", ""),
        ("see https://example.com/quota-exceeded", ""),
        ("subquota exceeded-ness", ""),
        ("the server of somebody is blocked", "blocklisted"),
        ("server " + "word " * 40 + "blocked", ""),
        ("550 5.2.0 LPN027_503", "blocklisted"),
        ("554 TSS09 [192.0.2.1]", "too_many"),
        ("554 mxin501", "policy"),
        ("", ""),
    ],
)
def test_words_are_compared_and_not_letters(text: str, reason: str) -> None:
    assert find(text) == reason


def test_what_speaks_against_hard_comes_first() -> None:
    assert find("requested action not taken: mailbox unavailable, over quota") == "mailbox_full"
    assert find("no such user; blocked using bl.example.org") == "blocklisted"


def test_a_star_spans_at_least_one_word() -> None:
    plain = phrases.find(phrases.words("550 OFR_416"))
    assert plain is not None and plain.phrase == "ofr 416"
    numbered = phrases.find(phrases.words("550 OFR005_416"))
    assert numbered is not None and numbered.phrase == "ofr * 416"


def test_long_texts_take_no_time() -> None:
    started = time.perf_counter()
    for text in ("user " * 100_000, "mailbox * " * 100_000, "a" * 1_000_000, "@" * 1_000_000, "x@" * 500_000):
        phrases.find(phrases.words(text))
    assert time.perf_counter() - started < 1
