# SPDX-License-Identifier: GPL-3.0-or-later
"""Emailit: up to 100 events per request, about one recipient each, signed over the time and the body.

Source: Emailit's documentation, "Webhooks", "Event types" and "Webhook requests", as stored in November 2026. An
event has no reason. It waits 30 seconds for a 2xx, tries 11 times over three days, signing each anew, and disables
the webhook then. The whole secret is the key, `whsec_` with it.
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

#: Type of the event → class.
CLASSES: Mapping[str, str] = {
    "email.bounced": "hard",  # "permanently failed"
    "email.attempted": "deferral",
    "email.failed": "judge-hard",  # for some other error, which it may tell
    "email.rejected": "info",  # by Emailit, after it had accepted the mail
    "email.suppressed": "suppressed",
    "email.complained": "complaint",
    **info("email.accepted", "email.scheduled", "email.delivered", "email.received", "email.clicked"),
    **info("email.loaded", "domain.", "audience.", "subscriber.", "contact.", "template.", "suppression."),
    **info("email_verification"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Emailit(Webhook):
    """Emailit's webhooks, signed with the secret of each."""

    signing_secret: Secret | None = live_secret(
        "The signing secret that Emailit shows once for the webhook, whsec_ with it.",
        rotates=True,
        foreign=True,
        proof=Hmac(
            signature=Header("X-Emailit-Signature"),
            message="{timestamp}.{body}",
            timestamp=Header("X-Emailit-Timestamp"),
            window=WINDOW,
        ),
    )


def _one(item: Any, into: Gathered[Emailit]) -> None:
    said, mail = needed(item, "type"), dig(item, "data", "object")
    into.report(
        said,
        part=item,
        recipient=dig(mail, "to"),
        at=dig(mail, "updated_at"),
        diagnostic=dig(mail, "smtp_response"),
        code=dig(mail, "smtp_code"),
        status=dig(mail, "smtp_enhanced_code"),
        vendor_message_id=dig(mail, "id"),
        event_id=item.get("event_id"),
        metadata=(dig(mail, "meta"), dig(mail, "headers")),
    )


PROVIDER = Provider(
    name="emailit",
    title="Emailit",
    summary="Emailit's webhooks (bounces, complaints)",
    settings=Emailit,
    parse=json_events(_one),
    classes=CLASSES,
    guide=Guide(
        read=date(2026, 11, 30),
        steps=(
            "At Emailit, open Webhooks, and create a webhook.",
            "URL     {url}",
            "Choose the events email.bounced, email.failed and email.complained, and copy the signing secret into",
            "the configuration.",
        ),
        uuids="never, as far as is documented: by the address",
        suppressions="Suppressions at Emailit",
        retries="11 times within 3 days, each with a new signature",
    ),
)
