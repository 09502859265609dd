# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever the bytes are, there is a verdict, and soon: junk, depth, numbers of parts, headers and recipients."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bouncestream.mail.decode import as_dict, read
from bouncestream.mail.dsn import MAX_RECIPIENTS
from bouncestream.mail.reason import REASONS
from bouncestream.mail.verdict import Judgement, Verdict

REPORT = (
    b"From: MAILER-DAEMON@mx.example.org\nTo: bounces@example.org\nSubject: Undelivered Mail Returned to Sender\n"
    b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
    b"--b\n\nnotice about <a@example.com>: 550 5.1.1 User unknown\n--b\nContent-Type: message/delivery-status\n\n"
    b"Reporting-MTA: dns; mx.example.org\n\nFinal-Recipient: rfc822; a@example.com\nAction: failed\nStatus: 5.1.1\n"
    b"Diagnostic-Code: smtp; 550 5.1.1 User unknown\n\n--b\nContent-Type: message/rfc822\n\n"
    b"From: news@example.org\nTo: a@example.com\nMessage-ID: <1@example.org>\nSubject: News\n\nHello\n--b--\n"
)


def check(verdict: Verdict) -> None:
    """What holds for every verdict."""
    kinds = [k.value for k in Judgement]
    assert verdict.kind in kinds
    assert len(verdict.report_digest) == 32
    assert verdict.occurred_at is None or verdict.occurred_at.tzinfo is not None
    for recipient in verdict.recipients:
        assert recipient.kind in kinds
        assert recipient.reason in REASONS
        assert recipient.address == recipient.address.lower()
        assert len(recipient.diagnostic.encode("utf-8", "strict")) <= 2048
        assert recipient.evidence
    as_dict(verdict)


@given(st.binary(max_size=2000))
def test_any_bytes(raw: bytes) -> None:
    check(read(raw))


PIECES = [line + b"\n" for line in REPORT.split(b"\n")] + [
    b"Content-Transfer-Encoding: base64\n",
    b"Content-Transfer-Encoding: quoted-printable\n",
    b"\n",
    b"\x00\xff\n",
    b"Content-Type: text/html; charset=utf-7\n",
    b"Content-Type: message/feedback-report\n",
    b"Feedback-Type: abuse\n",
    b"Original-Rcpt-To: <a@example.com>\n",
    b"Hi. This is the qmail-send program\n",
    b"<a@example.com>:\n",
    b">>> DATA\n",
    b"<<< 550 5.1.1 no\n",
    b"=?utf-8?B?!!!?= <a@\xc3\xa9.example>\n",
    b"Date: Mon, 99 Foo 99999 25:61:61 +9999\n",
    b"Content-Type: message/disposition-notification\n",
    b"X-Failed-Recipients: a@example.com,\n",
    b"Action: delayed\n",
]


@settings(max_examples=300)
@given(st.lists(st.sampled_from(PIECES), max_size=60), st.integers(0, 3000))
def test_any_order_of_known_lines(lines: list[bytes], cut: int) -> None:
    check(read(b"".join(lines)[: max(cut, 100)]))


@given(st.integers(0, len(REPORT)), st.binary(max_size=8))
def test_a_report_cut_or_damaged_anywhere(at: int, junk: bytes) -> None:
    check(read(REPORT[:at]))
    check(read(REPORT[:at] + junk + REPORT[at + len(junk) :]))


def nested(depth: int) -> bytes:
    return b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(depth))


def many(count: int) -> bytes:
    groups = b"".join(
        b"Final-Recipient: rfc822; a%d@example.com\nAction: failed\nStatus: 5.1.1\n\n" % n for n in range(count)
    )
    return (
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n"
        b"Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.org\n\n" + groups + b"--b--\n"
    )


