# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import hmac
from base64 import b64encode
from typing import Any
from urllib.parse import quote, urlencode

from bouncestream.event import Kind
from tests.providers.case import Case, as_json, by_header


def signed(body: bytes, secret: str) -> dict[str, str]:
    digest = b64encode(hmac.digest(secret.encode("utf-8", "surrogatepass"), body, "sha256")).decode()
    return {"producer-signature": f"ts=1795347192000;s={quote(digest, safe='')};s-algorithm=HmacSHA256"}


def zeptomail(event: str, **detail: Any) -> dict[str, Any]:
    """A request about this event."""
    return {
        "event_name": [event],
        "event_message": [
            {
                "email_info": {
                    "email_reference": "13ef.2a.k1",
                    "client_reference": None,
                    "to": [{"email_address": {"address": "person@example.org", "name": "Person"}}],
                },
                "event_data": [
                    {
                        "object": event,
                        "details": [
                            {
                                "reason": "Invalid recipient",
                                "diagnostic_message": "550 5.1.1 no such user",
                                "bounced_recipient": "person@example.org",
                                "time": "2026-11-22T11:33:11Z",
                            }
                            | detail
                        ],
                    }
                ],
                "request_id": "2d6f.1",
            }
        ],
        "mailagent_key": "agent",
        "webhook_request_id": "wr-1",
    }


CASES = {
    "zeptomail": Case(
        "zeptomail",
        "auth_key",
        by_header(signed),
        zeptomail("hardbounce"),
        kinds={
            Kind.SOFT: zeptomail("softbounce"),
            Kind.COMPLAINT: zeptomail("feedback_loop", bounced_recipient=None),
        },
    ),
    "zeptomail, form": Case(
        "zeptomail",
        "auth_key",
        by_header(signed),
        zeptomail("hardbounce"),
        encode=lambda document: urlencode({as_json(document).decode(): ""}).encode(),
        content_type="application/x-www-form-urlencoded",
    ),
}
