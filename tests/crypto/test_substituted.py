# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from datetime import UTC, datetime
from hashlib import md5

import pytest
from multidict import CIMultiDict

from bouncestream.crypto.proof import Missing
from bouncestream.crypto.secret import Secret
from bouncestream.crypto.substituted import Substituted
from bouncestream.errors import Unauthorized
from bouncestream.providers._request import WebhookRequest

NOW = datetime(2026, 11, 22, tzinfo=UTC)
KEYS = Secret("the-first-key", "the-second-key")
PROOF = Substituted("auth")


def prove(body: bytes) -> None:
    asked = WebhookRequest("POST", CIMultiDict(), body)
    assert PROOF.head(asked, KEYS, None, NOW) is False
    assert PROOF.body(asked, KEYS, None, NOW, {}) is None


def signed(template: bytes, key: bytes) -> bytes:
    return template.replace(b"KEY", md5(template.replace(b"KEY", key), usedforsecurity=False).hexdigest().encode())


@pytest.mark.parametrize("key", [b"the-first-key", b"the-second-key"])
@pytest.mark.parametrize(
    "template", [b'{"auth":"KEY"}', b'{"a": "\xc3\xbc", "auth": "KEY"}', b'{"a":"\xff","auth":"KEY"}']
)
def test_the_key_stands_where_the_digest_is(template: bytes, key: bytes) -> None:
    prove(signed(template, key))
    prove(signed(template, key).replace(b"\n", b""))
    with pytest.raises(Unauthorized, match="wrong digest"):
        prove(signed(template, b"the-other-key"))
    with pytest.raises(Unauthorized, match="wrong digest"):
        prove(signed(template, key) + b" ")


def test_capital_letters_of_a_digest() -> None:
    body = signed(b'{"auth":"KEY"}', b"the-first-key")
    prove(body[:9] + body[9:41].upper() + body[41:])


def test_a_digest_that_stands_there_twice_proves_nothing() -> None:
    with pytest.raises(Unauthorized, match="wrong digest"):
        prove(signed(b'{"auth":"KEY","x":"KEY"}', b"the-first-key"))


@pytest.mark.parametrize("body", [b"{}", b"[]", b'{"auth":5}', b'{"auth":""}', b'{"auth":"the-first-key"}'])
def test_none(body: bytes) -> None:
    with pytest.raises(Missing):
        prove(body)
