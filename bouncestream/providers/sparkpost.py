# SPDX-License-Identifier: GPL-3.0-or-later
"""SparkPost (Bird): a list of events in a request, hundreds of them, each about one recipient.

Source: SparkPost's documentation, "Webhook event reference", "Bounce classification codes" and "Webhooks", as
noted in November 2026. It tries 12 times in 8 hours and drops the batch then. When a webhook is created, an empty
event is sent and must be answered with 200. Nothing is signed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urljoin

from bouncestream.crypto.proof import Basic
from bouncestream.crypto.secret import Secret
from bouncestream.errors import Malformed
from bouncestream.providers._backfill import Backfill, First, Listing, by_key, url_of
from bouncestream.providers._classes import info
from bouncestream.providers._contract import UUIDS_IN_JSON, Gathered, Guide, Provider, Webhook, json_events
from bouncestream.providers._fields import dig, text
from bouncestream.settings import shapes
from bouncestream.settings.key import live_key, live_secret

#: Type of the event, of a bounce (also one that came later, by mail) /its class by number → class.
CLASSES: Mapping[str, str] = {
    "bounce": "judge-hard",
    "bounce/1/": "judge-hard",  # undetermined
    "bounce/10/": "hard",  # invalid recipient
    "bounce/20/": "soft",
    "bounce/21/": "judge-hard",  # DNS; no such domain may be the cause
    "bounce/22/": "soft",  # mailbox full
    "bounce/23/": "soft",  # too large
    "bounce/24/": "soft",  # timeout
    "bounce/25/": "suppressed",  # refused by SparkPost
    "bounce/26/": "suppressed",
    "bounce/30/": "hard",  # no recipient
    "bounce/40/": "judge-hard",
    "bounce/50/": "soft",  # blocked
    "bounce/51/": "soft",  # as spam
    "bounce/52/": "soft",  # for its content
    "bounce/53/": "soft",  # for an attachment
    "bounce/54/": "soft",  # relaying denied
    "bounce/60/": "auto-reply",
    "bounce/70/": "soft",  # transient
    "bounce/80/": "info",  # a request to subscribe
    "bounce/90/": "unsubscribe",
    "bounce/100/": "info",  # challenge and response
    "delay": "deferral",
    "spam_complaint": "complaint",
    "list_unsubscribe": "unsubscribe",
    "link_unsubscribe": "unsubscribe",
    "policy_rejection": "suppressed",
    "generation_rejection": "suppressed",
    **info("generation_failure", "delivery", "injection", "sms_status", "open", "initial_open", "amp_", "click"),
    **info("ab_test_", "ingest_", "list/Compliance"),
    "relay_": "info",  # received mails
    "list/Bounce Rule": "judge-hard",
    "list/Spam Complaint": "complaint",
    "list/List Unsubscribe": "unsubscribe",
    "list/Unsubscribe Link": "unsubscribe",
    "list/Manually Added": "info",  # a person at SparkPost did it
}

#: What a class by number means in our words, where neither codes nor text say more.
_REASONS = {"22": "mailbox_full", "23": "too_big", "24": "expired", "51": "blocklisted", "52": "spam"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SparkPost(Webhook):
    """SparkPost's webhooks. They are not signed: basic authentication proves them."""

    password: Secret | None = live_secret(
        "The password of the webhook's basic authentication at SparkPost; any user name works.",
        rotates=True,
        proof=Basic(),
    )
    api_region: str = live_key(shapes.choice("us", "eu"), '"us"', "For `api_key`: where your account is.")


def _one(item: Any, into: Gathered[SparkPost]) -> None:
    if not item["msys"]:
        into.ignored.append("a test of SparkPost")
        return
    event = next((one for one in item["msys"].values() if dig(one, "type")), None)
    if event is None:
        raise Malformed("type is missing")
    said, number = text(event["type"], 100), text(event.get("bounce_class"), 10)
    if said in ("bounce", "out_of_band"):
        said = f"bounce/{number}/"
    into.report(
        said,
        part=event,
        recipient=event.get("raw_rcpt_to") or event.get("rcpt_to"),
        at=event.get("timestamp"),
        diagnostic=event.get("raw_reason") or event.get("reason"),
        code=event.get("error_code"),
        vendor_message_id=event.get("message_id"),
        event_id=event.get("event_id"),
        metadata=event.get("rcpt_meta"),
        reason=_REASONS.get(number, ""),
    )


