# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from bouncestream.event import Kind
from tests.providers.case import Case, by_header

HARAKA = {
    "level": "info",
    "time": "2026-11-22T11:33:11.000Z",
    "name": "outbound_logger",
    "type": "bounced",
    "job_id": "AAAAAAAA-0000-4000-8000-00000000000B.1.1",
    "recipient": "person@example.org",
    "from": "news@example.com",
    "dsn_status": "5.1.1",
    "dsn_action": "failed",
    "undelivered_reason": "550 5.1.1 <person@example.org>: Recipient address rejected: User unknown",
}


def bearer(body: bytes, secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


CASES = {
    "haraka": Case(
        "haraka",
        "token",
        by_header(bearer),
        HARAKA,
        kinds={Kind.SOFT: HARAKA | {"dsn_status": "5.7.1", "undelivered_reason": "550 5.7.1 blocked"}},
    ),
}
