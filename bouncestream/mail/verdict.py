# SPDX-License-Identifier: GPL-3.0-or-later
"""The answer of the mail reader: a `Verdict` for the mail and a `RecipientVerdict` for each recipient.

The kinds are those of events, and `ignore`, which an event never has: a mail that says nothing final.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from enum import StrEnum
from typing import Any

from bouncestream.mail.trace import Trace
from bouncestream.record import record


class Judgement(StrEnum):
    """The kinds of a verdict on a recipient. Gravest first, as `gravest` relies on."""

    COMPLAINT = "complaint"  #: the recipient called the mail spam
    HARD = "hard"  #: the address or its domain does not exist, or no longer
    SOFT = "soft"  #: a final failure that may pass, or is not the address's fault
    UNSUBSCRIBE = "unsubscribe"  #: the recipient wrote to our address for unsubscriptions
    IGNORE = "ignore"  #: no final feedback: still trying, auto-reply, delivered, ordinary mail


@record(frozen=True, slots=True)
class Original:
    """The returned message, as far as its headers came back. '' and None mean unknown."""

    message_id: str = ""  #: without angle brackets and white space
    from_: str = ""  #: bare address of From
    to: str = ""  #: bare address, only when To names exactly one; else whom the oldest Received names, if ours
    copied: bool = False  #: Cc or Bcc names further recipients
    subject: str = ""
    date: datetime | None = None  #: aware, UTC
    campaign_uuid: str = ""  #: X-Listmonk-Campaign, only well-formed
    subscriber_uuid: str = ""  #: X-Listmonk-Subscriber, only well-formed


@record(frozen=True, slots=True)
class RecipientVerdict:
    """The verdict on one recipient of a mail."""

    address: str  #: bare, lower case, A-label domain; '' when only the original's UUIDs tell who it is
    kind: str  #: a `Judgement`
    reason: str  #: a word of the reason table
    status: str = ""  #: RFC 3463, such as 5.1.1
    reply_code: str = ""  #: RFC 5321, such as 550
    diagnostic: str = ""  #: the server's words, at most `event.DIAGNOSTIC_LIMIT` bytes of UTF-8
    evidence: str = ""  #: where the address stood and which rule decided, in words
    source: str = ""  #: where the address stood: Original-Recipient, X-Failed-Recipients, …
    rule: str = ""  #: what decided: words, shape, status, reply, action, report; '' when nothing told a cause
    matched: str = ""  #: the phrase of the table, or the code, that decided
    said_by: str = ""  #: whose words these are, by the phrase table
    against: str = ""  #: what spoke against a hard judgement and won
    subject: str = ""  #: whose thing the deciding clause spoke of: mailbox, domain, sender, …; '' when none decided
    state: str = ""  #: and how it is: not there, gone, full, off, …
    sure: bool = True  #: False: a hard that rests on words alone, or on those of a carrier that masks its filters
    reported: str = ""  #: the address in the report, where that is another one: a forwarding's target, mostly


@record(frozen=True, slots=True)
class Wish:
    """Who sent a wish to unsubscribe."""

    sender: str  #: bare address of From; '' when that is not one
    signed: bool  #: the recipient's address stands in one of ours, with a tag of ours
    proven: str  #: by which method the receiving server found that From is true, and names the recipient; '' if not


@record(frozen=True, slots=True)
class Verdict:
    """The verdict of a mail."""

    kind: str  #: the gravest of the recipients' kinds; ignore when there is none
    recipients: tuple[RecipientVerdict, ...]
    original: Original
    occurred_at: datetime | None  #: aware, UTC, from the report itself; None when unknown
    evidence: str  #: which rule decided about the mail as a whole
    report_digest: bytes  #: SHA-256 of what makes the same report the same
    unidentified: bool = False  #: a final failure or complaint that does not tell whose
    recognised: bool = True  #: False: no rule knew the mail, so that "ignore" is the lack of a judgement
    letter_by: str = ""  #: who wrote it, where it is a letter in which nothing failed and that no rule knew
    verp: str = (
        ""  #: what stood for the * of a configured return address: an address or a UUID, cleaned; '' if none
    )
    verp_trusted: bool = False  #: an address that the own server recorded; or a UUID in the mail's own header
    verp_signed: bool = False  #: with a tag of ours
    wish: Wish | None = None  #: of a wish to unsubscribe
    trace: Trace | None = None  #: the way here, only when `decode.read` was asked to explain


GRAVITY = tuple(kind.value for kind in Judgement)
"""The kinds, gravest first."""


def gravest(kinds: list[str]) -> str:
    """The gravest of `kinds`; ignore when there is none."""
    return min(kinds, key=GRAVITY.index, default=GRAVITY[-1])


def mildest(found: Iterable[RecipientVerdict]) -> RecipientVerdict:
    """The one of `found`, which is not empty, that speaks least against the address; of equal ones the first."""
    return max(found, key=lambda r: GRAVITY.index(r.kind))


def as_dict(verdict: Verdict) -> dict[str, Any]:
    """The verdict as plain data for `bouncestream parse --json`; times in ISO 8601. "trace" only when asked for."""
    original = verdict.original
    data = {
        "kind": verdict.kind,
        "recipients": [
            {name: value for name, value in asdict(r).items() if name != "reported"} for r in verdict.recipients
        ],
        "original": {
            "message_id": original.message_id,
            "from": original.from_,
            "to": original.to,
            "subject": original.subject,
            "date": original.date.isoformat() if original.date else None,
            "campaign_uuid": original.campaign_uuid,
            "subscriber_uuid": original.subscriber_uuid,
        },
        "occurred_at": verdict.occurred_at.isoformat() if verdict.occurred_at else None,
        "evidence": verdict.evidence,
        "report_digest": verdict.report_digest.hex(),
        "unidentified": verdict.unidentified,
        "recognised": verdict.recognised,
        "verp": verdict.verp,
    }
    if verdict.trace is not None:
        data["trace"] = asdict(verdict.trace)
    return data
