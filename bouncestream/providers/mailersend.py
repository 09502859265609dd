# SPDX-License-Identifier: GPL-3.0-or-later
"""MailerSend: one JSON object per request, about one recipient; its activity lies in `data`, nested or flat.

Source: MailerSend's API documentation, "Webhooks", as stored in November 2026: it tries again for three days after
429, 5xx and no answer within 3 seconds, gives up at another 4xx, and pauses a webhook that fails often. A webhook
is saved only once its test, signed with a secret that everybody knows, was answered with 200. Custom headers of a
mail do not come back, and the Message-ID becomes MailerSend's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from bouncestream.crypto.location import Header
from bouncestream.crypto.secret import Secret
from bouncestream.crypto.signature import Hmac
from bouncestream.providers._backfill import Backfill, First, Listing, by_bearer, by_number, url_of
from bouncestream.providers._classes import info
from bouncestream.providers._contract import Answer, Gathered, Guide, Provider, Webhook, WebhookRequest, json_events
from bouncestream.providers._fields import dig, needed, text
from bouncestream.settings.key import live_secret

#: Type of the event → class.
CLASSES: Mapping[str, str] = {
    "activity.hard_bounced": "hard",
    "activity.soft_bounced": "soft",
    "activity.deferred": "deferral",
    "activity.spam_complaint": "complaint",
    "activity.unsubscribed": "unsubscribe",
    **info("activity.sent", "activity.delivered", "activity.opened", "activity.clicked", "activity.survey_"),
    **info("recipient.", "sender_identity.", "maintenance.", "sms.", "webhook.test"),
    "list/hard-bounces": "hard",
    "list/spam-complaints": "complaint",
    "list/unsubscribes": "unsubscribe",
}

_SIGNED = Hmac(signature=Header("Signature"))

#: The secret that MailerSend signs its test with, for everyone. It proves nothing, and lets in nothing else.
_OF_THE_TEST = Secret("test_Am3L1GuOIc4blLUuHqAPxxwkZaJyEk8G")


@dataclass(frozen=True, slots=True, kw_only=True)
class MailerSend(Webhook):
    """MailerSend's webhooks, each signed with a secret of its own."""

    signing_secret: Secret | None = live_secret(
        "The signing secret that MailerSend shows for the webhook.", rotates=True, foreign=True, proof=_SIGNED
    )


def handshake(request: WebhookRequest, settings: MailerSend) -> Answer | None:
    """Nothing but 200 for the test, without which MailerSend does not save the webhook."""
    sent = request.headers.get("Signature", "").strip().lower()
    test = request.json()["type"] == "webhook.test" and sent == _SIGNED.sign(_OF_THE_TEST, request.as_sent)
    return Answer() if test else None


def _one(item: Any, into: Gathered[MailerSend]) -> None:
    said, data = needed(item, "type"), item.get("data")
    email = dig(data, "email")
    why = dig(data, "morph") or dig(data, "meta")
    into.report(
        said,
        part=item,
        recipient=email if isinstance(email, str) else dig(email, "recipient", "email"),
        at=dig(data, "created_at") or item.get("created_at"),
        diagnostic=_words(why),
        vendor_message_id=dig(email, "id") or dig(data, "email_id"),
        event_id=dig(data, "id"),
        metadata=dig(email, "headers"),
    )


def _words(why: Any) -> str:
    """The server's words, which may be in either text; `readable_reason` alone may hide the code of `reason`."""
    said = dict.fromkeys(filter(None, (text(dig(why, "reason")), text(dig(why, "readable_reason")))))
    return "; ".join(said)


# -- its lists ----------------------------------------------------------------------------------------------------

_LIMIT = 100


def _pages(name: str) -> First[MailerSend]:
    def first(settings: MailerSend, since: datetime, now: datetime) -> list[str]:
        return [url_of(f"https://api.mailersend.com/v1/suppressions/{name}", limit=_LIMIT, page=1)]

    return first


def _listed(name: str) -> Callable[[Any, Gathered[MailerSend]], None]:
    def one(item: Any, into: Gathered[MailerSend]) -> None:
        into.report(
            f"list/{name}",
            part=item,
            recipient=dig(item, "recipient", "email"),
            at=item.get("created_at"),
            diagnostic=_words(item),
        )

    return one


BACKFILL = Backfill(
    read=date(2026, 11, 30),
    source="MailerSend's API reference, Suppressions, and its SDK for Go (suppressions.go)",
    key="An API token with custom access: Integrations, API tokens; Suppressions: Read, and nothing else.",
    permission="at MailerSend give the API token the scope Suppressions: Read (Integrations, API tokens)",
    hosts=r"api\.mailersend\.com",
    headers=by_bearer,
    patience=timedelta(days=3),
    pause=1.0,
    lists=tuple(
        Listing(name=name, first=_pages(name), items=("data",), next=by_number(_LIMIT), one=_listed(name))
        for name in ("hard-bounces", "spam-complaints", "unsubscribes")
    ),
    left_out="The blocklist holds patterns that a person has written.",
)

PROVIDER = Provider(
    name="mailersend",
    title="MailerSend",
    summary="MailerSend's webhooks (bounces, spam complaints, unsubscriptions)",
    settings=MailerSend,
    parse=json_events(_one),
    classes=CLASSES,
    backfill=BACKFILL,
    handshake=handshake,
    guide=Guide(
        read=date(2026, 11, 30),
        steps=(
            "At MailerSend, open Domains, your domain, Manage, Webhooks, and create a webhook. bouncestream has to",
            "run by then: MailerSend saves a webhook only if it is answered.",
            "URL     {url}",
            "Choose the events activity.hard_bounced, activity.soft_bounced, activity.spam_complaint and",
            "activity.unsubscribed. Copy the signing secret into the configuration.",
        ),
        uuids="never: by the address",
        retries="for about 3 days after 429, 5xx and no answer, then the webhook is paused; "
        "after another 4xx the event is lost",
    ),
    deadline=3,
)
