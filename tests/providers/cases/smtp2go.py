# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from bouncestream.event import Kind
from tests.providers.case import Case, as_form, by_header

SMTP2GO = {
    "event": "bounce",
    "bounce": "hard",
    "time": "2026-11-22T11:33:11Z",
    "sender": "news@example.com",
    "rcpt": "person@example.org",
    "email_id": "1aaaaa-AAAAAAAAAAAA-0001",
    "id": "0123456789abcdef",
    "message-id": "<id@host>",
    "host": "mx.example.com [192.0.2.2]",
    "message": "550 5.1.1 <person@example.org>: Recipient address rejected: User unknown",
}


def bearer(body: bytes, secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


CASES = {
    "smtp2go": Case(
        "smtp2go",
        "token",
        by_header(bearer),
        SMTP2GO,
        kinds={
            Kind.SOFT: SMTP2GO | {"bounce": "soft"},
            Kind.COMPLAINT: SMTP2GO | {"event": "spam"},
            Kind.UNSUBSCRIBE: SMTP2GO | {"event": "unsubscribe"},
        },
    ),
    "smtp2go, form": Case(
        "smtp2go",
        "token",
        by_header(bearer),
        SMTP2GO,
        encode=as_form,
        content_type="application/x-www-form-urlencoded",
    ),
}
