# SPDX-License-Identifier: GPL-3.0-or-later
"""Bounce mails for the tests of the judgement."""

from __future__ import annotations


def mail(
    to: str = "ann@example.com",
    *,
    number: int = 1,
    campaign: str = "",
    subscriber: str = "",
    words: str = "No such user here",
    date: str = "Sun, 01 Mar 2026 10:00:00 +0000",
) -> bytes:
    """A delivery report whose words say hard, with Listmonk's headers where the UUIDs are given."""
    uuids = f"X-Listmonk-Campaign: {campaign}\nX-Listmonk-Subscriber: {subscriber}\n" if subscriber else ""
    return f"""From: MAILER-DAEMON@mx.example.net
To: bounces@example.org
Date: {date}
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

Your message could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; {to}
Action: failed
Status: 5.0.0
Diagnostic-Code: smtp; 550 {words}

--b
Content-Type: text/rfc822-headers

From: news@example.org
To: {to}
Message-ID: <{number}@example.org>
{uuids}
--b--
""".encode()
