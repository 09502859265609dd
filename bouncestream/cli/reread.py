# SPDX-License-Identifier: GPL-3.0-or-later
"""A stored request or mail, read again by this version: for `replay --quarantine`, `rejudge` and `explain`.

It goes through the same provider's file, or the same reading of returned mail, as it did when it came in, with the
present configuration. No proof is asked for: it was checked when the request came in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from multidict import CIMultiDict

from bouncestream import providers
from bouncestream.config.model import Config
from bouncestream.errors import BouncestreamError, Malformed, TooLarge
from bouncestream.event import BounceEvent
from bouncestream.judging.mail import PROVIDER as MAILBOX
from bouncestream.judging.mail import judging_for, read_mail
from bouncestream.ports import Submission
from bouncestream.providers._contract import Parsed, WebhookRequest, parse


class StillUnreadable(BouncestreamError):
    """This version cannot read it either."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What came in, as it is stored."""

    source: str
    provider: str
    received_at: datetime
    body: bytes
    content_type: str = ""


def reread(stored: Stored, config: Config) -> Submission:
    """What it says, as if it had come in anew; without events when it is no bounce. Raises StillUnreadable."""
    if stored.provider == MAILBOX:
        returned = read_mail(stored.body, judging_for(config, stored.source), stored.received_at)
        if returned.bug:
            raise StillUnreadable(f"it still cannot be read: {returned.why}")
        return returned.submission or Submission(stored.source, stored.provider, raw=stored.body)
    parsed = _parsed(stored, config)
    if parsed.unreadable and not parsed.events and not parsed.ignored:
        raise StillUnreadable(f"it still cannot be read: {parsed.unreadable[0].why}")
    return Submission(
        source=stored.source,
        provider=stored.provider,
        # without a time of its own, an event happened when its report came in, not now
        events=tuple(
            config.policy.rules.judged(
                event if event.occurred_at else replace(event, occurred_at=stored.received_at)
            )
            for event in parsed.events
        ),
        unreadable=parsed.unreadable,
        raw=stored.body,
        content_type=stored.content_type,
    )


def events_again(stored: Stored, config: Config) -> tuple[BounceEvent, ...]:
    """The events of what gave events before. Raises
    StillUnreadable, also for a mail that now tells nobody's name."""
    submission = reread(stored, config)
    if submission.unreadable and not submission.events:
        raise StillUnreadable(submission.unreadable[0].why)
    return submission.events


def same_person(events: Sequence[BounceEvent], event: BounceEvent) -> list[BounceEvent]:
    """Those of the events that are about the same person."""
    if event.recipient:
        return [other for other in events if other.recipient == event.recipient]
    return [other for other in events if other.subscriber_uuid == event.subscriber_uuid]


def _parsed(stored: Stored, config: Config) -> Parsed:
    settings = config.webhooks.get(stored.source)
    if settings is None or settings.provider != stored.provider:
        settings = None
    try:
        provider = providers.get(stored.provider)
        settings = settings or providers.webhook(stored.source, stored.provider)
    except LookupError:
        raise StillUnreadable(f"this version has no provider {stored.provider}") from None
    request = WebhookRequest("POST", CIMultiDict({"Content-Type": stored.content_type}), stored.body)
    try:
        return parse(provider, request, settings, stored.received_at)
    except (Malformed, TooLarge) as error:
        raise StillUnreadable(f"it still cannot be read: {error}") from error
