# SPDX-License-Identifier: GPL-3.0-or-later
"""The input of the demo: Sendamatic's webhooks as its documentation shows them, and bounce mails, with made-up
people.

Source: Sendamatic's page "Feedback webhooks" and RFC 3464, 5965 and 3834 for the mails inside, as stored in
late 2026.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

CAMPAIGN = "5a0db0c5-0000-4000-8000-000000000001"  #: the one that the sandbox begins with
DOMAIN = "example.org"
DAEMON = "Mail Delivery System <MAILER-DAEMON@mx.example.org>"
READERS = 25  #: who bounce while Listmonk restarts


@dataclass(frozen=True, slots=True)
class Case:
    """A case: one webhook or mail, and all that must come of it."""

    title: str
    address: str
    body: bytes
    status: int = 200  #: of the answer to the webhook
    outcome: str = "accepted"  #: `accepted`, `duplicate`, `ignored`, `refused` or `unidentified`
    kind: str = ""  #: of the event; empty: there must be none
    state: str = ""  #: where the event must end
    subscriber: str = ""  #: status in Listmonk at the end: enabled, blocklisted, unsubscribed; empty: unknown there
    forged: bool = False  #: sent with a wrong secret
    folder: str = ""  #: a mail: where it must be at the end; empty: it is a webhook


def subscriber_uuid(address: str) -> str:
    """A made-up subscriber UUID for an address."""
    return f"5b5c0000-0000-4000-8000-{sum(ord(c) * 131**i for i, c in enumerate(address)) % 16**12:012x}"


def people() -> list[str]:
    """The people who are subscribed."""
    named = ("anna", "bert", "carla", "dora", "emil", "frida", "gina", "hans", "you")
    return [f"{name}@{DOMAIN}" for name in named] + readers()


def readers() -> list[str]:
    """The addresses whose mails bounce while Listmonk restarts."""
    return [f"reader{number:02}@{DOMAIN}" for number in range(1, READERS + 1)]


def cases() -> list[Case]:
    """The cases, one webhook of each kind, in the order in which they are sent."""
    anna, bert, carla, dora, emil, frida = people()[:6]
    stranger = f"stranger@{DOMAIN}"
    hard = bounce(anna, "Hard bounce", "5.1.1", "550 5.1.1 No such user here", harmed=True)
    return [
        Case("hard bounce", anna, hard, kind="hard", state="verified", subscriber="blocklisted"),
        Case("soft bounce", bert, full(bert), kind="soft", state="verified", subscriber="enabled"),
        Case("complaint", carla, complaint(carla), kind="complaint", state="verified", subscriber="blocklisted"),
        Case(
            "unsubscription",
            dora,
            unsubscription(dora),
            kind="unsubscribe",
            state="verified",
            subscriber="unsubscribed",
        ),
        Case("auto-reply", emil, auto_reply(emil), outcome="ignored", subscriber="enabled"),
        Case("the same again", anna, hard, outcome="duplicate", subscriber="blocklisted"),
        Case(
            "forged bounce",
            frida,
            bounce(frida, "Hard bounce", "5.1.1", "550 5.1.1 No such user here", harmed=True),
            status=401,
            outcome="refused",
            subscriber="enabled",
            forged=True,
        ),
        Case(
            "hard bounce",
            stranger,
            bounce(stranger, "Hard bounce", "5.1.1", "550 5.1.1 No such user here", harmed=True),
            kind="hard",
            state="unstored",
        ),
    ]


def restart_cases() -> list[Case]:
    """The soft bounces that Listmonk accepts and then loses."""
    return [
        Case("soft bounce", address, full(address), kind="soft", state="verified", subscriber="enabled")
        for address in readers()
    ]


def mail_cases() -> list[Case]:
    """The cases, one mail of each sort, in the order in which they arrive."""
    anna, gina, hans = (f"{name}@{DOMAIN}" for name in ("anna", "gina", "hans"))
    gone = ("5.1.1", "550 5.1.1 No such user here")
    forged = dsn(hans, *gone).replace("X-Listmonk-", "X-Made-Up-").replace("news@news.", "someone@")
    nobody = (
        f"From: {DAEMON}\nTo: bounces@news.example.net\nDate: {_now()}\nMessage-ID: <nobody.1@mx.example.org>\n"
        "Subject: Undelivered Mail Returned to Sender\n\nYour message could not be delivered.\n"
    )
    letter = (
        f"From: emil@{DOMAIN}\nTo: bounces@news.example.net\nDate: {_now()}\nMessage-ID: <1@{DOMAIN}>\n"
        "Subject: A question\n\nWhen does the next one come?\n"
    )
    return [
        Case(
            "personal mail",
            f"emil@{DOMAIN}",
            letter.encode(),
            outcome="ignored",
            subscriber="enabled",
            folder="INBOX",
        ),
        Case(
            "hard bounce",
            gina,
            dsn(gina, *gone).encode(),
            kind="hard",
            state="verified",
            subscriber="blocklisted",
            folder="Processed",
        ),
        Case(
            "forged hard bounce",
            hans,
            forged.encode(),
            kind="soft",
            state="verified",
            subscriber="enabled",
            folder="Processed",
        ),
        Case(
            "webhook's bounce",
            anna,
            dsn(anna, *gone).encode(),
            outcome="duplicate",
            subscriber="blocklisted",
            folder="Processed",
        ),
        Case("unidentified mail", "", nobody.encode(), outcome="unidentified", folder="Unidentified"),
    ]


def full(address: str) -> bytes:
    """A soft bounce: over quota."""
    return bounce(address, "Soft bounce - Mailbox full", "5.2.2", "552 5.2.2 Mailbox is over quota", harmed=False)


def bounce(address: str, bounce_type: str, status: str, words: str, *, harmed: bool) -> bytes:
    """A bounce notification with the DSN inside."""
    return _notification(
        "bounce",
        {
            "reason": words,
            "bounce_type": bounce_type,
            "body": dsn(address, status, words),
            "message_id": _message_id(address),
            "envelope_sender_id": "FEDCABC9-8765-4321-0FED-CBA987654321.1",
            "recipient": address,
            "original_recipient": address,
            "reputation_score": harmed,
        },
    )


def dsn(address: str, status: str, words: str) -> str:
    """A delivery report (RFC 3464), with the headers of the newsletter that comes back."""
    parts = [
        ("text/plain; charset=utf-8", f"Your message to {address} could not be delivered:\n\n    {words}\n"),
        (
            "message/delivery-status",
            "Reporting-MTA: dns; mx.example.org\n\n"
            f"Final-Recipient: rfc822; {address}\nAction: failed\nStatus: {status}\n"
            f"Diagnostic-Code: smtp; {words}\n",
        ),
        ("text/rfc822-headers", _returned(address)),
    ]
    return (
        f"From: {DAEMON}\n"
        f"To: bounces@news.example.net\nDate: {_now()}\nSubject: Undelivered Mail Returned to Sender\n"
        "Auto-Submitted: auto-replied\n" + _multipart("delivery-status", parts)
    )


def auto_reply(address: str) -> bytes:
    """An out-of-office answer, which their classifier calls undetermined (RFC 3834)."""
    mail = (
        f"From: {address}\nTo: bounces@news.example.net\nDate: {_now()}\nSubject: Out of office: Our news\n"
        "Auto-Submitted: auto-replied\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n"
        "I am away until Monday and will answer then.\n"
    )
    fields = {
        "reason": "",
        "bounce_type": "Undetermined",
        "body": mail,
        "message_id": _message_id(address),
        "recipient": address,
        "original_recipient": address,
        "reputation_score": False,
    }
    return _notification("bounce", fields)


def complaint(address: str) -> bytes:
    """A complaint with its ARF report (RFC 5965)."""
    report = (
        "Feedback-Type: abuse\nUser-Agent: SomeGenerator/1.0\nVersion: 1\n"
        f"Original-Rcpt-To: {address}\nArrival-Date: {_now()}\n"
    )
    fields = {
        "description": "This is an email abuse report for an email message received from domain news.example.net",
        "report": report,
        "original": _returned(address) + "\nOur news of this month.\n",
        "message_id": _message_id(address),
    }
    return _notification("complaint", fields)


def unsubscription(address: str) -> bytes:
    """Sendamatic's own one-click unsubscription."""
    fields = {"recipient": address, "message_id": _message_id(address), "list_id": "<news.example.net>"}
    return _notification("unsubscribe", fields)


def _notification(kind: str, fields: Mapping[str, object]) -> bytes:
    return json.dumps({"notification_type": kind, kind: fields}).encode()


def _returned(address: str) -> str:
    """The headers of the newsletter that comes back, as Listmonk writes them."""
    return (
        f"From: Our news <news@news.example.net>\nTo: {address}\nSubject: Our news\nDate: {_now()}\n"
        f"Message-ID: {_message_id(address)}\nX-Listmonk-Campaign: {CAMPAIGN}\n"
        f"X-Listmonk-Subscriber: {subscriber_uuid(address)}\n"
    )


def _message_id(address: str) -> str:
    return f"<{address.partition('@')[0]}.1@news.example.net>"


def _multipart(report_type: str, parts: list[tuple[str, str]]) -> str:
    boundary = "=_demo"
    text = (
        f'MIME-Version: 1.0\nContent-Type: multipart/report; report-type={report_type}; boundary="{boundary}"\n\n'
    )
    for content_type, content in parts:
        text += f"--{boundary}\nContent-Type: {content_type}\n\n{content}\n"
    return f"{text}--{boundary}--\n"


def _now() -> str:
    return format_datetime(datetime.now(UTC))
