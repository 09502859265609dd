# SPDX-License-Identifier: GPL-3.0-or-later
"""A stored request or mail, judged again by this version: for replays, `rejudge`, `explain`, and after an upgrade.

It goes the way that it went when it came in, with the present configuration. A request's proof is not asked for: it
was checked then. A mail's proof of origin is part of the judgement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from multidict import CIMultiDict

from bouncestream import providers
from bouncestream.config.model import Config
from bouncestream.errors import BouncestreamError, Malformed, TooLarge
from bouncestream.event import MAILBOX, BounceEvent
from bouncestream.judging import refusal, webhook
from bouncestream.judging.mail import judging_for, read_mail
from bouncestream.judging.refusal import LISTMONK_LOG
from bouncestream.missed import LIST
from bouncestream.ports import RawInput, Submission
from bouncestream.providers._contract import Parsed, Provider, Webhook, WebhookRequest, parse, parse_listed
from bouncestream.providers._trace import Piece, trace


class StillUnreadable(BouncestreamError):
    """The stored input is one that this version cannot read either."""


def judge_again(came: RawInput, config: Config) -> Submission:
    """The submission that it would be if it came in anew; without events when it is no bounce, or a mail that does
    not tell whose it is. Raises StillUnreadable."""
    if came.provider == MAILBOX:
        returned = read_mail(came.body, judging_for(config, came.source), came.received_at)
        if returned.bug:
            raise StillUnreadable(f"it is still unreadable: {returned.why}")
        return returned.submission or Submission(came.source, came.provider, raw=came.body)
    if came.provider == LISTMONK_LOG:
        return _refused(came, config)
    hook = config.webhooks.get(came.source)
    parsed = _parsed(came, config)
    if parsed.unreadable and not parsed.events and not parsed.ignored:
        raise StillUnreadable(f"it is still unreadable: {parsed.unreadable[0].why}")
    # without a time of its own, an event happened when its report came in, not now
    events = (
        event if event.occurred_at else replace(event, occurred_at=came.received_at) for event in parsed.events
    )
    proven = hook is None or not hook.unverified
    return webhook.judge(replace(parsed, events=tuple(events)), came, config.policy.rules, proven=proven)


def _refused(came: RawInput, config: Config) -> Submission:
    try:
        kept = refusal.read(came.body)
    except Malformed as error:
        raise StillUnreadable(f"it is still unreadable: {error}") from error
    found = refusal.judge(kept, came, config.policy.rules)
    return Submission(came.source, came.provider, raw=came.body) if isinstance(found, str) else found


def identified_again(came: RawInput, config: Config) -> Submission:
    """Judge again, as `judge_again`. Raises StillUnreadable also for a mail that does not tell whose it is."""
    submission = judge_again(came, config)
    if submission.unreadable and not submission.events:
        unreadable = submission.unreadable[0]
        raise StillUnreadable("its recipient is still unknown" if unreadable.unidentified else unreadable.why)
    return submission


def same_report(events: Sequence[BounceEvent], event: BounceEvent) -> list[BounceEvent]:
    """The events that `event` may be: those about the same person, and of several (a request may tell of a bounce
    and of an unsubscription) those with the same id, then those of the same group, if there are any."""
    if event.recipient:
        found = [other for other in events if other.recipient == event.recipient]
    else:
        found = [other for other in events if other.subscriber_uuid == event.subscriber_uuid]
    if len(found) > 1:
        found = [other for other in found if other.provider_event_id == event.provider_event_id] or found
    if len(found) > 1:
        found = [other for other in found if other.kind.group == event.kind.group] or found
    return found


def pieces(came: RawInput, config: Config) -> list[Piece]:
    """The pieces of feedback of a stored request, each with the key that decides its class now; none where it
    cannot be read, or is an item of a list. The policy is not applied."""
    if LIST in came.headers:
        return []
    try:
        return trace(*_asked(came, config), came.received_at)[1]
    except (Malformed, TooLarge, StillUnreadable):
        return []


def _parsed(came: RawInput, config: Config) -> Parsed:
    try:
        provider, request, settings = _asked(came, config)
        if LIST in came.headers:
            return parse_listed(provider, came.headers[LIST], came.body, settings, came.received_at)
        return parse(provider, request, settings, came.received_at)
    except (Malformed, TooLarge) as error:
        raise StillUnreadable(f"it is still unreadable: {error}") from error


def _asked(came: RawInput, config: Config) -> tuple[Provider[Any], WebhookRequest, Webhook]:
    """The provider of a stored request, the request as it was, and the webhook's settings of now."""
    settings = config.webhooks.get(came.source)
    if settings is None or settings.provider != came.provider:
        settings = None
    try:
        provider = providers.get(came.provider)
        settings = settings or providers.webhook(came.source, came.provider)
    except LookupError:
        raise StillUnreadable(f"this version has no provider {came.provider}") from None
    headers = CIMultiDict({"Content-Type": came.content_type, **came.headers})
    return provider, WebhookRequest("POST", headers, came.body), settings