DAEMON = b"From: MAILER-DAEMON@mx.example.org\nSubject: failure notice\n"
HUGE = {
    "zeros": b"\x00" * 10_000_000,
    "letters": b"a" * 10_000_000,
    "newlines": b"\n" * 10_000_000,
    "at signs": DAEMON + b"\n" + b"@" * 10_000_000,
    "addresses": DAEMON + b"\n" + b"<a@example.com>: 550 no\n" * 400_000,
    "different addresses": DAEMON + b"\n" + b"".join(b"<a%d@example.com>: 550 no\n" % n for n in range(200_000)),
    "angle brackets": DAEMON + b"\n" + b"<" * 10_000_000,
    "colons": b":" * 10_000_000,
    "blanks": DAEMON + b"\n" + b" " * 10_000_000,
    "folded": b"Subject: a\n" + b" b\n" * 1_000_000,
    "10,000 nested parts": nested(10_000),
    "100,000 parts": b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 100_000,
    "100,000 header lines": b"".join(b"X-%d: y\n" % n for n in range(100_000)),
    "one header, 100,000 times": b"Received: from a by b\n" * 100_000 + b"\nbody",
    "html": b"Content-Type: text/html\n" + DAEMON + b"\n" + b"<style>" * 200_000,
    "entities": b"Content-Type: text/html\n" + DAEMON + b"\n" + b"&amp;" * 200_000,
    "encoded words": b"Subject: " + b"=?utf-8?q?=41?= " * 100_000 + b"\n\n",
    "base64": b"Content-Transfer-Encoding: base64\n" + DAEMON + b"\n" + b"QUFB" * 2_000_000,
    "status lines": b"Content-Type: message/delivery-status\n\n"
    + b"Final-Recipient: rfc822; a@example.com\n" * 200_000,
    "refusals": DAEMON + b"\n" + b"<<< 550 no\n>>> RCPT\n" * 400_000,
    "digits": DAEMON + b"\n" + b"5.1.1" * 2_000_000,
    "words": DAEMON + b"\n<a@example.com>: " + b"user mailbox account " * 500_000,
    "feedback": b"Content-Type: message/feedback-report\n\nFeedback-Type: abuse\n"
    + b"Original-Rcpt-To: a@b.test\n" * 200_000,
}


WHOLE = [name for name in HUGE if name.startswith(("10", "one"))]
"""What is also read to its end, beyond the usual limit."""


@pytest.mark.parametrize(
    ("name", "limit"), [*((name, 262_144) for name in HUGE), *((name, 20_000_000) for name in WHOLE)]
)
def test_huge_input_is_read_soon(name: str, limit: int) -> None:
    started = time.perf_counter()
    check(read(HUGE[name], limit=limit))
    assert time.perf_counter() - started < 1


@pytest.mark.parametrize("count", [999, 1000, 1001, 5000])
def test_recipients_are_capped_and_it_is_said(count: int) -> None:
    started = time.perf_counter()
    verdict = read(many(count), limit=10_000_000)
    assert time.perf_counter() - started < 1
    assert len(verdict.recipients) == min(count, MAX_RECIPIENTS)
    said = verdict.evidence + "".join(r.evidence for r in verdict.recipients[:1])
    assert ("1000" in said or "1,000" in said) == (count > MAX_RECIPIENTS)


def test_no_more_than_the_limit_is_read() -> None:
    assert read(REPORT).kind == "hard"
    assert read(b"X-Pad: " + b"x" * 1000 + b"\n" + REPORT, limit=500).kind == "ignore"
    assert read(REPORT, limit=0).kind == "ignore"
    assert read(REPORT, limit=-5).kind == "ignore"


def test_the_same_report_has_the_same_digest_by_whatever_way_it_came() -> None:
    again = b"Received: from elsewhere by mx.example.net\nX-Seen: 1\n" + REPORT.replace(b"\n", b"\r\n")
    assert read(again).report_digest == read(REPORT).report_digest
    other = REPORT.replace(b"a@example.com", b"b@example.com")
    assert read(other).report_digest != read(REPORT).report_digest
