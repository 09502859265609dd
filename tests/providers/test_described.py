# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from bouncestream import providers
from bouncestream.crypto.location import AnyField, Header
from bouncestream.crypto.secret import Secret
from bouncestream.crypto.signature import Hmac
from bouncestream.providers._described import Described
from tests.providers.described import described


def hook(toml: str = "", **more: Any) -> Described:
    made = providers.webhook("mine", "custom", **described(toml), **more)
    assert isinstance(made, Described)
    return made


def test_the_parameters_become_those_of_the_proof() -> None:
    made = hook(
        """
        signature = { header = "X-Sig", prefix = "v1=", separator = ",", quoted = true }
        signature_time = "body:at"
        signature_of = "{timestamp}.{body}"
        signature_window = "1m"
        signature_encoding = "base64"
        signature_hash = "sha512"
        """,
        signing_secret=Secret("x" * 20),
    )
    proof = made.proofs["signing_secret"]
    assert isinstance(proof, Hmac)
    assert proof.signature == Header("X-Sig", "v1=", ",", quoted=True)
    assert proof.timestamp == AnyField("at")
    assert (proof.message, proof.window, proof.encoding, proof.hash) == (
        "{timestamp}.{body}",
        60,
        "base64",
        "sha512",
    )
    assert made.inside, "the time stands in the body"


def test_a_time_that_is_not_signed_is_no_bound() -> None:
    made = hook('signature = "X-Sig"\nsignature_time = "X-Time"', signing_secret=Secret("x" * 20))
    proof = made.proofs["signing_secret"]
    assert isinstance(proof, Hmac)
    assert proof.window == 0


def test_the_headers_that_prove_something() -> None:
    made = hook('signature = "X-Sig"\nsignature_time = { field = "t" }\nheader = "X-Token"')
    assert made.proving == {"authorization", "x-token", "x-sig"}


@pytest.mark.parametrize("toml", ["", 'header = "X-Token"'])
def test_without_a_signature_nothing_of_one_is_missed(toml: str) -> None:
    assert list(hook(toml).faults()) == []
    assert list(hook(toml, secret=Secret("x" * 20)).faults()) == []


def test_two_webhooks_with_the_same_description_are_equal() -> None:
    """So that a reload sees what has changed."""
    one, other = (hook("signature = { field = 'a.b' }\nkind = 'x[0]'") for _ in range(2))
    assert one == other
    assert one != hook("signature = { field = 'a.c' }\nkind = 'x[0]'")
