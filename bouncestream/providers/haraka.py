# SPDX-License-Identifier: GPL-3.0-or-later
"""Haraka: your own mail server. It has no webhook: its log of sent mails is posted, as JSON lines or one by one.

Source: the lines of haraka-plugin-outbound-logger (by Listmonk's authors) and Haraka's manual, "Outbound", as noted
in November 2026. A line has no header of the mail; a plugin of your own may add `message_id` and those of Listmonk.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from bouncestream.crypto.proof import HeaderSecret
from bouncestream.crypto.secret import Secret
from bouncestream.providers._contract import Gathered, Guide, Provider, Webhook, WebhookRequest
from bouncestream.providers._fields import needed
from bouncestream.settings.key import live_secret

#: type → class.
CLASSES: Mapping[str, str] = {
    "bounced": "judge-hard",  # whatever is final, also for what the mail says, or after days of trying
    "deferred": "deferral",
    "delivered": "info",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Haraka(Webhook):
    """Haraka's log of sent mails, posted by a log shipper or a plugin of yours."""

    token: Secret | None = live_secret(
        "The token that is sent with the lines, in the header Authorization, after Bearer.",
        rotates=True,
        proof=HeaderSecret("Authorization", bearer=True),
    )


def parse(request: WebhookRequest, into: Gathered[Haraka]) -> None:
    """The events of a request."""
    into.each(request.json_lines(), _one)


def _one(item: Any, into: Gathered[Haraka]) -> None:
    said = needed(item, "type")
    recipient = item.get("recipient")
    into.report(
        said,
        part=item,
        recipient=recipient.strip("<>") if isinstance(recipient, str) else "",
        at=item.get("time"),
        diagnostic=item.get("undelivered_reason"),
        status=item.get("dsn_status"),
        message_id=item.get("message_id"),
        vendor_message_id=item.get("job_id"),
        metadata=item,
    )


PROVIDER = Provider(
    name="haraka",
    title="Haraka",
    summary="Haraka's log of sent mails (bounces), posted by a log shipper or a plugin",
    settings=Haraka,
    parse=parse,
    classes=CLASSES,
    guide=Guide(
        read=date(2026, 11, 30),
        steps=(
            "In Haraka, install and enable haraka-plugin-outbound-logger, and let it write a file. Let a log",
            "shipper, such as Vector or Fluent Bit, post the file's lines, and try again unless answered with 200:",
            "URL     {url}",
            "Header  Authorization: Bearer {secret}",
            "Body    the lines as they are, one or several per request, at most 10,000.",
            "A plugin of your own may post the same JSON, with message_id, X-Listmonk-Campaign and",
            "X-Listmonk-Subscriber of the mail's headers added.",
        ),
        uuids="only with a plugin of your own",
        retries="as your plugin does it",
    ),
)
