# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json

from bouncestream.event import Kind
from tests.providers import sns
from tests.providers.case import Case, within

SES_MAIL = {"messageId": "0107019a-example-000000", "destination": ["person@example.org"]}

SES_FAILED = {"action": "failed", "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 no such user"}

SES_BOUNCE = {
    "notificationType": "Bounce",
    "mail": SES_MAIL,
    "bounce": {
        "bounceType": "Permanent",
        "bounceSubType": "General",
        "bouncedRecipients": [{"emailAddress": "person@example.org", **SES_FAILED}],
        "timestamp": "2026-11-22T11:33:11.000Z",
        "feedbackId": "0107019a-feedback-000000",
    },
}

SES_FULL = {
    "eventType": "Bounce",
    "mail": SES_MAIL,
    "bounce": {
        "bounceType": "Transient",
        "bounceSubType": "MailboxFull",
        "bouncedRecipients": [{"emailAddress": "person@example.org"}],
    },
}

SES_COMPLAINT = {
    "eventType": "Complaint",
    "mail": SES_MAIL,
    "complaint": {"complainedRecipients": [{"emailAddress": "person@example.org"}], "complaintSubType": None},
}

SES_SUBSCRIPTION = {
    "eventType": "Subscription",
    "mail": SES_MAIL,
    "subscription": {"newTopicPreferences": {"unsubscribeAll": True}},
}

CASES = {
    "ses": Case(
        "ses",
        "topics",
        within(lambda document, secret: sns.message(secret, json.dumps(document))),
        SES_BOUNCE,
        content_type="text/plain; charset=UTF-8",
        value=lambda *secrets: tuple(map(sns.topic, secrets)),
        fetched={sns.CERTIFICATE: sns.PEM},
        kinds={Kind.SOFT: SES_FULL, Kind.COMPLAINT: SES_COMPLAINT, Kind.UNSUBSCRIBE: SES_SUBSCRIPTION},
    ),
}
