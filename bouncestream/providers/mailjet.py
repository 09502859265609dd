# SPDX-License-Identifier: GPL-3.0-or-later
"""Mailjet: a list of events in a request (version 2 of its callbacks), or one (version 1), each of one recipient.

Source: Mailjet's guide "Webhooks" with its table of errors, as stored in November 2026. Nothing is signed; the
password stands in the URL. An event has no id; `MessageID` is that of the mail.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from bouncestream.crypto.proof import Basic
from bouncestream.crypto.secret import Secret
from bouncestream.providers._backfill import Backfill, First, Listing, by_login, by_offset, url_of
from bouncestream.providers._classes import info
from bouncestream.providers._contract import UUIDS_IN_JSON, Gathered, Guide, Provider, Webhook, json_events
from bouncestream.providers._fields import joined, needed, text
from bouncestream.settings.key import live_secret

#: event; of a bounce /hard or /soft and the error, of a blocked mail (one that Mailjet did not send) the error →
#: class.
CLASSES: Mapping[str, str] = {
    "bounce/hard": "hard",
    "bounce/hard/quota exceeded": "soft",
    "bounce/hard/relay/access denied": "judge-hard",
    "bounce/hard/greylisted": "soft",
    "bounce/hard/blacklisted": "soft",
    "bounce/hard/sender blocked": "soft",  # of the group `spam`: the receiver's word on the sender
    "bounce/hard/content blocked": "soft",
    "bounce/hard/policy issue": "soft",
    "bounce/hard/system issue": "soft",
    "bounce/hard/protocol issue": "soft",
    "bounce/hard/connection issue": "soft",
    "bounce/soft": "soft",
    "bounce/soft/greylisted": "deferral",
    **info("blocked", "sent", "open", "click"),
    "blocked/user unknown": "suppressed-hard",
    "blocked/mailbox inactive": "suppressed-hard",
    "blocked/invalid domain": "suppressed-hard",
    "blocked/no mail host": "suppressed-hard",
    "blocked/spam reporter": "suppressed-complaint",
    "blocked/preblocked": "suppressed",
    "blocked/blacklisted": "suppressed",
    "blocked/typofix": "suppressed",
    "spam": "complaint",
    "unsub": "unsubscribe",
    "list/hardbounced": "judge-hard",  # without a state
    "list/hardbounced/user unknown": "hard",
    "list/hardbounced/mailbox inactive": "hard",
    "list/hardbounced/invalid domain": "hard",
    "list/hardbounced/no mail host": "hard",
    "list/spam": "complaint",
    "list/unsub": "unsubscribe",
}

#: Its error → our reason, where code and words tell none.
_REASONS = {
    "user unknown": "user_unknown",
    "mailbox inactive": "mailbox_disabled",
    "quota exceeded": "mailbox_full",
    "invalid domain": "host_unknown",
    "no mail host": "host_unknown",
    "sender blocked": "blocklisted",
    "content blocked": "content",
    "policy issue": "policy",
    "system issue": "system_error",
    "protocol issue": "protocol",
    "connection issue": "network",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailjet(Webhook):
    """Mailjet's event notifications. They are not signed: a password in the URL proves them."""

    password: Secret | None = live_secret(
        "The password in the URL you enter at Mailjet: https://bouncestream:<password>@…; any user name works.",
        rotates=True,
        proof=Basic(),
    )


def _one(item: Any, into: Gathered[Mailjet]) -> None:
    event, error = needed(item, "event"), text(item.get("error"), 100)
    said = event
    if event == "bounce":
        said = joined(event, "hard" if item.get("hard_bounce") else "soft", error)
    elif event == "blocked":
        said = joined(event, error)
    into.report(
        said,
        part=item,
        recipient=item.get("email"),
        at=item.get("time"),
        diagnostic=item.get("comment") or error,
        vendor_message_id=item.get("MessageID"),
        metadata=(
            item.get("Payload"),
            {"listmonk_campaign": item.get("customcampaign"), "listmonk_subscriber": item.get("CustomID")},
        ),
        reason=_REASONS.get(error, ""),
    )


# -- its messages, by the API -------------------------------------------------------------------------------------

_LIMIT = 1000
#: Its filter MessageStatus, by the status that the messages then have.
_STATUS = {"hardbounced": 10, "spam": 6, "unsub": 7}
#: StateID of a message → the error, as a notification names it.
_STATES = {
    1: "user unknown",
    2: "mailbox inactive",
    3: "quota exceeded",
    4: "invalid domain",
    5: "no mail host",
    6: "relay/access denied",
    7: "sender blocked",
    8: "content blocked",
    9: "policy issue",
}


def _pages(status: str) -> First[Mailjet]:
    def first(settings: Mailjet, since: datetime, now: datetime) -> list[str]:
        span = {"FromTS": int(since.timestamp()), "ToTS": int(now.timestamp())}
        asked = {"MessageStatus": _STATUS[status], "ShowContactAlt": "true", "Limit": _LIMIT, "Offset": 0}
        return [url_of("https://api.mailjet.com/v3/REST/message", **asked, **span)]

    return first


def _listed(status: str) -> Callable[[Any, Gathered[Mailjet]], None]:
    def one(item: Any, into: Gathered[Mailjet]) -> None:
        error = _STATES.get(item.get("StateID"), "")
        into.report(
            joined("list", status, error),
            part=item,
            recipient=item.get("ContactAlt"),
            at=item.get("ArrivedAt"),  # when the mail was sent: Mailjet shows no other time here
            diagnostic=error,
            reason=_REASONS.get(error, ""),
        )

    return one


BACKFILL = Backfill(
    read=date(2026, 11, 30),
    source="Mailjet's API reference, Messages: GET /message",
    key='The API key and its secret key, as "key:secret": Account Settings, API Key Management. '
    "Mailjet has none that may only read.",
    permission='write api_key as "key:secret", both as Mailjet shows them at Account Settings, API Key Management',
    hosts=r"api\.mailjet\.com",
    headers=by_login(),
    pair=True,
    lists=tuple(
        Listing(
            name=status,
            first=_pages(status),
            items=("Data",),
            next=by_offset(_LIMIT, "Offset"),
            one=_listed(status),
        )
        for status in _STATUS
    ),
    left_out="The time of an item is that of the mail: it bounced, or was complained about, later.",
)

PROVIDER = Provider(
    name="mailjet",
    title="Mailjet",
    summary="Mailjet's event notifications (bounces, blocked mails, spam complaints, unsubscriptions)",
    settings=Mailjet,
    parse=json_events(_one),
    classes=CLASSES,
    backfill=BACKFILL,
    guide=Guide(
        read=date(2026, 11, 30),
        steps=(
            "At Mailjet, open Account Settings, Event notifications (webhooks).",
            "URL     {login_url}",
            "for each of Bounce, Blocked, Spam and Unsub, and tick Group events.",
            "If bouncestream was away for a day, Mailjet suspends the URL: save it there again.",
        ),
        campaign_headers={"X-MJ-EventPayload": UUIDS_IN_JSON},
        suppressions="the contact's page at Mailjet",
        retries="every 30 seconds for up to 24 hours, then the webhook is suspended until its URL is saved again",
    ),
)
