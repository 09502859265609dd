# SPDX-License-Identifier: GPL-3.0-or-later
"""MailPace: one JSON object per request, without any reason, signed with a key pair for each domain.

Source: MailPace's documentation, "Webhooks", as noted in November 2026. Any HTTP error disables the webhook, so a
request that is not believed is answered with 200 too, and counted as refused. It tries again only where no answer
comes. Of a mail's headers only tags come back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from bouncestream.crypto.location import Header
from bouncestream.crypto.public_key import Ed25519
from bouncestream.providers._contract import Answer, Gathered, Guide, Provider, Webhook, WebhookRequest, json_events
from bouncestream.providers._fields import dig, needed, text
from bouncestream.settings.key import live_key
from bouncestream.settings.shapes import PUBLIC_KEYS

#: event → class.
CLASSES: Mapping[str, str] = {
    "email.bounced": "hard",  # the mail was returned for good; no reason and no code is told
    "email.deferred": "deferral",
    "email.spam": "info",  # MailPace's own filter kept it back
    "email.queued": "info",
    "email.delivered": "info",
    "inbound": "info",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MailPace(Webhook):
    """MailPace's webhooks, signed with a key pair for each domain."""

    domain_keys: tuple[str, ...] = live_key(
        PUBLIC_KEYS,
        "",
        "The public key that MailPace shows for your domain; of several domains, all of them.",
        sample='["…"]',
        default=(),
        proof=Ed25519(signature=Header("X-MailPace-Signature")),
    )


def handshake(request: WebhookRequest, settings: MailPace) -> Answer:
    """200 even for what is refused, as anything else would disable the webhook."""
    return Answer()


def _one(item: Any, into: Gathered[MailPace]) -> None:
    said, mail = needed(item, "event"), item.get("payload")
    for recipient in text(dig(mail, "to"), 10_000).split(","):
        into.report(
            said,
            part=item,
            recipient=recipient,
            at=dig(mail, "updated_at"),
            vendor_message_id=dig(mail, "id"),
            metadata=dig(mail, "tags"),
        )


PROVIDER = Provider(
    name="mailpace",
    title="MailPace",
    summary="MailPace's webhooks (bounces)",
    settings=MailPace,
    parse=json_events(_one),
    classes=CLASSES,
    handshake=handshake,
    busy=0,  # any HTTP error would disable the webhook
    guide=Guide(
        read=date(2026, 11, 30),
        steps=(
            "At MailPace, open your domain, Webhooks, and create a webhook.",
            "URL     {url}",
            "Choose the event email.bounced. Copy the domain's public key into domain_keys.",
        ),
        campaign_headers={"X-MailPace-Tags": "{{ .Campaign.UUID }}"},
        uuids="the campaign's, by the campaign header",
        retries="up to 10 times, but only if no answer comes; any HTTP error disables the webhook",
    ),
)
