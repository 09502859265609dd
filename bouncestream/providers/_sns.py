# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages of Amazon SNS, and of what speaks like it: confirmations of a subscription, or JSON in a text.

Source: Amazon SNS developer guide, "HTTP/HTTPS subscription confirmation JSON format", as stored in November 2026.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from bouncestream.errors import Malformed
from bouncestream.providers._contract import Gathered, Visit, Webhook, WebhookRequest
from bouncestream.providers._fields import dig, load_json, text

S = TypeVar("S", bound=Webhook)


def unwrapped(
    request: WebhookRequest,
    into: Gathered[S],
    topics: tuple[str, ...],
    read_one: Callable[[Any, Gathered[S]], None],
) -> None:
    """Read the events of a message with `read_one`; of a raw one, which is not signed, what else would stand in
    `Message`. A subscription to one of the `topics` is confirmed."""
    said = request.json()
    sort, topic = dig(said, "Type"), text(dig(said, "TopicArn"), 300)
    if sort == "SubscriptionConfirmation":
        if topic in topics:
            into.visits.append(Visit(said["SubscribeURL"], f"confirmed the subscription to {topic}"))
        else:
            into.notes.append(
                f"did not confirm a subscription to {topic}. Next: add it to topics, then request it again"
            )
    elif sort == "UnsubscribeConfirmation":  # it has a SubscribeURL too: to visit that would undo it
        into.notes.append(f"the subscription to {topic} has ended: it sends no more events")
    elif sort == "Notification":
        try:
            event = load_json(said["Message"].encode("utf-8", "replace"), {})
        except Malformed:
            event = None
        if isinstance(event, dict):
            into.each(event, read_one)
        else:
            into.ignored.append(f"a plain text from {topic}, such as a test of the subscription")
    else:
        into.each(said, read_one)
