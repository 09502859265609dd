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
    "1.1": "user_unknown",  # bad destination mailbox address
    "1.2": "host_unknown",  # bad destination system address
    "1.3": "user_unknown",  # bad destination mailbox address syntax
    "1.6": "moved",  # destination mailbox has moved, no forwarding address
    "1.7": "sender_rejected",
    "1.8": "sender_rejected",
    "1.10": "no_mail_domain",  # RFC 7505 null MX; Exchange: recipient not found. Both are gone for good
    "2.0": "user_filtered",
    "2.1": "mailbox_disabled",
    "2.2": "mailbox_full",
    "2.3": "too_big",
    "2.4": "list_problem",
    "3.1": "system_full",
    "3.2": "system_error",
    "3.3": "system_error",
    "3.4": "too_big",
    "3.5": "system_error",
    "4.0": "network",
    "4.1": "network",
    "4.2": "network",
    "4.3": "network",
    "4.4": "network",
    "4.5": "system_error",
    "4.6": "loop",
    "4.7": "expired",
    "5.2": "protocol",
    "5.3": "too_many",
    "5.4": "protocol",
    "6.0": "content",
    "6.1": "content",
    "6.2": "content",
    "6.3": "content",
    "6.7": "not_rfc",
    "7.0": "policy",
    "7.1": "policy",
    "7.2": "list_problem",
    "7.13": "mailbox_disabled",
    "7.17": "moved_owner",
    "7.20": "auth_failure",
    "7.21": "auth_failure",
    "7.22": "auth_failure",
    "7.23": "auth_failure",
    "7.24": "auth_failure",
    "7.25": "no_ptr",
    "7.26": "auth_failure",
    "7.27": "no_mail_sender",
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
