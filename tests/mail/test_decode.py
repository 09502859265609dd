# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole mails through the front door: who bounced, and of what kind. The fixtures are written by hand, with
reserved names."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bouncestream.mail.decode import as_dict, read
from bouncestream.mail.verdict import Verdict

FIXTURES = Path(__file__).parent.parent / "fixtures" / "mail"

R = "reader@example.com"

#: fixture → {address: (kind, reason)}; an empty table: no final feedback.
CASES: dict[str, dict[str, tuple[str, str]]] = {
    # Delivery reports (RFC 3464)
    "postfix_unknown_user": {R: ("hard", "user_unknown")},
    "postfix_two_recipients": {
        "full@example.com": ("soft", "mailbox_full"),
        "gone@example.com": ("hard", "user_unknown"),
        "later@example.net": ("ignore", "delayed"),
    },
    "postfix_alias": {R: ("hard", "user_unknown")},  # Listmonk mailed the alias
    "postfix_delay": {R: ("ignore", "delayed")},  # "Status: 5.1.1", and yet still trying
    "postfix_5_7_1": {R: ("soft", "blocklisted")},
    "postfix_full_with_5_1_1": {R: ("soft", "mailbox_full")},  # the words are stronger than the code
    "utf8_recipient": {"jürgen@xn--bcher-kva.example": ("hard", "user_unknown")},
    "sendmail_local_code_lies": {R: ("soft", "blocklisted")},
    "sendmail_after_data": {R: ("soft", "user_filtered")},  # the address had been accepted before
    "microsoft365": {R: ("hard", "user_unknown")},
    "google": {R: ("hard", "user_unknown")},
    "google_quoting": {R: ("hard", "user_unknown")},  # a bare phrase, and no word of the stage
    "blank_lines_before": {R: ("hard", "user_unknown")},
    "sendmail_pipelined": {R: ("hard", "user_unknown")},  # DATA was sent, and answered "no valid recipients"
    "sendmail_made_up_code": {R: ("soft", "policy")},  # 5.1.3 of any 553
    "dovecot_rejected": {R: ("soft", "mailbox_full")},  # "auto-replied", "bulk", and a real report
    "opensmtpd_expired": {R: ("soft", "expired")},  # the last report is worded as a delay
    "opensmtpd_unknown_user": {R: ("hard", "user_unknown"), "other@example.net": ("soft", "mailbox_full")},
    "copied_refusal": {
        "first@example.com": ("hard", "user_unknown"),
        "second@example.com": ("soft", "undetermined"),  # the words are about the first
    },
    "chasquid_srs": {R: ("hard", "user_unknown")},  # "MAIL+RCPT", utf-8 addresses, status always 5.0.0
    # Broken and unusual MIME
    "base64_status": {R: ("hard", "user_unknown")},
    "truncated": {R: ("hard", "user_unknown")},
    "no_blank_line": {R: ("hard", "user_unknown")},
    "fields_as_text": {R: ("hard", "user_unknown")},
    "wrong_boundary": {R: ("hard", "user_unknown")},
    "crlf": {R: ("hard", "user_unknown")},
    "returned_is_a_bounce": {"bounces@example.com": ("soft", "mailbox_full")},
    # Free form
    "exim_unknown_user": {R: ("hard", "user_unknown")},
    "exim_alias_full": {R: ("soft", "mailbox_full")},
    "exim_delay": {R: ("ignore", "delayed")},
    "qmail_unknown_user": {R: ("hard", "user_unknown"), "other@example.net": ("soft", "expired")},
    "qmail_no_host": {
        "reader@nowhere.test": ("hard", "host_unknown"),
        "reader@dns-trouble.test": ("soft", "network"),
    },
    "qmail_code_alone": {R: ("soft", "rejected")},  # 5.1.1, but what failed is the look-up
    "exim_octal": {R: ("hard", "user_unknown")},  # Cyrillic, as Exim writes it
    "dma_whom_to_ask": {R: ("soft", "policy")},  # the second address is no recipient
    "groupwise_unknown_user": {R: ("hard", "user_unknown")},
    "aol_attachments": {R: ("soft", "user_filtered")},
    "generic_text": {R: ("hard", "user_unknown"), "other@example.com": ("soft", "")},
    "aol_screen_name": {R: ("soft", "user_filtered")},  # only the local part is named
    "sendmail_success": {R: ("ignore", "delivered")},
    # Refusals that call themselves receipts
    "sieve_reject": {R: ("soft", "user_filtered")},
    # Complaints
    "arf_two_recipients": {R: ("complaint", "complaint"), "second@example.com": ("complaint", "complaint")},
    "arf_redacted": {"": ("complaint", "complaint")},  # X-Listmonk-Subscriber tells who
    "jmrp_bare": {R: ("complaint", "complaint")},
    "jmrp": {R: ("complaint", "complaint")},
    # No feedback
    "read_receipt": {},
    "vacation": {},
    "out_of_office_german": {},
    "ordinary_mail": {},
    "forwarded_bounce_attachment": {},
    "passed_on": {},
    "arf_auth_failure": {},
    "dmarc_aggregate": {},
}


