# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from bouncestream.event import Kind
from tests.providers.case import Case, by_basic

MAILJET = {
    "event": "bounce",
    "time": 1795347191,
    "MessageID": 13792286917004336,
    "Message_GUID": "00000000-0000-4000-8000-00000000000a",
    "email": "person@example.org",
    "mj_campaign_id": 0,
    "customcampaign": "",
    "CustomID": "",
    "Payload": "",
    "blocked": False,
    "hard_bounce": True,
    "error_related_to": "recipient",
    "error": "user unknown",
    "comment": "550 5.1.1 no such user",
}

CASES = {
    "mailjet": Case(
        "mailjet",
        "password",
        by_basic,
        [MAILJET],
        kinds={
            Kind.SOFT: [MAILJET | {"hard_bounce": False}],
            Kind.COMPLAINT: [MAILJET | {"event": "spam", "source": "JMRPP"}],
            Kind.UNSUBSCRIBE: [MAILJET | {"event": "unsub"}],
        },
    ),
    "mailjet, version 1": Case("mailjet", "password", by_basic, MAILJET),
}
