# SPDX-License-Identifier: GPL-3.0-or-later
"""Postmark: one JSON object per request, about one recipient.

Source: Postmark's developer documentation, "Bounce webhook", "Spam complaint webhook", "Subscription change
webhook" and "Bounce types", as stored in November 2026; "Bounce API" and "Suppressions API", read on 2026-11-30.
Nothing is signed; the password stands in the URL.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import quote

from bouncestream.crypto.proof import Basic
from bouncestream.crypto.secret import Secret
from bouncestream.providers._backfill import Backfill, First, Listing, by_key, by_offset, url_of
from bouncestream.providers._classes import info
from bouncestream.providers._contract import Gathered, Guide, Provider, Webhook, json_events
from bouncestream.providers._fields import needed
from bouncestream.settings import shapes
from bouncestream.settings.key import live_key, live_secret

#: RecordType/Type → class. Of a suppression the reason and whose doing it was.
CLASSES: Mapping[str, str] = {
    "Bounce/HardBounce": "hard",
    "Bounce/BadEmailAddress": "hard",
    "Bounce/SoftBounce": "soft",
    "Bounce/Transient": "soft",
    "Bounce/DnsError": "soft",
    "Bounce/SpamNotification": "soft",
    "Bounce/VirusNotification": "soft",
    "Bounce/Blocked": "soft",
    "Bounce/DMARCPolicy": "soft",
    "Bounce/Unknown": "soft",
    "Bounce/SpamComplaint": "complaint",
    "Bounce/Unsubscribe": "unsubscribe",
    **info("Bounce/Subscribe", "Bounce/AddressChange", "Bounce/ChallengeVerification", "Bounce/OpenRelayTest"),
    **info("Bounce/Unconfirmed", "Bounce/SMTPApiError", "Bounce/InboundError", "Bounce/TemplateRenderingFailed"),
    **info("Delivery", "Open", "Click", "Inbound", "SMTP API Error"),
    "Bounce/AutoResponder": "auto-reply",
    "Bounce/ManuallyDeactivated": "suppressed",
    "SpamComplaint": "complaint",
    "SubscriptionChange/ManualSuppression/Recipient": "unsubscribe",
    "SubscriptionChange/ManualSuppression": "suppressed",  # a person did it at Postmark, not the recipient
    "SubscriptionChange": "info",  # repeats a bounce or complaint, or takes one back
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Postmark(Webhook):
    """Postmark's webhooks. They are not signed: a password in the URL proves them."""

    password: Secret | None = live_secret(
        "The password in the URL you enter at Postmark: https://bouncestream:<password>@…; any user name works.",
        rotates=True,
        proof=Basic(),
    )
    api_streams: tuple[str, ...] = live_key(
        shapes.TEXTS,
        '["outbound", "broadcast"]',
        "For `api_key`: the IDs of the message streams that Listmonk's mails are sent by.",
    )


def _one(item: Any, into: Gathered[Postmark]) -> None:
    record = needed(item, "RecordType")
    said = record
    if record == "Bounce":
        said = f"{record}/{item.get('Type')}"
    elif record == "SubscriptionChange":
        reason = item.get("SuppressionReason") if item.get("SuppressSending") else "resumed"
        said = f"{record}/{reason}/{item.get('Origin')}"
    into.report(
        said,
        part=item,
        recipient=item.get("Email") or item.get("Recipient"),
        at=item.get("BouncedAt") or item.get("ChangedAt"),
        diagnostic=item.get("Details") or item.get("Description"),
        vendor_message_id=item.get("MessageID"),
        event_id=item.get("ID"),
        metadata=item.get("Metadata"),
    )


# -- its lists ----------------------------------------------------------------------------------------------------

_API = "https://api.postmarkapp.com"
#: A bounce further behind than that is not shown, so each type is asked for by itself.
_LIMIT, _MOST = 500, 10_000
_TYPES = ("HardBounce", "BadEmailAddress", "SpamComplaint", "Unsubscribe")


def _bounces(type_: str) -> First[Postmark]:
    def first(settings: Postmark, since: datetime, now: datetime) -> list[str]:
        day = (since - timedelta(days=1)).date()  # Postmark reads it as Eastern Time
        asked = {"count": _LIMIT, "offset": 0, "type": type_, "fromdate": day}
        return [url_of(f"{_API}/bounces", **asked, messagestream=stream) for stream in settings.api_streams]

    return first


def _suppressions(settings: Postmark, since: datetime, now: datetime) -> list[str]:
    asked = {"SuppressionReason": "ManualSuppression", "Origin": "Recipient"}
    day = (since - timedelta(days=1)).date()
    streams = (quote(stream, safe="") for stream in settings.api_streams)
    return [url_of(f"{_API}/message-streams/{one}/suppressions/dump", **asked, fromdate=day) for one in streams]


def _bounced(item: Any, into: Gathered[Postmark]) -> None:
    """A bounce, as a webhook brings it."""
    _one({**item, "RecordType": "Bounce"}, into)


def _suppressed(item: Any, into: Gathered[Postmark]) -> None:
    into.report(
        f"SubscriptionChange/{item.get('SuppressionReason')}/{item.get('Origin')}",
        part=item,
        recipient=item.get("EmailAddress"),
        at=item.get("CreatedAt"),
    )


BACKFILL = Backfill(
    read=date(2026, 11, 30),
    source="Postmark's developer documentation, Bounce API and Suppressions API",
    key="The server's API token: your server, API Tokens. Postmark has none that may only read.",
    permission="copy the API token of the server that Listmonk sends by (your server, API Tokens)",
    hosts=r"api\.postmarkapp\.com",
    headers=by_key("X-Postmark-Server-Token"),
    needs=("api_streams",),
    patience=timedelta(hours=12),
    lists=(
        *(
            Listing(
                name=f"bounces/{type_}",
                first=_bounces(type_),
                items=("Bounces",),
                next=by_offset(_LIMIT, most=_MOST),
                one=_bounced,
            )
            for type_ in _TYPES
        ),
        Listing(
            name="suppressions",
            first=_suppressions,
            items=("Suppressions",),
            next=lambda url, page, items: "",
            one=_suppressed,
        ),
    ),
    left_out="Of each type of bounce and stream Postmark shows 10,000.",
)

PROVIDER = Provider(
    name="postmark",
    title="Postmark",
    summary="Postmark's webhooks (bounces, spam complaints, subscription changes)",
    settings=Postmark,
    parse=json_events(_one),
    classes=CLASSES,
    backfill=BACKFILL,
    guide=Guide(
        read=date(2026, 11, 29),
        steps=(
            "At Postmark, open your server, its message stream, Webhooks, and add a webhook.",
            "URL     {login_url}",
            "Choose the events Bounce, Spam complaint and Subscription change.",
        ),
        campaign_headers={
            "X-PM-Metadata-listmonk_campaign": "{{ .Campaign.UUID }}",
            "X-PM-Metadata-listmonk_subscriber": "{{ .Subscriber.UUID }}",
        },
        suppressions="Suppressions of the message stream at Postmark",
        retries="at times that are not documented for these webhooks; inbound ones come 10 times in 10 hours",
    ),
)
