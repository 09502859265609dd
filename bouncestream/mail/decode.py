# SPDX-License-Identifier: GPL-3.0-or-later
"""The front door of the mail reader: bytes → `Verdict`. Never raises, reads a bounded number of bytes, does no I/O.

    verdict = read(raw)                      what the mail says; cheap
    verdict = read(raw, explain=True)        and how that was found: verdict.trace
    as_dict(verdict)                         as plain data, with "trace" when there is one

Each recipient carries its evidence always: `evidence` in words, and apart `source` (where the address stood),
`rule` (words, shape, status, reply, action, report), `matched` (the phrase or code), `said_by` (whose words) and
`against` (what spoke against a hard judgement and won). `trace` (see `trace.Trace`) adds, for `explain`:
`parts` (the MIME tree, and what each part was taken for), `steps` (the questions below, with their answers), and
for each recipient, in the same order, the `candidates` (all addresses that it could have been, one of them chosen)
and the `signals` (all words and codes that were found, those that decided marked).

The order of the questions: a complaint (RFC 5965), a delivery report (RFC 3464), a notification in JSON (Amazon
SES), a refusal that calls itself a read receipt (RFC 8098), an automatic answer (RFC 3834), a free-form bounce; and
what is none of these, a wish to unsubscribe, if it was sent to our address for that.
Reports come before automatic answers, since Dovecot, Exim and Exchange mark their reports as such.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from bouncestream.mail import arf, autoreply, dsn, freeform, unsubscription
from bouncestream.mail.address import addresses
from bouncestream.mail.built import identified, recipient_of, senders, verdict_of
from bouncestream.mail.classify import Judged, classify
from bouncestream.mail.delivery import VAGUE, delivery_status
from bouncestream.mail.explained import explained
from bouncestream.mail.mime import Fields, unencoded
from bouncestream.mail.original import header_block, message_id, moment, read_original
from bouncestream.mail.report import Report, open_report
from bouncestream.mail.sns import read_notification
from bouncestream.mail.status import in_text
from bouncestream.mail.transcript import last_refusal
from bouncestream.mail.verdict import Judgement, Original, RecipientVerdict, Verdict, as_dict, gravest, mildest
from bouncestream.mail.verp import Match, matched

__all__ = ["LIMIT", "Original", "RecipientVerdict", "Verdict", "as_dict", "read"]

LIMIT = 262_144
"""Bytes of a mail that are read; a bounce says what it has to say before that."""

# A blank line ends a sentence, and so does a short line before a capital.
_NEW_SENTENCE = re.compile(r"\n(?:[ \t]{0,40}\n|(?<![^\n]{50}\n)(?=[ \t]{0,8}[A-ZÀ-ÞА-Я]))")
_BOUNCES = re.compile(r"(?:bounces?|returns?)(?![a-z])")
_OUR_OWN = {"MAIL": "MAIL FROM", "HELO": "HELO", "EHLO": "EHLO"}
"""Commands that name us and no recipient."""
WIDER = 8000
"""Characters of a notice that are judged as a whole."""


def read(
    raw: bytes,
    *,
    limit: int = LIMIT,
    verp: Sequence[str] = (),
    keys: Sequence[bytes] = (),
    unsubscribe: Sequence[str] = (),
    authserv_id: str = "",
    explain: bool = False,
) -> Verdict:
    """The verdict of a mail. `raw`: a whole mail, headers first; at most `limit` bytes are read.

    `verp`: return addresses with a * for the recipient ("bounce+*@lists.example.com"); what stood there is
    `Verdict.verp`, and the recipient when nothing else tells. `keys`: for the tags of signed ones.
    `unsubscribe`: addresses of ours for unsubscriptions; `authserv_id`: the receiving server's name in its
    Authentication-Results. `explain`: fill `Verdict.trace` too.
    Never raises, whatever the bytes: what cannot be read is a `Verdict` of kind ignore without recipients.
    """
    text = raw[: max(limit, 0)].decode("latin-1")
    if "\r" in text:
        # Some that write files as text end each line twice.
        text = text.replace("\r\r\n", "\n").replace("\r\n", "\n").replace("\r", "\n")
    if "\x00" in text:
        text = text.replace("\x00", " ")
    report = open_report(text)
    original, returned = read_original(report.returned or "")
    wrapped = report.status is None and not report.feedback and _same_mail(report, original)
    mailed = matched(report.head, verp, keys) if verp else None
    within = open_report(report.enclosed) if wrapped else _passed_on(report)
    if within is not None:
        wrapped, report = True, within
        original, returned = read_original(report.returned or "")
        if mailed is None and verp and (noted := matched(report.head, verp, keys)) is not None:
            mailed = replace(noted, trusted=False)  # whoever wrapped it may have written it
    if mailed is not None:
        original = _told_by_verp(original, mailed)
    verdict = _judge(report, original, returned)
    if mailed is not None:
        verdict = replace(verdict, verp=mailed.mailed, verp_trusted=mailed.trusted, verp_signed=mailed.signed)
    verdict = _of_the_person(_without_us(report, verdict))
    if unsubscribe and within is None:
        verdict = unsubscription.read(report, verdict, unsubscribe, keys, authserv_id) or verdict
    return replace(verdict, trace=explained(report, verdict, wrapped)) if explain else verdict


def _told_by_verp(original: Original, match: Match) -> Original:
    """The original with what our own return address says of its recipient: no redaction takes that away."""
    if "@" in match.mailed:
        known = original.to and original.subscriber_uuid and not match.signed
        return original if known else replace(original, to=match.mailed)
    if not original.subscriber_uuid:
        # A campaign beside a UUID that somebody wrote into a mail within would look like Listmonk's own headers.
        campaign = original.campaign_uuid if match.trusted else ""
        return replace(original, subscriber_uuid=match.mailed, campaign_uuid=campaign)
    if match.mailed == original.subscriber_uuid or not match.trusted:
        return original
    # The headers that came back are those of another letter, or anybody's.
    return replace(original, subscriber_uuid=match.mailed, campaign_uuid="", to="")


def _without_us(report: Report, verdict: Verdict) -> Verdict:
    """The verdict without us as a recipient: whom a report is addressed to and who wrote the returned message did
    not bounce, unless that was written to oneself."""
    original = verdict.original
    if verdict.kind == Judgement.COMPLAINT.value:
        return verdict
    us = {*report.to, original.from_} - {original.to, ""}
    left = tuple(r for r in verdict.recipients if r.address not in us)
    if len(left) == len(verdict.recipients):
        return verdict
    if not left:
        first = verdict.recipients[0]
        if not original.subscriber_uuid and _BOUNCES.match(first.address) is None:
            return verdict  # somebody wrote to himself
        if original.subscriber_uuid or original.to:
            to = "" if arf.redacted(original.to) else original.to
            left = (replace(first, address=to, reported=first.address, source="To of the returned message"),)
    kind = gravest([r.kind for r in left])
    failed = verdict.kind != Judgement.IGNORE.value and not left
    return replace(verdict, recipients=left, kind=kind, unidentified=verdict.unidentified or failed)


def _of_the_person(verdict: Verdict) -> Verdict:
    """The verdict about the person whom the mail was for, where that is known: the report may name the address, or
    addresses, that the person's mail is forwarded to, which Listmonk does not know."""
    if not verdict.recipients:
        return verdict
    original, mailed, source = verdict.original, "", ""
    # Of several places that a mail was forwarded to it came to the one that speaks least against the person.
    found = mildest(verdict.recipients)
    if len(verdict.recipients) > 1 and (original.copied or not original.subscriber_uuid):
        return verdict
    if "@" in verdict.verp and (verdict.verp_signed or not original.subscriber_uuid):
        mailed, source = verdict.verp, "our own return address (VERP)"
    elif original.subscriber_uuid and not arf.redacted(original.to):
        mailed, source = original.to, "To of the returned message"
    if not mailed and verdict.verp_trusted and len(verdict.recipients) > 1:
        source = "the UUID in our own return address (VERP)"  # one person, whose mail goes to all of these
    elif mailed in ("", *(r.address for r in verdict.recipients)):
        return verdict
    reported = found.address
    evidence = f"{source}{', which names another recipient than the report' if reported else ''}; {found.evidence}"
    person = replace(found, address=mailed, reported=reported, source=source, evidence=evidence)
    return replace(verdict, recipients=(person,), kind=person.kind)


