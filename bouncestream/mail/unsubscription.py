# SPDX-License-Identifier: GPL-3.0-or-later
"""Unsubscriptions by mail: to the mailto: of List-Unsubscribe (RFC 2369 section 3.2), as Apple Mail sends them.

What is sent to the address is a wish, whatever it says, unless a machine wrote it: bounces, automatic answers and
mails of lists come to any address that a mail was sent from. Whose wish it is:

* a subscriber's UUID or a signed address stands in the address that it was sent to;
* an address of ours that is not signed, and From, name somebody: anyone can have written these. From is proven only
  where the receiving server says so (RFC 8601), of a mail whose To names our address.

A campaign's UUID in the subject tells which lists are meant; the mailto: can put it there (RFC 6068 section 2).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import sha256
from urllib.parse import quote

from bouncestream.event import clean_uuid
from bouncestream.mail import autoreply
from bouncestream.mail.authentication import author, passed, the_field
from bouncestream.mail.mime import unencoded
from bouncestream.mail.original import moment
from bouncestream.mail.report import Report
from bouncestream.mail.verdict import Judgement, Original, RecipientVerdict, Verdict, Wish
from bouncestream.mail.verp import addressed

_UUID = re.compile(r"(?<![0-9A-Fa-f-])[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}(?![0-9A-Fa-f-])")
_ASKED = re.compile(
    r"unsubscri|\bremove me\b|opt[- ]?out|abmeld|abbestell|austrag|désabonn|désinscri|cancelar|darme de baja|"
    r"disiscri|cancellami|afmeld|uitschrijv|avanmäl|wypisz|отпис|退订|退訂|配信停止|구독 ?취소",
    re.IGNORECASE,
)
_PATH = re.compile(r"(?im)^return-path[ \t]*:[ \t]*<[ \t]*>")


def campaign_headers(pattern: str) -> list[dict[str, str]]:
    """The headers with which a campaign of Listmonk's offers one-click unsubscription (RFC 8058), and by mail to
    addresses of this pattern. Seen on 6.2 to arrive for each recipient, while Listmonk's own are off."""
    address = quote(pattern.strip(), safe="+*@=").replace("*", "{{ .Subscriber.UUID }}")
    mailto = f"mailto:{address}?subject=unsubscribe%20{{{{ .Campaign.UUID }}}}"
    return [
        {"List-Unsubscribe": f"<{{{{ UnsubscribeURL . }}}}>, <{mailto}>"},
        {"List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
    ]


def read(
    report: Report, verdict: Verdict, patterns: Sequence[str], keys: Sequence[bytes], server: str
) -> Verdict | None:
    """The verdict of a mail that is a wish to unsubscribe; None: it is none.

    `verdict`: what the mail is otherwise; `patterns`: our addresses for unsubscriptions, with a * for the person;
    `keys`: of signed ones; `server`: the authserv-id of the receiving server, or ''.
    """
    matches = list(addressed(report.head, patterns, keys))
    if not matches or _why_none(report, verdict):
        return None
    best = max(matches, key=lambda match: (match.signed, _is_uuid(match.mailed), bool(match.mailed)))
    sender, subject = author(report.head), unencoded(report.fields.get("subject", ""))[:1000]
    uuid, named = (best.mailed, "") if _is_uuid(best.mailed) else ("", best.mailed)
    # Else whoever has a letter of that person could send it on to us, with its true signature.
    to_us = any(addressed(f"To: {', '.join(the_field(report.head, 'to'))}", patterns))
    proven = passed(report.head, server, sender.rpartition("@")[2]) if to_us and named in ("", sender) else ""
    where = "the address that it was sent to" if best.mailed else "From"
    evidence = "a wish to unsubscribe, sent to our address for these"
    address = named or ("" if uuid else sender)
    told = f"{evidence}; the person stands in {where}"
    kind = Judgement.UNSUBSCRIBE.value
    found = RecipientVerdict(address, kind, "unsubscribe", evidence=told, source=where, rule="address")
    campaign = _UUID.search(subject)
    original = Original(campaign_uuid=clean_uuid(campaign[0]) if campaign else "", subscriber_uuid=uuid)
    return Verdict(
        kind,
        (found,) if address or uuid else (),
        original,
        moment(report.fields.get("date", "")),
        evidence,
        # One wish of a person, until it is done, however many mails it is told by.
        sha256(b"unsubscription by mail").digest(),
        unidentified=not (address or uuid),
        wish=Wish(sender, best.signed, proven),
    )


def _is_uuid(mailed: str) -> bool:
    return bool(mailed) and "@" not in mailed


def _why_none(report: Report, verdict: Verdict) -> str:
    """In words why a mail to the address is no wish; '' when it is one."""
    fields = report.fields
    if verdict.kind != Judgement.IGNORE or verdict.unidentified or report.status is not None:
        return "a bounce"
    subject = unencoded(fields.get("subject", ""))[:1000]
    own = next((line for line in report.notice[:8000].split("\n") if line.strip() and not line.startswith(">")), "")
    # iCloud calls what Apple Mail sends at a click an automatic answer, and says what it is beside that.
    clicked = fields.get("x-apple-unsubscribe", "").lower() == "true"
    asked = clicked or bool(_ASKED.search(f"{subject}\n{own[:200]}") or _UUID.search(subject))
    if autoreply.from_daemon(fields) and not (asked and _by_a_person(report)):
        return "from a mail system"
    if not clicked and (why := autoreply.why_auto_reply(fields)):
        return why
    kinds = {fields.get("content-type", "").partition(";")[0].strip().lower(), *(seen[1] for seen in report.seen)}
    if report.disposition or report.feedback or kinds & {"multipart/report", "text/calendar"}:
        return "a receipt"
    for name in ("list-id", "list-post", "list-unsubscribe"):
        if name in fields:
            return f"{name} is present"
    if asked:
        return ""
    submitted = fields.get("auto-submitted", "no").split(";")[0].strip().lower()
    automatic = submitted != "no" or fields.get("precedence", "").lower() in ("bulk", "junk", "list")
    if automatic or _PATH.search(report.head):
        return "a machine wrote it"
    if why := autoreply.why_correspondence(fields):
        return why
    text = f"{subject}\n{report.notice[:2000]}".lower()
    return "an automatic answer" if verdict.recognised or autoreply.away(text) else ""


def _by_a_person(report: Report) -> bool:
    """Whether only the domain or the name in From resembles a mail system's: somebody is at bounce-gym.example."""
    local = author(report.head).rpartition("@")[0]
    return bool(local) and not autoreply.from_daemon({"from": f"{local}@"})
