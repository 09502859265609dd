# SPDX-License-Identifier: GPL-3.0-or-later
"""Mails that a stranger, or a subscriber, writes to the bounce address: whatever they say, Listmonk blocklists
nobody but the person whose UUID the writer knows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from bouncestream.crypto.secret import Secret
from bouncestream.judging.mail import Judging, read_mail
from bouncestream.mail.verp import signed
from bouncestream.sandbox import Sandbox
from tests.relay.conftest import Bridge
from tests.relay.test_loop import forbid
from tests.relay.test_owners import status_of, uuid_of

VICTIM, ATTACKER = "p1@example.com", "p2@example.com"
PATTERN = "bounces+*@news.example.org"
KEY = Secret("a-key-of-these-tests")
JUDGING = Judging("inbox", own_domains=("example.org",), verp=(PATTERN,), verp_secret=KEY)
RECEIVED = "Received: from evil.example by mx.news.example.org with ESMTP id 1; Tue, 3 Nov 2026 09:00:00 +0000\n"


def dsn(*victims: str, returned: str = "", to: str = "bounces@news.example.org", above: str = "") -> str:
    groups = "\n\n".join(
        f"Final-Recipient: rfc822; {victim}\nOriginal-Recipient: rfc822; {victim}\nAction: failed\nStatus: 5.1.1\n"
        "Diagnostic-Code: smtp; 550 5.1.1 User unknown"
        for victim in victims
    )
    return f"""{above}{RECEIVED}From: MAILER-DAEMON@evil.example
To: {to}
Subject: Undelivered Mail Returned to Sender
Message-ID: <{uuid4()}@evil.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

Could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; evil.example

{groups}

--b
Content-Type: message/rfc822

{returned or "From: x@evil.example"}
Subject: s

x
--b--
"""


def arf(victim: str, returned: str) -> str:
    return f"""{RECEIVED}From: fbl@evil.example
To: bounces@news.example.org
Subject: complaint
Message-ID: <{uuid4()}@evil.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="b"

--b
Content-Type: message/feedback-report

Feedback-Type: abuse
Version: 1
User-Agent: x
Original-Rcpt-To: {victim}

--b
Content-Type: message/rfc822

{returned}
Subject: s

x
--b--
"""


def letter(uuid: str, to: str = VICTIM) -> str:
    """The headers of a letter of ours, as somebody writes them who knows or makes up a UUID."""
    ours = f"From: news@example.org\nMessage-ID: <{uuid4()}@example.org>"
    return f"{ours}\nTo: {to}\nX-Listmonk-Campaign: {uuid4()}\nX-Listmonk-Subscriber: {uuid}"


OURS = "From: news@example.org\nMessage-ID: <1@example.org>\nTo: " + VICTIM
VERP = "bounces+p1=example.com@news.example.org"


def forgeries(attacker: str) -> dict[str, str]:
    """Name → mail; `attacker`: his own UUID."""
    wrong = signed(VICTIM, PATTERN, b"not-the-key-of-ours")
    his = signed(ATTACKER, PATTERN, KEY.keys[0])
    return {
        "made-up UUIDs": dsn(VICTIM, returned=letter(str(uuid4()))),
        "made-up UUIDs, complaint": arf(VICTIM, letter(str(uuid4()))),
        "his own UUID": dsn(VICTIM, returned=letter(attacker)),
        "his own UUID, complaint": arf(VICTIM, letter(attacker)),
        "his own UUID, another To": dsn(VICTIM, returned=letter(attacker, "x@evil.example")),
        "his own UUID, many": dsn(*(f"p{i}@example.com" for i in range(1, 30)), returned=letter(attacker)),
        "own domain": dsn(VICTIM, returned=OURS),
        "own domain, many": dsn(*(f"p{i}@example.com" for i in range(300)), returned=OURS),
        "own domain, complaint": arf(VICTIM, OURS),
        "VERP in To": dsn(VICTIM, to=VERP),
        "VERP, delivered": dsn(VICTIM, above=f"Delivered-To: {VERP}\n"),
        "VERP of a wrong key": dsn(VICTIM, above=f"Delivered-To: {wrong}\n"),
        "VERP of his, another address": dsn(
            VICTIM, above=f"Delivered-To: {his.replace('p2=example', 'p1=example')}\n"
        ),
        "VERP of a made-up UUID": dsn(VICTIM, above=f"Delivered-To: bounces+{uuid4()}@news.example.org\n"),
        "VERP of his UUID": dsn(VICTIM, above=f"Delivered-To: bounces+{attacker}@news.example.org\n"),
        "Delivered-To of his own": dsn(VICTIM).replace("From: M", f"Delivered-To: {VERP}\nFrom: M", 1),
    }


@pytest.mark.parametrize("unproven", ["soft", "hold"])
@pytest.mark.parametrize("lookup", [True, False])
@pytest.mark.parametrize("name", forgeries(""))
async def test_nobody_else_is_blocklisted(
    bridge: Bridge, sandbox: Sandbox, name: str, lookup: bool, unproven: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bouncestream.relay.ledger.GAP", 0.05)
    if not lookup:
        forbid(sandbox, "subscribers:sql_query")
    await bridge.start()
    await bridge.emit(range(390, 391))  # of a real one: then the absence of a row proves something
    await bridge.idle()
    mail = forgeries(uuid_of(sandbox, ATTACKER))[name]
    returned = read_mail(mail.encode(), replace(JUDGING, unproven=unproven), datetime.now(UTC))
    assert returned.submission is not None
    await bridge.intake(returned.submission)
    await bridge.idle()
    blocked = {one["email"] for one in sandbox.state()["subscribers"] if one["status"] == "blocklisted"}
    assert blocked - {"p390@example.com"} <= ({ATTACKER} if "his own UUID" in name or "his UUID" in name else set())
    assert status_of(sandbox, VICTIM) == "enabled"
    assert sum(row["type"] == "soft" for row in sandbox.state()["rows"]) <= 5
