# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

from bouncestream.event import Kind
from tests.providers.case import Case, by_header

AZURE_REPORT: dict[str, Any] = {
    "sender": "news@example.com",
    "recipient": "person@example.org",
    "messageId": "00000000-0000-0000-0000-000000000001",
    "internetMessageId": "<id@host>",
    "status": "Bounced",
    "deliveryStatusDetails": {"statusMessage": "550 5.1.1 no such user"},
    "deliveryAttemptTimeStamp": "2026-11-22T11:33:11.0000001+00:00",
}
AZURE = {
    "id": "00000000-0000-0000-0000-0000000000e1",
    "topic": "/subscriptions/s",
    "subject": "sender/news@example.com/message/00000000-0000-0000-0000-000000000001",
    "eventType": "Microsoft.Communication.EmailDeliveryReportReceived",
    "eventTime": "2026-11-22T11:33:12Z",
    "dataVersion": "1.0",
    "metadataVersion": "1",
    "data": AZURE_REPORT,
}
CLOUD_EVENT = {
    "id": "00000000-0000-0000-0000-0000000000e1",
    "source": "/subscriptions/s",
    "specversion": "1.0",
    "type": "Microsoft.Communication.EmailDeliveryReportReceived",
    "time": "2026-11-22T11:33:12Z",
    "data": AZURE_REPORT,
}

CODE = "512d38b6-c7b8-40c8-89fe-f46f9e9622b6"
VALIDATION = [
    {
        "id": "2d1781af-3a4c-4d7c-bd0c-e34b19da4e66",
        "topic": "/subscriptions/s",
        "subject": "",
        "data": {"validationCode": CODE, "validationUrl": "https://rp-eastus2.eventgrid.azure.net:553/x"},
        "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
        "eventTime": "2026-11-22T11:33:11.4541811Z",
        "metadataVersion": "1",
        "dataVersion": "1",
    }
]

_by_property = by_header(
    lambda body, secret: {"aeg-event-type": "Notification", "Authorization": f"Bearer {secret}"}
)

CASES = {
    "azure": Case(
        "azure",
        "token",
        _by_property,
        [AZURE],
        kinds={Kind.SOFT: [AZURE | {"data": AZURE_REPORT | {"status": "FilteredSpam"}}]},
    ),
    "azure, CloudEvents": Case(
        "azure",
        "token",
        by_header(lambda body, secret: {"Authorization": f"Bearer {secret}"}),
        CLOUD_EVENT,
        content_type="application/cloudevents+json; charset=utf-8",
    ),
}
