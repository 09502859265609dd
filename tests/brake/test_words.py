# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from bouncestream.brake import phrase, server_of


@pytest.mark.parametrize(
    ("text", "server"),
    [
        (
            "host mx1.example.com[192.0.2.1] said: 550 5.1.1 User unknown (in reply to RCPT TO command)",
            "example.com",
        ),
        ("550 5.1.1 <a@b.example>: rejected by mx.gate.example.net: no", "gate.example.net"),
        ("Remote-MTA: dns; example.org", "example.org"),
        ("550 5.1.1 no such user", ""),
        ("", ""),
        ("host " * 500, ""),
    ],
)
def test_the_server_of_a_diagnostic(text: str, server: str) -> None:
    assert server_of(text) == server


def test_the_phrase_that_they_share() -> None:
    texts = [f"550 5.1.1 <p{n}@example.com>: Recipient address rejected [id {n}ab]" for n in range(10)]
    assert phrase([*texts, "something else"]) == "Recipient address rejected"
    for glued in (
        "[mx one]p{}@example.com",
        "<id>p{}@example.com",
        "<p{}@example.com>x@example.org",
        "x%40example.com",
    ):
        assert phrase([f"550 {glued.format(n)} no such user here" for n in range(3)]) == "no such user here"
    assert phrase([f"word{chr(97 + n)} other" for n in range(5)]) == ""
    assert phrase([]) == ""
