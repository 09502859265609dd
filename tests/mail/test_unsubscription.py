# SPDX-License-Identifier: GPL-3.0-or-later
"""Wishes to unsubscribe, sent by mail to our address for these."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bouncestream.mail.decode import read
from bouncestream.mail.verdict import Verdict, Wish
from bouncestream.mail.verp import signed
from tests.sources.mails import fixture

UUID = "9a8b7c6d-1234-4abc-8def-001122334455"
CAMPAIGN = "5d1f7a52-6d0e-4a51-9c5d-0a1b2c3d4e5f"
PATTERNS = ("unsub+*@lists.example.org", "leave@lists.example.org")
KEY = b"a key of these tests"
HOP = "Received: from a.example by mx.lists.example.org (Postfix) with ESMTP id 1; Tue, 3 Nov 2026 09:00:00 +0000\n"
DKIM = "Authentication-Results: mx; dkim=pass header.d=example.com\n"
#: What Apple Mail sends.
APPLE = """\
Return-Path: <reader@example.com>
{hop}From: Reader <reader@example.com>
Content-Type: text/plain; charset=us-ascii
Mime-Version: 1.0
Subject: Unsubscribe
Message-Id: <A1@example.com>
Date: Tue, 3 Nov 2026 10:00:00 +0100
To: {to}

