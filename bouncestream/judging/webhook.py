# SPDX-License-Identifier: GPL-3.0-or-later
"""A verified request, as its provider's file reads it → what is stored of it. The policy is applied here, for a
mail in `judging.mail` and for a refusal in `judging.refusal`: nowhere else, and once. Pure."""

from __future__ import annotations

from bouncestream.event import BounceEvent, Kind, Proof
from bouncestream.judging.unsure import settled, soft_at_most
from bouncestream.policy import Rules
from bouncestream.ports import RawInput, Submission
from bouncestream.providers._contract import Parsed


def judge(parsed: Parsed, came: RawInput, rules: Rules, *, proven: bool = True) -> Submission:
    """The submission of one request; without events or unreadable parts there is nothing to store. `proven`: not
    when anyone may post to its webhook."""
    return Submission(
        source=came.source,
        provider=came.provider,
        events=tuple(
            [settled(_believed(rules.judged(event)), rules.unsure, proven=proven) for event in parsed.events]
        ),
        unreadable=parsed.unreadable,
        raw=came.body,
        content_type=came.content_type,
        headers=came.headers,
    )


def _believed(event: BounceEvent) -> BounceEvent:
    """The event as far as it is believed: a provider may only have heard it by a mail that anybody can write."""
    return event if event.proof != Proof.NONE or event.kind is Kind.UNSUBSCRIBE else soft_at_most(event)
