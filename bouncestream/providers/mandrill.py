# SPDX-License-Identifier: GPL-3.0-or-later
"""Mailchimp Transactional (Mandrill): up to 1000 events per request, about once a minute, in a field of a form.

Source: Mailchimp Transactional's guides "Track and respond to activity with webhooks" and "Authenticating webhook
requests", as noted in November 2026. It asks with HEAD whether the URL is there before there is a key, and may send
an empty list to test it. `_id` is that of the mail, not of the event. Why it rejected a mail, it does not say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from bouncestream.crypto.form import SignedForm
from bouncestream.crypto.location import Header
from bouncestream.crypto.secret import Secret
from bouncestream.errors import Malformed
from bouncestream.providers._classes import info
from bouncestream.providers._contract import (
    UUIDS_IN_JSON,
    Answer,
    Gathered,
    Guide,
    Provider,
    Webhook,
    WebhookRequest,
)
from bouncestream.providers._fields import dig, joined, load_json
from bouncestream.settings import shapes
from bouncestream.settings.key import live_key, live_secret

#: event, of a bounce also /its description; sync: changes of its own lists → class.
CLASSES: Mapping[str, str] = {
    "hard_bounce": "hard",
    "hard_bounce/general": "judge-hard",
    "soft_bounce": "soft",
    "deferral": "deferral",
    "spam": "complaint",
    "unsub": "unsubscribe",
    "reject": "suppressed",
    "sync/": "info",  # repeats what an event says, or was done by hand
    **info("send", "delivered", "open", "click", "inbound"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mandrill(Webhook):
    """Mailchimp Transactional's (Mandrill's) webhooks, signed together with the URL that was entered there."""

    webhook_key: Secret | None = live_secret(
        "The key that Mandrill shows for the webhook once it is created.",
        rotates=True,
        foreign=True,
        proof=SignedForm(signature=Header("X-Mandrill-Signature"), encoding="base64", hash="sha1", url="url"),
    )
    url: str = live_key(
        shapes.TEXT,
        "",
        "The webhook's URL exactly as it was entered at Mandrill; webhook_key needs it.",
        sample='"https://bounces.example.org/webhooks/mandrill"',
    )


def handshake(request: WebhookRequest, settings: Mandrill) -> Answer | None:
    """200 when Mandrill looks whether the URL is there, and to an empty list, whoever sent it."""
    empty = request.method == "HEAD" or request.form().get("mandrill_events", "").strip() == "[]"
    return Answer() if empty else None


def parse(request: WebhookRequest, into: Gathered[Mandrill]) -> None:
    """The events of a request: a list in a field of the form."""
    said = request.json_or_form()
    events = said.get("mandrill_events") if isinstance(said, dict) else None
    into.each(load_json(events.encode("utf-8", "replace"), {}) if isinstance(events, str) else said, _one)


def _one(item: Any, into: Gathered[Mandrill]) -> None:
    mail, said = item.get("msg"), item.get("event")
    if not said and item.get("type"):
        said = joined("sync", item["type"], item.get("action"))
    if not said:
        raise Malformed("event is missing")
    into.report(
        joined(said, dig(mail, "bounce_description")),
        part=item,
        recipient=dig(mail, "email"),
        at=item.get("ts"),
        diagnostic=dig(mail, "diag"),
        vendor_message_id=item.get("_id") or dig(mail, "_id"),
        metadata=dig(mail, "metadata"),
        reason="mailbox_full" if dig(mail, "bounce_description") == "mailbox_full" else "",
    )


PROVIDER = Provider(
    name="mandrill",
    title="Mailchimp Transactional (Mandrill)",
    summary="Mailchimp Transactional's (Mandrill's) webhooks (bounces, spam complaints, unsubscriptions)",
    settings=Mandrill,
    parse=parse,
    classes=CLASSES,
    handshake=handshake,
    guide=Guide(
        read=date(2026, 11, 30),
        steps=(
            "At Mandrill, open Settings, Webhooks, and add a webhook. bouncestream has to run by then, with a",
            "path_secret in the URL, as the key exists only afterwards.",
            "URL     {url}",
            "Choose Message Is Bounced, Message Is Soft-Bounced, Message Is Marked As Spam and Message Recipient",
            "Unsubscribes. Copy the key into webhook_key, and set url to this URL.",
        ),
        campaign_headers={"X-MC-Metadata": UUIDS_IN_JSON},
        suppressions="the denylists at Mandrill",
        retries="automatically; how often is not documented",
    ),
)
