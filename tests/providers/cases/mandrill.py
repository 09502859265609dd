# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from base64 import b64encode
from typing import Any
from urllib.parse import parse_qsl

from bouncestream.event import Kind
from tests.providers.case import Case, as_form, by_header, mac

URL = "https://bounces.example.org/webhooks/news"
MANDRILL = {
    "event": "hard_bounce",
    "_id": "bs00000000000000000000000000000a",
    "ts": 1795347191,
    "msg": {
        "_id": "bs00000000000000000000000000000a",
        "email": "person@example.org",
        "metadata": {},
        "bounce_description": "bad_mailbox",
        "bgtools_code": 10,
        "diag": "smtp;550 5.1.1 <person@example.org>: Recipient address rejected: User unknown",
    },
}


def signed(body: bytes, secret: str, url: str = URL) -> dict[str, str]:
    read = parse_qsl(body.decode("latin-1"), keep_blank_values=True, encoding="latin-1")
    message = url + "".join(name + value for name, value in sorted(read))
    return {"X-Mandrill-Signature": b64encode(mac(secret, message.encode("latin-1"), "sha1")).decode()}


def form(document: Any) -> bytes:
    return as_form({"mandrill_events": json.dumps(document)})


def bounce(**fields: Any) -> list[Any]:
    return [MANDRILL | fields]


CASES = {
    "mandrill": Case(
        "mandrill",
        "webhook_key",
        by_header(signed),
        bounce(),
        encode=form,
        content_type="application/x-www-form-urlencoded",
        options={"url": URL},
        kinds={
            Kind.SOFT: bounce(event="soft_bounce"),
            Kind.COMPLAINT: bounce(event="spam"),
            Kind.UNSUBSCRIBE: bounce(event="unsub"),
        },
    ),
}
