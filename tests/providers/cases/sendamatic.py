# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from bouncestream.event import Kind
from tests.providers.case import Case, by_header

SENDAMATIC = {
    "notification_type": "bounce",
    "bounce": {
        "bounce_type": "Hard bounce",
        "original_recipient": "person@example.org",
        "message_id": "<id@host>",
        "reason": "550 5.1.1 user unknown",
        "reputation_score": True,
    },
}

SENDAMATIC_SOFT = {
    **SENDAMATIC,
    "bounce": {
        "bounce_type": "Soft bounce - Mailbox full",
        "original_recipient": "person@example.org",
        "message_id": "<id@host>",
        "reason": "452 4.2.2 mailbox full",
    },
}

SENDAMATIC_COMPLAINT = {
    "notification_type": "complaint",
    "complaint": {"report": "Feedback-Type: abuse", "recipient": "person@example.org", "message_id": "<id@host>"},
}

CASES = {
    "sendamatic": Case(
        "sendamatic",
        "secret",
        by_header(lambda body, secret: {"X-Webhook-Secret": secret}),
        SENDAMATIC,
        kinds={Kind.SOFT: SENDAMATIC_SOFT, Kind.COMPLAINT: SENDAMATIC_COMPLAINT},
    ),
    "sendamatic, authorization": Case(
        "sendamatic",
        "secret",
        by_header(lambda body, secret: {"authorization": f"Bearer {secret}"}),
        SENDAMATIC,
        options={"header": "Authorization"},
    ),
}
