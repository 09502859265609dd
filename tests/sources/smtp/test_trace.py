# SPDX-License-Identifier: GPL-3.0-or-later
"""What a listener writes above a mail, and what that proves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from bouncestream.mail.verp import matched
from bouncestream.sources.smtp.trace import Letter, traced

LETTER = Letter(
    "",
    ("b+reader=example.com@lists.example.org",),
    b"Delivered-To: b+victim=example.com@lists.example.org\r\nFrom: a@b.example\r\n\r\nx\r\n",
    "mx.example.net",
    "192.0.2.1",
    "ESMTP",
    datetime(2026, 11, 22, 12, 0, tzinfo=UTC),
)


def test_the_trace_says_from_whom_for_whom_and_when() -> None:
    assert traced(LETTER, "me@example.org", "mx.us.example").decode().splitlines()[:4] == [
        "Return-Path: <>",
        "Delivered-To: me@example.org",
        "Received: from mx.example.net ([192.0.2.1]) by mx.us.example with ESMTP;",
        "\tSun, 22 Nov 2026 12:00:00 +0000",
    ]


def test_the_recipient_of_the_envelope_counts_and_not_what_the_sender_wrote() -> None:
    head = traced(LETTER, LETTER.recipients[0], "mx.us.example").decode()
    found = matched(head, ["b+*@lists.example.org"])
    assert found is not None
    assert (found.mailed, found.trusted) == ("reader@example.com", True)
    elsewhere = matched(traced(LETTER, "bounces@example.org", "mx").decode(), ["b+*@lists.example.org"])
    assert elsewhere is not None
    assert not elsewhere.trusted


def test_no_word_of_a_stranger_begins_a_line() -> None:
    odd = replace(LETTER, sender="a\r\nBcc: <x>@y", client="evil\r\nX: y", address="")
    head = traced(odd, "b\n@c.example", "mx").partition(b"Delivered-To: b+victim")[0].decode()
    assert head.splitlines() == [
        "Return-Path: <aBcc:x@y>",
        "Delivered-To: b@c.example",
        "Received: from unknown by mx with ESMTP;",
        "\tSun, 22 Nov 2026 12:00:00 +0000",
    ]
