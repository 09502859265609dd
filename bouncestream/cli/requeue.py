# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream outbox replay --quarantine` and `--unidentified`: what could not be read, and bounce mails that did
not tell whose they are, are read again, by this version and the present settings.

The raw body goes through the same provider's file (or, for a mail, the same `read_mail`) and the same arrivals as
when it came in, so that what is known already stays a duplicate; event and mark (replayed) are stored in one
transaction. No secret is asked for: it was checked when the request came in. A mail's proof of origin is.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from multidict import CIMultiDict

from bouncestream import providers
from bouncestream.cli.opened import reading, writing
from bouncestream.cli.outbox_look import item_number
from bouncestream.cli.show import tell
from bouncestream.config.model import Config, Webhook
from bouncestream.errors import BouncestreamError, UsageError
from bouncestream.outbox import browse
from bouncestream.outbox.browse import Quarantined
from bouncestream.outbox.reread import store_again
from bouncestream.ports import Submission
from bouncestream.providers._contract import Parsed, WebhookRequest
from bouncestream.sources.returned import PROVIDER as MAILBOX
from bouncestream.sources.returned import judging_for, read_mail


def requeue(args: argparse.Namespace, config: Config) -> int:
    """Read the named items, or all that wait."""
    path = config.outbox.path
    unidentified = bool(args.unidentified)
    items = reading(path, partial(browse.quarantine_items, limit=-1, unidentified=unidentified))
    waiting = {item.id: item for item in items}
    numbers = [item_number(text) for text in args.event] or list(waiting)
    missing = [number for number in numbers if number not in waiting]
    if missing:
        where = "is unidentified" if unidentified else "waits in quarantine"
        shows = "--unidentified" if unidentified else "--quarantine"
        raise UsageError(f"No item {missing[0]} {where}. Next: `bouncestream outbox list {shows}` shows them.")
    done: list[int] = []
    refused: dict[int, str] = {}
    for number in dict.fromkeys(numbers):
        try:
            submission = _submission(waiting[number], config, path)
            receipt = writing(path, partial(store_again, item=number, submission=submission, now=datetime.now(UTC)))
        except _Unread as unread:
            refused[number] = str(unread)
            continue
        if receipt is None:
            refused[number] = "someone else replayed it just now"
        else:
            done.append(number)
    return tell(args.json, done, refused, "replayed", "item")


class _Unread(BouncestreamError):
    """This version cannot read it either."""


def _submission(item: Quarantined, config: Config, path: str) -> Submission | None:
    """What the item says, as if it had come in anew; None: it is no feedback. Raises _Unread."""
    try:
        body = reading(path, partial(browse.raw_body, raw_id=item.raw_id))
        head = reading(path, partial(browse.raw_head, raw_id=item.raw_id))
    except UsageError as error:
        raise _Unread(str(error)) from None
    if item.provider == MAILBOX:
        returned = read_mail(body, judging_for(config, item.source), item.received_at)
        if item.unidentified and returned.submission is not None and not returned.submission.events:
            raise _Unread("it still does not tell whose it is")
        return returned.submission
    return _of_webhook(item, config, body, head[1] if head else "")


def _of_webhook(item: Quarantined, config: Config, body: bytes, content_type: str) -> Submission:
    settings = config.webhooks.get(item.source)
    if settings is None or settings.provider != item.provider:
        settings = Webhook(name=item.source, provider=item.provider)
    try:
        provider = providers.get(item.provider)
    except LookupError:
        raise _Unread(f"this version has no provider {item.provider}") from None
    request = WebhookRequest("POST", CIMultiDict({"Content-Type": content_type}), body)
    try:
        parsed: Parsed = provider.parse(request, settings, item.received_at)
    except Exception as error:  # whatever a provider's file raises on it: it stays where it is
        raise _Unread(f"it still cannot be read: {error}") from error
    if parsed.trouble and not parsed.events and not parsed.ignored:
        raise _Unread(f"it still cannot be read: {parsed.trouble[0].why}")
    return Submission(
        source=item.source,
        provider=item.provider,
        # without a time of its own, an event happened when its report came in, not now
        events=tuple(
            event if event.occurred_at else replace(event, occurred_at=item.received_at) for event in parsed.events
        ),
        trouble=parsed.trouble,
        raw=body,
        content_type=content_type,
    )
