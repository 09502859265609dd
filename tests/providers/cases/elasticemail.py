# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace

from bouncestream.event import Kind
from tests.providers.case import Case, as_form, by_header

ELASTICEMAIL = {
    "from": "news@example.com",
    "to": "person@example.org",
    "date": "11/22/2026 11:33:11 AM",
    "status": "Error",
    "channel": "SMTP",
    "account": "acct@example.com",
    "category": "NoMailbox",
    "messageid": "eemsg0001",
    "transaction": "eetrx0001",
    "target": "",
    "postback": "",
}
JSON = Case(
    "elasticemail",
    "path_secret",
    by_header(lambda body, secret: {}),
    ELASTICEMAIL,
    kinds={
        Kind.SOFT: ELASTICEMAIL | {"category": "Spam"},
        Kind.COMPLAINT: ELASTICEMAIL | {"status": "AbuseReport"},
        Kind.UNSUBSCRIBE: ELASTICEMAIL | {"status": "Unsubscribed"},
    },
)
FORM = replace(JSON, encode=as_form, content_type="application/x-www-form-urlencoded")
CASES = {"elasticemail": JSON, "elasticemail, form": FORM, "elasticemail, get": replace(FORM, method="GET")}
