# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding RFC 3463 and RFC 5321 codes in fields and texts."""

import pytest

from bouncestream.mail import status
from bouncestream.mail.status import Codes


@pytest.mark.parametrize(
    ("text", "code"),
    [("5.1.1", "5.1.1"), (" 5.1.1 (bad destination)", "5.1.1"), ("4.4.7", "4.4.7"), ("", ""), ("3.1.1", ""),
     ("15.1.1", ""),
     ("5.1.351", "5.1.351"), ("192.0.2.5.1.1", "")],
)  # fmt: skip
def test_the_status_field(text: str, code: str) -> None:
    assert status.enhanced(text) == code


@pytest.mark.parametrize(
    ("text", "reply", "code"),
    [
        ("550 5.1.1 User unknown", "550", "5.1.1"),
        ("550-5.1.1 The email account", "550", "5.1.1"),
        ("550 User unknown", "550", ""),
        ("host mx.example.com[192.0.2.5] said: 452 4.2.2 full", "452", "4.2.2"),
        ("Sorry, no mailbox here by that name. (#5.1.1)", "", "5.1.1"),
        ("250 2.1.5 Ok", "250", "2.1.5"),
        ("version 5.2.1.7 of 10.5.1.1", "", ""),
        ("no numbers", "", ""),
    ],
)
def test_codes_in_a_text(text: str, reply: str, code: str) -> None:
    assert status.in_text(text) == Codes(reply, code)


@pytest.mark.parametrize(
    ("code", "reason"),
    [("5.1.1", "user_unknown"), ("5.1.2", "host_unknown"), ("5.1.8", "sender_rejected"), ("5.2.2", "mailbox_full"),
     ("5.7.999", "policy"), ("5.0.0", ""), ("5.1.0", ""), ("", "")],
)  # fmt: skip
def test_what_a_code_alone_means(code: str, reason: str) -> None:
    assert status.reason_of(code) == reason
