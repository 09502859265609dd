# SPDX-License-Identifier: GPL-3.0-or-later
"""Plunk: a step of a workflow posts JSON, whose body can be edited, about one contact.

Source: Plunk's documentation, "Webhooks" and "Workflows", as noted in November 2026. What is sent by itself does
not name the event; `type` is for you to add. Plunk waits 10 seconds and does not try again: what it cannot deliver
is lost.
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
from bouncestream.providers._fields import dig, joined, text
from bouncestream.settings.key import live_secret

#: type (what you named the event, or what its fields show), of a bounce also /bounceType → class.
CLASSES: Mapping[str, str] = {
    "email.bounce": "judge-hard",
    "email.bounce/Permanent": "hard",
    "email.bounce/Transient": "soft",
    "email.bounce/Undetermined": "soft",
    "email.complaint": "complaint",
    "contact.unsubscribed": "unsubscribe",
    **info("contact.subscribed", "email.sent", "email.delivery", "email.open", "email.click"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plunk(Webhook):
    """Plunk's workflows that post to a webhook, with a header that you add to the step."""

    token: Secret | None = live_secret(
        "The token in the header Authorization, after Bearer, that you add to the workflow's webhook step.",
        rotates=True,
        proof=HeaderSecret("Authorization", bearer=True),
    )


def _one(item: Any, into: Gathered[Plunk]) -> None:
    event = item.get("event")
    said = text(item.get("type"), 100)
    how = dig(event, "bounceType") or ("Transient" if dig(event, "transientBounce") is True else "")
    if not said and (how or dig(event, "bouncedAt")):
        said = "email.bounce"
    elif not said and dig(event, "complainedAt"):
        said = "email.complaint"
    into.report(
        joined(said, how) if said == "email.bounce" else said,
        part=item,
        recipient=dig(item, "contact", "email"),
        at=dig(event, "bouncedAt") or dig(event, "complainedAt") or dig(item, "execution", "startedAt"),
        vendor_message_id=dig(event, "emailId"),
        event_id=dig(item, "execution", "id"),
        metadata=dig(item, "contact", "data"),
    )


PROVIDER = Provider(
    name="plunk",
    title="Plunk",
    summary="Plunk's workflows (bounces, complaints, unsubscriptions)",
    settings=Plunk,
    parse=json_events(_one),
    classes=CLASSES,
    guide=Guide(
        read=date(2026, 11, 30),
        steps=(
            "At Plunk, create a workflow for each of the events email.bounce, email.complaint and",
            "contact.unsubscribed, with one step, a webhook:",
            "URL     {url}",
            "Header  Authorization: Bearer {secret}",
            "In the body of each, add a field type beside contact and event, with the name of the workflow's",
            "event, such as type: email.bounce. Plunk does not try again: what is sent while bouncestream is",
            "down is lost.",
        ),
        uuids="only in the contact's data",
        retries="never: what is sent while bouncestream is down is lost",
    ),
    deadline=10,
)
