# SPDX-License-Identifier: GPL-3.0-or-later
"""Forward Email: one JSON object in a request, about one recipient of a mail that failed, signed over the body.

Source: Forward Email's documentation of `bounce_webhook`, its code that sorts bounces, and Listmonk's that takes
them, as stored in November 2026. `recipient` is no dead address: a disabled mailbox and a blocked sender stand
there as well, so the code and the words decide. The mail's headers come back, and so do Listmonk's UUIDs. Nothing
says that an id stays over retries. There are no complaints.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from bouncestream.crypto.location import Header
from bouncestream.crypto.secret import Secret
from bouncestream.crypto.signature import Hmac
from bouncestream.errors import Malformed
from bouncestream.providers._contract import Gathered, Guide, Provider, Webhook, json_events
from bouncestream.providers._fields import dig, header, joined, text
from bouncestream.settings.key import live_secret

#: bounce/category/action → class. The categories are no closed list.
CLASSES: Mapping[str, str] = {
    "bounce": "judge-hard",
    "bounce/block": "soft",
    "bounce/capacity": "soft",
    "bounce/dmarc": "soft",
    "bounce/envelope": "soft",
    "bounce/greylist": "soft",
    "bounce/network": "soft",
    "bounce/policy": "soft",
    "bounce/protocol": "soft",
    "bounce/spam": "soft",
    "bounce/virus": "soft",
}

#: Its category → our reason, where code and words tell none.
_REASONS = {
    "block": "blocklisted",
    "blocklist": "blocklisted",
    "capacity": "mailbox_full",
    "dmarc": "auth_failure",
    "greylist": "greylisted",
    "network": "network",
    "policy": "policy",
    "protocol": "protocol",
    "spam": "spam",
    "virus": "virus",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwardEmail(Webhook):
    """Forward Email's bounce webhook, signed."""

    webhook_key: Secret | None = live_secret(
        "The webhook signature key that Forward Email shows in the domain's settings.",
        rotates=True,
        foreign=True,
        proof=Hmac(signature=Header("X-Webhook-Signature")),
    )


def _one(item: Any, into: Gathered[ForwardEmail]) -> None:
    bounce, headers = item.get("bounce"), item.get("headers")
    category = text(dig(bounce, "category"), 100)
    if not category:
        raise Malformed("bounce.category is missing")
    status = dig(bounce, "status")
    into.report(
        joined("bounce", category, dig(bounce, "action")),
        part=item,
        recipient=item.get("recipient"),
        at=item.get("bounced_at"),
        diagnostic=item.get("response") or dig(bounce, "message") or item.get("message"),
        code=dig(bounce, "code") or item.get("response_code"),
        status=status if isinstance(status, str) else dig(status, "code"),
        message_id=header(headers, "Message-ID"),
        metadata=headers,
        reason=_REASONS.get(category, ""),
    )


PROVIDER = Provider(
    name="forwardemail",
    title="Forward Email",
    summary="Forward Email's bounce webhook",
    settings=ForwardEmail,
    parse=json_events(_one),
    classes=CLASSES,
    guide=Guide(
        read=date(2026, 11, 30),
        steps=(
            "At Forward Email, open My Account, Domains, the domain's Advanced Settings, and enter as",
            "bounce webhook:",
            "URL     {url}",
            "Copy the webhook signature key shown there into webhook_key.",
        ),
        uuids="automatically, in the headers of the mail",
    ),
)
