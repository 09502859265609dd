# SPDX-License-Identifier: GPL-3.0-or-later
"""Cloudflare Email Sending: events come out of a queue, and a Worker of yours posts them as a list.

Source: Cloudflare's documentation, "Event subscriptions" of Email Service and "Sync recipient records", as stored
in November 2026 (beta). A queue gives a batch again until the Worker takes it without an error. Headers of a mail
are not part of an event.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from bouncestream.crypto.proof import HeaderSecret
from bouncestream.crypto.secret import Secret
from bouncestream.providers._contract import Gathered, Guide, Provider, Webhook, json_events
from bouncestream.providers._fields import dig, joined, needed
from bouncestream.settings.key import live_secret

_PREFIX = "cf.email.sending."

#: Type of the event, of a bounce or complaint also /its type, of a failure its reason → class.
CLASSES: Mapping[str, str] = {
    "message.bounced": "judge-hard",
    "message.bounced/hard": "hard",
    "message.bounced/soft": "soft",  # tried until time was up
    "message.complained": "complaint",
    "message.complained/not-spam": "info",
    "message.deferred": "deferral",
    "message.rejected": "suppressed",  # by Cloudflare, before it tried
    "message.failed": "info",  # within Cloudflare
    "message.failed/expired": "soft",
    "message.delivered": "info",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloudflare(Webhook):
    """Cloudflare's events of sent mails, posted by a Worker that consumes their queue."""

    token: Secret | None = live_secret(
        "The token that the Worker sends in the header Authorization, after Bearer.",
        rotates=True,
        proof=HeaderSecret("Authorization", bearer=True),
    )


def _one(item: Any, into: Gathered[Cloudflare]) -> None:
    said, event = needed(item, "type").removeprefix(_PREFIX), item.get("payload")
    delivery, bounce = dig(event, "delivery"), dig(event, "bounce")
    into.report(
        joined(said, dig(bounce, "type") or dig(event, "complaint", "type") or dig(event, "failure", "reason")),
        part=item,
        recipient=dig(event, "recipient"),
        at=dig(item, "metadata", "eventTimestamp"),
        diagnostic=dig(delivery, "smtpResponse") or dig(bounce, "reason"),
        code=dig(delivery, "smtpStatusCode"),
        status=dig(delivery, "smtpEnhancedStatusCode"),
        message_id=dig(event, "messageId"),
        event_id=dig(event, "eventId"),
        metadata=dig(event, "headers"),
    )


PROVIDER = Provider(
    name="cloudflare",
    title="Cloudflare Email Sending",
    summary="Cloudflare's events of sent mails, posted by a Worker",
    settings=Cloudflare,
    parse=json_events(_one),
    classes=CLASSES,
    guide=Guide(
        read=date(2026, 11, 30),
        steps=(
            "At Cloudflare, create a queue, and subscribe it to the events message.bounced and message.complained",
            "of your sending domain (Queues, your queue, Subscriptions, source Email Sending). Let this Worker",
            "consume the queue; keep TOKEN as a secret of the Worker:",
            "    export default {{ async queue(batch, env) {{ ",
            "      const answer = await fetch('{url}', {{ method: 'POST',",
            "        headers: {{ 'Authorization': 'Bearer ' + env.TOKEN, 'Content-Type': 'application/json' }},",
            "        body: JSON.stringify(batch.messages.map(one => one.body)) }})",
            "      if (!answer.ok) throw new Error('bouncestream answered ' + answer.status) }} }}",
            "TOKEN   {secret}",
        ),
        uuids="never: by the address and the Message-ID",
        suppressions="the suppression list of Email Sending at Cloudflare",
        retries="when the Worker throws, as often as the queue is set to",
    ),
)
