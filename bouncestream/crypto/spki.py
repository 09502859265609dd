# SPDX-License-Identifier: GPL-3.0-or-later
"""What kind of public key a text is, from its DER alone (SubjectPublicKeyInfo, RFC 5280 section 4.1.2.7).

So that a configuration can be checked, and a bridge can wait for its first request, without the memory of
`cryptography`; whoever verifies a signature uses that.
"""

from __future__ import annotations

import binascii
from base64 import b64decode

#: The algorithm's object identifier in DER (RFC 5480, RFC 8017, RFC 8410) → the word of its signatures.
_KINDS = {
    bytes.fromhex("06072a8648ce3d0201"): "ECDSA",
    bytes.fromhex("06092a864886f70d010101"): "RSA",
    bytes.fromhex("06032b6570"): "Ed25519",
}
_P256 = bytes.fromhex("06082a8648ce3d030107")
#: The curve P-256 (FIPS 186-5): y² = x³ - 3x + b modulo p.
_P = 2**256 - 2**224 + 2**192 + 2**96 - 1
_B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B


def data(text: str) -> bytes:
    """The bytes of a key: from PEM, from the base64 of its DER, or from that of the 32 bytes of an Ed25519 key (RFC
    8032). Raises ValueError."""
    lines = [line.strip() for line in text.strip().splitlines()]
    body = "".join(line for line in lines if not line.startswith("-----"))
    try:
        return b64decode("".join(body.split()), validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from None


def kind(text: str) -> str:
    """`ECDSA`, `RSA` or `Ed25519`; of another algorithm ''. Raises ValueError where it is no public key, or not
    whole."""
    der = data(text)
    if len(der) == 32:
        return "Ed25519"
    info, rest = _element(der, 0x30)
    if rest:
        raise ValueError("more follows the key")
    algorithm, key = _element(info, 0x30)
    bits, rest = _element(key, 0x03)
    if rest or bits[:1] != b"\0":
        raise ValueError("it has no key")
    found = next((word for oid, word in _KINDS.items() if algorithm.startswith(oid)), "")
    if found == "ECDSA" and algorithm.endswith(_P256) and not _on_curve(bits[1:]):
        raise ValueError("it is no point of its curve")
    if found == "RSA":
        _element(bits[1:], 0x30)
    return found


def _element(der: bytes, tag: int) -> tuple[bytes, bytes]:
    """The content of the first element, and what follows (X.690 section 8.1). Raises ValueError."""
    if len(der) < 2 or der[0] != tag:
        raise ValueError("it is not DER")
    size, at = der[1], 2
    if size & 0x80:
        at += size & 0x7F
        size = int.from_bytes(der[2:at])
    if at > 6 or len(der) < at + size:
        raise ValueError("it is not whole")
    return der[at : at + size], der[at + size :]


def _on_curve(point: bytes) -> bool:
    if point[:1] != b"\x04":  # compressed: each x of half of all numbers is one
        return len(point) == 33 and point[:1] in (b"\x02", b"\x03")
    x, y = int.from_bytes(point[1:33]), int.from_bytes(point[33:])
    return len(point) == 65 and x < _P and y < _P and (y * y - (x * x * x - 3 * x + _B)) % _P == 0
