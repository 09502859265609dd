# SPDX-License-Identifier: GPL-3.0-or-later
"""Azure Communication Services: its delivery reports by way of Azure Event Grid, in the schema of Event Grid (a
list) or of CloudEvents 1.0 (an object, or a list).

Source: Microsoft Learn, "Azure Communication Services - Email events", "Webhook event delivery", "Endpoint
validation with CloudEvents schema" and "Event Grid message delivery and retry", read on 2026-11-30. Nothing is
signed; a secret in a delivery property proves an event. Whether the validation of the endpoint brings it is not
documented, so that one is answered without: it gives nobody the right to send events. There are no complaints and
no unsubscriptions. Event Grid tries for 24 hours, but gives up at once at 400, 401, 403 and 413.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from bouncestream.crypto.proof import Asked, HeaderSecret
from bouncestream.crypto.secret import Secret
from bouncestream.errors import Malformed
from bouncestream.providers._contract import Answer, Gathered, Guide, Provider, Webhook, WebhookRequest, json_events
from bouncestream.providers._fields import dig, text
from bouncestream.settings.key import live_secret

REPORT = "Microsoft.Communication.EmailDeliveryReportReceived"
VALIDATION = "Microsoft.EventGrid.SubscriptionValidationEvent"

#: The status of a delivery report, or the type of another event → class.
CLASSES: Mapping[str, str] = {
    "Bounced": "hard",
    "Failed": "judge-hard",
    "Suppressed": "suppressed-hard",  # it bounced hard before
    "FilteredSpam": "soft",
    "Quarantined": "soft",
    "Delivered": "info",
    "OutForDelivery": "info",
    "Expanded": "info",  # a group, whose members get reports of their own
    "Microsoft.Communication.": "info",  # opened, and what is no mail at all
    "Microsoft.EventGrid.": "info",
}

_CODE = re.compile(r"[\w-]{1,100}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Delivery(HeaderSecret):
    """A secret in a delivery property. Of a validation the body is read without it, for `handshake` to answer."""

    def head(self, request: Asked, key: Secret, settings: Any, now: datetime) -> bool:
        if request.headers.get("aeg-event-type") == "SubscriptionValidation":
            return False
        return HeaderSecret.head(self, request, key, settings, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Azure(Webhook):
    """Azure Communication Services' delivery reports, which Azure Event Grid sends."""

    token: Secret | None = live_secret(
        "The secret in the delivery property Authorization of the event subscription; a leading Bearer is ignored.",
        rotates=True,
        proof=Delivery("Authorization"),
    )


def handshake(request: WebhookRequest, settings: Azure) -> Answer | None:
    """The answer to the validation of the endpoint, in either schema."""
    if request.method == "OPTIONS" and request.headers.get("WebHook-Request-Origin") == "eventgrid.azure.net":
        allowed = {"WebHook-Allowed-Origin": "eventgrid.azure.net", "WebHook-Allowed-Rate": "*"}
        return Answer(200, headers=allowed)
    if request.headers.get("aeg-event-type") == "SubscriptionValidation":
        return _validated(dig(request.json(), 0))
    return None


def _validated(event: Any) -> Answer | None:
    code = text(dig(event, "data", "validationCode"))
    if event.get("eventType") != VALIDATION or not _CODE.fullmatch(code):
        return None
    return Answer(200, json.dumps({"validationResponse": code}).encode(), {"Content-Type": "application/json"})


def _one(event: Any, into: Gathered[Azure]) -> None:
    type_, data = text(event.get("eventType") or event.get("type"), 200), event.get("data")
    if not type_:
        raise Malformed("eventType and type are missing")
    if type_ == VALIDATION:
        into.answer = _validated(event)
    status = text(dig(data, "status"), 100)
    into.report(
        status if type_ == REPORT else type_,
        part=event,
        recipient=dig(data, "recipient"),
        at=dig(data, "deliveryAttemptTimeStamp")
        or dig(data, "deliveryAttemptTimestamp")
        or event.get("eventTime")
        or event.get("time"),
        diagnostic=dig(data, "deliveryStatusDetails", "statusMessage"),
        message_id=dig(data, "internetMessageId"),
        event_id=event.get("id"),
        reason="spam" if status in ("FilteredSpam", "Quarantined") else "",
    )


PROVIDER = Provider(
    name="azure",
    title="Azure",
    summary="Azure Communication Services' delivery reports, through Azure Event Grid",
    settings=Azure,
    parse=json_events(_one),
    classes=CLASSES,
    handshake=handshake,
    guide=Guide(
        read=date(2026, 11, 30),
        steps=(
            "At Azure, open your Communication Services resource, Events, and add an event subscription",
            "(Event Grid schema or CloudEvents) with the event type Email Delivery Report Received, and as",
            "endpoint a web hook, once bouncestream runs:",
            "URL     {url}",
            "Below Delivery Properties add a header Authorization, static, secret: Bearer {secret}",
            "Below Additional Features keep the retry policy, and enable dead-lettering if you have a storage:",
            "what is refused (a wrong secret, say) is not sent again.",
        ),
        uuids="never: by the address and the Message-ID",
        retries="for 24 hours, 30 times at most; what is answered with 400, 401, 403 or 4"
        "13 is dropped, or dead-lettered",
    ),
    deadline=30,
)
