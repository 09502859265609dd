# SPDX-License-Identifier: GPL-3.0-or-later
"""Key pairs for the tests, one for each secret of theirs."""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def _seed(secret: str) -> bytes:
    return sha256(secret.encode("utf-8", "surrogatepass")).digest()


@cache
def ecdsa_key(secret: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(_seed(secret)) >> 1, ec.SECP256R1())


@cache
def ed25519_key(secret: str) -> ed25519.Ed25519PrivateKey:
    return ed25519.Ed25519PrivateKey.from_private_bytes(_seed(secret))


@cache
def rsa_key(secret: str) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def public(key: Any) -> str:
    """The public key as providers show it: its DER in base64."""
    data = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return b64encode(data).decode()
