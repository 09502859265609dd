# SPDX-License-Identifier: GPL-3.0-or-later
"""An event of the outbox, from what came in to what was sent to Listmonk: what `bouncestream explain` prints, and
the page of an event shows."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from bouncestream import decay
from bouncestream.config.model import Config
from bouncestream.errors import UsageError
from bouncestream.event import MAILBOX, BounceEvent, Kind
from bouncestream.judging.stored import StillUnreadable, identified_again, pieces, same_report
from bouncestream.mail.verdict import RecipientVerdict
from bouncestream.outbox import delivery, operator, raising
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.operator import Listed, Step
from bouncestream.outbox.people import judged_again
from bouncestream.ports import RawInput, State
from bouncestream.printable import mask_all
from bouncestream.sinks.listmonk import payload

#: A read of the outbox, as `View` and the dashboard have it.
Read = Callable[[Callable[[Conn], BounceEvent]], BounceEvent]

_DECIDE = "Next: `bouncestream outbox release {row}` sends it, `bouncestream outbox drop {row}` never does"
#: For what an event is held, and what comes next.
_HELD = {
    "unproven": f"your decision, as nothing proves where its mail is from. {_DECIDE}",
    "operator": f"your decision. {_DECIDE}",
    "brake": f"your decision. {_DECIDE}",
    "permission": "a permission of the token, and resumes once it is granted. Next: `bouncestream check` names it",
}


@dataclass(frozen=True, slots=True)
class Found:
    """The event with all that the outbox has of it."""

    row: Listed
    steps: list[Step]
    came: RawInput | None  #: the request or mail that it came by; None: it is not kept
    instance: str  #: the outbox's name among outboxes
    soft: str = ""  #: how its person stands, where soft bounces are counted here

    @property
    def of_mail(self) -> bool:
        return self.came is not None and self.came.provider == MAILBOX

    @property
    def sent(self) -> bool:
        """Whether Listmonk may have been told. What its first claim ends as dropped was not: the policy said no."""
        dropped = any((step.before, step.after) == (State.CLAIMED, State.DROPPED) for step in self.steps[-1:])
        return self.row.attempt > (1 if dropped else 0)


def find(conn: Conn, ref: str, config: Config, now: datetime, *, with_raw: bool = True) -> Found:
    """The event that `ref` names. `with_raw`: with what came in. Raises UsageError: there is none, or more than
    one."""
    row, steps = operator.show(conn, operator.find(conn, ref))
    try:
        came = operator.raw_input(conn, row) if with_raw else None
    except UsageError:
        came = None
    return Found(row, steps, came, delivery.get_meta(conn, "instance") or "", _soft(conn, row, config, now))


def _soft(conn: Conn, row: Listed, config: Config, now: datetime) -> str:
    """How the person of a soft bounce stands, in words; empty: Listmonk counts."""
    soft, rules = config.policy.soft, config.policy.rules
    if soft.mode != "bridge" or row.event.kind is not Kind.SOFT:
        return ""
    counts, bounces = raising.counted_with(conn, row.row, rules, config.unproven)
    told = decay.in_words(decay.standings(bounces, soft.rule, now), soft.rule)
    if not counts and raising.is_counted(conn, row.row):
        told.insert(0, "this one counts no more: something more severe was told since, and a new count began")
    elif not counts:
        told.insert(0, "this one does not count: only proven ones about the mailbox do")
    return "; ".join(told)


def provider_said(config: Config, found: Found) -> tuple[str, str]:
    """What the provider calls it, and the key that decides its class; empty: not kept, or of a mail."""
    if found.came is None or found.of_mail:
        return "", ""
    told = {piece.event: piece for piece in pieces(found.came, config) if piece.event is not None}
    same = same_report([*told], found.row.event)
    return (told[same[0]].said, told[same[0]].by) if len(same) == 1 else ("", "")


def judged_now(config: Config, found: Found, read: Read) -> str:
    """How the stored request or mail is judged by this version, in words; empty: it is not kept."""
    if found.came is None:
        return ""
    row, old = found.row, found.row.event
    try:
        events = identified_again(found.came, config).events
    except StillUnreadable as error:
        return f"cannot read the request: {error}"
    same = same_report(events, old)
    if not same:
        return "finds no such event in the request"
    if len({(one.kind, one.reason) for one in same}) > 1:
        return "finds several events about that person in the request"
    at = old.occurred_at or row.received_at
    new = read(partial(judged_again, event=same[0], row=row.row, at=at))
    if (new.kind, new.reason) == (old.kind, old.reason):
        return "judges the request the same way"
    return f"judges it as {new.kind} ({new.reason}): {mask_all(new.evidence)}"


def body_sent(found: Found) -> dict[str, Any]:
    """The body of the POST, as it was made or would be."""
    body: dict[str, Any] = json.loads(payload.body(found.row, found.instance))
    return body


def sent_words(found: Found) -> str:
    """What was sent to Listmonk, in words."""
    row = found.row
    if row.state is State.HELD:
        return f"nothing yet: it is held for {_HELD[row.held_for].format(row=row.row)}"
    if not found.sent:
        yet = "" if row.state is State.DROPPED else " yet"
        return f"nothing{yet}: it is {row.state.value}" + (f" ({row.why})" if row.why else "")
    if row.event.kind is Kind.UNSUBSCRIBE:
        times = "" if row.attempt == 1 else f", after {row.attempt} attempts"
        return f"the unsubscription was carried out at the subscriber{times}"
    return f"this, with attempt {row.attempt}, as source {row.label!r}:"


def decision(recipient: RecipientVerdict) -> str:
    """Which rule decided about a recipient of a mail, in words."""
    if not recipient.rule:
        return "no cause is given"
    text = f"{recipient.rule} {recipient.matched!r}" if recipient.matched else recipient.rule
    if recipient.state:
        return f"{text}: {recipient.subject}, {recipient.state}"
    return f"{text} ({recipient.said_by})" if recipient.said_by else text
