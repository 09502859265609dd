# SPDX-License-Identifier: GPL-3.0-or-later
"""What the receiving server found of From counts; what a stranger wrote into the mail does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bouncestream.mail.authentication import author, passed, plain

MX = "mx.example.org"
AR = "Authentication-Results: "
HOP = "Received: from a.example by mx.example.org; Tue, 3 Nov 2026 09:00:00 +0000\n"


@pytest.mark.parametrize(
    ("head", "method"),
    [
        (f"{AR}mx.example.org; dkim=pass header.d=example.com\n{HOP}From: a@example.com\n", "DKIM"),
        (
            f"Delivered-To: x\n{HOP}{AR}mx.example.org;\n\tdkim=pass\n header.i=@example.com header.s=a\nFrom: a\n",
            "DKIM",
        ),
        (f"{AR}MX.Example.Org 1; spf=pass; dmarc = pass (p=NONE) header.from = Example.COM\n", "DMARC"),
        (f"{AR}mx.example.org (it; is) ; DKIM/1=pass (2048 (bit)) header.d=example.com\n", "DKIM"),
        (
            f"{AR}mx.example.org; dmarc=none\nX-Filter: x\n{AR}mx.example.org; dkim=pass header.d=example.com\n",
            "DKIM",
        ),
        (f"{AR}mx.example.org; dkim=fail header.d=example.com; dkim=pass header.d=example.com\n", "DKIM"),
        # not about the domain of From, or no pass
        (f"{AR}mx.example.org; dkim=pass header.d=evil.example\n", ""),
        (f"{AR}mx.example.org; dkim=pass header.d=sub.example.com\n", ""),
        (f"{AR}mx.example.org; dkim=pass\n", ""),
        (f"{AR}mx.example.org; dmarc=pass\n", ""),
        (f"{AR}mx.example.org; dmarc=passed header.from=example.com\n", ""),
        (f"{AR}mx.example.org; dkim=fail header.d=example.com\n", ""),
        (f"{AR}mx.example.org; spf=pass smtp.mailfrom=example.com\n", ""),
        (f"{AR}mx.example.org; none\n", ""),
        # another server, or below what is ours
        (f"{AR}mx.evil.example; dkim=pass header.d=example.com\n", ""),
        (f"{AR}spf=pass; dkim=pass header.d=example.com\n", ""),
        (f"{AR}other.example; dkim=none\n{AR}mx.example.org; dkim=pass header.d=example.com\n", ""),
        (f"{AR}mx.example.org; spf=none\n{HOP}{AR}mx.example.org; dkim=pass header.d=example.com\n", ""),
        (
            f"{AR}mx.example.org; spf=none\nSubject: x\n{AR}mx.example.org; dkim=pass header.d=example.com\n",
            "",
        ),
        (f"{AR}mx.example.org; dkim=none\n{AR}mx.example.org; dkim=pass header.d=example.com\n", ""),
        # words of strangers within a field of ours
        (f"{AR}mx.example.org; dmarc=pass header.from=example.com; dmarc=fail header.from=evil.example\n", ""),
        (f"{AR}mx.example.org; dmarc=fail header.from=evil.example; dmarc=pass header.from=example.com\n", ""),
        (f'{AR}mx.example.org; spf=none smtp.mailfrom="; dkim=pass header.d=example.com"@evil.example\n', ""),
        (f"{AR}mx.example.org; dkim=fail (x; dkim=pass header.d=example.com) header.d=evil.example\n", ""),
        (f"{AR}mx.example.org; dkim=fail (x \\) ; dkim=pass header.d=example.com\n", ""),
        (f'{AR}mx.example.org; dkim=fail reason="a\\"; dkim=pass header.d=example.com"\n', ""),
        ("From: a@example.com\n", ""),
    ],
)
def test_only_what_the_own_server_wrote_on_top_counts(head: str, method: str) -> None:
    assert passed(head, MX, "example.com") == method


def test_without_a_name_or_a_domain_nothing_counts() -> None:
    head = f"{AR}mx.example.org; dkim=pass header.d=example.com\n"
    assert passed(head, "", "example.com") == passed(head, MX, "") == ""


@pytest.mark.parametrize(
    ("head", "address"),
    [
        ("From: Reader <Reader@Example.com>\n", "reader@example.com"),
        ("From: reader@example.com\n", "reader@example.com"),
        ("From: reader@example.com (Reader)\n", "reader@example.com"),
        ('From: "boss@example.com" <reader@example.com>\n', "reader@example.com"),
        ("From: boss@example.com\n <reader@example.com>\n", "reader@example.com"),
        ("From: =?utf-8?q?=3Cboss=40example.com=3E?= <reader@example.com>\n", "reader@example.com"),
        ("From: (<boss@example.com>) reader@example.com\n", "reader@example.com"),
        ("From: a@example.com, b@example.com\n", ""),
        ("From: A <a@example.com>, B <b@example.com>\n", ""),
        ("From: a@example.com\nFrom: b@example.com\n", ""),
        ("From: <a@example.com>, b@example.com\n", ""),
        ("From: b@example.com, <a@example.com>\n", ""),
        ("From: <a@example.com> b@example.com\n", ""),
        ("From: <a@example.com> <b@example.com>\n", ""),
        ("From: x a@example.com\n", ""),
        ("From: =?utf-8?q?a=40example.com?=\n", ""),
        ("From: <=?utf-8?q?a=40example.com?=>\n", ""),
        ("From: us: <a@example.com>, b@example.com;\n", ""),
        (f"From: a@example.com{' ' * 8000}, b@example.com\n", ""),
        ("From: a@example.com\n" + "X-Padding: x\n" * 600 + "From: b@example.com\n", ""),
        ("From: nobody\n", ""),
        ("Sender: a@example.com\n", ""),
    ],
)
def test_the_one_address_of_the_one_from(head: str, address: str) -> None:
    assert author(head) == address


@given(st.text())
def test_any_field_can_be_read(text: str) -> None:
    assert not set(plain(text)) & {'"'}
    assert passed(f"{AR}{text}", MX, "example.com") in ("", "DKIM", "DMARC")
    assert isinstance(author(f"From: {text}"), str)
