# SPDX-License-Identifier: GPL-3.0-or-later
"""A delivery report (RFC 3464) as a whole: its fields, the notice beside them and the returned message → verdicts.

The fields tell who and mostly why; the SMTP session that the notice quotes contradicts them where they are a local
summary; the returned message tells who was really mailed.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import partial

from bouncestream.mail import dsn, freeform, phrases
from bouncestream.mail.address import addresses
from bouncestream.mail.built import identified, recipient_of, senders, verdict_of
from bouncestream.mail.classify import ACTIONS, FINAL_ACTIONS, STILL_TRYING, Judged, classify
from bouncestream.mail.mime import unencoded
from bouncestream.mail.original import moment
from bouncestream.mail.phrases.clauses import folded
from bouncestream.mail.report import Report
from bouncestream.mail.status import in_text
from bouncestream.mail.transcript import Reply, Session
from bouncestream.mail.verdict import Judgement, Original, RecipientVerdict, Verdict, mildest

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
        # Of several places that an address stands for the mail came to the one that speaks least against it.
        before = found.get(recipient.address, recipient)
        found[recipient.address] = mildest((before, recipient))
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
    if not action and fields.status.startswith("4") and freeform.tries_on(folded(session.notice)):
        action = "delayed"
    elif action not in ACTIONS and fields.status.startswith("5"):
        action = "failed"  # in a word of its own
    if action in STILL_TRYING and "4.4.7" in fields.status and session.expired:
        action, words = "failed", words or "Envelope expired"  # OpenSMTPD words its last report as a delay
    named = dsn.address_of(fields)[0] or address
    judged, words = _judged(fields, action, words, session, named, alone, senders(report, original))
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
    if address in named or (session.of_sendmail and not fields.actual_recipient):
        return address, source  # Exim and Sendmail write the address that they were given
    if original.to:
        target = dsn.address_in(fields.actual_recipient)
        if original.to in (*named, target):
            return original.to, "To of the returned message"
    alias = session.expanded_from(address)
    return (alias, "expanded from") if alias else (address, source)


def _about_another(words: str, address: str, known: frozenset[str]) -> str:
    """Another recipient that the words are about: nullmailer copies one refusal to every recipient; ''."""
    others = [a for a in addresses(words, 20, prose=True) if a != address]
    return next((a for a in others if a in known and address not in words.lower()), "")


def _judged(
    fields: dsn.RecipientFields,
    action: str,
    words: str,
    session: Session,
    address: str,
    alone: bool,
    ours: tuple[str, ...],
) -> tuple[Judged, str]:
    """Judge by the fields; where these tell no cause, or a hard one, the session in the notice has a say."""
    status = fields.status
    words = session.whole(words)
    context = session.notice if alone else session.near(address)
    ask = partial(classify, reply_code="", context=context, heard=f"{address} {fields.remote_mta}", ours=ours)
    judged = ask(status=status, diagnostic=words, action=action)
    if action not in FINAL_ACTIONS:
        return judged, words
    # Only asked for when it can change something: it costs more than the judging.
    doubtful = bool(judged.against) or not judged.sure
    at_rcpt = (doubtful or judged.reason in VAGUE) and _answers_rcpt(fields, words, session, address)
    if at_rcpt and doubtful:
        judged = ask(status=status, diagnostic=words, action=action, at_rcpt=True)
    of_domain = judged.kind == Judgement.HARD.value and judged.subject == "domain" and alone
    if of_domain and phrases.names_sender(session.notice):
        other = ask(status="", diagnostic=session.notice)
        if (other.subject, other.state) == ("sender", "not there"):
            return other, words  # in short words, the sender's domain was meant
    if judged.kind == Judgement.HARD.value and not words:
        said = session.about(address, alone)
        if said.text[:1] in ("4", "5") and said.text[:3].isdigit():
            other = ask(status=status, diagnostic=said.text, action=action, at_rcpt=at_rcpt)
            if other.kind == Judgement.SOFT.value:
                return other, said.text
    if judged.kind == Judgement.HARD.value:
        said = session.contradicting(alone, judged.status[:1])
        return _contradicted(judged, words, said, session, at_rcpt, ask)
    if judged.reason in VAGUE or not words:
        said = session.about(address, alone)
        if said.text and not _same(said.text, words):
            asked = "" if words else status
            other = ask(status=asked, diagnostic=said.text, after_data=said.after_data, at_rcpt=at_rcpt)
            doubted = judged.against and other.kind == Judgement.HARD.value
            return (other if other.reason not in VAGUE and not doubted else judged), words or said.text
    return judged, words


def _same(said: str, words: str) -> bool:
    """Whether the notice only says the field's words again, where its lines may end within a sentence."""
    plain, field = (" ".join(text.lower().split()) for text in (said, words))
    return bool(field) and (field in plain or plain[:40] in field[1:])


def _answers_rcpt(fields: dsn.RecipientFields, words: str, session: Session, address: str) -> bool:
    """Whether a refusal answers RCPT, though it does not say so: by its writer's manner, by Sendmail's own line
    below it, by naming the recipient without any status, or by PowerMTA's counting it as a bad mailbox."""
    if session.plain_spoken or session.quotes or session.local_line(address):
        return True
    if session.no_recipients:
        return True
    if fields.bounce_category:
        return fields.bounce_category.strip().lower() == "bad-mailbox"
    return not fields.status and bool(address) and address in words.lower() and not in_text(words).enhanced


def _contradicted(
    judged: Judged, words: str, said: Reply, session: Session, at_rcpt: bool, ask: partial[Judged]
) -> tuple[Judged, str]:
    """A hard judgement, against the remote server's own words: a local summary is worth less than they are."""
    if said.text:
        at_rcpt = at_rcpt or session.no_recipients
        # Asked without the status first: by the status alone the words contradict nothing.
        again = partial(ask, diagnostic=said.text, after_data=said.after_data, at_rcpt=at_rcpt)
        other = again(status="")
        soft = other.kind == Judgement.SOFT.value
        made_up = session.of_sendmail and judged.rule == "status" and not other.status
        if soft and other.reason not in VAGUE and not made_up:
            other = again(status=judged.status, context="")
            soft = other.kind == Judgement.SOFT.value and other.reason not in VAGUE
        elif soft and other.reason in VAGUE and judged.rule == "status" and not other.status:
            # Sendmail makes 5.1.1, or 5.1.3 of a 553, when the remote server gives no code of its own.
            against = "the remote server's own words tell no such cause"
            evidence = f"{judged.evidence}, but {against}"
            other = replace(judged, kind=other.kind, reason=other.reason, evidence=evidence, against=against)
        elif not made_up:
            soft = False
        if soft:
            return replace(other, status=judged.status or other.status), said.text
    if said.after_data:
        return ask(status=judged.status, diagnostic=words, after_data=True, context=""), words
    return judged, words
