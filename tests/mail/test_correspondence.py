# SPDX-License-Identifier: GPL-3.0-or-later
"""Ordinary mails that speak of bounces or quote one: letters, newsletters, answers. None of them is feedback."""

import pytest

from bouncestream.mail.decode import read

QUOTED = """
I got this, what is it?

> This is the mail system at host mx.example.org.
> <bob@example.com>: host mx.example.com said: 550 5.1.1 <bob@example.com>: User unknown (in reply to RCPT)
> Final-Recipient: rfc822; bob@example.com
> Action: failed
> Status: 5.1.1
"""

LETTERS = {
    "an answer that quotes a report": f"""From: Jane <jane@example.com>
To: news@example.org
Subject: Re: Undelivered Mail Returned to Sender
In-Reply-To: <1@example.org>
{QUOTED}""",
    "a newsletter about bounces": """From: Mail Weekly <weekly@example.com>
To: news@example.org
Subject: Why mail is undeliverable: 10 facts
List-Unsubscribe: <https://example.com/u>

When a server says 550 5.1.1 User unknown, the address bob@example.com does not exist.
""",
    "a postmaster's letter": """From: postmaster@example.com
To: news@example.org
Subject: Question about your DNS

Hello, please contact admin@example.com about your PTR record.
""",
    "a challenge": """From: a@example.com
To: news@example.org
Subject: Please confirm your message
Auto-Submitted: auto-replied

Your message to a@example.com is being held. Click to confirm.
""",
    "somebody left": """From: bob@example.com
To: news@example.org
Subject: Automatic reply: News
Auto-Submitted: auto-replied

Bob no longer works here. His mailbox does not exist any more.
""",
    "an order": """From: shop@example.com
To: news@example.org
Subject: Delivery of your order 550

We could not reach you at jane@example.com. Your parcel is being returned.
""",
    "nothing": "",
    "only a subject": "Subject: hi\n\n",
}


@pytest.mark.parametrize("name", LETTERS)
def test_a_letter_is_no_bounce(name: str) -> None:
    verdict = read(LETTERS[name].encode())
    assert verdict.kind == "ignore"
    assert not [r for r in verdict.recipients if r.kind != "ignore"]
    assert verdict.evidence


def test_a_real_report_counts_even_behind_a_list() -> None:
    verdict = read(b"""From: MAILER-DAEMON@mx.example.org (Mail Delivery System)
To: news@example.org
Subject: Undelivered Mail Returned to Sender
List-Unsubscribe: <https://example.com/u>
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; bob@example.com
Action: failed
Status: 5.1.1

--b--
""")
    assert [(r.address, r.kind) for r in verdict.recipients] == [("bob@example.com", "hard")]