def load(name: str) -> Verdict:
    return read((FIXTURES / f"{name}.eml").read_bytes())


@pytest.mark.parametrize("name", CASES)
def test_who_bounced_and_how(name: str) -> None:
    verdict = load(name)
    wanted = CASES[name]
    found = {r.address: (r.kind, r.reason) for r in verdict.recipients}
    assert found.keys() == wanted.keys(), verdict.evidence
    for address, (kind, reason) in wanted.items():
        assert found[address][0] == kind, as_dict(verdict)
        if reason:
            assert found[address][1] == reason, as_dict(verdict)
    assert verdict.evidence
    assert all(r.evidence for r in verdict.recipients)


def test_every_fixture_is_tested() -> None:
    assert {p.stem for p in FIXTURES.glob("*.eml")} == set(CASES)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("postfix_two_recipients", "hard"),
        ("postfix_5_7_1", "soft"),
        ("postfix_delay", "ignore"),
        ("arf_two_recipients", "complaint"),
        ("vacation", "ignore"),
    ],
)
def test_the_mail_is_as_grave_as_its_gravest_recipient(name: str, kind: str) -> None:
    assert load(name).kind == kind


def test_numbers_and_words_of_the_server_are_kept() -> None:
    (recipient,) = load("postfix_unknown_user").recipients
    assert (recipient.status, recipient.reply_code) == ("5.1.1", "550")
    assert recipient.diagnostic.startswith(
        "550 5.1.1 <reader@example.com>: Recipient address rejected: User unknown"
    )
    assert "\n" not in recipient.diagnostic


@pytest.mark.parametrize(
    "name", ["postfix_unknown_user", "exim_unknown_user", "qmail_unknown_user", "arf_redacted"]
)
def test_the_returned_headers_tell_whose_mail_it_was(name: str) -> None:
    original = load(name).original
    assert original.message_id == "0b5e.1001@lists.example.org"
    assert original.from_ == "news@lists.example.org"
    assert original.campaign_uuid == "5d1f7a52-6d0e-4a51-9c5d-0a1b2c3d4e5f"
    assert original.subscriber_uuid == "9a8b7c6d-1234-4abc-8def-001122334455"
    assert original.subject == "November, grüße"
    assert original.date == datetime(2026, 11, 3, 9, tzinfo=UTC)


@pytest.mark.parametrize("name", ["microsoft365", "google"])
def test_without_returned_headers_the_report_refers_to_the_message_id(name: str) -> None:
    assert load(name).original.message_id == "0b5e.1001@lists.example.org"


@pytest.mark.parametrize(
    ("name", "at"),
    [
        ("sendmail_local_code_lies", datetime(2026, 11, 3, 9, 0, 4, tzinfo=UTC)),  # Last-Attempt-Date
        ("postfix_unknown_user", datetime(2026, 11, 3, 9, 0, 5, tzinfo=UTC)),  # Date of the report
        ("google", datetime(2026, 11, 3, 9, 0, 5, tzinfo=UTC)),  # another time zone
        ("arf_two_recipients", datetime(2026, 11, 3, 9, 0, 2, tzinfo=UTC)),  # Arrival-Date
    ],
)
def test_the_time_comes_from_the_report(name: str, at: datetime) -> None:
    assert load(name).occurred_at == at


