# SPDX-License-Identifier: GPL-3.0-or-later
"""A delivery report as a whole: its fields, beside what its notice says."""

from __future__ import annotations

import pytest

from bouncestream.mail.decode import read

MAIL = """\
From: MAILER-DAEMON@mx.example.net
To: bounces@lists.example.org
Subject: Delivery report
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b

{notice}
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; a@example.com
{action}Status: {status}
--b--
"""


@pytest.mark.parametrize(
    ("notice", "action", "status", "kind", "reason"),
    [
        ("We will keep trying.", "", "4.4.1", "ignore", "delayed"),
        ("It could not be delivered.", "", "4.4.1", "soft", "network"),
        ("We will keep trying.", "", "5.1.1", "hard", "user_unknown"),
        ("We will keep trying.", "Action: failed\n", "4.4.1", "soft", "network"),
        ("It could not be delivered.", "Action: delayed\n", "4.4.1", "ignore", "delayed"),
        ("It could not be delivered.", "Action: undelivered\n", "5.1.1", "hard", "user_unknown"),
        ("It is on its way.", "Action: queued\n", "4.4.1", "ignore", "delayed"),
        # OpenSMTPD tells the words only in the notice.
        ("a@example.com: 550 5.1.1 file of users not found", "Action: failed\n", "5.1.1", "soft", "system_error"),
        ("a@example.com: 550 5.1.1 user not found", "Action: failed\n", "5.1.1", "hard", "user_unknown"),
    ],
)
def test_an_action_that_is_missing_or_not_of_the_standard(
    notice: str, action: str, status: str, kind: str, reason: str
) -> None:
    (one,) = read(MAIL.format(notice=notice, action=action, status=status).encode()).recipients
    assert (one.address, one.kind, one.reason) == ("a@example.com", kind, reason)


UUID = "9a8b7c6d-1234-4abc-8def-001122334455"
GONE = "failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 User unknown"
FULL = "failed\nStatus: 5.2.2\nDiagnostic-Code: smtp; 552 5.2.2 Mailbox full"
LATE = "delayed\nStatus: 4.4.1"
THERE = "delivered\nStatus: 2.0.0"


@pytest.mark.parametrize("returned", [f"X-Listmonk-Subscriber: {UUID}\n", ""])
@pytest.mark.parametrize(
    ("first", "second", "kind"),
    [
        (GONE, THERE, "ignore"),
        (LATE, GONE, "ignore"),
        (GONE, FULL, "soft"),
        (FULL, GONE, "soft"),
        (GONE, GONE, "hard"),
    ],
)
@pytest.mark.parametrize("original", ["Original-Recipient: rfc822; a@example.com\n", ""])
def test_of_several_places_that_an_alias_stands_for_the_mildest_counts(
    first: str, second: str, kind: str, original: str, returned: str
) -> None:
    places = ("x@mx.example.net", "y@mx.example.net") if original else ("a@example.com", "a@example.com")
    groups = (
        f"{original}Final-Recipient: rfc822; {place}\nAction: {action}\n"
        for place, action in zip(places, (first, second), strict=True)
    )
    mail = MAIL.partition("Final-Recipient")[0].format(notice="It was not delivered.") + "\n".join(groups)
    mail += f"\n--b\nContent-Type: text/rfc822-headers\n\nTo: a@example.com\n{returned}--b--\n"
    verdict = read(mail.encode())
    assert [(r.address, r.kind) for r in verdict.recipients] == [("a@example.com", kind)]
    assert verdict.kind == kind
