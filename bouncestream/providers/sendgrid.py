# SPDX-License-Identifier: GPL-3.0-or-later
"""SendGrid: a list of events in a request, signed over a time and the body.

Source: Twilio's documentation of SendGrid, "Event Webhook Reference", "Getting Started with the Event Webhook
Security Features", "Retrieve all bounces", "Retrieve all spam reports", "Retrieve all global suppressions" and
"Retrieve all invalid emails", read on 2026-11-30. Unique arguments stand among the fields of an event. Of a late
bounce the Message-ID can be missing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from bouncestream.crypto.location import Header
from bouncestream.crypto.public_key import Ecdsa
from bouncestream.providers._backfill import Backfill, First, Listing, by_bearer, by_offset, url_of
from bouncestream.providers._classes import info
from bouncestream.providers._contract import UUIDS_IN_JSON, Gathered, Guide, Provider, Webhook, json_events
from bouncestream.providers._fields import joined, needed
from bouncestream.settings.key import live_key
from bouncestream.settings.shapes import PUBLIC_KEYS, choice

#: SendGrid tries for 24 hours, and does not say whether it signs anew for each try.
WINDOW = 48 * 3600

#: event; of a bounce also /type/classification, of a dropped mail /reason → class.
CLASSES: Mapping[str, str] = {
    "bounce": "judge-hard",
    "bounce/blocked": "soft",  # the message was refused, not the address
    "bounce/bounce": "hard",
    "bounce/bounce/Content": "soft",
    "bounce/bounce/Frequency or Volume Too High": "soft",
    "bounce/bounce/Mailbox Unavailable": "soft",  # it is full or switched off
    "bounce/bounce/Reputation": "soft",
    "bounce/bounce/Technical Failure": "soft",
    "bounce/bounce/Unclassified": "judge-hard",
    "dropped": "info",  # content, quota, a header: nothing about the address
    "dropped/Bounced Address": "suppressed-hard",
    "dropped/Invalid": "suppressed-hard",
    **info("dropped/Invalid SMTPAPI", "group_resubscribe", "processed", "delivered", "open", "click"),
    **info("account_status_change"),
    "dropped/Spam Reporting Address": "suppressed-complaint",
    "dropped/Unsubscribed Address": "suppressed-unsubscribe",
    "spamreport": "complaint",
    "unsubscribe": "unsubscribe",
    "group_unsubscribe": "unsubscribe",
    "deferred": "deferral",
    "list/bounces": "judge-hard",  # without the classification that the webhook has
    "list/invalid_emails": "hard",
    "list/spam_reports": "complaint",
    "list/unsubscribes": "unsubscribe",
}

#: Its classification → our reason, where code and words tell none.
_REASONS = {
    "Content": "content",
    "Frequency or Volume Too High": "too_many",
    "Invalid Address": "user_unknown",
    "Reputation": "blocklisted",
    "Technical Failure": "system_error",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SendGrid(Webhook):
    """SendGrid's Event Webhook, signed with a key pair."""

    verification_keys: tuple[str, ...] = live_key(
        PUBLIC_KEYS,
        "",
        "The verification key that SendGrid shows once the Signed Event Webhook is enabled; of several webhooks "
        "or during a change, all of them.",
        sample='["MFkwEwYHKoZI…"]',
        default=(),
        proof=Ecdsa(
            signature=Header("X-Twilio-Email-Event-Webhook-Signature"),
            message="{timestamp}{body}",
            timestamp=Header("X-Twilio-Email-Event-Webhook-Timestamp"),
            window=WINDOW,
        ),
    )
    api_region: str = live_key(choice("global", "eu"), '"global"', "For `api_key`: eu for a regional subuser.")


def _one(item: Any, into: Gathered[SendGrid]) -> None:
    event, classification = needed(item, "event"), item.get("bounce_classification")
    said = event
    if event == "bounce":
        said = joined(event, item.get("type"), classification)
    elif event == "dropped":
        said = joined(event, item.get("reason"))
    into.report(
        said,
        part=item,
        recipient=item.get("email"),
        at=item.get("timestamp"),
        diagnostic=item.get("reason") or item.get("response"),
        status=item.get("status"),
        message_id=item.get("smtp-id"),
        event_id=item.get("sg_event_id"),
        metadata=item,
        reason=_REASONS.get(classification, "") if isinstance(classification, str) else "",
    )


# -- its lists ----------------------------------------------------------------------------------------------------

_LIMIT = 500


def _pages(name: str) -> First[SendGrid]:
    def first(settings: SendGrid, since: datetime, now: datetime) -> list[str]:
        host = "api.eu.sendgrid.com" if settings.api_region == "eu" else "api.sendgrid.com"
        span = {"start_time": int(since.timestamp()), "end_time": int(now.timestamp())}
        return [url_of(f"https://{host}/v3/suppression/{name}", limit=_LIMIT, offset=0, **span)]

    return first


def _listed(name: str) -> Callable[[Any, Gathered[SendGrid]], None]:
    def one(item: Any, into: Gathered[SendGrid]) -> None:
        into.report(
            f"list/{name}",
            part=item,
            recipient=item.get("email"),
            at=item.get("created"),
            diagnostic=item.get("reason"),
            status=item.get("status"),
        )

    return one


BACKFILL = Backfill(
    read=date(2026, 11, 30),
    source="Twilio's documentation of SendGrid, API reference: Bounces, Invalid Emails, Spam Reports, Suppressions",
    key="An API key with Restricted Access: Settings, API Keys; Suppressions: Read Access, and nothing else.",
    permission="at SendGrid give the API key Suppressions: Read Access (Settings, API Keys, Restricted Access)",
    hosts=r"api(?:\.eu)?\.sendgrid\.com",
    headers=by_bearer,
    lists=tuple(
        Listing(name=name, first=_pages(name), next=by_offset(_LIMIT), one=_listed(name))
        for name in ("bounces", "invalid_emails", "spam_reports", "unsubscribes")
    ),
    left_out="Blocks are about the mail, not the address; the unsubscriptions of a group have no pages there.",
)

PROVIDER = Provider(
    name="sendgrid",
    title="SendGrid",
    summary="SendGrid's Event Webhook (bounces, dropped mails, spam reports, unsubscriptions)",
    settings=SendGrid,
    parse=json_events(_one),
    classes=CLASSES,
    backfill=BACKFILL,
    guide=Guide(
        read=date(2026, 11, 30),
        steps=(
            "At SendGrid, open Settings, Mail Settings, Event Webhooks, and create a webhook.",
            "URL     {url}",
            "Choose the events Bounced, Dropped, Spam Reports, Unsubscribes and Group Unsubscribes.",
            "Enable the Signed Event Webhook, save, open it again, and copy the verification key into",
            "verification_keys.",
        ),
        campaign_headers={"X-SMTPAPI": f'{{"unique_args":{UUIDS_IN_JSON}}}'},
        retries="at growing intervals for up to 24 hours",
    ),
)
