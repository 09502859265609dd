# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from typing import Any

from bouncestream.event import Kind
from tests.providers import sns
from tests.providers.case import Case, within

CERTIFICATE = "https://messaging.s3.fr-par.scw.cloud/fr-par/sns/0123.pem"
SCALEWAY = {
    "id": "7d1d2b0c-0001-4000-8000-000000000001",
    "type": "email_mailbox_not_found",
    "domain_name": "news.example.com",
    "created_at": "2026-11-22T11:33:11.123456789Z",
    "email_id": "7d1d2b0c-0005-4000-8000-000000000005",
    "email_from": "news@example.com",
    "email_to": "person@example.org",
    "email_headers": [{"key": "Message-ID", "value": "<id@host>"}],
    "email_response_code": 550,
    "email_response_message": "5.1.1 User unknown",
}


def signed(document: Any, secret: str, **fields: Any) -> Any:
    return sns.message(secret, json.dumps(document), **{"SigningCertURL": CERTIFICATE, **fields})


CASES = {
    "scaleway": Case(
        "scaleway",
        "topics",
        within(signed),
        SCALEWAY,
        content_type="text/plain; charset=UTF-8",
        value=lambda *secrets: tuple(map(sns.topic, secrets)),
        fetched={CERTIFICATE: sns.PEM},
        kinds={Kind.SOFT: SCALEWAY | {"type": "email_spam", "email_response_message": "5.7.1 looks like spam"}},
    ),
}