def _judge(report: Report, original: Original, returned: Fields) -> Verdict:
    without = arf.without_part(report.fields) if report.status is None and not report.feedback else ""
    if without and original == Original():
        original, returned = read_original(header_block(freeform.cut(report.notice)[1]))
    if report.feedback or without or "x-hmxmroriginalrecipient" in returned:
        verdict = _complaint(report, original, returned, without)
        if verdict is not None:
            return verdict
    if report.status is not None and not (report.in_text and autoreply.why_correspondence(report.fields)):
        verdict = delivery_status(report, original)
        if verdict is not None:
            return _unless_waiting(report, verdict)
    return _without_status(report, original)


def _unless_waiting(report: Report, verdict: Verdict) -> Verdict:
    """The verdict of a report, unless it is a challenge in the form of one: nothing failed, the mail waits."""
    found = verdict.recipients
    if any(r.kind != Judgement.SOFT.value or r.reply_code or r.status[1:3] not in ("", ".0", ".7") for r in found):
        return verdict  # a server was asked, or the code tells another cause than that it is not let in
    waits = autoreply.why_waiting(" ".join((report.notice[:WIDER], *(r.diagnostic for r in found))))
    return _ignored(report, verdict.original, f"the mail waits: {waits!r}") if waits else verdict


def _same_mail(report: Report, original: Original) -> bool:
    """Whether the enclosed message is this very mail: some gateways wrap what they pass on. It alone is
    descended into."""
    return bool(original.message_id) and original.message_id == message_id(report.fields.get("message-id", ""))


