# SPDX-License-Identifier: GPL-3.0-or-later
"""A delivery report (RFC 3464) as a whole: its fields, the notice beside them and the returned message → verdicts.

The fields tell who and mostly why; the SMTP session that the notice quotes contradicts them where they are a local
summary; the returned message tells who was really mailed.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bouncestream.mail import dsn
from bouncestream.mail.address import addresses
from bouncestream.mail.built import identified, recipient_of, verdict_of
from bouncestream.mail.classify import FINAL_ACTIONS, STILL_TRYING, Judged, classify
from bouncestream.mail.mime import unencoded
from bouncestream.mail.original import moment
from bouncestream.mail.report import Report
from bouncestream.mail.transcript import Session
from bouncestream.mail.verdict import Judgement, Original, RecipientVerdict, Verdict, gravest

VAGUE = ("undetermined", "rejected")
"""Reasons that say no more than that there was a failure."""


def delivery_status(report: Report, original: Original) -> Verdict | None:
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
    return verdict_of(found.values(), identified(original, report), at, evidence, report.status or "")


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
            against = f"the words are about {other}, another recipient"
            judged = replace(
                judged, kind=Judgement.SOFT.value, reason="undetermined", evidence=against, against=against
            )
    return recipient_of(address, source, judged, words)


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
            if other.kind == Judgement.SOFT.value and other.reason not in VAGUE:
                other = classify(status=status, reply_code="", diagnostic=said.text, after_data=said.after_data)
            if other.kind == Judgement.SOFT.value and other.reason not in VAGUE:
                return replace(other, status=judged.status or other.status), said.text
        if said.after_data:
            return classify(status=status, reply_code="", diagnostic=words, after_data=True), words
        return judged, words
    if judged.reason in VAGUE or not words:
        said = session.about(address, alone)
        if said.text:
            other = classify(
                status="" if words else status,
                reply_code="",
                diagnostic=said.text,
                after_data=said.after_data,
                context=context,
            )
            if other.reason not in VAGUE:
                return other, words or said.text
            return judged, words or said.text
    return judged, words
