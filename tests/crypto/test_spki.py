# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key
from hypothesis import given
from hypothesis import strategies as st

from bouncestream.crypto.spki import kind

KEYS = {
    "ECDSA": ec.generate_private_key(ec.SECP256R1()),
    "RSA": rsa.generate_private_key(65537, 2048),
    "Ed25519": ed25519.Ed25519PrivateKey.generate(),
}
P384 = ec.generate_private_key(ec.SECP384R1())
DSA = dsa.generate_private_key(1024)


def der(key: Any) -> bytes:
    made: bytes = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return made


@pytest.mark.parametrize("word", KEYS)
def test_each_kind_in_each_form(word: str) -> None:
    key = KEYS[word]
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    assert kind(b64encode(der(key)).decode()) == kind(pem) == kind("  " + pem.replace("\n", "\r\n ")) == word


def test_others() -> None:
    raw = KEYS["Ed25519"].public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)  # type: ignore[attr-defined]
    assert kind(b64encode(raw).decode()) == "Ed25519"
    assert kind(b64encode(der(P384)).decode()) == "ECDSA"
    assert kind(b64encode(der(DSA)).decode()) == ""


@pytest.mark.parametrize("word", KEYS)
def test_a_key_that_was_not_copied_whole(word: str) -> None:
    whole = der(KEYS[word])
    for at in range(len(whole)):
        if at != 32:
            with pytest.raises(ValueError, match=r"\w"):
                kind(b64encode(whole[:at]).decode())
    with pytest.raises(ValueError, match="more follows"):
        kind(b64encode(whole + b"x").decode())


@pytest.mark.parametrize(
    "text", ["x", "", "AAAA", "!!!!", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"]
)
def test_what_is_no_key(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        kind(text)


@given(st.integers(27, 90), st.integers(1, 255))
def test_a_point_beside_its_curve(at: int, change: int) -> None:
    """A key in which one character is wrong: what is let through can be loaded."""
    changed = bytearray(der(KEYS["ECDSA"]))
    changed[at] ^= change
    try:
        kind(b64encode(changed).decode())
    except ValueError:
        return
    load_der_public_key(bytes(changed))


@given(st.binary(max_size=120))
def test_junk(junk: bytes) -> None:
    try:
        assert kind(b64encode(junk).decode()) in ("", "ECDSA", "RSA", "Ed25519")
    except ValueError:
        assert b64decode(b64encode(junk)) == junk
