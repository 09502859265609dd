# SPDX-License-Identifier: GPL-3.0-or-later
import subprocess
import sys
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from multidict import CIMultiDict

from bouncestream.crypto.location import Header
from bouncestream.crypto.public_key import Ecdsa, Ed25519, PublicKey, Rsa, verify_rsa
from bouncestream.errors import Unauthorized
from bouncestream.providers._request import WebhookRequest

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
BODY = b'[{"event":"bounce"}]\r\n'

EC = ec.generate_private_key(ec.SECP256R1())
RSA = rsa.generate_private_key(65537, 2048)
ED = ed25519.Ed25519PrivateKey.generate()


def der(key: Any) -> str:
    data = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return b64encode(data).decode()


def pem(key: Any) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()  # type: ignore[no-any-return]


def raw(key: ed25519.Ed25519PrivateKey) -> str:
    return b64encode(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


CASES = [
    (
        Ecdsa(signature=Header("sig"), message="{timestamp}{body}", timestamp=Header("at")),
        EC,
        lambda message: EC.sign(message, ec.ECDSA(SHA256())),
        b"1760000000" + BODY,
    ),
    (Rsa(signature=Header("sig")), RSA, lambda message: RSA.sign(message, PKCS1v15(), SHA256()), BODY),
    (Rsa(signature=Header("sig"), hash="sha1"), RSA, lambda message: RSA.sign(message, PKCS1v15(), SHA1()), BODY),
    (Ed25519(signature=Header("sig")), ED, ED.sign, BODY),
]


@pytest.mark.parametrize(("proof", "key", "sign", "message"), CASES, ids=["ecdsa", "rsa", "rsa-sha1", "ed25519"])
def test_a_signature_of_a_key_pair(proof: PublicKey, key: Any, sign: Any, message: bytes) -> None:
    def prove(keys: tuple[str, ...], body: bytes = BODY, **headers: str) -> None:
        sent = {"sig": b64encode(sign(message)).decode(), "at": "1760000000"} | headers
        asked = WebhookRequest("POST", CIMultiDict(sent), body)
        assert proof.head(asked, keys, None, NOW) is False
        assert proof.body(asked, keys, None, NOW, {}) is None

    other = {EC: ec.generate_private_key(ec.SECP256R1()), ED: ed25519.Ed25519PrivateKey.generate()}.get(key)
    prove((der(key),))
    prove((pem(key),))
    if other is not None:
        prove((der(other), der(key)))
        with pytest.raises(Unauthorized, match="wrong signature"):
            prove((der(other),))
    if key is ED:
        prove((raw(ED),))
    for body, headers in ((BODY + b" ", {}), (BODY, {"sig": b64encode(b"x" * 64).decode()}), (BODY, {"sig": "!"})):
        with pytest.raises(Unauthorized):
            prove((der(key),), body, **headers)
    assert proof.fault((der(key), pem(key))) == ""


def test_a_key_that_cannot_be_used_is_told() -> None:
    proof = Ecdsa(signature=Header("sig"))
    assert "not a key for ECDSA" in proof.fault((der(RSA),))
    for junk in ("x", "", "AAAA", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"):
        assert "not a public key" in proof.fault((junk,))


@pytest.mark.process
def test_the_package_is_imported_only_when_it_is_used() -> None:
    code = (
        "import sys; from bouncestream import providers; from bouncestream.crypto import public_key, sns;"
        "from bouncestream.crypto.location import Header;"
        "[providers.get(name) for name in providers.names()];"
        f"why = public_key.Ecdsa(signature=Header('x'))"
        f".fault(({der(EC)!r},)); sys.exit(bool(why) or 'cryptography' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_where_the_machine_refuses_sha_1_it_is_said() -> None:
    """As OpenSSL does by the policy of RHEL 9; SNS signs with SHA-1 unless it is told otherwise."""

    class Strict:
        def verify(self, *_: object) -> None:
            raise UnsupportedAlgorithm("sha1 is not supported by this backend for RSA signing.")

    with pytest.raises(Unauthorized, match="refuses sha1: let the provider sign with SHA-256"):
        verify_rsa(Strict(), b"message", b"signature", "sha1")
