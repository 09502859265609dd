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
    ],
)
def test_where_the_action_is_missing_the_notice_tells_whether_it_is_tried_on(
    notice: str, action: str, status: str, kind: str, reason: str
) -> None:
    (one,) = read(MAIL.format(notice=notice, action=action, status=status).encode()).recipients
    assert (one.address, one.kind, one.reason) == ("a@example.com", kind, reason)
