# SPDX-License-Identifier: GPL-3.0-or-later
"""Mailgun: one JSON object per request, `{"signature": …, "event-data": …}`, about one recipient.

Source: Mailgun's user manual, "Webhooks", "Securing webhooks", "Tracking failures", "Event structure", and its help
pages "Webhooks" (retries) and "Legacy webhooks", as stored in November 2026; its API reference "Bounces",
"Complaints", "Unsubscribe", "Events" and the page "API key roles", read on 2026-11-30. The signature is over a time
and a random token, and not over the event. The old webhooks, forms without `event-data`, ended in October 2023.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import quote

from bouncestream.crypto.location import Either, Field
from bouncestream.crypto.secret import Secret
from bouncestream.crypto.signature import Hmac
from bouncestream.errors import Malformed
from bouncestream.providers._backfill import Backfill, First, Listing, by_link, by_login, url_of
from bouncestream.providers._classes import info
from bouncestream.providers._contract import UUIDS_IN_JSON, Gathered, Guide, Provider, Webhook, json_events
from bouncestream.providers._fields import dig, moment, rfc_822, text
from bouncestream.settings import shapes
from bouncestream.settings.key import live_key, live_secret

#: Mailgun tries for 8 hours, and does not say whether it signs anew for each try. A signature fits any event, so
#: one that leaked shall not be good forever either.
WINDOW = 24 * 3600

#: event, of a failure also /severity/reason → class. The reasons are no documented list.
CLASSES: Mapping[str, str] = {
    "failed/temporary": "deferral",
    "failed/temporary/old": "soft",  # of a domain without MX, the last one is called temporary too
    "failed/permanent": "judge-hard",  # `generic` and others: Mailgun does not suppress the address for them either
    "failed/permanent/bounce": "hard",
    "failed/permanent/delayed-bounce": "hard",
    "failed/permanent/old": "soft",  # given up after 8 hours
    "failed/permanent/suppress-bounce": "suppressed-hard",
    "failed/permanent/suppress-complaint": "suppressed-complaint",
    "failed/permanent/suppress-unsubscribe": "suppressed-unsubscribe",
    "complained": "complaint",
    "unsubscribed": "unsubscribe",
    "routed": "info",  # a received mail that a route forwarded: none of Listmonk's
    **info("accepted", "delivered", "opened", "clicked", "stored"),
    "rejected": "info",  # Mailgun did not take the message
    "list/bounces": "hard",  # what Mailgun puts there is about the mailbox alone
    "list/complaints": "complaint",
    "list/unsubscribes": "unsubscribe",
    "list/unsubscribes/tag": "info",  # of one kind of mails, by a tag of Mailgun's
}

#: Mailgun's own codes, for a failure whose reason does not say it. 625: its list of bad addresses.
_CODES = {
    "605": "suppressed-hard",
    "606": "suppressed-unsubscribe",
    "607": "suppressed-complaint",
    "625": "suppressed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailgun(Webhook):
    """Mailgun's webhooks. Their signature proves who sent a request, but not what it says: with a path_secret
    beside it, a signature that someone saw is of no use to them."""

    signing_key: Secret | None = live_secret(
        "Mailgun's HTTP webhook signing key; for a subaccount, its own or the primary account's.",
        rotates=True,
        foreign=True,
        proof=Hmac(
            signature=Either(Field("signature", "signature"), Field("signature", "parent-signature")),
            message="{timestamp}{id}",
            timestamp=Field("signature", "timestamp"),
            id=Field("signature", "token"),
            window=WINDOW,
        ),
    )
    api_domains: tuple[str, ...] = live_key(
        shapes.TEXTS,
        "",
        "For `api_key`: your sending domains at Mailgun, each of which has lists of its own.",
        sample='["mg.example.org"]',
        default=(),
    )
    api_region: str = live_key(shapes.choice("us", "eu"), '"us"', "For `api_key`: where the domains are.")


def _one(item: Any, into: Gathered[Mailgun]) -> None:
    event = item.get("event-data")
    said = text(dig(event, "event"), 100)
    if not said:
        raise Malformed("event-data is missing or names no event")
    status = dig(event, "delivery-status")
    code = text(dig(status, "code"), 10)
    class_ = ""
    if dig(event, "flags", "is-routed") is True:
        said = f"routed/{said}"
    elif said == "failed":
        said = f"failed/{text(event.get('severity'), 20)}/{text(event.get('reason'), 50)}"
        if event.get("severity") == "permanent":
            class_ = _CODES.get(code, "soft" if len(code) == 3 and code[0] == "4" else "")
    into.report(
        said,
        part=event,
        recipient=event.get("recipient"),
        at=event.get("timestamp"),
        diagnostic=dig(status, "message") or dig(status, "description"),
        code=code,
        status=dig(status, "enhanced-code") or dig(status, "bounce-code"),
        message_id=dig(event, "message", "headers", "message-id"),
        event_id=_event_id(event),
        metadata=event.get("user-variables"),
        class_=class_,
        reason="expired" if said.endswith("/old") else "",
    )


def _event_id(event: Mapping[str, Any]) -> str:
    """Mailgun's id of an event is unique within a day only."""
    number, at = text(event.get("id")), moment(event.get("timestamp"))
    return f"{number}/{at.date()}" if number and at is not None else ""


