# SPDX-License-Identifier: GPL-3.0-or-later
"""Status codes: RFC 3463 enhanced codes (registry: RFC 5248), RFC 5321 reply codes, and finding them in text."""

from __future__ import annotations

import re

from bouncestream.record import record

# A look behind stands behind the first character: a search skips whatever cannot begin a match at once.
_ENHANCED = re.compile(r"[245](?<![\d.].)\.\d{1,3}\.\d{1,3}(?![\d]|\.\d)")
_REPLY = re.compile(
    r"([245](?<![\w.:/-].)\d\d)"
    r"(?:[ -]{1,3}['\"(]?#?(?:([245]\.\d{1,3}\.\d{1,3})(?![\d]|\.\d))?|(?=[:,)\]]|\.(?!\d)|$))"
)
_HASHED = re.compile(r"#([245]\.\d{1,3}\.\d{1,3})(?![\d.])")


@record(frozen=True, slots=True)
class Codes:
    """The codes of a text; '' where it has none."""

    reply: str
    enhanced: str


def enhanced(text: str) -> str:
    """The enhanced code of a Status field: "5.1.1 (bad destination)" → "5.1.1"; '' when there is none."""
    match = _ENHANCED.search(text, 0, 200)
    return match[0] if match else ""


def in_text(text: str) -> Codes:
    """Reply code and enhanced code of a diagnostic. An enhanced code that follows a reply code is preferred, then
    qmail's "(#5.1.1)", then any; an IP address or a version number is none."""
    reply = code = ""
    for match in _REPLY.finditer(text):
        if not reply:
            reply = match[1]
        if match[2]:
            if match[2][0] == match[1][0]:
                reply = match[1]
            code = match[2]
            break
    if not code:
        hashed = _HASHED.search(text) if "#" in text else None
        found = hashed[1] if hashed else ""
        if not found:
            plain = _ENHANCED.search(text)
            found = plain[0] if plain else ""
        code = found
    return Codes(reply, code)


STATUS_REASONS = {
    # Only codes that mean one thing wherever they are seen; 5.0.0, 5.2.1, 5.4.0 and 5.5.0 go both ways and are
    # absent.
    code: reason
    for reason, codes in {
        "user_unknown": "1.1 1.3",
        "host_unknown": "1.2",
        "moved": "1.6",
        "sender_rejected": "1.7 1.8",
        "no_mail_domain": "1.10",  # RFC 7505 null MX; Exchange: recipient not found. Both are gone for good
        "user_filtered": "2.0",
        "mailbox_disabled": "2.1 7.13",
        "mailbox_full": "2.2",
        "too_big": "2.3 3.4",
        "list_problem": "2.4 7.2",
        "system_full": "3.1",
        "system_error": "3.2 3.3 3.5 4.5",
        "network": "4.0 4.1 4.2 4.3 4.4",
        "loop": "4.6",
        "expired": "4.7",
        "protocol": "5.2 5.4",
        "too_many": "5.3",
        "content": "6.0 6.1 6.2 6.3",
        "not_rfc": "6.7",
        "policy": "7.0 7.1",
        "moved_owner": "7.17",
        "auth_failure": "7.20 7.21 7.22 7.23 7.24 7.26",
        "no_ptr": "7.25",
        "no_mail_sender": "7.27",
    }.items()
    for code in codes.split()
}
"""Class-less RFC 3463 code → reason. Private numbers fall back to the subject: x.7 → policy."""


def reason_of(code: str) -> str:
    """The reason that an enhanced code alone gives, '' when it goes both ways."""
    rest = code[2:]
    known = STATUS_REASONS.get(rest)
    if known is not None:
        return known
    if rest.startswith("7."):
        return "policy"
    return "network" if rest.startswith("4.3") else ""
