# SPDX-License-Identifier: GPL-3.0-or-later
"""How a verdict was found, told afterwards: asks the questions of `decode` again, and lists what else was there.

Only for mails that a person looks at: costs about as much as the reading itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from bouncestream.mail import arf, autoreply, dsn, freeform, phrases
from bouncestream.mail.address import addresses
from bouncestream.mail.classify import remote_words
from bouncestream.mail.mime import unencoded
from bouncestream.mail.report import Report
from bouncestream.mail.status import enhanced, in_text, reason_of
from bouncestream.mail.trace import Candidate, PartSeen, RecipientTrace, Signal, Step, Trace
from bouncestream.mail.transcript import Session
from bouncestream.mail.verdict import RecipientVerdict, Verdict

MAX_SHOWN = 100
"""Recipients, and addresses of one recipient, that are told in full."""


def explained(report: Report, verdict: Verdict, wrapped: bool) -> Trace:
    """The trace of a verdict. `wrapped`: the mail stood as a whole within another, which was taken off."""
    status = dsn.read_status(report.status or "")
    session = Session(report.notice)
    text, _ = freeform.cut(report.notice)
    notice = freeform.read_notice(text, report.fields, autoreply.from_daemon(report.fields), verdict.original.to)
    steps = tuple(_steps(report, verdict, status, notice, wrapped))
    recipients = []
    for found in verdict.recipients[:MAX_SHOWN]:
        fields = _fields_of(found, status, session)
        candidates = tuple(_candidates(report, verdict, found, fields, session, notice))
        recipients.append(
            RecipientTrace(found.address, candidates, _signals(found, fields, session, report, notice))
        )
    return Trace(tuple(PartSeen(*seen) for seen in report.seen), steps, tuple(recipients))


def _steps(
    report: Report, verdict: Verdict, status: dsn.DeliveryStatus, notice: freeform.Notice, wrapped: bool
) -> Iterator[Step]:
    """The questions of `decode`, up to the one that decided."""
    if verdict.wish is not None:
        yield Step("A bounce, a complaint or an automatic answer?", "no")
        yield Step("A wish to unsubscribe?", f"yes: {verdict.evidence}")
        return
    if wrapped:
        yield Step(
            "Is the mail wrapped in another?", "yes: the enclosed mail has the same Message-ID and is read instead"
        )
    if report.feedback:
        kind = arf.read_feedback(report.feedback).type
        yield Step(
            "A complaint (RFC 5965)?", f"there is a feedback report of type {kind[:40]!r}: {verdict.evidence}"
        )
        return
    if any(r.kind == "complaint" for r in verdict.recipients):
        yield Step("A complaint (RFC 5965)?", f"yes: {verdict.evidence}")
        return
    yield Step("A complaint (RFC 5965)?", "no: it has no feedback report")
    waits = verdict.evidence.startswith("the mail waits: ")
    if report.status is None:
        yield Step("A delivery report (RFC 3464)?", "no: no part and no line of it has the fields of one")
    elif verdict.evidence.startswith("delivery report"):
        where = "in the running text" if report.in_text else "in a part of its own"
        yield Step("A delivery report (RFC 3464)?", f"yes: {len(status.recipients)} recipients, {where}")
        return
    else:
        why = autoreply.why_correspondence(report.fields) if report.in_text else ""
        why = why or ("nothing has failed" if waits else "it names no recipient")
        yield Step("A delivery report (RFC 3464)?", f"not taken as one: {why}")
    if verdict.evidence.startswith("Amazon SES notification"):
        yield Step("A notification in JSON (Amazon SES)?", f"yes: {verdict.evidence}")
        return
    if report.disposition:
        refusal = autoreply.is_rejection(report.disposition, report.notice)
        answer = "a receipt that is a refusal" if refusal else "a read receipt, which says nothing about delivery"
        yield Step("A receipt (RFC 8098)?", answer)
        if verdict.evidence in ("read receipt", "refusal in a disposition notification"):
            return
    if waits:
        says = verdict.evidence.removeprefix("the mail waits: ")
        yield Step(
            "Does the mail wait for somebody?",
            f"yes: it says {says}. Nothing has failed, so nothing is sent to Listmonk. Next: if it is to be "
            "delivered, ask the list's moderator, or prove to the recipient's filter that you are a person",
        )
        return
    yield Step("Does the mail wait for somebody?", "no: nothing says that a moderator or a proof is awaited")
    why = autoreply.why_auto_reply(report.fields)
    yield Step("An automatic answer (RFC 3834)?", f"marked as one: {why}" if why else "no: nothing marks it as one")
    daemon = "a mail system" if autoreply.from_daemon(report.fields) else "no mail system"
    family = f"the form of {notice.family!r}" if notice.family else "no known form"
    yield Step("A bounce in free form?", f"it comes from {daemon} and has {family}: {verdict.evidence}")


def _fields_of(found: RecipientVerdict, status: dsn.DeliveryStatus, session: Session) -> dsn.RecipientFields | None:
    """The fields of a report that a verdict was made from."""
    if len(status.recipients) == 1:
        return status.recipients[0]
    for fields in status.recipients:
        names = (fields.original_recipient, fields.final_recipient, fields.actual_recipient)
        if found.address in [dsn.address_in(name) for name in names]:
            return fields
    return None


def _candidates(
    report: Report,
    verdict: Verdict,
    found: RecipientVerdict,
    fields: dsn.RecipientFields | None,
    session: Session,
    notice: freeform.Notice,
) -> Iterator[Candidate]:
    """Every address that the recipient could have been, in the order of trust."""
    named: list[tuple[str, str]] = []
    if "@" in verdict.verp:
        named.append((verdict.verp, "our own return address (VERP)"))
    feedback = arf.read_feedback(report.feedback).recipients if report.feedback else ()
    named += [(address, "feedback report") for address in feedback]
    if fields is not None:
        named.append((dsn.address_in(fields.original_recipient), "Original-Recipient"))
        named.append((dsn.address_in(fields.final_recipient), "Final-Recipient"))
        named.append((dsn.address_in(fields.actual_recipient), "X-Actual-Recipient"))
        named.append((session.expanded_from(dsn.address_in(fields.final_recipient)), "expanded from"))
    failed = unencoded(report.fields.get("x-failed-recipients", ""))[:2000]
    named += [(address, "X-Failed-Recipients") for address in addresses(failed, MAX_SHOWN)]
    if fields is None:
        for entry in notice.entries[:MAX_SHOWN]:
            named.append((entry.alias, "notice, as the address that was mailed"))
            named.append((entry.address, "notice"))
    named.append((verdict.original.to, "To of the returned message"))
    chosen = False
    for address, where in dict.fromkeys(named):
        if address:
            here = address == found.address and not chosen and _same_place(where, found.source, named, address)
            chosen |= here
            yield Candidate(address, where, here)


def _same_place(where: str, source: str, named: list[tuple[str, str]], address: str) -> bool:
    """Whether a candidate is the one that a verdict names as its source; the first, when it names none of them."""
    exact = [place for a, place in named if a == address and place == source]
    return where == source if exact else True


def _signals(
    found: RecipientVerdict,
    fields: dsn.RecipientFields | None,
    session: Session,
    report: Report,
    notice: freeform.Notice,
) -> tuple[Signal, ...]:
    signals: list[tuple[str, str, str, str, str]] = []
    texts: list[tuple[str, str]] = []
    if fields is not None:
        action = fields.action.strip().lower()[:40]
        signals.append(("Action", "action", action, "", "RFC 3464"))
        code = enhanced(fields.status)
        if code:
            signals.append(("Status", "status", code, reason_of(code), "RFC 3463"))
        texts.append(("Diagnostic-Code", dsn.diagnostic_of(fields)))
        texts.append(("session", session.about(found.address, len(report.status or "") < 4000).text))
    else:
        named = [e for e in notice.entries if found.address in (e.alias, e.address)]
        texts += [("notice", e.text) for e in named[:1]] or [("notice", notice.text[:8000])]
        texts.append(("Subject", unencoded(report.fields.get("subject", ""))[:500]))
    for part, text in texts:
        own = remote_words(text)
        numbers = in_text(own)
        if numbers.reply:
            signals.append((part, "reply", numbers.reply, "", "RFC 5321"))
        if numbers.enhanced:
            signals.append((part, "status", numbers.enhanced, reason_of(numbers.enhanced), "RFC 3463"))
        around = f"{found.address} {fields.remote_mta if fields is not None else ''} {text}".lower()
        for hit in (*phrases.statements(own), *phrases.find_all(own)):
            whose = hit.said_by if phrases.recognised(hit, around) else ""
            what = f"{hit.reason} ({hit.subject}: {hit.state})" if hit.state else hit.reason
            signals.append((part, hit.rule, hit.phrase, what, whose))
    if found.against:
        signals.append(("all", "stage", found.against, found.reason, ""))
    decisive = (found.rule, found.matched)
    first = next((s for s in signals if (s[1], s[2]) == decisive), None)
    return tuple(
        Signal(*signal, decided=signal is first or (signal[1] == "stage")) for signal in dict.fromkeys(signals)
    )
