# SPDX-License-Identifier: GPL-3.0-or-later
"""Maileroo: one JSON object per request, about one recipient.

Source: Maileroo's documentation, "Webhooks", as noted in November 2026. It tries again after any answer but
200; how often is not said. Tags come from headers `X-Tag-…` and come back under the rest of the name. The
Message-ID that Listmonk gave does not come back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from bouncestream.crypto.location import Header
from bouncestream.crypto.secret import Secret
from bouncestream.crypto.signature import Hmac
from bouncestream.providers._classes import info
from bouncestream.providers._contract import Gathered, Guide, Provider, Webhook, json_events
from bouncestream.providers._fields import dig, needed
from bouncestream.settings.key import live_secret

#: event_type → class.
CLASSES: Mapping[str, str] = {
    "failed": "judge-hard",  # refused, or tried until time was up: only the words tell
    "deferred": "deferral",
    "rejected": "suppressed",  # by Maileroo itself
    "complained": "complaint",
    **info("accepted", "delivered", "opened", "clicked"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Maileroo(Webhook):
    """Maileroo's webhooks, signed with the secret that you set there."""

    signing_secret: Secret | None = live_secret(
        "The secret that you set for the webhook at Maileroo.",
        rotates=True,
        proof=Hmac(signature=Header("X-Maileroo-Signature")),
    )


def _one(item: Any, into: Gathered[Maileroo]) -> None:
    said, data = needed(item, "event_type"), item.get("event_data")
    to = dig(data, "to")
    into.report(
        said,
        part=item,
        recipient=dig(to, 0) if isinstance(to, list) else to,
        at=item.get("event_time") or item.get("inserted_at"),
        diagnostic=dig(data, "reason") or dig(data, "reject_reason"),
        vendor_message_id=item.get("message_id") or item.get("message_reference_id"),
        event_id=item.get("event_id"),
        metadata=item.get("tags"),
    )


PROVIDER = Provider(
    name="maileroo",
    title="Maileroo",
    summary="Maileroo's webhooks (failures, spam complaints)",
    settings=Maileroo,
    parse=json_events(_one),
    classes=CLASSES,
    guide=Guide(
        read=date(2026, 11, 30),
        steps=(
            "At Maileroo, open your sending domain, Webhooks, and create a webhook.",
            "URL     {url}",
            "Secret  {secret}",
            "Choose the events Failed and Complained.",
        ),
        campaign_headers={
            "X-Tag-listmonk_campaign": "{{ .Campaign.UUID }}",
            "X-Tag-listmonk_subscriber": "{{ .Subscriber.UUID }}",
        },
        suppressions="Suppressions at Maileroo",
        retries="until it gets 200; how often is not documented",
    ),
)
