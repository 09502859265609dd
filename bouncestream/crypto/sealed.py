# SPDX-License-Identifier: GPL-3.0-or-later
"""Sealed values: AES-256-GCM (NIST SP 800-38D) with a random nonce of 96 bits for each, bound to its place by the
associated data, so that a value which is moved to another row, column or outbox does not open there. Pure.

Three layers of keys: the operator's own key (`[privacy] key`) wraps the root key of an outbox, which wraps the data
keys that values are sealed with. So another key of the operator's means to wrap 32 bytes anew.

A sealed text is `sealed:<number of its data key>:<base64 of nonce, ciphertext and tag>`; sealed bytes are the same
without base64. Nothing is sealed twice, and what is empty stays empty.
"""

from __future__ import annotations

import re
from binascii import Error as NotBase64
from binascii import a2b_base64, b2a_base64
from collections.abc import Iterator, Mapping
from hashlib import sha256
from hmac import digest
from secrets import token_bytes
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

#: How a sealed text begins.
MARK = "sealed:"
#: Bytes of a key, and of a nonce.
KEY, NONCE = 32, 12
#: Nonces that are drawn at once: one by one each costs as much as sealing a short text.
DRAWN = 64
#: How an operator's key is made, in words.
ADVICE = "make one with: bouncestream key new FILE"

_HEX = re.compile(r"[0-9a-fA-F]{64}")
_HEAD = re.compile(r"sealed:([0-9]{1,9}):")

V = TypeVar("V", str, bytes)


class NotOpened(Exception):
    """A value cannot be opened: it was changed, it belongs to another place, or another key sealed it."""


def fault(key: str) -> str:
    """What is wrong with an operator's key, in words; empty: nothing."""
    return "" if _HEX.fullmatch(key) else "is not 64 hexadecimal digits"


def new_key() -> str:
    """A new key for an operator, in hexadecimal digits."""
    return token_bytes(KEY).hex()


def key_id(key: str) -> str:
    """A short name of an operator's key, which tells nothing about it."""
    return digest(bytes.fromhex(key), b"bouncestream: the name of a key", sha256)[:6].hex()


def cipher(key: bytes) -> AESGCM:
    """The cipher of a key. `cryptography` is imported here, for those that seal, and for nobody else."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(key)


def wrap(key: bytes, secret: bytes, what: str) -> bytes:
    """A secret, sealed with a key. `what`: what it is, and whose; it opens as nothing else."""
    nonce = token_bytes(NONCE)
    return nonce + cipher(key).encrypt(nonce, secret, what.encode())


def unwrap(key: bytes, wrapped: bytes, what: str) -> bytes:
    """The secret that `wrap` sealed. Raises NotOpened."""
    return _decrypted(cipher(key), wrapped, what.encode())


def is_sealed(value: str | bytes) -> bool:
    """Whether a value looks like a sealed one."""
    return value.startswith(MARK) if isinstance(value, str) else value.startswith(MARK.encode())


class Sealer:
    """Seals the values of one outbox, and opens them. `instance`: the name of the outbox; `keys`: its data keys by
    their number, which may come to know more of them later; `current`: the number of the one to seal with."""

    __slots__ = ("_ciphers", "_instance", "_keys", "_nonces", "current")

    def __init__(self, instance: str, keys: Mapping[int, bytes], current: int) -> None:
        self._instance = instance
        self._keys = keys
        self._ciphers: dict[int, tuple[bytes, AESGCM]] = {}
        self._nonces: Iterator[bytes] = iter(())
        self.current = current

    def begin(self, number: int) -> None:
        """A transaction begins, which seals with the data key of this number. Nonces are drawn for some values at
        once, and what is left of them from before is not used: a machine may be copied between two transactions."""
        self.current = number
        self._nonces = iter(())

    def seal(self, value: V, *place: str | int) -> V:
        """A value sealed for a place: table, column and row. What is empty stays so."""
        if not value:
            return value
        return self._sealed(value, next(self._nonces, None) or self._draw(), self.current, place)

    def _draw(self) -> bytes:
        drawn = token_bytes(NONCE * DRAWN)
        self._nonces = iter([drawn[at : at + NONCE] for at in range(NONCE, len(drawn), NONCE)])
        return drawn[:NONCE]

    def seal_alike(self, value: V, *place: str | int) -> V:
        """The same for a value that must be found again by what it is: of equal values in a place the sealed ones
        are equal. Its nonce is a keyed digest of it, and its data key the first one, always."""
        if not value:
            return value
        plain = value.encode() if isinstance(value, str) else value
        nonce = digest(self._keys[1], b"nonce\0" + self._where(place) + b"\0" + plain, sha256)[:NONCE]
        return self._sealed(value, nonce, 1, place)

    def open(self, value: V, *place: str | int) -> V:
        """The value that was sealed for this place; one that is in the open is returned as it is. Raises
        NotOpened."""
        if isinstance(value, str):
            head = _HEAD.match(value)
            if head is None:
                return value
            try:
                body = a2b_base64(value[head.end() :], strict_mode=True)
            except (NotBase64, ValueError) as error:
                raise NotOpened from error
            try:
                return self._opened(int(head[1]), body, place).decode()
            except UnicodeDecodeError as error:
                raise NotOpened from error
        head_of_bytes = _HEAD.match(value[:20].decode("latin-1"))
        if head_of_bytes is None:
            return value
        return self._opened(int(head_of_bytes[1]), value[head_of_bytes.end() :], place)

    def _opened(self, number: int, body: bytes, place: tuple[str | int, ...]) -> bytes:
        return _decrypted(self._cipher(number), body, self._where(place))

    def _sealed(self, value: V, nonce: bytes, number: int, place: tuple[str | int, ...]) -> V:
        where = self._where(place)
        if isinstance(value, str):
            body = nonce + self._cipher(number).encrypt(nonce, value.encode(), where)
            return f"{MARK}{number}:{b2a_base64(body, newline=False).decode()}"
        return b"%s%d:%s%s" % (MARK.encode(), number, nonce, self._cipher(number).encrypt(nonce, value, where))

    def _where(self, place: tuple[str | int, ...]) -> bytes:
        if len(place) == 2:  # nearly always
            return f"{self._instance}\0{place[0]}\0{place[1]}".encode()
        return "\0".join((self._instance, *map(str, place))).encode()

    def _cipher(self, number: int) -> AESGCM:
        try:
            key = self._keys[number]
        except KeyError as error:
            raise NotOpened from error
        known = self._ciphers.get(number)
        if known is None or known[0] is not key:
            known = self._ciphers[number] = key, cipher(key)
        return known[1]


def _decrypted(opener: AESGCM, body: bytes, where: bytes) -> bytes:
    from cryptography.exceptions import InvalidTag

    try:
        return opener.decrypt(body[:NONCE], body[NONCE:], where)
    except (InvalidTag, ValueError) as error:  # ValueError: of a nonce that is cut short
        raise NotOpened from error
