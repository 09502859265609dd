# SPDX-License-Identifier: GPL-3.0-or-later
"""Postal: one JSON object in a request, `{"event", "timestamp", "payload", "uuid"}`, signed over the body.

Source: Postal's documentation, "Webhooks", and its code (version 3), as stored in November 2026. It signs with the
key of its installation, that of its DKIM record. Versions before 3 sign with SHA-1 only: for them use path_secret.
It calls every answer 5xx of a receiver a hard failure, does not read the bounces that come back to it, and handles
no complaints. It tries six times within 36 minutes, and gives an answer 5 seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from bouncestream.crypto.location import Header
from bouncestream.crypto.public_key import Rsa
from bouncestream.providers._classes import info
from bouncestream.providers._contract import Gathered, Guide, Provider, Webhook, json_events
from bouncestream.providers._fields import dig, joined, needed, text
from bouncestream.settings.key import live_key
from bouncestream.settings.shapes import PUBLIC_KEYS

#: event/details → class.
CLASSES: Mapping[str, str] = {
    "MessageDeliveryFailed": "judge-hard",
    "MessageDeliveryFailed/Maximum number of delivery attempts": "soft",
    "MessageBounced": "soft",  # a bounce came back by mail; nothing says why
    "MessageDelayed": "deferral",
    **info("MessageHeld", "MessageSent", "MessageLoaded", "MessageLinkClicked", "DomainDNSError", "SendLimit"),
    "MessageHeld/suppression list": "suppressed",
    "incoming": "info",  # a mail to Postal, none of Listmonk's
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Postal(Webhook):
    """Postal's webhooks, signed with the key of its installation."""

    signing_keys: tuple[str, ...] = live_key(
        PUBLIC_KEYS,
        "",
        "Postal's public key: what stands behind p= in the output of `postal default-dkim-record`.",
        sample='["MIIBIjANBgkq…"]',
        default=(),
        proof=Rsa(signature=Header("X-Postal-Signature-256")),
    )


def _one(item: Any, into: Gathered[Postal]) -> None:
    event, payload = needed(item, "event"), item.get("payload")
    message = dig(payload, "original_message") or dig(payload, "message")
    details = text(dig(payload, "details"))
    if event == "MessageHeld" and "suppression list" in details:
        details = "suppression list"
    direction = dig(message, "direction")
    into.report(
        joined(event if direction in (None, "outgoing") else "incoming", details),
        part=item,
        recipient=dig(message, "to"),
        at=item.get("timestamp"),
        diagnostic=dig(payload, "output") or details,
        message_id=dig(message, "message_id"),
        event_id=item.get("uuid"),
        metadata=dig(message, "tag"),
        reason="expired" if details.startswith("Maximum number") else "",
    )


PROVIDER = Provider(
    name="postal",
    title="Postal",
    summary="Postal's webhooks (failed, bounced and held messages)",
    settings=Postal,
    parse=json_events(_one),
    classes=CLASSES,
    guide=Guide(
        read=date(2026, 11, 30),
        steps=(
            "At your Postal, open the mail server, Webhooks, and add a webhook.",
            "URL     {url}",
            "Choose the events MessageDeliveryFailed, MessageBounced and MessageHeld.",
            "On Postal's machine run `postal default-dkim-record`, and copy what stands behind p= into",
            "signing_keys.",
            'MessageBounced is soft. classes = {{ "MessageBounced" = "hard" }} makes it hard.',
        ),
        campaign_headers={"X-Postal-Tag": "{{ .Campaign.UUID }}"},
        uuids="the campaign's, by the campaign header",
        suppressions="Messages, Suppressions of the mail server at Postal",
        retries="after 2, 3, 6, 10 and 15 minutes, then the event is lost",
    ),
    deadline=5,
)