def _passed_on(report: Report) -> Report | None:
    """The bounce that a mail system passes on to us without naming anybody of its own; None when it does not."""
    if (
        report.status is not None
        or report.feedback
        or not report.enclosed
        or not autoreply.from_daemon(report.fields)
    ):
        return None
    inner = open_report(report.enclosed)
    if not autoreply.from_daemon(inner.fields):
        return None
    verdict = _judge(inner, *read_original(inner.returned or ""))
    found = {name for r in verdict.recipients for name in (r.address, r.reported)}
    named = set(addresses(freeform.cut(report.notice)[0], 20, prose=True))
    for fields in (report.fields, inner.fields):
        named -= {a for name in ("to", "from") for a in addresses(fields.get(name, "")[:4000], 20)}
    return inner if found and named <= found else None


def _ignored(report: Report, original: Original, evidence: str) -> Verdict:
    return verdict_of((), original, moment(report.fields.get("date", "")), evidence, report.notice)


# Complaints


def _complaint(report: Report, original: Original, returned: Fields, without: str) -> Verdict | None:
    to = "" if arf.redacted(original.to) else original.to
    if not report.feedback:
        address = arf.hotmail_recipient(report.fields, returned)
        evidence = without or "Microsoft's JMRP form"
        if not address and not (without and (to or original.subscriber_uuid)):
            return None
        return _complained((address or to,), report, original, evidence, report.returned or "")
    feedback = arf.read_feedback(report.feedback)
    if not original.message_id and feedback.message_id:
        original = replace(original, message_id=message_id(feedback.message_id))
    at = moment(feedback.arrival_date)
    if not feedback.complaint:
        evidence = f"feedback of type {feedback.type[:40]!r} is no recipient's complaint"
        return verdict_of((), original, at or moment(report.fields.get("date", "")), evidence, report.feedback)
    named = feedback.recipients
    evidence = "feedback report" + (f" of type {feedback.type[:40]!r}" if feedback.type else "")
    if not named:
        named = (to or arf.hotmail_recipient(report.fields, returned),)
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
    return verdict_of(found, original, at, evidence, part, failed=True)


# Everything without a delivery report


def _without_status(report: Report, original: Original) -> Verdict:
    fields = report.fields
    notified = read_notification(report.notice)
    if notified is not None:
        return notified
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
    if not notice.delayed and not (notice.telling and notice.failing):
        waits = autoreply.why_waiting(f"{unencoded(fields.get('subject', ''))[:500]} {text[:WIDER]}")
        if waits:
            return _ignored(report, original, f"the mail waits: {waits!r}")
    why = autoreply.why_auto_reply(fields)
    ours = bool(original.message_id) and (report.returned is not None or bool(returned))
    plain = not notice.bounce and _plain(report, notice, original, daemon, bool(why), ours)
    if why and not notice.strong and not plain:
        return _ignored(report, original, f"automatic answer: {why}")
    if not notice.bounce and not plain:
        why = "" if notice.failing else autoreply.why_letter(fields, text[:WIDER])
        verdict = _ignored(report, original, f"no bounce: {why or 'neither a report nor the form of one'}")
        letter_by = "" if notice.failing else autoreply.author(fields)
        return replace(verdict, recognised=bool(why), letter_by=letter_by)
    return _free_form(report, notice, identified(original, report))


