# SPDX-License-Identifier: GPL-3.0-or-later
"""Feedback reports: who complained, and what is no complaint."""

from __future__ import annotations

import pytest

from bouncestream.mail.arf import hotmail_recipient, is_aggregate, read_feedback, redacted, without_part
from bouncestream.mail.decode import read


def test_all_recipients_of_a_report() -> None:
    feedback = read_feedback(
        "Feedback-Type: abuse\nOriginal-Rcpt-To: <A@example.com>\noriginal-rcpt-to: b@example.com\n"
        "Removal-Recipient: c@example.com\nOriginal-Rcpt-To: a@example.com\nOriginal-Rcpt-To: redacted\n"
    )
    assert feedback.recipients == ("a@example.com", "b@example.com", "c@example.com")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("Feedback-Type: abuse", True),
        ("Feedback-Type: Abuse; x=1", True),
        ("Feedback-Type: opt-out", True),
        ("Feedback-Type: fraud", True),
        ("User-Agent: no type", True),
        ("Feedback-Type: not-spam", False),  # RFC 6430: the recipient wants it
        ("Feedback-Type: auth-failure", False),  # RFC 6591
        ("Feedback-Type: dmarc", False),
        ("Feedback-Type: abuse\nAuth-Failure: dkim", False),
    ],
)
def test_what_is_a_complaint(text: str, complaint: bool) -> None:
    assert read_feedback(text).complaint is complaint


def test_the_hotmail_form_needs_its_subject() -> None:
    returned = {"x-hmxmroriginalrecipient": "A@example.com"}
    assert hotmail_recipient({"subject": "complaint about message from 192.0.2.1"}, returned) == "a@example.com"
    assert hotmail_recipient({"subject": "Re: your question"}, returned) == ""


@pytest.mark.parametrize(
    ("fields", "attachments", "aggregate"),
    [
        ({"subject": "Report Domain: example.org Submitter: example.net Report-ID: <1>"}, [], True),
        ({"subject": "[x] Report domain: example.org submitter: example.net"}, [], True),
        ({"subject": "=?utf-8?q?=5BPreview=5D_Report_Domain=3A_a.example_Submitter=3A_b.example?="}, [], True),
        ({"tls-report-domain": "example.org"}, [], True),
        ({"subject": "DMARC aggregate report"}, ["application/gzip r.xml.gz"], True),
        ({"subject": "How I set up DMARC"}, ["application/pdf dmarc.pdf"], False),
        ({"subject": "Undelivered Mail Returned to Sender"}, ["application/zip a.zip"], False),
    ],
)
def test_aggregate_reports(fields: dict[str, str], attachments: list[str], aggregate: bool) -> None:
    assert is_aggregate(fields, attachments) is aggregate


@pytest.mark.parametrize(
    ("fields", "report"),
    [
        ({"content-type": "multipart/report; report-type=feedback-report; boundary=b"}, True),
        ({"from": "staff@hotmail.com", "subject": "complaint about message from 192.0.2.1"}, True),
        ({"from": "a@example.com", "subject": "complaint about message from 192.0.2.1"}, False),
        ({"from": "123@reports.spamcop.net", "subject": "[SpamCop (192.0.2.1) id:123]News"}, True),
        ({"content-type": "multipart/report; report-type=delivery-status"}, False),
        ({}, False),
    ],
)
def test_a_report_whose_part_is_missing(fields: dict[str, str], report: bool) -> None:
    assert bool(without_part(fields)) is report


@pytest.mark.parametrize(
    ("address", "hidden"),
    [
        ("redacted@example.com", True),
        ("redacted-address@example.com", True),
        ("xxxxxxxx@example.com", True),
        ("j****e@example.com", True),
        ("xx@example.com", False),
        ("max@example.com", False),
        ("", False),
    ],
)
def test_a_redacted_address_is_no_address(address: str, hidden: bool) -> None:
    assert redacted(address) is hidden


def test_spamcop_encloses_the_message_in_its_text() -> None:
    uuid = "9a8b7c6d-1234-4abc-8def-001122334455"
    mail = (
        "From: 123@reports.spamcop.net\nTo: abuse@lists.example.org\nSubject: [SpamCop (192.0.2.1) id:123]News\n\n"
        "[ SpamCop V5.4.0 ]\nEmail from 192.0.2.1 / Tue, 3 Nov 2026 09:00:00 +0000\n\n[ Offending message ]\n"
        "Return-Path: <n@lists.example.org>\nDelivered-To: x\nTo: x\n{}\n\nHello\n"
    )
    found = read(mail.format(f"X-Listmonk-Subscriber: {uuid}").encode())
    assert (found.kind, found.original.subscriber_uuid, found.unidentified) == ("complaint", uuid, False)
    assert read(mail.format("X-Mailer: x").encode()).kind == "ignore"  # it tells nobody
