# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from bouncestream.event import Kind
from tests.providers.case import Case, by_basic

BREVO = {
    "event": "hard_bounce",
    "email": "person@example.org",
    "id": 26224,
    "date": "2026-11-22 12:33:11",
    "ts": 1795347191,
    "message-id": "<id@host>",
    "ts_event": 1795347191,
    "ts_epoch": 1795347191250,
    "subject": "News",
    "reason": " RecipientError: 550 5.1.1 no such user",
}

CASES = {
    "brevo": Case(
        "brevo",
        "password",
        by_basic,
        BREVO,
        kinds={
            Kind.SOFT: BREVO | {"event": "soft_bounce"},
            Kind.COMPLAINT: BREVO | {"event": "spam"},
            Kind.UNSUBSCRIBE: BREVO | {"event": "unsubscribed"},
        },
    ),
    "brevo, batched": Case("brevo", "password", by_basic, [BREVO]),
}
