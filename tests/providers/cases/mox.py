# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from bouncestream.event import Kind
from tests.providers.case import Case, by_header

MOX = {
    "Version": 0,
    "Event": "failed",
    "DSN": False,
    "Suppressing": True,
    "QueueMsgID": 7,
    "FromID": "x",
    "MessageID": "<id@host>",
    "WebhookQueued": "2026-11-22T11:33:11Z",
    "SMTPCode": 550,
    "SMTPEnhancedCode": "5.1.1",
    "Error": "User unknown",
    "Extra": {"Email": "person@example.org"},
}


def bearer(body: bytes, secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


CASES = {
    "mox": Case(
        "mox",
        "token",
        by_header(bearer),
        MOX,
        kinds={Kind.SOFT: MOX | {"SMTPEnhancedCode": "5.7.1", "Error": "blocked"}},
    ),
}
