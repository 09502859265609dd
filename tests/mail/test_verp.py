# SPDX-License-Identifier: GPL-3.0-or-later
"""Return addresses that name the recipient."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bouncestream.mail.decode import read
from bouncestream.mail.verp import Match, campaign_header, matched, signed

PATTERN = ("bounce+*@lists.example.org",)
UUID = "9a8b7c6d-1234-4abc-8def-001122334455"
KEY = b"a key of these tests"
FIXTURES = Path(__file__).parent.parent / "fixtures" / "mail"
READER = "bounce+reader=example.com@lists.example.org"
FORGED = "bounce+forged=example.com@lists.example.org"
HOP = "Received: from a.example by mx.lists.example.org (Postfix) with ESMTP id 1; Tue, 3 Nov 2026 09:00:00 +0000\n"


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
    assert matched(f"To: {to}\n", PATTERN) == (Match(found, trusted=found == UUID) if found else None)


def test_a_pattern_without_a_star_matches_nothing() -> None:
    assert matched("To: bounce@lists.example.org\n", ("bounce@lists.example.org",)) is None


@pytest.mark.parametrize(
    "head",
    [
        f"Return-Path: <>\nX-Original-To: {READER}\nDelivered-To: bounces@lists.example.org\n{HOP}To: {FORGED}\n",
        f"Delivered-To: {READER}\n{HOP}{HOP}Delivered-To: {FORGED}\nTo: {FORGED}\n",
        f"Return-path: <>\nEnvelope-to: {READER}\nDelivery-date: Tue, 3 Nov 2026\n{HOP}To: {FORGED}\n",
        f"Delivered-To:\n {READER}\nTo: {FORGED}\n",  # a mail of this very host
        f"Received: from x by mx.lists.example.org with LMTP\n\tid 1\n\tfor <{READER}>; Tue\nTo: {FORGED}\n",
    ],
    ids=["postfix", "topmost", "exim", "local", "lmtp"],
)
def test_what_the_own_server_recorded_counts_before_all_else(head: str) -> None:
    assert matched(head, PATTERN) == Match("reader@example.com", trusted=True)


@pytest.mark.parametrize(
    "head",
    [
        f"To: {READER}\n",
        f"{HOP}To: {READER}\n",
        f"{HOP}Delivered-To: {READER}\nTo: x@example.net\n",  # it came with that line
        f"Subject: x\nDelivered-To: {READER}\n",
        f"Delivered-To: bounces@lists.example.org\n{HOP}Delivered-To: {READER}\n{HOP}To: x@example.net\n",
        f"Received: from for <{READER}> by mx.lists.example.org with ESMTP; Tue\nTo: {READER}\n",
        f"{HOP}Received: from x by y.example for <{READER}>; Tue\nCc: {READER}\n",
    ],
    ids=["to", "to below", "delivered-to below", "first of the sent", "relayed", "helo", "older received"],
)
def test_what_the_sender_can_have_written_is_not_recorded(head: str) -> None:
    found = matched(head, PATTERN)
    assert found == Match("reader@example.com")


BOUNCES = f"bounce+{UUID}@lists.example.org"
LMTP = "Received: from lists.example.org\n\tby lists.example.org with LMTP\n\tfor <all@lists.example.org>; Tue\n"
FOR = f"Received: from mx.a.example\n\tby lists.example.org (Postfix)\n\tfor <{BOUNCES}>; Tue\n"
ANYBODY = "From: MAILER-DAEMON@a.example\nTo: postmaster@lists.example.org\n"


@pytest.mark.parametrize(
    "head",
    [
        f"X-Original-To: {BOUNCES}\nDelivered-To: bounces@lists.example.org\n{HOP}{ANYBODY}",
        f"Delivered-To: bounces@lists.example.org\n{HOP}To: {BOUNCES}\n",
        f"Envelope-to: {BOUNCES}\n{HOP}{ANYBODY}",
        f"Delivered-To: {BOUNCES.upper()}\n{HOP}{ANYBODY}",
        f"Delivered-To: {BOUNCES.replace('-', '')}\n{HOP}{ANYBODY}",
        f"Delivered-To: bounces-{BOUNCES}\n{HOP}{ANYBODY}",
        f"Return-Path: <>\nDelivered-To: all@lists.example.org\n{LMTP}{FOR}{ANYBODY}",
        f"Delivered-To: all@lists.example.org\nReceived: by 2002:a05:6402 with SMTP id k1; Tue\n"
        f"X-Received: by 2002:a05 with SMTP id q3; Tue\nReturn-Path: <>\n{FOR}{ANYBODY}",
        f"{HOP}{HOP}From: MAILER-DAEMON@a.example\nTo: <prvs=1234abcdef={BOUNCES}>\n",
        f"{HOP}To: Bounces of the news <{BOUNCES}>\n",
    ],
    ids=[
        *("postfix", "to", "exim", "upper case", "no hyphens", "qmail virtualdomains"),
        *("catch-all behind lmtp", "gmail", "batv", "microsoft"),
    ],
)
def test_a_uuid_counts_wherever_the_mail_says_whom_it_is_for(head: str) -> None:
    """Who knows a UUID can send to its address as well as write it into a field."""
    assert matched(head, PATTERN) == Match(UUID, trusted=True)


def test_a_uuid_behind_a_hyphen_or_in_a_domain_of_its_own() -> None:
    for pattern in ("bounces-*@example.org", "*@bounces.example.org"):
        address = campaign_header(pattern)["Return-Path"].replace("{{ .Subscriber.UUID }}", UUID)
        assert matched(f"Delivered-To: {address}\n", (pattern,)) == Match(UUID, trusted=True)
        assert matched(f"Delivered-To: mx-{address}\n", ("bounces-*@example.org",)) == (
            Match(UUID, trusted=True) if pattern.startswith("bounces") else None
        )


@pytest.mark.parametrize(
    "address",
    [
        BOUNCES.replace("bounce", "xbounce"),
        BOUNCES.replace("lists", "news"),
        BOUNCES.replace(UUID, "00000000-0000-0000-0000-000000000000"),
        BOUNCES.replace(UUID, f"{UUID}0"),
        BOUNCES.replace(UUID, UUID.replace("-", "")[:31]),
    ],
)
def test_what_is_no_address_of_a_uuid(address: str) -> None:
    assert matched(f"Delivered-To: {address}\nSubject: {BOUNCES}\n", PATTERN) is None


def test_a_signed_return_address_is_known_by_its_tag_and_by_no_other_key_address_or_tag() -> None:
    made = signed("Reader+news@Example.com", PATTERN[0], KEY)
    assert made.endswith("=reader+news=example.com@lists.example.org")
    assert made == made.lower()
    head = f"Delivered-To: {made}\n"
    assert matched(head, PATTERN, [KEY]) == Match("reader+news@example.com", trusted=True, signed=True)
    assert matched(head.upper(), PATTERN, [KEY]) == Match("reader+news@example.com", trusted=True, signed=True)
    assert matched(head, PATTERN, [b"newer", KEY]) == Match("reader+news@example.com", trusted=True, signed=True)
    assert matched(head, PATTERN, [b"another"]) == Match("reader+news@example.com", trusted=True)
    assert matched(head, PATTERN) == Match("reader+news@example.com", trusted=True)
    other = head.replace("reader", "victim")
    assert matched(other, PATTERN, [KEY]) == Match("victim+news@example.com", trusted=True)
    worse = head.replace("+", "+a", 1).replace("=", "", 1)
    assert not (found := matched(worse, PATTERN, [KEY])) or not found.signed


def test_the_tag_never_changes() -> None:
    """Bounces come back after days, and after upgrades."""
    assert signed("reader@example.com", "b+*@example.org", b"0123456789abcdef") == (
        "b+44hft4owxtz5cfdn=reader=example.com@example.org"
    )


@pytest.mark.parametrize("odd", ["smtp=r@example.com", "rfc822=r@example.com", "a=smtp=r@example.com"])
def test_the_return_address_of_an_odd_address_proves_that_one(odd: str) -> None:
    made = signed(odd, "b+*@example.org", KEY)
    assert matched(f"To: {made}\n", ("b+*@example.org",), [KEY]) == Match(odd, signed=True)


def test_an_address_whose_local_part_has_the_form_of_a_tag_is_read_behind_its_own() -> None:
    address = "abcdefghijklmnop=x@example.com"
    made = signed(address, PATTERN[0], KEY)
    assert matched(f"Delivered-To: {made}\n", PATTERN, [KEY]) == Match(address, trusted=True, signed=True)


@pytest.mark.parametrize("address", ["", "nobody", '"a b"@example.com', "a@b@", f"{'x' * 60}@example.com"])
def test_of_what_no_return_address_can_be_made(address: str) -> None:
    with pytest.raises(ValueError, match=r"plain address|octets"):
        signed(address, PATTERN[0], KEY)


@given(st.from_regex(r"[a-z0-9][a-z0-9.+_=-]{0,10}@[a-z0-9]{1,5}(\.[a-z]{2,5}){1,2}", fullmatch=True))
def test_what_is_signed_is_recognised(address: str) -> None:
    if ".." in address or ".@" in address:
        return
    made = signed(address, "b+*@example.org", KEY)
    assert matched(f"Delivered-To: {made}\n", ("b+*@example.org",), [KEY]) == Match(
        address, trusted=True, signed=True
    )


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
    assert not verdict.verp_trusted
    assert [(r.address, r.reported) for r in verdict.recipients] == [("reader@example.com", "anna.008@dest.test")]


def test_a_redacted_complaint_is_known_by_the_return_address() -> None:
    raw = (FIXTURES / "arf_redacted.eml").read_text().replace("X-Listmonk-Subscriber", "X-Nothing")
    raw = "Delivered-To: bounce+reader=example.com@lists.example.org\n" + raw
    assert read(raw.encode()).unidentified
    verdict = read(raw.encode(), verp=PATTERN)
    assert [(r.address, r.kind) for r in verdict.recipients] == [("reader@example.com", "complaint")]
    assert verdict.verp_trusted


def test_a_mail_within_a_mail_records_nothing() -> None:
    """A gateway wraps what it passes on; but so may anybody."""
    inner = f"Delivered-To: {READER}\nMessage-ID: <1@x.example>\nFrom: MAILER-DAEMON@x.example\n"
    inner += "Subject: Undelivered Mail\n\n<gone@example.net>: 550 5.1.1 User unknown\n"
    outer = "Message-ID: <1@x.example>\nFrom: a@x.example\nContent-Type: message/rfc822\n\n" + inner
    verdict = read(outer.encode(), verp=PATTERN)
    assert (verdict.verp, verdict.verp_trusted) == ("reader@example.com", False)
