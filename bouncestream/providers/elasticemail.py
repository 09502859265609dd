# SPDX-License-Identifier: GPL-3.0-or-later
"""Elastic Email: one event per request, about one recipient; in the query of a GET, as a form, or as JSON.

Source: Elastic Email's help page "Notification settings" and its API's schemas, as stored in November 2026. Its
URL has to answer a GET with 200, and 1000 failures disable it. It can sign, but what is signed is not documented,
so the secret in the path has to prove a request. An event has no id and no words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from bouncestream.providers._classes import info
from bouncestream.providers._contract import UUIDS_IN_JSON, Gathered, Guide, Provider, Webhook, WebhookRequest
from bouncestream.providers._fields import joined, needed, text

#: status, of an error also /category → class.
CLASSES: Mapping[str, str] = {
    "Error": "soft",
    "Error/NoMailbox": "hard",
    "Error/GreyListed": "deferral",
    **info("Error/Ignore", "Error/ManualCancel", "Sent", "Opened", "Clicked"),
    "Error/NotDelivered": "suppressed",
    "AbuseReport": "complaint",
    "Unsubscribed": "unsubscribe",
}

#: category → a word of ours.
_REASONS = {
    "NoMailbox": "user_unknown",
    "Spam": "spam",
    "BlackListed": "blocklisted",
    "Throttled": "too_many",
    "Timeout": "network",
    "ConnectionProblem": "network",
    "ConnectionTerminated": "network",
    "DNSProblem": "network",  # a domain that is gone, or one whose servers do not answer: it does not say
    "SPFProblem": "auth_failure",
    "ContentFilter": "content",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ElasticEmail(Webhook):
    """Elastic Email's notifications. How they are signed is not documented: path_secret proves them."""


def parse(request: WebhookRequest, into: Gathered[ElasticEmail]) -> None:
    """The events of a request."""
    if request.method == "GET" and not request.body:
        into.ignored.append("Elastic Email's look whether the URL answers")
    else:
        into.each(request.json_or_form(), _one)


def _one(item: Any, into: Gathered[ElasticEmail]) -> None:
    said, category = needed(item, "status"), text(item.get("category"), 50)
    into.report(
        joined(said, category) if said == "Error" else said,
        part=item,
        recipient=item.get("to"),
        at=_moment(item.get("date")),
        vendor_message_id=item.get("messageid"),
        metadata=item.get("postback"),
        reason=_REASONS.get(category, ""),
    )


def _moment(value: Any) -> Any:
    """Its time is written as in the US, in UTC."""
    try:
        return datetime.strptime(value, "%m/%d/%Y %I:%M:%S %p").replace(tzinfo=UTC).isoformat()
    except (TypeError, ValueError):
        return value


PROVIDER = Provider(
    name="elasticemail",
    title="Elastic Email",
    summary="Elastic Email's notifications (errors, complaints, unsubscriptions)",
    settings=ElasticEmail,
    parse=parse,
    classes=CLASSES,
    methods=("POST", "GET"),
    guide=Guide(
        read=date(2026, 11, 30),
        steps=(
            "At Elastic Email, open Settings, Notifications (or Webhooks), and add a webhook. bouncestream has to",
            "run by then: Elastic Email looks whether it answers.",
            "URL     {url}",
            "Choose Bounce/Error, Complaints and Unsubscribed. Under Sending, enable custom headers, or the header",
            "below does not come back.",
        ),
        campaign_headers={"X-ElasticEmail-Postback": UUIDS_IN_JSON},
        suppressions="Suppressions at Elastic Email",
        retries="at times that are not documented; a webhook that failed 1000 times is disabled",
    ),
)