def _plain(
    report: Report, notice: freeform.Notice, original: Original, daemon: bool, answer: bool, ours: bool
) -> bool:
    """Whether a notice that has no form says plainly that a mail failed, why and for whom. A machine may say it of
    any mail, anybody else only of a mail of ours that is enclosed (`ours`). `answer`: it is marked as an automatic
    one."""
    machine = daemon or autoreply.unattended(report.fields)
    if notice.passed_on or (answer and not daemon) or not (machine or (ours and notice.failing)):
        return False
    named = [entry for entry in notice.entries if machine or entry.address == original.to]
    words = " ".join(named[0].text.split()) if named else (notice.text[:WIDER] if ours and machine else "")
    if not words or autoreply.away(notice.text[:WIDER].lower()):
        return False
    judged = _free_judged(words, (notice.text[:WIDER],), False, "")
    clear = judged.reason not in VAGUE
    return clear and (ours or notice.failing or (daemon and judged.kind == Judgement.HARD.value))


def _rejection(report: Report, original: Original) -> Verdict | None:
    """A refusal in the form of a disposition notification (RFC 8098): sieve's reject, Dovecot's full mailbox."""
    receipt = dsn.read_status(report.disposition)
    address, source = dsn.address_of(receipt.recipients[0]) if receipt.recipients else ("", "")
    if not address:
        address, source = original.to, "To of the returned message"
    if not address:
        return None
    judged = classify(status="", reply_code="", diagnostic=report.notice)
    if judged.kind == Judgement.HARD.value or judged.reason in VAGUE:
        judged = Judged(Judgement.SOFT.value, "user_filtered", "refused by the recipient's own rules")
    recipient = recipient_of(address, source, judged, report.notice.strip())
    at = moment(report.fields.get("date", ""))
    return verdict_of((recipient,), original, at, "refusal in a disposition notification", report.disposition)


def _free_form(report: Report, notice: freeform.Notice, original: Original) -> Verdict:
    entries = notice.entries
    source = f"free form ({notice.family or 'unknown'})"
    if not entries and (original.to or original.subscriber_uuid):
        entries = (freeform.Entry(original.to, notice.text),)
        source += "; recipient from the returned message"
    subject = unencoded(report.fields.get("subject", ""))[:500]
    ours = senders(report, original)
    found: dict[str, RecipientVerdict] = {}
    for entry in entries:
        words = " ".join(entry.text.split())
        lines = "\n".join(" ".join(part.split()) for part in _NEW_SENTENCE.split(entry.text))
        if notice.delivered:
            judged = Judged(Judgement.IGNORE.value, "delivered", "the notice says that the mail arrived")
        else:
            wider = (notice.text[:WIDER], subject) if len(entries) == 1 else ()
            at_rcpt = notice.at_rcpt or (notice.own and not in_text(words).reply)
            judged = _free_judged(lines, wider, at_rcpt, entry.address, ours)
            if notice.delayed and not (notice.late and judged.kind == Judgement.HARD.value):
                judged = Judged(Judgement.IGNORE.value, "delayed", "the server still tries")
            if notice.by_list and judged.kind != Judgement.IGNORE.value:
                judged = replace(judged, kind=Judgement.SOFT.value, reason="list_problem")
        address = entry.alias or entry.address
        recipient = recipient_of(address, source, judged, words)
        found[address] = mildest((found.get(address, recipient), recipient))
    evidence = source if found else source + "; it names no recipient"
    at = moment(report.fields.get("date", ""))
    return verdict_of(
        found.values(), original, at, evidence, notice.text, failed=not (notice.delayed or notice.delivered)
    )


def _free_judged(
    words: str, wider: tuple[str, ...], at_rcpt: bool, heard: str, ours: tuple[str, ...] = ()
) -> Judged:
    """Judge the lines about one recipient; when they tell no cause, the wider texts, which are about it alone
    too. `at_rcpt`: what is said about one recipient answers RCPT."""
    ask = partial(classify, status="", reply_code="", heard=heard, ours=ours)
    answer, command = last_refusal("\n".join((words, *wider)))
    if answer:
        if command in _OUR_OWN:
            answer += f" (in reply to {_OUR_OWN[command]} command)"
        return ask(diagnostic=answer, after_data=command in ("DATA", "."), at_rcpt=command == "RCPT")
    judged = ask(diagnostic=words, at_rcpt=at_rcpt)
    if judged.reason not in VAGUE:
        return judged
    for text in wider:
        other = classify(
            status=judged.status, reply_code=judged.reply_code, diagnostic=text, heard=heard, ours=ours
        )
        if other.reason not in VAGUE and not (judged.against and other.kind == Judgement.HARD.value):
            return other
    return judged
