# SPDX-License-Identifier: GPL-3.0-or-later
"""AWS Signature Version 4, by the vectors of AWS's public test suite."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from bouncestream.crypto.sigv4 import signed

AT = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
VECTORS = {
    "get-vanilla": ("/", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
    "get-vanilla-query-order-key-case": (
        "/?Param2=value2&Param1=value1",
        "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
    ),
}


def sign(path: str, at: datetime = AT) -> dict[str, str]:
    url = f"https://example.amazonaws.com{path}"
    key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
    return dict(signed(url, "AKIDEXAMPLE", key, region="us-east-1", service="service", now=at))


@pytest.mark.parametrize("name", VECTORS)
def test_the_public_vectors(name: str) -> None:
    path, signature = VECTORS[name]
    scope = "AKIDEXAMPLE/20150830/us-east-1/service/aws4_request"
    proof = f"Credential={scope}, SignedHeaders=host;x-amz-date, Signature={signature}"
    assert sign(path) == {
        "X-Amz-Date": "20150830T123600Z",
        "Authorization": f"AWS4-HMAC-SHA256 {proof}",
    }


def test_a_time_of_another_zone_is_the_same_time() -> None:
    assert sign("/", AT.astimezone(timezone(timedelta(hours=5)))) == sign("/")


def test_what_a_token_holds_is_signed_however_it_is_encoded() -> None:
    assert sign("/?NextToken=a%2Fb%3D%3D") == sign("/?NextToken=a/b%3D%3D")
    assert sign("/?NextToken=a%2Bb") != sign("/?NextToken=a%20b")
