# SPDX-License-Identifier: GPL-3.0-or-later
"""AWS Signature Version 4 of a GET without a body: what proves a call to Amazon's APIs.

Source: AWS's documentation "Create a signed AWS API request" and its public test suite for the signature, read on
2026-11-30. Pure: the time comes in.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from urllib.parse import parse_qsl, quote, urlsplit

_ALGORITHM = "AWS4-HMAC-SHA256"
_NO_BODY = sha256(b"").hexdigest()
#: What is not percent-encoded (RFC 3986 section 2.3), beside letters and digits.
_UNRESERVED = "-_.~"


def signed(url: str, key_id: str, secret: str, *, region: str, service: str, now: datetime) -> Mapping[str, str]:
    """The headers `X-Amz-Date` and `Authorization` of a GET of `url` at `now` (aware); `Host` is sent as the URL
    has it."""
    at = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    parts = urlsplit(url)
    pairs = sorted((_coded(name), _coded(value)) for name, value in parse_qsl(parts.query, keep_blank_values=True))
    asked = "\n".join(
        (
            "GET",
            quote(parts.path or "/", safe=f"/{_UNRESERVED}"),
            "&".join(f"{name}={value}" for name, value in pairs),
            f"host:{parts.netloc}",
            f"x-amz-date:{at}",
            "",
            "host;x-amz-date",
            _NO_BODY,
        )
    )
    scope = f"{at[:8]}/{region}/{service}/aws4_request"
    to_sign = "\n".join((_ALGORITHM, at, scope, sha256(asked.encode()).hexdigest()))
    key = f"AWS4{secret}".encode("utf-8", "replace")
    for step in scope.split("/"):
        key = hmac.digest(key, step.encode(), "sha256")
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    credential = f"Credential={key_id}/{scope}, SignedHeaders=host;x-amz-date, Signature={signature}"
    return {"X-Amz-Date": at, "Authorization": f"{_ALGORITHM} {credential}"}


def _coded(text: str) -> str:
    return quote(text, safe=_UNRESERVED)
