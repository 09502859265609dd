# SPDX-License-Identifier: GPL-3.0-or-later
"""mox: your own mail server, which posts JSON for each step of a sent mail. It does not name the recipient.

Source: mox, package `webhook` and `webapi` (documentation and source), as stored in November 2026. What stands in
headers `X-Mox-Extra-…` of a mail comes back in `Extra`, its first letters in upper case.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from bouncestream.crypto.proof import HeaderSecret
from bouncestream.crypto.secret import Secret
from bouncestream.providers._classes import info
from bouncestream.providers._contract import Gathered, Guide, Provider, Webhook, json_events
from bouncestream.providers._fields import header, needed
from bouncestream.settings.key import live_secret

#: Event → class.
CLASSES: Mapping[str, str] = {
    "failed": "judge-hard",  # refused, or tried until time was up: only code and words tell
    "suppressed": "suppressed",
    "delayed": "deferral",
    **info("delivered", "relayed", "expanded", "canceled", "unrecognized"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mox(Webhook):
    """mox's webhooks for sent mails. They are not signed: the authorization value proves them."""

    token: Secret | None = live_secret(
        "The value of the webhook's Authorization in mox, with or without Bearer before it.",
        rotates=True,
        proof=HeaderSecret("Authorization"),
    )


def _one(item: Any, into: Gathered[Mox]) -> None:
    said, extra = needed(item, "Event"), item.get("Extra") or {}
    into.report(
        said,
        part=item,
        recipient=header(extra, "email"),
        at=item.get("WebhookQueued"),
        diagnostic=item.get("Error"),
        code=item.get("SMTPCode"),
        status=item.get("SMTPEnhancedCode"),
        message_id=item.get("MessageID"),
        metadata=extra,
    )


PROVIDER = Provider(
    name="mox",
    title="mox",
    summary="mox's webhooks for sent mails (failures)",
    settings=Mox,
    parse=json_events(_one),
    classes=CLASSES,
    guide=Guide(
        read=date(2026, 11, 30),
        steps=(
            "In mox's account page of the sending account, open Webhooks, Outgoing.",
            "URL            {url}",
            "Authorization  Bearer {secret}",
            "Choose the event failed. mox does not say to whom a mail was sent: without the campaign headers",
            "below nobody is known, and all events are kept as unreadable.",
        ),
        campaign_headers={
            "X-Mox-Extra-email": "{{ .Subscriber.Email }}",
            "X-Mox-Extra-listmonk_campaign": "{{ .Campaign.UUID }}",
            "X-Mox-Extra-listmonk_subscriber": "{{ .Subscriber.UUID }}",
        },
        suppressions="the account's suppressions in mox",
    ),
)
