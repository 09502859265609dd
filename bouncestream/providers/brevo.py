# SPDX-License-Identifier: GPL-3.0-or-later
"""Brevo (once Sendinblue): a JSON object in a request, or several if the webhook is batched, each of one recipient.

Source: Brevo's developer documentation, "Transactional webhooks", "Batched webhooks" and "Retry mechanism", read on
2026-11-30. Nothing is signed; the password stands in the URL. `id` is that of the webhook;
an event has none. How a batch is wrapped is not documented: a list is read, as is a single object.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from bouncestream.crypto.proof import Basic
from bouncestream.crypto.secret import Secret
from bouncestream.providers._backfill import Backfill, First, Listing, by_key, by_offset, url_of
from bouncestream.providers._classes import info
from bouncestream.providers._contract import UUIDS_IN_JSON, Gathered, Guide, Provider, Webhook, json_events
from bouncestream.providers._fields import header, joined, needed, text
from bouncestream.settings.key import live_secret

#: event; of a blocked one its reason as well → class.
CLASSES: Mapping[str, str] = {
    "hard_bounce": "hard",
    "invalid_email": "hard",
    "invalid": "hard",
    "soft_bounce": "soft",
    "deferred": "deferral",
    "blocked": "suppressed",
    "blocked/unsubscribed": "suppressed-unsubscribe",
    "spam": "complaint",
    "complaint": "complaint",
    "unsubscribe": "unsubscribe",
    **info("error", "request", "sent", "delivered", "opened", "unique_opened", "proxy_open", "unique_proxy_open"),
    **info("click"),
    "list/hardBounces": "hard",
    "list/invalid": "hard",
    "list/spam": "complaint",
    "list/unsubscribed": "unsubscribe",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Brevo(Webhook):
    """Brevo's transactional webhooks. They are not signed: a password in the URL proves them."""

    password: Secret | None = live_secret(
        "The password in the URL you enter at Brevo: https://bouncestream:<password>@…; any user name works.",
        rotates=True,
        proof=Basic(),
    )


def _one(item: Any, into: Gathered[Brevo]) -> None:
    event, why = needed(item, "event"), text(item.get("reason"))
    said = event
    if event == "blocked":
        said = joined(event, "unsubscribed" if "unsubscribed" in why.lower() else why)
    into.report(
        said,
        part=item,
        recipient=item.get("email"),
        at=item.get("ts_epoch") or item.get("ts_event") or item.get("ts"),
        diagnostic=why,
        message_id=item.get("message-id"),
        metadata=header(item, "X-Mailin-custom"),
    )


# -- its events, by the API ---------------------------------------------------------------------------------------

_LIMIT = 2500
#: Brevo takes no longer span.
_SPAN = timedelta(days=89)


def _pages(event: str) -> First[Brevo]:
    def first(settings: Brevo, since: datetime, now: datetime) -> list[str]:
        span = {"startDate": max(since, now - _SPAN).date(), "endDate": now.date()}
        asked = {"event": event, "limit": _LIMIT, "offset": 0, "sort": "asc"}
        return [url_of("https://api.brevo.com/v3/smtp/statistics/events", **asked, **span)]

    return first


def _listed(event: str) -> Callable[[Any, Gathered[Brevo]], None]:
    def one(item: Any, into: Gathered[Brevo]) -> None:
        into.report(
            f"list/{event}",
            part=item,
            recipient=item.get("email"),
            at=item.get("date"),
            diagnostic=item.get("reason"),
            message_id=item.get("messageId"),
        )

    return one


BACKFILL = Backfill(
    read=date(2026, 11, 30),
    source="Brevo's API reference, Get all your transactional email activity (unaggregated events)",
    key="An API key: SMTP & API, API Keys. Brevo has none that may only read.",
    permission="at Brevo make an API key (SMTP & API, API Keys); if IPs are restricted there, allow this server's",
    hosts=r"api\.brevo\.com",
    headers=by_key("api-key"),
    patience=timedelta(hours=12),
    lists=tuple(
        Listing(
            name=event,
            first=_pages(event),
            items=("events",),
            next=by_offset(_LIMIT),
            one=_listed(event),
            bare=True,
        )
        for event in ("hardBounces", "invalid", "spam", "unsubscribed")
    ),
    left_out="Brevo shows the events of at most 90 days.",
)

PROVIDER = Provider(
    name="brevo",
    title="Brevo",
    summary="Brevo's transactional webhooks (bounces, spam complaints, unsubscriptions)",
    settings=Brevo,
    parse=json_events(_one),
    classes=CLASSES,
    backfill=BACKFILL,
    busy=429,  # a 5xx makes Brevo discard the event
    guide=Guide(
        read=date(2026, 11, 30),
        steps=(
            "At Brevo, open Transactional, Settings, Webhook, and add a webhook (not one of Marketing).",
            "URL     {login_url}",
            "Choose the events Hard bounced, Soft bounced, Blocked, Invalid email, Spam and Unsubscribed.",
            'allow_ips = ["1.179.112.0/20", "172.246.240.0/20"] takes nothing from elsewhere.',
        ),
        campaign_headers={"X-Mailin-custom": UUIDS_IN_JSON},
        suppressions="the blocked contacts, below Transactional at Brevo",
        retries="after 10 minutes, 1, 2 and 8 hours, but only after 429 or no answer; "
        "after any other error the event is lost",
    ),
)
