# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from bouncestream.event import Kind
from tests.providers.case import Case, by_basic

POSTMARK = {
    "RecordType": "Bounce",
    "Type": "HardBounce",
    "ID": 9007199254740993,
    "MessageID": "00000000-0000-4000-8000-00000000000a",
    "Email": "person@example.org",
    "Details": "smtp;550 5.1.1 no such user",
    "BouncedAt": "2026-11-20T10:53:11.1234567+01:00",
}

CASES = {
    "postmark": Case(
        "postmark",
        "password",
        by_basic,
        POSTMARK,
        kinds={
            Kind.SOFT: POSTMARK | {"Type": "SoftBounce"},
            Kind.COMPLAINT: POSTMARK | {"RecordType": "SpamComplaint"},
            Kind.UNSUBSCRIBE: POSTMARK | {"Type": "Unsubscribe"},
        },
    ),
}
