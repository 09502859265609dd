# SPDX-License-Identifier: GPL-3.0-or-later
"""RFC 3464 delivery status notifications: the per-message and per-recipient fields, and RFC 6533's
international form.

The classes mirror the fields of the RFC one to one. Tolerant: groups without a blank line between them, blank lines
within a group, fields in any order, missing types, several reports in one mail.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from bouncestream.mail.address import addresses, normalise
from bouncestream.record import record

MAX_RECIPIENTS = 1000  #: recipients of one report; more are not read, and the evidence says so
MAX_LINES = 20_000
DIAGNOSTIC_LIMIT = 4000  #: characters of a diagnostic that are read

_FIELD_NAMES = {
    "original-recipient": "original_recipient",
    "final-recipient": "final_recipient",
    "action": "action",
    "status": "status",
    "remote-mta": "remote_mta",
    "diagnostic-code": "diagnostic_code",
    "last-attempt-date": "last_attempt_date",
    "x-actual-recipient": "actual_recipient",
    "x-powermta-bouncecategory": "bounce_category",
}
_STARTS_GROUP = ("final-recipient", "original-recipient", "action")


@record(frozen=True, slots=True)
class MessageFields:
    """Per-message fields (RFC 3464 section 2.2)."""

    original_envelope_id: str = ""  #: 2.2.1
    reporting_mta: str = ""  #: 2.2.2
    arrival_date: str = ""  #: 2.2.5


@record(frozen=True, slots=True)
class RecipientFields:
    """Per-recipient fields (RFC 3464 section 2.3), as written."""

    original_recipient: str = ""  #: 2.3.1
    final_recipient: str = ""  #: 2.3.2
    action: str = ""  #: 2.3.3
    status: str = ""  #: 2.3.4
    remote_mta: str = ""  #: 2.3.5
    diagnostic_code: str = ""  #: 2.3.6
    last_attempt_date: str = ""  #: 2.3.7
    actual_recipient: str = ""  #: Sendmail's X-Actual-Recipient: where an alias pointed to
    bounce_category: str = ""  #: PowerMTA's own reading of the reply (User's Guide, "Bounce categories")


@record(frozen=True, slots=True)
class DeliveryStatus:
    """A delivery-status part."""

    message: MessageFields
    recipients: tuple[RecipientFields, ...]
    capped: bool = False  #: there were more than `MAX_RECIPIENTS`


def read_status(text: str) -> DeliveryStatus:
    """The fields of a delivery-status part. Never raises; what is no field is skipped."""
    message: dict[str, str] = {}
    recipients: list[RecipientFields] = []
    group = _Group()
    capped = False
    for name, value in _fields(text):
        if name == "":
            group.blank = not group.empty
            continue
        if name in _FIELD_NAMES:
            if group.ends_before(name):
                recipients.append(group.done())
                group = _Group()
                if len(recipients) >= MAX_RECIPIENTS:
                    capped = True
                    break
            group.add(name, _decoded(value) if name == "original-recipient" else value)
        else:
            message.setdefault(name, value)
    if not group.empty and not capped:
        recipients.append(group.done())
    fields = MessageFields(
        message.get("original-envelope-id", ""), message.get("reporting-mta", ""), message.get("arrival-date", "")
    )
    return DeliveryStatus(fields, tuple(r for r in recipients if r.final_recipient or r.original_recipient), capped)


def _decoded(value: str) -> str:
    """An Original-Recipient that is still as it came by SMTP, in xtext (RFC 3461 section 4.2): Exim writes it so
    (deliver.c, December 2025). Only what xtext must encode is read, as a tag may begin with other digits."""
    return value.replace("+2B", "+").replace("+3D", "=") if "+" in value else value


@dataclass(slots=True)
class _Group:
    """The fields of one recipient while they are collected."""

    values: dict[str, str] = field(default_factory=dict)
    blank: bool = False  #: a blank line has been seen since the first field

    @property
    def empty(self) -> bool:
        return not self.values

    def ends_before(self, name: str) -> bool:
        """Whether a field of this name begins the next recipient: it is here already, or both are complete."""
        if not self.values:
            return False
        if name in self.values and name in _STARTS_GROUP:
            return True
        addressed = "final-recipient" in self.values or "original-recipient" in self.values
        return self.blank and addressed and name in _STARTS_GROUP and "action" in self.values

    def add(self, name: str, value: str) -> None:
        self.values.setdefault(name, value)

    def done(self) -> RecipientFields:
        return RecipientFields(**{_FIELD_NAMES[name]: value for name, value in self.values.items()})


def _fields(text: str) -> Iterator[tuple[str, str]]:
    """(lower-case name, unfolded value) of each field; ("", "") for a blank line."""
    if "\n " in text or "\n\t" in text:
        text = text.replace("\n\t", "\n ").replace("\n ", "\x00")
    for line in text.split("\n", MAX_LINES)[:MAX_LINES]:
        if not line or line.isspace():
            yield "", ""
            continue
        name, colon, value = line.partition(":")
        if colon:
            if "\x00" in line:  # folded: the white space at the fold is one blank
                name, value = name.replace("\x00", ""), " ".join(value.replace("\x00", " ").split())
            yield name.strip().lower(), value.strip()


def typed(value: str) -> tuple[str, str]:
    """(type, text) of an address-type or diagnostic-type field (RFC 3464 section 2.1.2); type '' when there is
    none."""
    kind, semicolon, rest = value.partition(";")
    if semicolon and len(kind) < 40 and " " not in kind.strip() and "@" not in kind:
        return kind.strip().lower(), rest.strip()
    return "", value.strip()


def address_of(recipient: RecipientFields) -> tuple[str, str]:
    """(address, which field gave it). Original-Recipient is what was mailed, and so what the sender knows."""
    for name, value in (
        ("Original-Recipient", recipient.original_recipient),
        ("Final-Recipient", recipient.final_recipient),
    ):
        if value:
            address = address_in(value)
            if address:
                return address, name
    return "", ""


def address_in(value: str) -> str:
    """The address of one such field, normalised; ''."""
    if not value:
        return ""
    found = normalise(typed(value)[1]) or normalise(value)
    if found or "@" not in value or "|" in value:
        return found
    named = addresses(value[:1000], 2)  # more than an address stands there
    return named[0] if len(named) == 1 else ""


def diagnostic_of(recipient: RecipientFields) -> str:
    """The words of the Diagnostic-Code without its type; the comment of the Status field when it has none."""
    kind, text = typed(recipient.diagnostic_code[:DIAGNOSTIC_LIMIT])
    if kind == "x-unix":
        return "x-unix; " + text
    if text:
        return text
    comment = recipient.status.partition("(")[2].rpartition(")")[0]
    return comment.strip()
