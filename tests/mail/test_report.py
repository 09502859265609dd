# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding the parts of a report where gateways have left them."""

from __future__ import annotations

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
