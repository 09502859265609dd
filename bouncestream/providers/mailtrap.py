# SPDX-License-Identifier: GPL-3.0-or-later
"""Mailtrap: up to 500 events per request, every 30 seconds; in a JSON object, or as JSON lines.

Source: Mailtrap's documentation, "Webhooks", and the tests of its SDKs (signature), as stored in November 2026. It
tries again every 5 minutes, up to 40 times, and pauses the webhook then. `bounce_category` has no documented list.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from bouncestream.crypto.location import Header
from bouncestream.crypto.secret import Secret
from bouncestream.crypto.signature import Hmac
from bouncestream.providers._contract import UUIDS_IN_JSON, Gathered, Guide, Provider, Webhook, WebhookRequest
from bouncestream.providers._fields import needed, text
from bouncestream.settings.key import live_secret

#: event, of a bounce also /bounce_category, of a refusal /what its reason ends with → class.
CLASSES: Mapping[str, str] = {
    "bounce": "judge-hard",  # whatever is final, also for what the mail says
    "bounce/invalid_recipient": "hard",
    "bounce/spam": "soft",
    "bounce/greylisting": "soft",
    "soft bounce": "soft",
    "spam": "complaint",
    "unsubscribe": "unsubscribe",
    "reject": "suppressed",
    "reject/hard bounce": "suppressed-hard",
    "reject/spam": "suppressed-complaint",
    "reject/unsubscription": "suppressed-unsubscribe",
    "suspension": "info",  # of the account, for its limits
    "delivery": "info",
    "open": "info",
    "click": "info",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailtrap(Webhook):
    """Mailtrap's webhooks, signed with the secret of each."""

    signing_secret: Secret | None = live_secret(
        "The signature secret that Mailtrap shows for the webhook.",
        rotates=True,
        foreign=True,
        proof=Hmac(signature=Header("Mailtrap-Signature")),
    )


def parse(request: WebhookRequest, into: Gathered[Mailtrap]) -> None:
    """The events of a request."""
    into.each(request.json_lines(), _one, key="events")


def _one(item: Any, into: Gathered[Mailtrap]) -> None:
    said, why = needed(item, "event"), text(item.get("reason"))
    if said == "bounce":
        said = f"bounce/{text(item.get('bounce_category'), 50)}"
    elif said == "reject":
        said = f"reject/{why.rpartition('Reason:')[2].strip()}"
    into.report(
        said,
        part=item,
        recipient=item.get("email"),
        at=item.get("timestamp"),
        diagnostic=item.get("response") or why,
        code=item.get("response_code"),
        vendor_message_id=item.get("message_id"),
        event_id=item.get("event_id"),
        metadata=item.get("custom_variables"),
    )


PROVIDER = Provider(
    name="mailtrap",
    title="Mailtrap",
    summary="Mailtrap's webhooks (bounces, spam complaints, unsubscriptions)",
    settings=Mailtrap,
    parse=parse,
    classes=CLASSES,
    guide=Guide(
        read=date(2026, 11, 30),
        steps=(
            "At Mailtrap, open Settings, Webhooks, and create a webhook for email sending, in either format.",
            "URL     {url}",
            "Choose your stream and the events Bounce, Soft bounce, Spam complaint, Unsubscribe and Reject.",
            "Copy the signature secret into the configuration.",
        ),
        campaign_headers={"X-MT-Custom-Variables": UUIDS_IN_JSON},
        suppressions="Suppressions at Mailtrap",
        retries="40 times, every 5 minutes, then the webhook is paused",
    ),
    deadline=30,
)