# -- its events and its list, by the API --------------------------------------------------------------------------

_EVENTS = "bounce,out_of_band,spam_complaint,list_unsubscribe,link_unsubscribe"
#: So long SparkPost keeps events.
_KEPT = timedelta(days=10)


def _pages(path: str, at: str, **query: object) -> First[SparkPost]:
    def first(settings: SparkPost, since: datetime, now: datetime) -> list[str]:
        host = "api.eu.sparkpost.com" if settings.api_region == "eu" else "api.sparkpost.com"
        begin = max(since, now - _KEPT) if path == "events/message" else since
        asked = {"from": begin.astimezone(UTC).strftime(at), "cursor": "initial", "per_page": 1000}
        return [url_of(f"https://{host}/api/v1/{path}", **asked, **query)]

    return first


def _after(url: str, page: Any, items: int) -> str:
    """The events have a `next` among `links`, the list has a list of them."""
    links = page.get("links") or []
    if isinstance(links, dict):
        links = [{"rel": "next", "href": links.get("next")}]
    link = next((text(one.get("href"), 4096) for one in links if one.get("rel") == "next"), "")
    return urljoin(url, link) if link and items else ""


def _event(item: Any, into: Gathered[SparkPost]) -> None:
    """An event, as a webhook brings it."""
    _one({"msys": {"event": item}}, into)


def _suppressed(item: Any, into: Gathered[SparkPost]) -> None:
    into.report(
        f"list/{item['source']}",
        part=item,
        recipient=item.get("recipient"),
        at=item.get("updated") or item.get("created"),
        diagnostic=item.get("description"),
    )


BACKFILL = Backfill(
    read=date(2026, 11, 30),
    source="SparkPost's API reference, Events and Suppression List",
    key="An API key: Configuration, API Keys; Suppression Lists: Read-only and Events Search: Read-only, nothing "
    "else.",
    permission="at SparkPost give the API key Suppression Lists: Read-only and Events Search: Read-only",
    hosts=r"api(?:\.eu)?\.sparkpost\.com",
    headers=by_key("Authorization"),
    patience=timedelta(hours=8),
    lists=(
        Listing(
            name="events",
            first=_pages("events/message", "%Y-%m-%dT%H:%M", events=_EVENTS),
            items=("results",),
            next=_after,
            one=_event,
        ),
        Listing(
            name="suppression-list",
            first=_pages("suppression-list", "%Y-%m-%dT%H:%M:%SZ"),
            items=("results",),
            next=_after,
            one=_suppressed,
        ),
    ),
    left_out="SparkPost keeps events for 10 days; entries that a person or its compliance team made are not taken.",
)

PROVIDER = Provider(
    name="sparkpost",
    title="SparkPost",
    summary="SparkPost's (Bird's) webhooks (bounces, spam complaints, unsubscriptions)",
    settings=SparkPost,
    parse=json_events(_one),
    classes=CLASSES,
    backfill=BACKFILL,
    guide=Guide(
        read=date(2026, 11, 30),
        steps=(
            "At SparkPost, open Configuration, Webhooks, and create a webhook. bouncestream has to run by then:",
            "SparkPost tests it, and it has to be on port 443.",
            "URL       {url}",
            "Authentication: Basic Auth; user bouncestream, password {secret}",
            "Choose the events Bounce, Out of Band, Spam Complaint, List Unsubscribe and Link Unsubscribe.",
        ),
        campaign_headers={"X-MSYS-API": f'{{"metadata":{UUIDS_IN_JSON}}}'},
        suppressions="the suppression list at SparkPost",
        retries="12 times within 8 hours, then the event is lost",
    ),
    deadline=10,
)
