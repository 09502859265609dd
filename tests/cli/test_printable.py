# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bouncestream.printable import mask, mask_all, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ünï 漢 😀", "plain ünï 漢 😀"),
        ("a\x1b[31mb", "a\\x1b[31mb"),
        ("a\nb\r\tc\x00", "a\\nb\\x0d\\x09c\\x00"),
        ("\u202egnp\u2066", "\\u202egnp\\u2066"),
        ("\x85\u2028\u2029\u200b", "\\x85\\u2028\\u2029\\u200b"),
        ("\udc80", "\\udc80"),
        ("\U000e0001", "\\U000e0001"),
        ("a\u00a0b\u3000c", "a b c"),
    ],
)
def test_what_has_no_glyph_becomes_an_escape(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text())
def test_the_result_is_always_printable(text: str) -> None:
    assert printable(text).isprintable()
    assert len(printable(text, 20)) <= 20


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("person@example.com", "p•••@example.com"),
        ('"a@b"@example.com', '"•••@example.com'),
        ("@example.com", "•••@example.com"),
        ("nobody", "n•••"),
        ("sealed", "sealed"),
        ("erased", "erased"),
        ("", ""),
    ],
)
def test_mask(address: str, masked: str) -> None:
    assert mask(address) == masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("nothing here", "nothing here"),
        ("550 <ann@example.com>: unknown", "550 <a•••@example.com>: unknown"),
        ("ann@example.com,bob@example.org", "a•••@example.com,b•••@example.org"),
        ('to "john doe"@example.com now', "to j•••@example.com now"),
        ("q=ann%40example.com&x", "q•••@example.com&x"),
        ("jürgen@bücher.example", "j•••@bücher.example"),
        ("a@b@c.example", "a•••@c.example"),
        ("x" * 300 + "@example.com", "x•••@example.com"),
    ],
)
def test_mask_all(text: str, masked: str) -> None:
    assert mask_all(text) == masked


@given(st.from_regex(r"[a-z0-9.+_-]{2,20}@[a-z0-9.-]{1,20}", fullmatch=True), st.text(), st.text())
def test_no_address_survives(address: str, before: str, after: str) -> None:
    assert address not in mask_all(f"{before} {address} {after}")


@pytest.mark.parametrize("text", ["a" * 10**6 + " @", "@" * 10**6, "a@" * 10**5, '"' * 10**6 + "@", "%40" * 10**5])
def test_masking_takes_linear_time(text: str) -> None:
    began = time.perf_counter()
    mask_all(text)
    assert time.perf_counter() - began < 3
