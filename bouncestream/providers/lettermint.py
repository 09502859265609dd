# SPDX-License-Identifier: GPL-3.0-or-later
"""Lettermint: one JSON object per request, about one recipient, signed over its time and its body.

Source: Lettermint's documentation, "Webhook events" and "Signed webhooks", as stored in November 2026, and the
fields that Listmonk reads of it. The time of an event is called `timestamp`, on older pages `created_at`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from bouncestream.crypto.location import Header
from bouncestream.crypto.secret import Secret
from bouncestream.crypto.signature import WINDOW, Hmac
from bouncestream.providers._classes import info
from bouncestream.providers._contract import Gathered, Guide, Provider, Webhook, json_events
from bouncestream.providers._fields import dig, needed
from bouncestream.settings.key import live_secret

#: Event → class.
CLASSES: Mapping[str, str] = {
    "message.hard_bounced": "hard",
    "message.soft_bounced": "soft",
    "message.spam_complaint": "complaint",
    "message.unsubscribed": "unsubscribe",
    "message.suppressed": "suppressed",  # for a bounce or a complaint, and it does not say for which
    "message.failed": "info",  # within Lettermint
    "message.policy_rejected": "info",  # Lettermint's own filter did not like the content
    **info("message.created", "message.sent", "message.delivered", "message.opened", "message.clicked"),
    **info("message.inbound", "webhook.test"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lettermint(Webhook):
    """Lettermint's webhooks, signed with the secret of each."""

    signing_secret: Secret | None = live_secret(
        "The signing secret that Lettermint shows for the webhook.",
        rotates=True,
        foreign=True,
        proof=Hmac(
            signature=Header("X-Lettermint-Signature", prefix="v1=", separator=","),
            message="{timestamp}.{body}",
            timestamp=Header("X-Lettermint-Signature", prefix="t=", separator=","),
            window=WINDOW,
        ),
    )


def _one(item: Any, into: Gathered[Lettermint]) -> None:
    said, data = needed(item, "event"), item.get("data")
    answer = dig(data, "response")
    into.report(
        said,
        part=item,
        recipient=dig(data, "recipient"),
        at=item.get("timestamp") or item.get("created_at"),
        diagnostic=dig(answer, "content") or dig(data, "reason"),
        code=dig(answer, "status_code"),
        status=dig(answer, "enhanced_status_code"),
        vendor_message_id=dig(data, "message_id"),
        event_id=item.get("id"),
        metadata=(dig(data, "metadata"), dig(data, "headers")),
    )


PROVIDER = Provider(
    name="lettermint",
    title="Lettermint",
    summary="Lettermint's webhooks (bounces, spam complaints, unsubscriptions)",
    settings=Lettermint,
    parse=json_events(_one),
    classes=CLASSES,
    guide=Guide(
        read=date(2026, 11, 30),
        steps=(
            "At Lettermint, open your project, its route, Webhooks, and create a webhook.",
            "URL     {url}",
            "Choose the events message.hard_bounced, message.soft_bounced, message.spam_complaint and",
            "message.unsubscribed. Copy the signing secret into the configuration.",
        ),
        campaign_headers={
            "X-LM-Metadata-listmonk_campaign": "{{ .Campaign.UUID }}",
            "X-LM-Metadata-listmonk_subscriber": "{{ .Subscriber.UUID }}",
        },
        suppressions="Suppressions at Lettermint",
    ),
)