@pytest.mark.parametrize(
    "date", ["", "yesterday", "Tue, 99 Nov 2026 99:00:00 +0000", "Tue, 3 Nov 99999999 09:00:00 +9999"]
)
def test_an_unreadable_date_is_none_and_not_now(date: str) -> None:
    raw = (FIXTURES / "exim_unknown_user.eml").read_text().replace("Tue, 03 Nov 2026 09:00:05 +0000", date)
    assert read(raw.encode()).occurred_at is None


def test_the_digest_is_the_same_for_the_same_report_and_another_for_another() -> None:
    raw = (FIXTURES / "postfix_unknown_user.eml").read_bytes()
    one = read(raw)
    resent = read(b"Received: from elsewhere by here\r\nX-Spam: no\r\n" + raw.replace(b"\n", b"\r\n"))
    assert resent.report_digest == one.report_digest
    assert len(one.report_digest) == 32
    other = read(raw.replace(b"reader@", b"writer@"))
    assert other.report_digest != one.report_digest


def test_a_mail_that_a_gateway_wrapped_is_still_read() -> None:
    inner = (FIXTURES / "postfix_unknown_user.eml").read_text()
    head = inner.partition("\n\n")[0].replace("boundary=", "x-old=")
    outer = head.replace("multipart/report", "multipart/mixed; boundary=wrapped")
    wrapped = (
        f"{outer}\n\n--wrapped\nContent-Type: text/plain\n\nscanned\n"
        f"--wrapped\nContent-Type: message/rfc822\n\n{inner}\n--wrapped--\n"
    )
    assert [r.address for r in read(wrapped.encode()).recipients] == [R]


def test_a_redacted_report_is_known_by_the_subscriber_uuid() -> None:
    raw = (FIXTURES / "postfix_unknown_user.eml").read_text().replace("reader@example.com", "redacted")
    verdict = read(raw.encode())
    assert [(r.address, r.kind) for r in verdict.recipients] == [("", "hard")]
    assert verdict.original.subscriber_uuid
    assert not verdict.unidentified


def test_a_diagnostic_is_cut_at_2_kib_between_characters() -> None:
    raw = (
        (FIXTURES / "utf8_recipient.eml")
        .read_text()
        .replace(": user unknown\n\n", ": user unknown " + "ü" * 3000 + "\n\n")
    )
    (recipient,) = read(raw.encode()).recipients
    assert 2000 < len(recipient.diagnostic.encode()) <= 2048


def test_the_verdict_as_data_is_what_parse_prints() -> None:
    data = as_dict(load("postfix_unknown_user"))
    assert data["kind"] == "hard"
    assert data["recipients"][0].keys() == {
        "address", "kind", "reason", "status", "reply_code", "diagnostic", "evidence",
        "source", "rule", "matched", "said_by", "against", "subject", "state", "sure",
    }  # fmt: skip
    assert data["original"]["message_id"] == "0b5e.1001@lists.example.org"
    assert data["occurred_at"] == "2026-11-03T09:00:05+00:00"


def test_a_mail_of_ours_is_no_bounce() -> None:
    """Our own name has "bounce" in it; so have the names of other programs and people."""
    mail = (
        b"From: bouncestream <bouncestream@example.com>\nTo: admin@example.com\nSubject: Dead letters\n"
        b"Content-Type: text/plain\n\nNew dead letters: 3. They failed 8 times.\n"
    )
    verdict = read(mail)
    assert verdict.kind == "ignore"
    assert not verdict.unidentified


def test_an_alias_of_which_one_place_is_gone_is_not() -> None:
    places = ("x@b.example", "no such user"), ("y@b.example", "552 5.2.2 mailbox full")
    for listed in (places, places[::-1]):
        lines = "".join(f"  {place}\n    (generated from a@example.com)\n    {words}\n" for place, words in listed)
        verdict = read(
            b"From: Mailer-Daemon@mx.example\nTo: news@lists.example.org\nSubject: Mail delivery failed\n\n"
            b"This message was created automatically by mail delivery software.\n\n" + lines.encode()
        )
        assert [(r.address, r.kind) for r in verdict.recipients] == [("a@example.com", "soft")]