Apple Mail sent this email to unsubscribe from the message "News".
"""


def mail(to: str = f"unsub+{UUID}@lists.example.org", top: str = "", subject: str = "Unsubscribe") -> bytes:
    return (top + APPLE.format(to=to, hop=HOP)).replace("Subject: Unsubscribe", f"Subject: {subject}").encode()


def judged(raw: bytes, server: str = "") -> Verdict:
    return read(raw, unsubscribe=PATTERNS, keys=(KEY,), authserv_id=server)


def test_what_apple_mail_sends_is_the_wish_of_the_uuid() -> None:
    verdict = judged(mail())
    (one,) = verdict.recipients
    assert (verdict.kind, one.kind, one.reason, one.address) == ("unsubscribe", "unsubscribe", "unsubscribe", "")
    assert (verdict.original.subscriber_uuid, verdict.original.campaign_uuid) == (UUID, "")
    assert verdict.occurred_at == datetime(2026, 11, 3, 9, tzinfo=UTC)
    assert verdict.wish == Wish("reader@example.com", False, "")


def test_without_the_address_configured_it_is_an_ordinary_mail() -> None:
    assert read(mail()).kind == read(mail(), unsubscribe=("other+*@lists.example.org",)).kind == "ignore"


@pytest.mark.parametrize(
    "raw",
    [
        mail(f"UNSUB+{UUID.upper()}@Lists.Example.Org"),
        mail(f"unsub+{UUID.replace('-', '')}@lists.example.org"),
        mail("undisclosed-recipients:;", f"Delivered-To: unsub+{UUID}@lists.example.org\n"),
        mail("undisclosed-recipients:;", f"X-Original-To: unsub+{UUID}@lists.example.org\n"),
        mail("undisclosed-recipients:;", f"Envelope-To: unsub+{UUID}@lists.example.org\n"),
        mail(f"friend@example.net\nCc: Leave <unsub+{UUID}@lists.example.org>"),
        mail(f"leave@lists.example.org, unsub+{UUID}@lists.example.org"),
        mail(subject=""),
        mail().replace(b"Return-Path: <reader@example.com>", b"Return-Path: <>"),  # as some deliver all mails
        mail(subject="please, no more of this").replace(b"Apple Mail sent", b"I am tired of it"),
        mail().replace(b"Mime-Version", b"Auto-Submitted: auto-generated\nMime-Version"),
        mail(subject="Re: unsubscribe").replace(b"Mime-Version", b"In-Reply-To: <x@example.org>\nMime-Version"),
        # iCloud's own marks; the words are those of the reader's language, and the mailto: gave no subject.
        mail(subject="", top="Auto-Submitted: auto-replied\nX-Apple-Unsubscribe: true\n").replace(
            b"Apple Mail sent this email to unsubscribe from the message", b"Apple Mail hat diese E-Mail gesendet:"
        ),
    ],
)
def test_forms_of_the_wish(raw: bytes) -> None:
    verdict = judged(raw)
    assert (verdict.kind, verdict.original.subscriber_uuid) == ("unsubscribe", UUID)


@pytest.mark.parametrize("subject", [f"unsubscribe {CAMPAIGN}", CAMPAIGN.upper(), f"=?utf-8?q?Re:_{CAMPAIGN}?="])
def test_the_subject_may_tell_the_campaign(subject: str) -> None:
    assert judged(mail(subject=subject)).original.campaign_uuid == CAMPAIGN


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"Mime-Version", b"Auto-Submitted: auto-replied (vacation)\nMime-Version"),
        (b"Subject: Unsubscribe", b"Auto-Submitted: auto-generated\nSubject: We have your request [#1]"),
        (b"Mime-Version", b"X-Autoreply: yes\nMime-Version"),
        (b"Subject: Unsubscribe", b"Precedence: bulk\nSubject: News"),
        (b"Subject: Unsubscribe", b"Subject: Out of office: News"),
        (b"Subject: Unsubscribe", b"Subject: Abwesenheitsnotiz"),
        (b"Return-Path: <reader@example.com>", b"Return-Path: <>\nX-Old-Subject: x"),
        (b"Return-Path: <reader@example.com>", b"Return-path:  < >\nX-Old-Subject: x"),
        (b"Reader <reader@example.com>", b"MAILER-DAEMON@example.com"),
        (b"Mime-Version", b"List-Id: <a.example.com>\nMime-Version"),
        (b"text/plain; charset=us-ascii", b"multipart/report; report-type=disposition-notification; boundary=b"),
        (b"text/plain; charset=us-ascii", b"text/calendar; method=REPLY"),
        (b"Subject: Unsubscribe", b"In-Reply-To: <x@example.org>\nSubject: Re: News"),
    ],
)
def test_what_a_machine_wrote_or_what_asks_for_nothing_is_no_wish(old: bytes, new: bytes) -> None:
    raw = mail()
    assert old in raw
    raw = raw.replace(old, new)
    if b"X-Old-Subject" in raw:
        raw = raw.replace(b"Subject: Unsubscribe", b"Subject: Your mail")
    if b"Subject: Unsubscribe" not in raw:
        raw = raw.replace(b"Apple Mail sent this email to unsubscribe from the message", b"Thank you for")
    assert judged(raw).kind == "ignore"


@pytest.mark.parametrize(
    ("sender", "kind"),
    [
        ("Jo <jo@bounce-gym.example>", "unsubscribe"),
        ("Bounce Gym <jo@example.com>", "unsubscribe"),
        ("Jo <jo@antivirus.example>", "unsubscribe"),
        ("Jo <postmaster@example.com>", "ignore"),
        ("MAILER-DAEMON@example.com", "ignore"),
        ("Jo <bounces@example.com>", "ignore"),
        ("<>", "ignore"),
    ],
)
def test_who_only_resembles_a_mail_system_is_heard(sender: str, kind: str) -> None:
    assert judged(mail().replace(b"Reader <reader@example.com>", sender.encode())).kind == kind


def test_a_vacation_answer_without_any_mark_is_no_wish() -> None:
    raw = mail(subject="Re: News").replace(b"Apple Mail sent this email to", b"I am out of the office.\n\n> To")
    assert judged(raw).kind == "ignore"


@pytest.mark.parametrize("name", ["postfix_unknown_user", "exim_unknown_user", "jmrp", "vacation", "read_receipt"])
def test_a_bounce_or_an_answer_to_the_address_is_what_it_is(name: str) -> None:
    raw = f"Delivered-To: unsub+{UUID}@lists.example.org\n".encode() + fixture(name)
    assert judged(raw) == read(raw)


@pytest.mark.parametrize(
    ("to", "address", "signature"),
    [
        (signed("reader@example.com", PATTERNS[0], KEY), "reader@example.com", True),
        (signed("other@example.com", PATTERNS[0], KEY), "other@example.com", True),
        (signed("other@example.com", PATTERNS[0], b"another key"), "other@example.com", False),
        ("unsub+other=example.com@lists.example.org", "other@example.com", False),
        ("unsub+nonsense@lists.example.org", "reader@example.com", False),
        ("unsub+@lists.example.org", "reader@example.com", False),
        ("leave@lists.example.org", "reader@example.com", False),
    ],
)
def test_who_is_named_without_a_uuid(to: str, address: str, signature: bool) -> None:
    verdict = judged(mail(to))
    assert [one.address for one in verdict.recipients] == [address]
    assert verdict.wish is not None
    assert (verdict.wish.signed, verdict.original.subscriber_uuid) == (signature, "")


@pytest.mark.parametrize(
    ("to", "top", "proven"),
    [
        ("leave@lists.example.org", DKIM, "DKIM"),
        ("leave@lists.example.org", "Authentication-Results: mx; dkim=pass header.d=example.net\n", ""),
        (
            "leave@lists.example.org",
            f"{HOP}Authentication-Results: mx; dmarc=pass header.from=example.com\n",
            "DMARC",
        ),
        ("unsub+reader=example.com@lists.example.org", DKIM, "DKIM"),
        # somebody else's address, by a true From
        ("unsub+other=example.com@lists.example.org", DKIM, ""),
    ],
)
def test_from_is_proven_where_the_receiving_server_says_so(to: str, top: str, proven: str) -> None:
    verdict = judged(mail(to, top), "MX")
    assert verdict.wish is not None
    assert verdict.wish.proven == proven
    other = judged(mail(to, top), "another")
    assert other.wish is not None
    assert other.wish.proven == ""


@pytest.mark.parametrize(
    ("to", "proven"),
    [
        ("friends@example.net, leave@lists.example.org", "DKIM"),
        ("=?utf-8?q?L=C3=A9ave?= <leave@lists.example.org>", "DKIM"),
        ("friend@example.net", ""),
        ('"leave@lists.example.org" <friend@example.net>', ""),
        ("leave@lists.example.org\nTo: friend@example.net", ""),
        ("friend@example.net\nCc: leave@lists.example.org", ""),
    ],
)
def test_a_letter_to_somebody_else_that_is_sent_on_to_us_is_no_proof(to: str, proven: str) -> None:
    """Its DKIM signature stays true, and seldom covers a second To, or a Cc that was not there."""
    verdict = judged(mail(to, f"Delivered-To: leave@lists.example.org\n{DKIM}"), "mx")
    assert verdict.wish is not None
    assert verdict.wish.proven == proven


def test_a_wish_of_nobody_is_unidentified() -> None:
    verdict = judged(
        mail("leave@lists.example.org").replace(b"Reader <reader@example.com>", b"a@b.example, c@d.example")
    )
    assert (verdict.unidentified, verdict.recipients) == (True, ())


def test_the_way_is_told() -> None:
    trace = read(mail(), unsubscribe=PATTERNS, explain=True).trace
    assert trace is not None
    assert "yes: a wish to unsubscribe" in trace.steps[-1].answer
    assert len(trace.recipients) == 1
