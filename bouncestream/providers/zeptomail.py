# SPDX-License-Identifier: GPL-3.0-or-later
"""ZeptoMail (Zoho CPaaS since September 2026): one JSON object in a request, signed over the body.

Source: Zoho's page "Instant email notifications with webhooks", read on 2026-11-30, and what others who take its
webhooks have seen: signature, the name of a spam complaint, and whether a retry keeps an id are not documented. So
no id is taken as a mark, and as no Message-ID comes back either, a report is known again by its content. The JSON
may come as the name or value of a form's field.
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
from bouncestream.providers._contract import Gathered, Guide, Provider, Webhook, WebhookRequest
from bouncestream.providers._fields import dig, load_json, text
from bouncestream.settings.key import live_secret

#: Its events → class.
CLASSES: Mapping[str, str] = {
    "hardbounce": "hard",
    "softbounce": "soft",
    "feedback": "complaint",
    "delivered": "info",
    "email_open": "info",
    "email_link_click": "info",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ZeptoMail(Webhook):
    """ZeptoMail's webhooks, signed. Their time is not: with a path_secret beside it, a request that someone saw is
    of no use to them."""

    auth_key: Secret | None = live_secret(
        "The authorization key that ZeptoMail shows for the webhook.",
        rotates=True,
        foreign=True,
        proof=Hmac(
            signature=Header("producer-signature", prefix="s=", separator=";", quoted=True), encoding="base64"
        ),
    )


def parse(request: WebhookRequest, into: Gathered[ZeptoMail]) -> None:
    """The events of a request."""
    into.each(_document(request), _one)


def _document(request: WebhookRequest) -> Any:
    try:
        return request.json()
    except Malformed:
        for one in (part for field in request.form().items() for part in field):
            if one.lstrip().startswith("{"):
                return load_json(one.encode("utf-8", "surrogatepass"), {})
        raise


def _one(item: Any, into: Gathered[ZeptoMail]) -> None:
    names = item.get("event_name")
    said = text(dig(names, 0) or names, 100)
    if not said:
        raise Malformed("event_name is missing")
    for message in item["event_message"]:
        info = message.get("email_info")
        for data in message["event_data"]:
            for detail in data["details"]:
                into.report(
                    said,
                    part=[said, info, detail],
                    recipient=detail.get("bounced_recipient") or dig(info, "to", 0, "email_address", "address"),
                    at=detail.get("time"),
                    diagnostic=detail.get("diagnostic_message") or detail.get("reason"),
                    class_="complaint" if "feedback" in said.lower() else "",
                )


PROVIDER = Provider(
    name="zeptomail",
    title="ZeptoMail",
    summary="ZeptoMail's webhooks (bounces, feedback loop)",
    settings=ZeptoMail,
    parse=parse,
    classes=CLASSES,
    guide=Guide(
        read=date(2026, 11, 30),
        steps=(
            "At ZeptoMail, open your Agent, Webhooks, and add a webhook, once bouncestream runs:",
            "URL     {url}",
            "Choose the events Hard bounces, Soft bounces and Feedback loop, copy the authorization key into",
            "auth_key, restart or reload bouncestream, and press Verify.",
        ),
        uuids="never: by the address",
    ),
)
