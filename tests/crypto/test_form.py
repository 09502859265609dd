# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from multidict import CIMultiDict

from bouncestream.crypto.form import SignedForm
from bouncestream.crypto.location import Header
from bouncestream.providers._request import WebhookRequest


class Hook:
    url = "https://x.example/?a=b"


@pytest.mark.parametrize(
    ("body", "signed"),
    [
        (b"b=2&a=1", b"a1b2"),
        (b"a=%C3%BC+%2B%26&b=", "aü +&b".encode()),
        (b"a=1&a=0", b"a0a1"),
        (b"a", b"a"),
        (b"", b""),
        (b"a=%ff%zz", b"a\xff%zz"),
    ],
)
def test_the_url_and_the_fields_by_name(body: bytes, signed: bytes) -> None:
    proof = SignedForm(signature=Header("X"), url="url")
    assert proof.options == ("url",)
    asked = WebhookRequest("POST", CIMultiDict(), body)
    assert proof.said(asked, Hook, {}) == b"https://x.example/?a=b" + signed