# -- its lists ----------------------------------------------------------------------------------------------------


def _pages(path: str, **query: object) -> First[Mailgun]:
    """The first page of a list, of each domain."""

    def first(settings: Mailgun, since: datetime, now: datetime) -> list[str]:
        host = "api.eu.mailgun.net" if settings.api_region == "eu" else "api.mailgun.net"
        span = {"begin": f"{since.timestamp():.0f}", "ascending": "yes"} if path == "events" else {}
        return [
            url_of(f"https://{host}/v3/{quote(d, safe='')}/{path}", **query, **span) for d in settings.api_domains
        ]

    return first


def _event(item: Any, into: Gathered[Mailgun]) -> None:
    """An event, as a webhook brings it."""
    _one({"event-data": item}, into)


def _listed(name: str) -> Callable[[Any, Gathered[Mailgun]], None]:
    def one(item: Any, into: Gathered[Mailgun]) -> None:
        tags = item.get("tags")
        into.report(
            f"list/{name}/tag" if name == "unsubscribes" and tags and "*" not in tags else f"list/{name}",
            part=item,
            recipient=item.get("address"),
            at=rfc_822(item.get("created_at")),
            diagnostic=item.get("error"),
            code=item.get("code"),
        )

    return one


_LISTS = ("bounces", "complaints", "unsubscribes")
BACKFILL = Backfill(
    read=date(2026, 11, 30),
    source="Mailgun's API reference, Events, Bounces, Complaints and Unsubscribe; API key roles",
    key="An API key with the role Support: Account settings, API keys (an Analyst's may not read these lists).",
    permission="at Mailgun make an API key with the role Support (or Developer), which may read suppressions",
    hosts=r"api(?:\.eu)?\.mailgun\.net",
    headers=by_login("api"),
    needs=("api_domains",),
    patience=timedelta(hours=8),
    lists=(
        Listing(
            name="events",
            first=_pages("events", limit=300, event="failed OR complained OR unsubscribed"),
            items=("items",),
            next=by_link("paging", "next"),
            one=_event,
        ),
        *(
            Listing(
                name=name,
                first=_pages(name, limit=1000),
                items=("items",),
                next=by_link("paging", "next"),
                one=_listed(name),
            )
            for name in _LISTS
        ),
    ),
    left_out="Mailgun keeps events for 3 to 30 days, by plan, and means to replace their API by that of its logs.",
)

PROVIDER = Provider(
    name="mailgun",
    title="Mailgun",
    summary="Mailgun's webhooks (failures, spam complaints, unsubscriptions)",
    settings=Mailgun,
    parse=json_events(_one),
    classes=CLASSES,
    backfill=BACKFILL,
    guide=Guide(
        read=date(2026, 11, 29),
        steps=(
            "At Mailgun, open Send, Sending, Webhooks, and choose your domain; its region is US or EU.",
            "URL     {url}",
            "Add a webhook with this URL for each of: Permanent Failure, Temporary Failure, Spam Complaints,",
            "Unsubscribes. (Only the last temporary failure counts, when Mailgun gives up.)",
            "signing_key is the HTTP webhook signing key on the same page, not an API key.",
        ),
        campaign_headers={"X-Mailgun-Variables": UUIDS_IN_JSON},
        suppressions="Send, Suppressions at Mailgun",
        retries="after 5, 10 and 15 minutes, 1, 2 and 4 hours",
    ),
)
