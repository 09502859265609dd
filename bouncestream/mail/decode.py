# SPDX-License-Identifier: GPL-3.0-or-later
"""The front door of the mail reader: bytes → `Verdict`. Never raises, reads a bounded number of bytes, does no I/O.

The order of the questions: a complaint (RFC 5965), a delivery report (RFC 3464), a refusal that calls itself a
read receipt (RFC 8098), an automatic answer (RFC 3834), a free-form bounce. Reports come before automatic
answers, since Dovecot, Exim and Exchange mark their reports as such.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from bouncestream.event import clip
from bouncestream.mail import arf, autoreply, dsn, freeform
from bouncestream.mail.address import addresses
from bouncestream.mail.classify import FINAL_ACTIONS, STILL_TRYING, Judged, classify
from bouncestream.mail.mime import Fields, unencoded
from bouncestream.mail.original import header_block, message_id, moment, read_original
from bouncestream.mail.report import Report, open_report
from bouncestream.mail.transcript import Session
from bouncestream.mail.verdict import Judgement, Original, RecipientVerdict, Verdict, as_dict, gravest

__all__ = ["LIMIT", "Original", "RecipientVerdict", "Verdict", "as_dict", "read"]

LIMIT = 262_144
"""Bytes of a mail that are read; a bounce says what it has to say before that."""

WIDER = 8000
"""Characters of a notice that are judged as a whole."""

_VAGUE = ("undetermined", "rejected")
"""Reasons that say no more than that there was a failure."""


def read(raw: bytes, *, limit: int = LIMIT) -> Verdict:
    """What a mail says about its recipients. `raw`: a whole mail, headers first; at most `limit` bytes are read.

    Never raises, whatever the bytes: what cannot be read is a `Verdict` of kind ignore without recipients.
    """
    text = raw[: max(limit, 0)].decode("latin-1")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\x00" in text:
        text = text.replace("\x00", " ")
    report = open_report(text)
    original, returned = read_original(report.returned or "")
    if report.status is None and not report.feedback and _same_mail(report, original):
        report = open_report(report.enclosed)
        original, returned = read_original(report.returned or "")
    if report.feedback or "x-hmxmroriginalrecipient" in returned:
        verdict = _complaint(report, original, returned)
        if verdict is not None:
            return verdict
    if report.status is not None and not (report.in_text and autoreply.why_correspondence(report.fields)):
        verdict = _delivery_status(report, original)
        if verdict is not None:
            return verdict
    return _without_status(report, original)


def _same_mail(report: Report, original: Original) -> bool:
    """Whether the enclosed message is this very mail: some gateways wrap what they pass on. It alone is
    descended into."""
    return bool(original.message_id) and original.message_id == message_id(report.fields.get("message-id", ""))


def _verdict(
    recipients: Iterable[RecipientVerdict],
    original: Original,
    at: datetime | None,
    evidence: str,
    *parts: str,
    failed: bool = False,
) -> Verdict:
    """`failed`: the mail is a final failure or complaint, even if it names nobody."""
    found = tuple(recipients)
    kind = gravest([r.kind for r in found])
    nobody = not original.subscriber_uuid and not any(r.address for r in found)
    return Verdict(kind, found, original, at, evidence, _digest(original.message_id, *parts), failed and nobody)


def _digest(*parts: str) -> bytes:
    """SHA-256 of report parts, without blank lines and white space at line ends: transports change these."""
    digest = hashlib.sha256()
    for part in parts:
        lines = [line.strip() for line in part.split("\n") if line and not line.isspace()]
        digest.update("\n".join(lines).encode("utf-8", "replace") + b"\x00")
    return digest.digest()


def _ignored(report: Report, original: Original, evidence: str) -> Verdict:
    return _verdict((), original, moment(report.fields.get("date", "")), evidence, report.notice)


# Complaints


def _complaint(report: Report, original: Original, returned: Fields) -> Verdict | None:
    if not report.feedback:
        address = arf.hotmail_recipient(report.fields, returned)
        return (
            _complained((address,), report, original, "Microsoft's JMRP form", report.returned or "")
            if address
            else None
        )
    feedback = arf.read_feedback(report.feedback)
    if not original.message_id and feedback.message_id:
        original = replace(original, message_id=message_id(feedback.message_id))
    at = moment(feedback.arrival_date)
    if not feedback.complaint:
        evidence = f"feedback of type {feedback.type[:40]!r} is no recipient's complaint"
        return _verdict((), original, at or moment(report.fields.get("date", "")), evidence, report.feedback)
    named = feedback.recipients
    evidence = "feedback report" + (f" of type {feedback.type[:40]!r}" if feedback.type else "")
    if not named:
        named = (original.to or arf.hotmail_recipient(report.fields, returned),)
        evidence += "; recipient from the returned message" if named[0] else "; recipient redacted"
    return _complained(named, report, original, evidence, report.feedback, at)


def _complained(
    named: tuple[str, ...],
    report: Report,
    original: Original,
    evidence: str,
    part: str,
    at: datetime | None = None,
) -> Verdict:
    kind = Judgement.COMPLAINT.value
    found = (RecipientVerdict(a, kind, "complaint", evidence=evidence) for a in named)
    at = at or moment(report.fields.get("date", ""))
    return _verdict(found, original, at, evidence, part, failed=True)


# Delivery reports


def _delivery_status(report: Report, original: Original) -> Verdict | None:
    """The verdict of an RFC 3464 report; None when it names no recipient, so that its notice must."""
    status = dsn.read_status(report.status or "")
    if not status.recipients:
        return None
    session = Session(report.notice)
    known = frozenset(dsn.address_of(fields)[0] for fields in status.recipients)
    found: dict[str, RecipientVerdict] = {}
    at: datetime | None = None
    for fields in status.recipients:
        recipient = _recipient(fields, report, original, session, known, len(status.recipients) == 1)
        if recipient is None:
            continue
        before = found.get(recipient.address)
        if before is None or gravest([before.kind, recipient.kind]) != before.kind:
            found[recipient.address] = recipient
        at = at or moment(fields.last_attempt_date)
    if not found:
        return None
    at = at or moment(report.fields.get("date", "")) or moment(status.message.arrival_date)
    evidence = "delivery report"
    if status.capped:
        evidence += f"; only the first {dsn.MAX_RECIPIENTS} recipients were read"
    return _verdict(found.values(), _identified(original, report), at, evidence, report.status or "")


def _recipient(
    fields: dsn.RecipientFields,
    report: Report,
    original: Original,
    session: Session,
    known: frozenset[str],
    alone: bool,
) -> RecipientVerdict | None:
    address, source = _mailed(fields, report, original, session, alone)
    if not address and not (alone and original.subscriber_uuid):
        return None
    action = fields.action.partition("(")[0].partition(";")[0].strip().lower()
    words = dsn.diagnostic_of(fields)
    if action in STILL_TRYING and "4.4.7" in fields.status and session.expired:
        action, words = "failed", words or "Envelope expired"  # OpenSMTPD words its last report as a delay
    named = dsn.address_of(fields)[0] or address
    judged, words = _judged(fields.status, action, words, session, named, alone)
    if judged.kind == Judgement.HARD.value and not alone:
        other = _about_another(words, named, known)
        if other:
            judged = Judged(
                Judgement.SOFT.value, "undetermined", f"the words are about {other}, another recipient",
                judged.status, judged.reply_code,
            )  # fmt: skip
    evidence = f"{source}; {judged.evidence}"
    return RecipientVerdict(
        address, judged.kind, judged.reason, judged.status, judged.reply_code, clip(words), evidence
    )


def _mailed(
    fields: dsn.RecipientFields, report: Report, original: Original, session: Session, alone: bool
) -> tuple[str, str]:
    """The address that was mailed, which is the one that Listmonk knows, and where it stood."""
    address, source = dsn.address_of(fields)
    if not alone or source == "Original-Recipient" or (address and address == original.to):
        return address, source
    failed = report.fields.get("x-failed-recipients", "")
    named = addresses(unencoded(failed)[:2000], 2) if failed else []
    if not address:
        if len(named) == 1:
            return named[0], "X-Failed-Recipients"
        return original.to or session.only_address, "returned message"
    if original.to:
        target = dsn.address_in(fields.actual_recipient)
        if original.to in (*named, target) or original.subscriber_uuid:
            return original.to, "To of the returned message"
    alias = session.expanded_from(address)
    return (alias, "expanded from") if alias else (address, source)


def _about_another(words: str, address: str, known: frozenset[str]) -> str:
    """Another recipient that the words are about: nullmailer copies one refusal to every recipient; ''."""
    others = [a for a in addresses(words, 20) if a != address]
    return next((a for a in others if a in known and address not in words.lower()), "")


def _judged(
    status: str, action: str, words: str, session: Session, address: str, alone: bool
) -> tuple[Judged, str]:
    """Judge by the fields; where these tell no cause, or a hard one, the session in the notice has a say."""
    context = session.notice if alone else session.near(address)
    judged = classify(status=status, reply_code="", diagnostic=words, action=action, context=context)
    if action not in FINAL_ACTIONS:
        return judged, words
    if judged.kind == Judgement.HARD.value:
        said = session.contradicting(alone)
        if said.text:
            # Asked without the status first: by the status alone the words contradict nothing.
            other = classify(
                status="", reply_code="", diagnostic=said.text, after_data=said.after_data, context=context
            )
            if other.kind == Judgement.SOFT.value and other.reason not in _VAGUE:
                other = classify(status=status, reply_code="", diagnostic=said.text, after_data=said.after_data)
            if other.kind == Judgement.SOFT.value and other.reason not in _VAGUE:
                return replace(other, status=judged.status or other.status), said.text
        if said.after_data:
            return classify(status=status, reply_code="", diagnostic=words, after_data=True), words
        return judged, words
    if judged.reason in _VAGUE or not words:
        said = session.about(address, alone)
        if said.text:
            other = classify(
                status="" if words else status,
                reply_code="",
                diagnostic=said.text,
                after_data=said.after_data,
                context=context,
            )
            if other.reason not in _VAGUE:
                return other, words or said.text
            return judged, words or said.text
    return judged, words


def _identified(original: Original, report: Report) -> Original:
    """The original with the Message-ID that the report itself refers to, when no headers came back."""
    if original.message_id:
        return original
    for name in ("x-original-message-id", "in-reply-to", "references"):
        found = message_id(report.fields.get(name, ""))
        if found:
            return replace(original, message_id=found)
    return original


# Everything without a delivery report


def _without_status(report: Report, original: Original) -> Verdict:
    fields = report.fields
    if arf.is_aggregate(fields, report.attachments):
        return _ignored(report, original, "aggregate report about authentication")
    if report.disposition:
        if not autoreply.is_rejection(report.disposition, report.notice):
            return _ignored(report, original, "read receipt")
        verdict = _rejection(report, original)
        if verdict is not None:
            return verdict
    why = autoreply.why_correspondence(fields)
    if why:
        return _ignored(report, original, f"no bounce: {why}")
    daemon = autoreply.from_daemon(fields)
    text, returned = freeform.cut(report.notice)
    if not original.message_id and returned:
        below, _ = read_original(header_block(returned))
        if below != Original():
            original = below
    notice = freeform.read_notice(text, fields, daemon, original.to)
    why = autoreply.why_auto_reply(fields)
    if why and not notice.strong:
        return _ignored(report, original, f"automatic answer: {why}")
    if not notice.bounce:
        verdict = _ignored(report, original, "no bounce: neither a report nor the form of one")
        return replace(verdict, recognised=False)
    return _free_form(report, notice, _identified(original, report))


def _rejection(report: Report, original: Original) -> Verdict | None:
    """A refusal in the form of a disposition notification (RFC 8098): sieve's reject, Dovecot's full mailbox."""
    receipt = dsn.read_status(report.disposition)
    address, source = dsn.address_of(receipt.recipients[0]) if receipt.recipients else ("", "")
    if not address:
        address, source = original.to, "To of the returned message"
    if not address:
        return None
    judged = classify(status="", reply_code="", diagnostic=report.notice)
    if judged.kind == Judgement.HARD.value or judged.reason in _VAGUE:
        judged = Judged(Judgement.SOFT.value, "user_filtered", "refused by the recipient's own rules")
    recipient = RecipientVerdict(
        address, judged.kind, judged.reason, judged.status, judged.reply_code, clip(report.notice.strip()),
        f"{source}; {judged.evidence}",
    )  # fmt: skip
    at = moment(report.fields.get("date", ""))
    return _verdict((recipient,), original, at, "refusal in a disposition notification", report.disposition)


def _free_form(report: Report, notice: freeform.Notice, original: Original) -> Verdict:
    entries = notice.entries
    source = f"free form ({notice.family or 'unknown'})"
    if not entries and (original.to or original.subscriber_uuid):
        entries = (freeform.Entry(original.to, notice.text),)
        source += "; recipient from the returned message"
    subject = unencoded(report.fields.get("subject", ""))[:500]
    found: dict[str, RecipientVerdict] = {}
    for entry in entries:
        words = " ".join(entry.text.split())
        if notice.delayed:
            judged = Judged(Judgement.IGNORE.value, "delayed", "the server still tries")
        else:
            judged = _free_judged(words, (notice.text[:WIDER], subject) if len(entries) == 1 else ())
        address = entry.alias or entry.address
        found[address] = RecipientVerdict(
            address,
            judged.kind,
            judged.reason,
            judged.status,
            judged.reply_code,
            clip(words),
            f"{source}; {judged.evidence}",
        )
    evidence = source if found else source + "; it names no recipient"
    at = moment(report.fields.get("date", ""))
    return _verdict(found.values(), original, at, evidence, notice.text, failed=not notice.delayed)


def _free_judged(words: str, wider: tuple[str, ...]) -> Judged:
    """Judge the lines about one recipient; when they tell no cause, the wider texts, which are about it alone
    too."""
    judged = classify(status="", reply_code="", diagnostic=words)
    if judged.reason not in _VAGUE:
        return judged
    for text in wider:
        other = classify(status=judged.status, reply_code=judged.reply_code, diagnostic=text)
        if other.reason not in _VAGUE:
            return other
    return judged
