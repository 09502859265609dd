# SPDX-License-Identifier: GPL-3.0-or-later
"""Resend: one JSON object in a request, `{"type": …, "created_at": …, "data": …}`, signed as Svix does.

Source: Resend's documentation, "Event Types", "email.suppressed" and "suppression.added", and Svix's on retries,
read on 2026-11-30. It sends by Amazon SES, whose types of bounces it hands on. The mail's own headers come back,
which is not documented but was seen, and so do Listmonk's UUIDs. A retry keeps `svix-id` and is signed anew. After
five days of failures the webhook is disabled.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from bouncestream.crypto.secret import Secret
from bouncestream.crypto.signature import standard_webhooks
from bouncestream.providers._backfill import Backfill, Listing, by_bearer, changed, url_of
from bouncestream.providers._classes import info
from bouncestream.providers._contract import Gathered, Guide, Provider, Webhook, WebhookRequest
from bouncestream.providers._fields import dig, joined, needed, text
from bouncestream.settings.key import live_secret

#: type; of a bounce also /type/subType → class.
CLASSES: Mapping[str, str] = {
    "email.bounced": "judge-hard",
    "email.bounced/Permanent": "hard",
    "email.bounced/Permanent/Suppressed": "suppressed",  # for what others sent, too
    "email.bounced/Permanent/OnAccountSuppressionList": "suppressed",
    "email.bounced/Transient": "judge-hard",  # a domain that does not exist is transient, too
    "email.bounced/Transient/MailboxFull": "soft",
    "email.bounced/Transient/MessageTooLarge": "soft",
    "email.bounced/Transient/ContentRejected": "soft",
    "email.bounced/Transient/AttachmentRejected": "soft",
    "email.complained": "complaint",
    "email.suppressed": "suppressed",
    "email.delivery_delayed": "deferral",
    "email.failed": "info",  # Resend's own: quota, key, domain
    **info("email.sent", "email.scheduled", "email.delivered", "email.opened", "email.clicked", "email.received"),
    **info("domain."),
    "suppression.": "info",  # repeats a bounce or complaint, or a person at Resend did it
    "contact.": "info",  # of Resend's own lists of contacts
    "list/suppressions/bounce": "hard",
    "list/suppressions/complaint": "complaint",
    "list/suppressions/manual": "info",  # a person at Resend did it
}

_CODE = re.compile(r"\b[45]\d\d[ -]|\b[45]\.\d{1,3}\.\d{1,3}\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Resend(Webhook):
    """Resend's webhooks, signed."""

    signing_secret: Secret | None = live_secret(
        "The signing secret (whsec_…) that Resend shows on the webhook's page.",
        rotates=True,
        foreign=True,
        proof=standard_webhooks("svix"),
    )


def parse(request: WebhookRequest, into: Gathered[Resend]) -> None:
    """The events of a request."""
    number = request.headers.get("svix-id", "")
    into.each(request.json(), lambda item, into: _one(item, number, into))


def _one(item: Any, number: str, into: Gathered[Resend]) -> None:
    from bouncestream.mail.sns import SUBTYPES  # when it is needed: the configuration needs no mail reader

    said, data = needed(item, "type"), item.get("data")
    bounce, to = dig(data, "bounce"), dig(data, "to")
    if said == "email.bounced":
        said = joined(said, dig(bounce, "type"), dig(bounce, "subType"))
    if isinstance(to, list) and len(to) > 1:
        into.ignored.append("a mail to several recipients, which is none of Listmonk's")
        return
    into.report(
        said,
        part=item,
        recipient=dig(to, 0) if isinstance(to, list) else to,
        at=item.get("created_at"),
        diagnostic=dig(bounce, "diagnosticCode", 0) or dig(bounce, "diagnosticCode") or _answer(bounce),
        message_id=dig(data, "message_id"),
        event_id=number,
        metadata=(dig(data, "headers"), dig(data, "tags")),
        reason=SUBTYPES.get(text(dig(bounce, "subType"), 100), ""),
    )


def _answer(bounce: Any) -> str:
    """The message of a bounce, where it is a server's answer; else it is advice of Resend's own about the subtype,
    in which "content" is no cause."""
    message = text(dig(bounce, "message"))
    return message if _CODE.search(message) else ""


# -- its list -----------------------------------------------------------------------------------------------------


def _after(url: str, page: Any, items: int) -> str:
    last = text(dig(page, "data", -1, "id"))
    return changed(url, after=last) if page.get("has_more") is True and last else ""


def _suppressed(item: Any, into: Gathered[Resend]) -> None:
    into.report(
        joined("list/suppressions", item.get("origin")),
        part=item,
        recipient=item.get("email"),
        at=item.get("created_at"),
    )


BACKFILL = Backfill(
    read=date(2026, 11, 30),
    source="Resend's API reference, List Suppressions and Retrieve Suppression",
    key="An API key with Full access: API Keys. Resend has none that may only read.",
    permission="at Resend make an API key with Full access (one for sending may not read the list)",
    hosts=r"api\.resend\.com",
    headers=by_bearer,
    patience=timedelta(hours=28),
    pause=0.5,
    lists=(
        Listing(
            name="suppressions",
            first=lambda settings, since, now: [url_of("https://api.resend.com/suppressions", limit=100)],
            items=("data",),
            next=_after,
            one=_suppressed,
        ),
    ),
    left_out="Resend calls the list a beta, and takes an address from it once a person at Resend does so.",
)

PROVIDER = Provider(
    name="resend",
    title="Resend",
    summary="Resend's webhooks (bounces, spam complaints)",
    settings=Resend,
    parse=parse,
    classes=CLASSES,
    backfill=BACKFILL,
    keep=("svix-id",),
    guide=Guide(
        read=date(2026, 11, 30),
        steps=(
            "At Resend, open Webhooks, and add a webhook.",
            "URL     {url}",
            "Choose the events email.bounced, email.complained and email.suppressed.",
            "Copy its signing secret into the configuration.",
        ),
        uuids="automatically, in the headers of the mail",
        suppressions="Suppressions at Resend",
        retries="after 5 seconds, 5 and 30 minutes, 2, 5, 10 and 10 hours; "
        "after 5 days of failures the webhook is disabled",
    ),
)
