# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding the parts of a report where gateways have left them."""

from __future__ import annotations

from base64 import b64encode

import pytest

from bouncestream.mail.report import open_report

STATUS = (
    "Reporting-MTA: dns; mx.example.org\n\nFinal-Recipient: rfc822; a@example.com\nAction: failed\nStatus: 5.1.1\n"
)


def test_fields_in_a_text_part_are_found() -> None:
    report = open_report(f"From: x@example.com\nContent-Type: text/plain\n\nIt failed.\n\n{STATUS}")
    assert report.status is not None
    assert "a@example.com" in report.status
    assert report.notice.strip() == "It failed."


def test_fields_quoted_by_a_forward_are_found() -> None:
    quoted = "\n".join("> " + line for line in STATUS.split("\n"))
    report = open_report(f"Subject: Fwd: failed\n\nBegin forwarded message:\n> It failed.\n{quoted}")
    assert report.status is not None
    assert report.status.startswith("Reporting-MTA")


def test_returned_headers_behind_the_fields_in_one_text() -> None:
    report = open_report(f"Subject: failed\n\n{STATUS}\nReturn-Path: <n@example.org>\nTo: a@example.com\n\nbody")
    assert report.returned == "Return-Path: <n@example.org>\nTo: a@example.com"


def test_an_mbox_line_is_no_header() -> None:
    assert open_report("From MAILER-DAEMON Tue Nov  3\nSubject: failed\n\ntext").fields["subject"] == "failed"


def test_a_multipart_without_any_boundary_is_a_text() -> None:
    report = open_report(f"Content-Type: multipart/report; boundary=lost\n\nIt failed.\n\n{STATUS}")
    assert report.status is not None


def test_the_html_twin_of_a_text_is_not_read_twice() -> None:
    report = open_report(
        "Content-Type: multipart/alternative; boundary=b\n\n--b\n\nplain words\n--b\nContent-Type: text/html\n\n"
        "<p>html words</p>\n--b--\n"
    )
    assert "plain words" in report.notice
    assert "html" not in report.notice


def test_only_the_first_returned_message_counts() -> None:
    report = open_report(
        "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\nTo: a@example.com\n\n"
        "--b\nContent-Type: message/rfc822\n\nTo: b@example.com\n\n--b--\n"
    )
    assert report.returned == "To: a@example.com"


def returned(encoding: str, headers: str) -> str | None:
    return open_report(
        f"Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: text/rfc822-headers\n"
        f"Content-Transfer-Encoding: {encoding}\n\n{headers}\n\n--b--\n"
    ).returned


def test_returned_headers_in_quoted_printable() -> None:
    assert (
        returned("quoted-printable", "To: a@example.com\nX-Id: 7b0c=\n3ac1=2D0f6f")
        == "To: a@example.com\nX-Id: 7b0c3ac1-0f6f"
    )


@pytest.mark.parametrize("encoding", ["quoted-printable", "7bit", ""])
def test_headers_that_are_only_called_quoted_printable(encoding: str) -> None:
    headers = "To: a@example.com\nDKIM-Signature: v=1; b=2D2D==\nSubject: =?utf-8?q?L=C3=A9gumes?="
    assert returned(encoding, headers) == headers


HEADERS = "Return-Path: <n@example.org>\nTo: a@example.com\nX-Id: 7b0c"


@pytest.mark.parametrize("mark", ["    ", "\t", "> ", ">", "| "])
def test_fields_that_are_indented_or_quoted(mark: str) -> None:
    text = f"{STATUS}Diagnostic-Code: smtp; 550 no\n  such user\n\n{HEADERS}\n"
    quoted = "".join((mark + line).rstrip() + "\n" for line in text.split("\n"))
    report = open_report(f"Subject: failed\n\nIt failed.\n\n{quoted}")
    assert report.status is not None
    assert "Final-Recipient: rfc822; a@example.com\nAction: failed" in report.status
    assert report.status.count("\n  such user") == 1  # still folded
    assert report.returned == HEADERS


@pytest.mark.parametrize(
    "part",
    [
        'application/octet-stream; name="ATT00002.eml"\nContent-Transfer-Encoding: base64',
        "application/eml",
        "message/x-rfc822",
        'text/plain; name="m.txt"\nContent-Disposition: attachment; filename="m.txt"',
    ],
)
def test_a_returned_message_whose_type_was_lost(part: str) -> None:
    body = b64encode(f"{HEADERS}\n\nHello\n".encode()).decode() if "base64" in part else f"{HEADERS}\n\nHello\n"
    report = open_report(
        f"Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n{STATUS}\n"
        f"--b\nContent-Type: {part}\n\n{body}\n--b--\n"
    )
    assert report.returned == HEADERS


def test_a_report_and_a_receipt_whose_type_was_lost() -> None:
    mail = "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: application/octet-stream\n\n{}\n--b--\n"
    assert open_report(mail.format(STATUS)).status is not None
    receipt = open_report(
        mail.format("Final-Recipient: rfc822; a@example.com\nDisposition: manual-action; displayed")
    )
    assert (receipt.status, receipt.disposition != "") == (None, True)
    picture = open_report(mail.format("\x89PNG To: a@example.com"))
    assert (picture.status, picture.returned, picture.disposition) == (None, None, "")


def test_a_receipt_in_running_text_is_no_delivery_report() -> None:
    report = open_report(
        "Subject: Read\n\nIt was read.\n\nFinal-Recipient: rfc822; a@example.com\nDisposition: manual; displayed\n"
    )
    assert (report.status, report.disposition != "") == (None, True)


@pytest.mark.parametrize("kind", ["delivery-status", "feedback-report"])
def test_returned_headers_below_the_notice_beside_a_report(kind: str) -> None:
    fields = STATUS if kind == "delivery-status" else "Feedback-Type: abuse\nVersion: 1\n"
    notice = f"It failed.\n\n--- Original message ---\n\n{HEADERS}\n"
    report = open_report(
        f"Content-Type: multipart/report; boundary=b\n\n--b\n\n{notice}\n--b\nContent-Type: message/{kind}\n\n"
        f"{fields}\n--b--\n"
    )
    assert report.returned == HEADERS


def test_an_attached_text_that_only_resembles_headers_is_read() -> None:
    report = open_report(
        "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nSee below.\n--b\nContent-Type: text/plain\n"
        "Content-Disposition: attachment; filename=why.txt\n\nTo: a@example.com\nReason: 550 no such user\n--b--\n"
    )
    assert (report.returned, "no such user" in report.notice) == (None, True)
