# SPDX-License-Identifier: GPL-3.0-or-later
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from multidict import CIMultiDict

from bouncestream.crypto.proof import Basic, HeaderSecret, Missing, Proof
from bouncestream.crypto.secret import Secret
from bouncestream.errors import Unauthorized
from bouncestream.providers._request import WebhookRequest

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
KEY = Secret("a-key-of-good-length")


def head(proof: Proof, settings: object = None, **headers: str) -> bool:
    return proof.head(WebhookRequest("POST", CIMultiDict(headers), b""), KEY, settings, NOW)


def test_a_secret_in_a_header() -> None:
    for sent in ("a-key-of-good-length", " a-key-of-good-length ", "Bearer a-key-of-good-length"):
        assert head(HeaderSecret("secret"), Secret=sent)
    with pytest.raises(Missing):
        head(HeaderSecret("secret"))
    for sent in ("", "other", "Basic a-key-of-good-length", "Bearer"):
        with pytest.raises(Unauthorized, match="wrong secret"):
            head(HeaderSecret("secret"), Secret=sent)
    with pytest.raises(Unauthorized):
        head(HeaderSecret("secret", bearer=True), Secret="a-key-of-good-length")


def test_a_header_that_the_operator_names() -> None:
    proof = HeaderSecret(named_by="header")
    settings = SimpleNamespace(header="X-Mine")
    assert head(proof, settings, **{"x-mine": "a-key-of-good-length"})
    assert proof.how(settings) == "the secret in the header X-Mine"
    assert proof.options == ("header",)


def test_the_password_of_basic_authentication() -> None:
    assert head(Basic(), Authorization=Basic.header("anyone", "a-key-of-good-length"))
    assert head(Basic(), Authorization=Basic.header("", "a-key-of-good-length").replace("Basic", "basic"))
    with pytest.raises(Missing):
        head(Basic())
    for sent in (
        Basic.header("a-key-of-good-length", ""),
        Basic.header("u", "other"),
        "Basic",
        "Basic ===",
        "Basic \udcff",
        "Bearer a-key-of-good-length",
        "Basic YQ==",
    ):
        with pytest.raises(Unauthorized):
            head(Basic(), Authorization=sent)
    assert Basic.challenge.startswith("Basic realm=")


def test_no_body_proves_what_the_head_has_to() -> None:
    asked = WebhookRequest("POST", CIMultiDict(), b"x")
    with pytest.raises(Unauthorized):
        Basic().body(asked, KEY, None, NOW, {})
