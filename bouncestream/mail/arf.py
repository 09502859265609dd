# SPDX-License-Identifier: GPL-3.0-or-later
"""Abuse reports: RFC 5965 (ARF) with RFC 6591 (auth-failure), and Hotmail's JMRP form, which has no report part.

Only a recipient's own report is a complaint; an authentication-failure or DMARC report tells the sender
something about itself. Addresses are often redacted: then the X-Listmonk headers of the returned message say
who it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bouncestream.mail.address import normalise
from bouncestream.mail.mime import Fields, parameters, unencoded

COMPLAINTS = frozenset({"abuse", "opt-out", "opt-out-list", "fraud", "virus", "other", "complaint", "spam", ""})
"""Feedback types that a recipient stands behind (RFC 5965 section 7.3, RFC 6449)."""

RECIPIENT_FIELDS = ("original-rcpt-to", "removal-recipient", "original-recipient", "x-original-rcpt-to")
MAX_RECIPIENTS = 100

_HOTMAIL = "x-hmxmroriginalrecipient"


@dataclass(frozen=True, slots=True)
class Feedback:
    """A feedback report, as far as it says something about recipients."""

    type: str  #: Feedback-Type, lower case
    recipients: tuple[str, ...]  #: addresses, normalised
    arrival_date: str  #: Arrival-Date or Received-Date as written
    message_id: str  #: Message-ID or Original-Message-ID as written
    complaint: bool  #: a recipient complained


def read_feedback(text: str) -> Feedback:
    """The fields of a message/feedback-report part (RFC 5965 section 3). Never raises."""
    first: dict[str, str] = {}
    found: dict[str, None] = {}
    for name, value in _fields(text):
        first.setdefault(name, value)
        if name in RECIPIENT_FIELDS and len(found) < MAX_RECIPIENTS:
            address = normalise(value)
            if address and not redacted(address):
                found[address] = None
    kind = first.get("feedback-type", "").partition(";")[0].partition("(")[0].strip().lower()
    return Feedback(
        kind,
        tuple(found),
        first.get("arrival-date") or first.get("received-date", ""),
        first.get("original-message-id") or first.get("message-id", ""),
        kind in COMPLAINTS and "auth-failure" not in first,
    )


def _fields(text: str) -> Iterator[tuple[str, str]]:
    for line in text.replace("\n ", " ").replace("\n\t", " ").split("\n", 2000)[:2000]:
        name, colon, value = line.partition(":")
        if colon:
            yield name.strip().lower(), value.strip()


def hotmail_recipient(fields: Fields, returned: Fields) -> str:
    """The recipient of a Microsoft JMRP report: multipart/mixed from staff@hotmail.com with the mail attached, or
    the mail itself with one header more; ''."""
    if _HOTMAIL in fields:
        return normalise(fields[_HOTMAIL])
    address = returned.get(_HOTMAIL, "")
    if address and "complaint" in fields.get("subject", "").lower():
        return normalise(address)
    return ""


def without_part(fields: Fields) -> str:
    """In words why a mail is an abuse report although the part that would say so is missing; '' when it is none."""
    if parameters(fields.get("content-type", "")).get("report-type", "").lower() == "feedback-report":
        return "report-type=feedback-report, without its part"
    if _HOTMAIL in fields:
        return "Microsoft's JMRP form, without a wrapping"
    subject = fields.get("subject", "").lower()
    sender = fields.get("from", "").lower()
    if subject.startswith("complaint about message from ") and "staff@hotmail." in sender:
        return "Microsoft's JMRP form"
    return "SpamCop's form" if "@reports.spamcop.net" in sender else ""


def redacted(address: str) -> bool:
    """Whether an address in a report is made unreadable: "redacted@…", "xxxx@…", "****@…"."""
    local = address.partition("@")[0]
    return (
        "redact" in local
        or "*" in local
        or local in ("hidden", "removed", "anonymized", "anonymised")
        or (len(local) > 2 and set(local) <= {"x"})
    )


def is_aggregate(fields: Fields, attachments: list[str]) -> bool:
    """Whether the mail is a DMARC aggregate report (RFC 7489 section 7.2.1.1) or an SMTP TLS one (RFC 8460)."""
    subject = unencoded(fields.get("subject", "")[:2000]).lower()
    if subject.startswith("report domain:") or ("report domain:" in subject[:80] and "submitter:" in subject):
        return True
    if "report_type=tlsrpt" in fields.get("content-type", "").lower() or "tls-report-domain" in fields:
        return True
    zipped = ("application/gzip", "application/zip", "application/x-gzip", "application/tlsrpt+gzip")
    return "dmarc" in subject and any(a.startswith(zipped) for a in attachments)
