# SPDX-License-Identifier: GPL-3.0-or-later
"""SMTP2GO: one event per request, about one recipient, as JSON or as a form.

Source: SMTP2GO's developer documentation, "Webhooks overview" and "Setup a webhook", as stored in November 2026. It
waits 10 seconds for a 2xx, and tries up to 35 times over days. Nothing is signed; it can send an Authorization
header. `id` is that of the webhook. Headers of the mail come back, if they are listed with the webhook.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from bouncestream.crypto.proof import HeaderSecret
from bouncestream.crypto.secret import Secret
from bouncestream.providers._classes import info
from bouncestream.providers._contract import Gathered, Guide, Provider, Webhook, WebhookRequest
from bouncestream.providers._fields import joined, needed
from bouncestream.settings.key import live_secret

#: event, of a bounce also /its class → class.
CLASSES: Mapping[str, str] = {
    "bounce": "judge-hard",
    "bounce/hard": "hard",
    "bounce/soft": "soft",
    "spam": "complaint",
    "unsubscribe": "unsubscribe",
    "reject": "suppressed",  # also for a sender that is not verified, and the sandbox
    **info("resubscribe", "processed", "delivered", "open", "click", "sms"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Smtp2Go(Webhook):
    """SMTP2GO's webhooks. They are not signed: the authorization header proves them."""

    token: Secret | None = live_secret(
        "The token of the webhook's authorization header (bearer) at SMTP2GO.",
        rotates=True,
        proof=HeaderSecret("Authorization", bearer=True),
    )


def parse(request: WebhookRequest, into: Gathered[Smtp2Go]) -> None:
    """The events of a request."""
    into.each(request.json_or_form(), _one)


def _one(item: Any, into: Gathered[Smtp2Go]) -> None:
    said = needed(item, "event")
    into.report(
        joined(said, item.get("bounce")) if said == "bounce" else said,
        part=item,
        recipient=item.get("rcpt"),
        at=item.get("time"),
        diagnostic=item.get("message"),
        message_id=item.get("message-id"),
        vendor_message_id=item.get("email_id"),
        metadata=item,
    )


PROVIDER = Provider(
    name="smtp2go",
    title="SMTP2GO",
    summary="SMTP2GO's webhooks (bounces, spam complaints, unsubscriptions)",
    settings=Smtp2Go,
    parse=parse,
    classes=CLASSES,
    guide=Guide(
        read=date(2026, 11, 30),
        steps=(
            "At SMTP2GO, open Settings, Webhooks, and add a webhook; the output type does not matter.",
            "URL     {url}",
            "Authorization header: Bearer {secret}",
            "Choose the email events bounce, spam and unsubscribe.",
            "Email headers: add X-Listmonk-Campaign and X-Listmonk-Subscriber, so that they come back.",
        ),
        uuids="automatically, in the headers listed with the webhook",
        suppressions="Suppressions at SMTP2GO",
        retries="up to 35 times: 5 within 30 minutes, then every hour, every 6 and every 12 hours",
    ),
    deadline=10,
)
