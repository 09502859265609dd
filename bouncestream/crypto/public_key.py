# SPDX-License-Identifier: GPL-3.0-or-later
"""Signatures with a key pair: the provider signs with the private key, the option holds the public one.

`cryptography` is imported only when a request is verified by such a key.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

from bouncestream.crypto import spki
from bouncestream.crypto.signature import Signature
from bouncestream.errors import Unauthorized


def load(text: str) -> Any:
    """A public key from PEM, from the base64 of its DER, or from that of the 32 bytes of an Ed25519 key (RFC 8032).
    Raises ValueError."""
    return _load("\n".join(line.strip() for line in text.strip().splitlines()))


@cache
def _load(text: str) -> Any:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    data = spki.data(text)
    try:
        return Ed25519PublicKey.from_public_bytes(data) if len(data) == 32 else load_der_public_key(data)
    except UnsupportedAlgorithm as error:
        raise ValueError(str(error)) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKey(Signature):
    """The base of signatures with a key pair. The option is a list of public keys."""

    encoding: str = "base64"

    def fault(self, key: tuple[str, ...]) -> str:
        try:
            return "" if all(spki.kind(one) == self.word for one in key) else f"is not a key for {self.word}"
        except ValueError:
            return "is not a public key; copy all of it, as PEM or base64"

    def verify(self, key: Any, message: bytes, offered: bytes) -> None:
        """Raise InvalidSignature unless it is one."""
        raise NotImplementedError

    def matches(self, key: tuple[str, ...], message: bytes, offered: bytes) -> bool:
        from cryptography.exceptions import InvalidSignature

        for one in key:
            try:
                self.verify(load(one), message, offered)
            except InvalidSignature:
                continue
            return True
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ecdsa(PublicKey):
    """ECDSA with SHA-256 (FIPS 186-5), the signature in DER."""

    word: ClassVar[str] = "ECDSA"

    def verify(self, key: Any, message: bytes, offered: bytes) -> None:
        from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
        from cryptography.hazmat.primitives.hashes import SHA256

        key.verify(offered, message, ECDSA(SHA256()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rsa(PublicKey):
    """RSA with PKCS #1 v1.5 padding (RFC 8017 section 8.2) and SHA-256, or SHA-1 where a provider has no better."""

    word: ClassVar[str] = "RSA"
    hash: str = "sha256"

    def verify(self, key: Any, message: bytes, offered: bytes) -> None:
        verify_rsa(key, message, offered, self.hash)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ed25519(PublicKey):
    """Ed25519 (RFC 8032)."""

    word: ClassVar[str] = "Ed25519"

    def verify(self, key: Any, message: bytes, offered: bytes) -> None:
        key.verify(offered, message)


def verify_rsa(key: Any, message: bytes, offered: bytes, hash: str) -> None:
    """Raise InvalidSignature unless `offered` is the RSA signature of `message`; `hash` is sha256 or sha1. Raises
    Unauthorized where the system's policy forbids SHA-1, as that of RHEL 9 does."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA1, SHA256

    # Some providers sign with SHA-1 only; a second preimage of it is still out of reach.
    try:
        key.verify(offered, message, PKCS1v15(), SHA256() if hash == "sha256" else SHA1())  # noqa: S303
    except UnsupportedAlgorithm:
        raise Unauthorized(f"OpenSSL on this machine refuses {hash}: let the provider sign with SHA-256") from None
