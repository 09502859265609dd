# SPDX-License-Identifier: GPL-3.0-or-later
"""Bounce mails for tests, as many as are wanted, each of its own."""

from __future__ import annotations

from pathlib import Path

FIXTURES = Path(__file__).parent.parent / "fixtures" / "mail"


def fixture(name: str) -> bytes:
    """A mail of the mail reader's fixtures."""
    return (FIXTURES / f"{name}.eml").read_bytes()


def bounce(number: int = 1, *, address: str = "", date: str = "", reason: str = "") -> bytes:
    """A hard bounce of Postfix's about one recipient, with Listmonk's headers. `date`: of the report and the mail;
    `reason`: what the server said instead of "User unknown"."""
    mail = fixture("postfix_unknown_user")
    mail = mail.replace(b"reader@example.com", (address or f"reader{number}@example.com").encode())
    mail = mail.replace(b"0b5e.1001", b"0b5e.%d" % number).replace(b"001122334455", b"%012x" % number)
    if reason:
        words = reason.encode()
        mail = mail.replace(b"550 5.1.1", words[:9]).replace(b"Status: 5.1.1", b"Status: " + words[4:9])
        mail = mail.replace(b"Recipient address rejected: User unknown in virtual\n    mailbox table", words[10:])
        mail = mail.replace(b"Recipient address\n    rejected: User unknown in virtual mailbox table", words[10:])
    if date:
        mail = mail.replace(b"Tue,  3 Nov 2026 09:00:05 +0000 (UTC)", date.encode())
    return mail
