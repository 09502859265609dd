# SPDX-License-Identifier: GPL-3.0-or-later
"""RFC 6522 multipart/report, tolerantly: which part is the notice, which the machine's report, which the
returned message.

Real reports are multipart/mixed, or text/plain with the fields inside, or lack boundaries and blank lines; so
parts are taken for what they hold and not for where they stand.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

from bouncestream.mail.address import addresses
from bouncestream.mail.mime import Fields, Part, decoded, leaves, parameters, parse_fields, split_headers
from bouncestream.mail.original import RETURNED_BEGINS, header_block, unquoted

STATUS_TYPES = ("message/delivery-status", "message/global-delivery-status")
RETURNED_TYPES = (
    "message/rfc822", "message/global", "text/rfc822-headers", "text/rfc822-header", "message/rfc822-headers",
    "message/global-headers", "message/partial",
)  # fmt: skip
UNNAMED_TYPES = ("application/octet-stream", "application/eml", "application/x-eml", "message/x-rfc822")
UNNAMED_LIMIT = 150_000  #: characters of such a part that is looked into
MDN_TYPES = ("message/disposition-notification", "message/global-disposition-notification")

_STATUS_FIELD = re.compile(r"(?mi)^([>| \t]{0,8})(?:final|original)-recipient[ \t]{0,4}:")
_REPORTING = re.compile(r"(?mi)^[> \t]{0,8}(?:reporting-mta|final-recipient|original-recipient|action)[ \t]{0,4}:")
_HEADER = re.compile(
    r"(?i)(?:return-path|received|message-id|x-listmonk-[a-z]{1,20}|from|date|subject|to)[ \t]{0,4}:"
)
_OF_A_MESSAGE = re.compile(r"(?mi)^(?:return-path|received|message-id|x-listmonk-[a-z]{1,20})[ \t]{0,4}:")
_DISPOSITION = re.compile(r"(?mi)^disposition[ \t]{0,4}:")
_ACTION = re.compile(r"(?mi)^(?:action|status|diagnostic-code)[ \t]{0,4}:")
_UNQUOTED = re.compile(r"=(?![0-9A-Fa-f]{2}|[ \t]{0,8}(?:\n|\Z))")
_FEEDBACK_FIELD = re.compile(r"(?mi)^feedback-type[ \t]{0,4}:")
NOTICE_LIMIT = 32_768  #: characters of notices that are looked at


@lru_cache(maxsize=64)
def _first_two(value: str) -> tuple[str, ...]:
    return tuple(addresses(value, 2))


@dataclass(slots=True)
class Report:
    """A mail in its parts."""

    fields: Fields  #: of the mail itself
    notice: str = ""  #: what a person would read
    in_text: bool = False  #: the status fields stand in running text, where a person may have quoted them
    status: str | None = None  #: the text of the delivery-status part; None when there is none
    feedback: str = ""  #: the text of the feedback-report part (RFC 5965)
    disposition: str = ""  #: the text of the disposition-notification part (RFC 8098)
    returned: str | None = None  #: headers of the returned message; None when there is none
    enclosed: str = ""  #: the whole of the first message/rfc822 part
    attachments: list[str] = field(default_factory=list)  #: types and names of parts that were not read
    head: str = ""  #: the header block as it came, for what the order of its fields tells
    seen: list[tuple[str, str, int, str]] = field(default_factory=list)  #: number, type, size, role of each part

    @property
    def to(self) -> tuple[str, ...]:
        """The addresses that the mail was sent to, the first two of them."""
        return _first_two(self.fields.get("to", "")[:4000])


def open_report(text: str) -> Report:
    """Take a mail (latin-1, lines ended by newline) apart. Never raises; reads at most `mime.MAX_PARTS` parts."""
    if text.startswith(("From ", ">From ")):
        text = text.partition("\n")[2]
    head, body = split_headers(text.lstrip())
    report = Report(parse_fields(head), head=head)
    for part in leaves(report.fields, body):
        report.seen.append((part.number, part.kind, len(part.body), _file(report, part)))
    if report.status is None and report.notice and not report.feedback:
        _fields_in_notice(report)
    elif report.returned is None and (report.status or report.feedback):
        report.returned = _returned_after(report.feedback) or _returned_after(report.notice)
    return report


def _file(report: Report, part: Part) -> str:
    """Put a part where it belongs, and say what it was taken for."""
    kind = part.kind
    if kind in STATUS_TYPES:
        report.status = (report.status + "\n\n" if report.status else "") + decoded(part)
        return "report"
    if kind in RETURNED_TYPES:
        if report.returned is not None:
            return "ignored"
        report.enclosed = _returned_text(part)
        report.returned = header_block(report.enclosed)
        return "returned"
    if kind == "message/feedback-report":
        report.feedback = decoded(part)
        return "feedback"
    if kind in MDN_TYPES:
        report.disposition = decoded(part)
        return "receipt"
    if kind.startswith("text/"):
        return _file_text(report, part)
    if kind in UNNAMED_TYPES and len(part.body) < UNNAMED_LIMIT and (role := _file_unnamed(report, part)):
        return role
    name = parameters(part.fields.get("content-type", "")).get("name", "").lower()
    report.attachments.append(kind + " " + name)
    return "attachment"


def _file_unnamed(report: Report, part: Part) -> str:
    """File a part that some gateway has taken the type from, by how it begins; '' when it is neither a report nor a
    returned message."""
    text = decoded(part).lstrip()
    if _DISPOSITION.search(text, 0, 4000) and not _ACTION.search(text, 0, 4000):
        report.disposition = text
        return "receipt"
    if report.status is None and _REPORTING.match(text):
        report.status = text
        return "report"
    if report.returned is None and (headers := _headers_of(text)):
        report.enclosed, report.returned = text, headers
        return "returned"
    return ""


def _headers_of(text: str) -> str:
    """The header block that a text begins with, if only a message has such a one; ''."""
    block = header_block(text) if _HEADER.match(text) else ""
    return block if _OF_A_MESSAGE.search(block) else ""


def _file_text(report: Report, part: Part) -> str:
    disposition = part.fields.get("content-disposition", "").lower()
    text = decoded(part)
    if disposition.startswith("attachment") and report.returned is None:
        headers = header_block(text) if "header" in disposition else _headers_of(text.lstrip())
        if headers or "header" in disposition:
            report.returned = headers
            return "returned"
    if report.notice and part.kind == "text/html":
        if report.notice.strip():
            return "ignored"  # the same again as HTML
        report.notice = text[:NOTICE_LIMIT]
        return "notice"
    if not report.feedback and "eedback-" in text and _FEEDBACK_FIELD.search(text, 0, 2000):
        report.feedback = text
        return "feedback"
    if len(report.notice) >= NOTICE_LIMIT:
        return "ignored"
    report.notice += ("\n" if report.notice else "") + text[:NOTICE_LIMIT]
    return "notice"


def _returned_text(part: Part) -> str:
    """A returned message, its transfer encoding undone. RFC 2046 section 5.2.1 allows it none, but servers use one,
    and declare quoted-printable for headers that are not: encoded ones have no other "=" than its own."""
    encoding = part.fields.get("content-transfer-encoding", "").strip().lower()
    if encoding.startswith("quoted-printable"):
        encoded = _UNQUOTED.search(header_block(part.body)) is None
        return decoded(part) if encoded else part.body
    return decoded(part) if encoding.startswith("b") else part.body


def _fields_in_notice(report: Report) -> None:
    """A report whose fields stand in the running text, perhaps quoted by a forward."""
    notice = report.notice
    field = _STATUS_FIELD.search(notice) if "-recipient" in notice.lower() else None
    if field is None:
        return
    if field[1]:
        notice = unquoted(notice, field[1])
    start = _REPORTING.search(notice)
    if start is not None and _DISPOSITION.search(notice) and not _ACTION.search(notice):
        report.disposition = notice[start.start() :]
    elif start is not None:
        report.status = notice[start.start() :]
        report.in_text = True
        report.notice = notice[: start.start()]
        if report.returned is None:
            report.returned = _returned_after(report.status)


def _returned_after(status: str) -> str | None:
    """The returned headers behind the fields in one running text."""
    match = RETURNED_BEGINS.search(f"\n{status}")
    return header_block(status[match.start() :]) if match else None
