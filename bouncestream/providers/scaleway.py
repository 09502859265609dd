# SPDX-License-Identifier: GPL-3.0-or-later
"""Scaleway Transactional Email: one event in a message of its Topics and Events, which speaks like Amazon SNS.

Source: Scaleway's documentation, "Setting up and using TEM webhooks with Topics and Events" and "Webhook events
payloads", as stored in November 2026. Certificates lie in a bucket of Scaleway's own. There are no complaints and
no unsubscriptions: `email_spam` is a refusal.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from bouncestream.crypto.sns import Sns
from bouncestream.providers._contract import Gathered, Guide, Provider, Webhook, WebhookRequest
from bouncestream.providers._fields import header, needed
from bouncestream.providers._sns import unwrapped
from bouncestream.settings import shapes
from bouncestream.settings.key import live_key

_REGION = r"(?:fr-par|nl-ams|pl-waw)"
_BUCKET = rf"messaging\.s3\.{_REGION}\.scw\.cloud"
HOSTS = rf"{_BUCKET}|sns\.mnq\.{_REGION}\.scaleway\.com"

#: type → class.
CLASSES: Mapping[str, str] = {
    "email_mailbox_not_found": "hard",
    "email_dropped": "hard",  # refused for good
    "email_spam": "soft",  # taken for spam by Scaleway or the recipient's server
    "email_deferred": "deferral",
    "email_blocklisted": "suppressed",
    "blocklist_created": "info",  # repeats what an event says
    "email_queued": "info",
    "email_delivered": "info",
    "unknown_type": "info",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaleway(Webhook):
    """Scaleway Transactional Email, by way of a topic that is subscribed to the webhook's URL by HTTPS."""

    topics: tuple[str, ...] = live_key(
        replace(shapes.TEXTS, words='a list of topics, such as ["arn:scw:sns:fr-par:project-0123abcd:tem"]'),
        "",
        "The ARNs of your topics. Scaleway signs for all its customers: messages and subscriptions of other topics "
        "are refused.",
        sample='["arn:scw:sns:fr-par:project-0123abcd:tem"]',
        default=(),
        proof=Sns(certificates=re.compile(rf"https://{_BUCKET}/{_REGION}/sns/[\w.-]{{1,100}}\.pem")),
    )


def parse(request: WebhookRequest, into: Gathered[Scaleway]) -> None:
    """The events of a message."""
    unwrapped(request, into, into.settings.topics, _one)


def _one(event: Any, into: Gathered[Scaleway]) -> None:
    said, headers = needed(event, "type"), event.get("email_headers")
    into.report(
        said,
        part=event,
        recipient=event.get("email_to"),
        at=event.get("created_at"),
        diagnostic=event.get("email_response_message") or event.get("email_error"),
        code=event.get("email_response_code"),
        message_id=header(headers, "Message-ID"),
        vendor_message_id=event.get("email_id"),
        event_id=event.get("id"),
        metadata=headers,
    )


PROVIDER = Provider(
    name="scaleway",
    title="Scaleway Transactional Email",
    summary="Scaleway Transactional Email's events (bounces), through its Topics and Events",
    settings=Scaleway,
    parse=parse,
    classes=CLASSES,
    hosts=HOSTS,
    guide=Guide(
        read=date(2026, 11, 30),
        steps=(
            "At Scaleway, open Topics and Events, create a topic, and add its ARN to topics.",
            "Once bouncestream runs with it, create a subscription to the topic: protocol HTTPS, endpoint",
            "URL     {url}",
            "bouncestream confirms it by itself. Then open Transactional Email, your domain, Webhooks, and add a",
            "webhook with this topic and the events email_mailbox_not_found, email_dropped and email_spam.",
        ),
        uuids="automatically, in the headers of the mail",
        suppressions="the domain's blocklists at Scaleway",
    ),
)
