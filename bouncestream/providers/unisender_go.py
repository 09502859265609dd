# SPDX-License-Identifier: GPL-3.0-or-later
"""Unisender Go (UniOne): up to 100 events per request, in a list for each project; or one flat event.

Source: UniOne's documentation, "Email statuses" and "Webhook methods, callback format", as stored in November 2026.
It waits 3 seconds for 200, tries every 10 minutes for 24 hours, and stops the webhook if all failed for a day. Each
try may have another `ID`. Its list of delivery statuses is not complete, as it says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from bouncestream.crypto.secret import Secret
from bouncestream.crypto.substituted import Substituted
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
from bouncestream.providers._fields import dig, joined, text
from bouncestream.settings.key import live_secret

#: status, of a bounce also /delivery_status → class.
CLASSES: Mapping[str, str] = {
    "hard_bounced": "judge-hard",
    "hard_bounced/err_user_unknown": "hard",
    "hard_bounced/err_user_inactive": "hard",
    "hard_bounced/err_mailbox_discarded": "hard",
    "hard_bounced/err_mailbox_full": "soft",
    "hard_bounced/err_too_large": "soft",
    "hard_bounced/err_blacklisted": "soft",
    "hard_bounced/err_spam_rejected": "soft",
    "hard_bounced/err_spam_skipped": "info",  # not sent, after others of the campaign were refused as spam
    **info("hard_bounced/err_spam_removed", "hard_bounced/err_internal", "subscribed", "accepted", "sent"),
    **info("delivered", "opened", "clicked"),
    "hard_bounced/err_lost": "info",  # within UniOne
    "hard_bounced/err_unsubscribed": "suppressed-unsubscribe",
    "hard_bounced/err_unreachable": "suppressed",  # not sent, after many failures of any kind
    "hard_bounced/err_skip_letter": "suppressed",
    "hard_bounced/skip_dup_": "suppressed",
    "soft_bounced": "deferral",  # what is final comes as a hard one later
    "soft_bounced/err_mailbox_full": "soft",
    "spam": "complaint",
    "unsubscribed": "unsubscribe",
    "transactional_spam_block": "info",  # of a server that refuses all
}

#: delivery_status → a word of ours, where code and words say less.
_REASONS = {
    "err_user_unknown": "user_unknown",
    "err_user_inactive": "user_unknown",
    "err_mailbox_discarded": "user_unknown",
    "err_mailbox_full": "mailbox_full",
    "err_too_large": "too_big",
    "err_blacklisted": "blocklisted",
    "err_spam_rejected": "spam",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class UnisenderGo(Webhook):
    """Unisender Go's (UniOne's) webhooks, signed with the API key of the user or the project."""

    signing_key: Secret | None = live_secret(
        "The API key of the user or project that the webhook belongs to, with which the webhook is signed.",
        rotates=True,
        foreign=True,
        proof=Substituted("auth"),
    )


def handshake(request: WebhookRequest, settings: UnisenderGo) -> Answer | None:
    """200 when it looks whether the URL answers, as it does before a webhook is active."""
    return Answer() if request.method in ("GET", "HEAD") else None


def parse(request: WebhookRequest, into: Gathered[UnisenderGo]) -> None:
    """The events of a request."""
    into.each(request.json(), lambda user, into: into.each(user, _one, key="events"), key="events_by_user")


def _one(item: Any, into: Gathered[UnisenderGo]) -> None:
    event, name = item.get("event_data") or item, text(item.get("event_name"), 100)
    said, how = text(event.get("status"), 100), text(dig(event, "delivery_info", "delivery_status"), 50)
    if not said and name == "transactional_spam_block":
        said = name
    if not said:
        raise Malformed("status is missing")
    into.report(
        joined(said, how),
        part=event,
        recipient=event.get("email"),
        at=event.get("event_time"),
        diagnostic=dig(event, "delivery_info", "destination_response"),
        vendor_message_id=event.get("job_id"),
        metadata=event.get("metadata"),
        reason=_REASONS.get(how, ""),
    )


PROVIDER = Provider(
    name="unisender_go",
    title="Unisender Go",
    summary="Unisender Go's (UniOne's) webhooks (bounces, spam complaints, unsubscriptions)",
    settings=UnisenderGo,
    parse=parse,
    classes=CLASSES,
    handshake=handshake,
    guide=Guide(
        read=date(2026, 11, 30),
        steps=(
            "At Unisender Go, open Settings, Webhooks, and add a webhook; bouncestream has to run by then.",
            "URL     {url}",
            "Format JSON, not compressed, with the extended information about deliveries. Choose the statuses",
            "hard_bounced, soft_bounced, spam and unsubscribed. Set signing_key to the API key of the same user or",
            "project. Whether the header below comes back is not documented; without it, the address is known.",
        ),
        campaign_headers={"X-UNISENDER-GO": f'{{"metadata":{UUIDS_IN_JSON}}}'},
        suppressions="the suppression list at Unisender Go",
        retries="every 10 minutes for 24 hours, then the webhook is stopped",
    ),
    deadline=3,
)
