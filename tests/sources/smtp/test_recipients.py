# SPDX-License-Identifier: GPL-3.0-or-later
"""For whom mail is taken."""

from __future__ import annotations

import pytest

from bouncestream.sources.smtp.recipients import takes

PATTERNS = ("bounces@example.org", "b+*@lists.example.org", "*@bücher.example")


@pytest.mark.parametrize(
    ("address", "taken"),
    [
        ("bounces@example.org", True),
        ("Bounces@EXAMPLE.org", True),
        ("b+reader=example.com@lists.example.org", True),
        ("b+@lists.example.org", True),
        ("b@lists.example.org", False),
        ("b+x@lists.example.org.evil.example", False),
        ("b+x@example.org", False),
        ("anybody@bücher.example", True),
        ("anybody@xn--bcher-kva.example", True),
        ("bounces", False),
        ("@example.org", False),
        ("", False),
        ("postmaster@[127.0.0.1]", False),
        ("bounces@example.org\x00", False),
    ],
)
def test_a_recipient_fits_or_is_refused(address: str, taken: bool) -> None:
    assert takes(PATTERNS, address) is taken


def test_a_domain_that_is_none_fits_none() -> None:
    assert not takes(("bounces@[10.0.0.1]",), "bounces@[10.0.0.2]")
    assert not takes((), "bounces@example.org")


def test_what_stands_before_and_behind_the_star_does_not_overlap() -> None:
    assert not takes(("ab*ba@example.org",), "aba@example.org")
    assert takes(("ab*ba@example.org",), "abba@example.org")
