# SPDX-License-Identifier: GPL-3.0-or-later
"""Return addresses that name the recipient."""

from __future__ import annotations

from pathlib import Path

import pytest

from bouncestream.mail.decode import read
from bouncestream.mail.verp import matched

PATTERN = ("bounce+*@lists.example.org",)
UUID = "9a8b7c6d-1234-4abc-8def-001122334455"
FIXTURES = Path(__file__).parent.parent / "fixtures" / "mail"


@pytest.mark.parametrize(
    ("to", "found"),
    [
        ("bounce+reader=example.com@lists.example.org", "reader@example.com"),
        ("Bounces <BOUNCE+Reader=Example.com@lists.example.org>", "reader@example.com"),
        ("bounce+a=b=example.com@lists.example.org", "a=b@example.com"),
        (f"bounce+{UUID}@lists.example.org", UUID),
        ("bounce+@lists.example.org", ""),
        ("bounce+nobody@lists.example.org", ""),
        ("bounce+reader=example.com@elsewhere.example", ""),
        ("news@lists.example.org", ""),
        ("", ""),
    ],
)
def test_what_stands_for_the_star(to: str, found: str) -> None:
    assert matched({"to": to}, PATTERN) == found


def test_where_the_mail_system_delivered_counts_before_what_the_sender_wrote() -> None:
    fields = {
        "to": "bounce+forged=example.com@lists.example.org",
        "delivered-to": "bounce+reader=example.com@lists.example.org",
    }
    assert matched(fields, PATTERN) == "reader@example.com"


def test_a_pattern_without_a_star_matches_nothing() -> None:
    assert matched({"to": "bounce@lists.example.org"}, ("bounce@lists.example.org",)) == ""


def test_our_own_return_address_tells_whom_a_forward_hides() -> None:
    raw = (FIXTURES / "servers" / "opensmtpd_no_such_user.eml").read_text()
    raw = raw.replace("To: anna.008@dest.test\n", "")  # the returned message does not say it
    raw = raw.replace("To: b.008@lists.test", "To: bounce+reader=example.com@lists.example.org")
    raw = raw.replace("X-Listmonk-Subscriber", "X-Nothing")
    without = read(raw.encode())
    assert [r.address for r in without.recipients] == ["anna.008@dest.test"]
    assert without.verp == ""
    verdict = read(raw.encode(), verp=PATTERN)
    assert verdict.verp == "reader@example.com"
    assert [r.address for r in verdict.recipients] == ["reader@example.com"]


def test_a_redacted_complaint_is_known_by_the_return_address() -> None:
    raw = (FIXTURES / "arf_redacted.eml").read_text().replace("X-Listmonk-Subscriber", "X-Nothing")
    raw = "Delivered-To: bounce+reader=example.com@lists.example.org\n" + raw
    assert read(raw.encode()).unidentified
    assert [(r.address, r.kind) for r in read(raw.encode(), verp=PATTERN).recipients] == [
        ("reader@example.com", "complaint")
    ]
