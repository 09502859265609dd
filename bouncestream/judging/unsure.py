# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of a hard that rests on words alone, without a code, a command or a server that stands for it
(`[policy] unsure`, docs/develop/identity.md#unsure). Listmonk blocklists for good, so time is asked for a second
sign: it is told as soft, and as hard when the same person bounces so again.

The order is policy, proof, unsure; each event is raised at most once, and says by which. What needs no history is
settled with the judgement (`settled`); the rest is left to the outbox, which knows what came before (`weighed`).

Only reports that are proven for that person count, as the first and as the second: what anybody can write does not
become true by being written twice. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from bouncestream.event import MAILBOX, NO_PROOF, UNPROVEN, BounceEvent, Kind

#: How much later a second report is one of another day, and how old the first may be.
ANOTHER_DAY = timedelta(hours=24)
WITHIN = timedelta(days=90)

_AS_CONFIGURED = "told as soft as configured"
_CONFIRMED = re.compile(r"confirmed by event ([0-9a-f-]{36})")


@dataclass(frozen=True, slots=True)
class Report:
    """A stored report that somebody's mailbox is not there: proven, sure or not."""

    event_id: str
    at: datetime  #: when the mail bounced
    campaign_uuid: str
    recipient: str
    subscriber_uuid: str
    provider: str
    by_uuid: bool  #: Listmonk is told by the UUID

    @property
    def names(self) -> frozenset[str]:
        """The names that its proof is for. A webhook's is for all that it says; a mail's is for whom is told."""
        return _names(self.recipient, self.subscriber_uuid, self.by_uuid, of_mail=self.provider == MAILBOX)


def is_unsure(event: BounceEvent) -> bool:
    """Whether it is left to the outbox as what it is told."""
    return not event.sure and event.kind is Kind.HARD


def soft_at_most(event: BounceEvent, hint: str = "") -> BounceEvent:
    """An event that anybody can have written: soft at most, whatever it says. This comes after the policy: no word
    of that makes a forgery hard. `hint`: what speaks for it all the same, behind a semicolon."""
    said = f" (it says {event.kind})" if event.kind is not Kind.SOFT else ""
    evidence = f"{event.evidence}; {NO_PROOF}: reported as soft at most{said}{hint}"
    return replace(event, kind=Kind.SOFT, sure=True, evidence=evidence)


def settled(event: BounceEvent, unsure: str, *, proven: bool = True) -> BounceEvent:
    """The event, as `[policy] unsure` says, as far as no history is needed. This comes after policy and proof.
    `proven`: not when anyone may post to its webhook; it then confirms nothing, however sure it is."""
    if event.kind is not Kind.HARD:
        return event
    if not proven:
        event = replace(event, confirms=False)
    if event.sure:
        return event
    if unsure == "hard":
        return replace(event, sure=True, evidence=f"{event.evidence}; unsure: told as hard as configured")
    if not proven or event.proof in UNPROVEN:  # it never counts
        evidence = f"{event.evidence}; unsure, and without proof: told as soft"
        return replace(event, kind=Kind.SOFT, sure=True, evidence=evidence)
    if unsure == "soft":
        return replace(event, kind=Kind.SOFT, evidence=f"{event.evidence}; unsure: {_AS_CONFIGURED}")
    return event


def weighed(event: BounceEvent, at: datetime, earlier: Iterable[Report]) -> BounceEvent:
    """The unsure event of that time, hard if one of the reports that came in before confirms it, else soft."""
    for one in earlier:
        if why := _confirms(one, event, at):
            words = f"unsure, but confirmed by event {one.event_id} of {one.at:%Y-%m-%d} ({why}): told as hard"
            return replace(event, evidence=f"{event.evidence}; {words}")
    words = "unsure: told as soft until the person bounces so again, for another campaign or on another day"
    return replace(event, kind=Kind.SOFT, evidence=f"{event.evidence}; {words}")


def alone(event: BounceEvent) -> BounceEvent:
    """The event as it is told if nothing came before it."""
    return weighed(event, datetime.min.replace(tzinfo=UTC), ()) if is_unsure(event) else event


def confirmed_by(evidence: str) -> str:
    """The event that confirmed the one of this evidence; empty: none did."""
    found = _CONFIRMED.search(evidence)
    return found[1] if found else ""


def in_words(event: BounceEvent) -> str:
    """What a stored event was told as, being unsure, and what comes next; empty: it is sure, or no hard."""
    if event.sure:
        return ""
    if event.kind is Kind.HARD:
        by = confirmed_by(event.evidence)
        return f"told as hard: it rests on words alone, but is confirmed by event {by}" if by else ""
    if _AS_CONFIGURED in event.evidence:
        return f"{_AS_CONFIGURED} ([policy] unsure), as it rests on words alone"
    return (
        "told as soft: unsure, as it rests on words alone; becomes hard when the same person bounces so again, for "
        "another campaign or at least 24 hours later, within 90 days"
    )


def _confirms(one: Report, event: BounceEvent, at: datetime) -> str:
    """Why an earlier report confirms an event: "another campaign" or "another day"; empty: it does not. Two reports
    of one campaign are about one mail, as Listmonk sends a person one; two addresses are two mailboxes."""
    apart = abs(at - one.at)  # old mails are imported in any order
    mine = _names(event.recipient, event.subscriber_uuid, event.by_uuid, of_mail=bool(event.proof))
    if apart > WITHIN or mine.isdisjoint(one.names):
        return ""
    if event.recipient and one.recipient and event.recipient != one.recipient:
        return ""
    if event.campaign_uuid and one.campaign_uuid:
        return "another campaign" if event.campaign_uuid != one.campaign_uuid else ""
    return "another day" if apart >= ANOTHER_DAY else ""


def _names(recipient: str, subscriber_uuid: str, by_uuid: bool, *, of_mail: bool) -> frozenset[str]:
    if not of_mail:
        return frozenset({recipient, subscriber_uuid} - {""})
    return frozenset({subscriber_uuid if by_uuid else recipient})
