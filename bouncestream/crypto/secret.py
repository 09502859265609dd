# SPDX-License-Identifier: GPL-3.0-or-later
"""A secret that does not print itself: not in a log line, a traceback, a dump of the configuration or a pickle."""

from __future__ import annotations

import hmac
from hashlib import sha256
from typing import NoReturn

#: A shorter secret can be guessed over the network, or was never meant to be one.
MINIMUM_LENGTH = 16


class Secret:
    """A secret, or several that are valid at the same time while one replaces the other."""

    __slots__ = ("_digests", "_values", "keys")

    def __init__(self, *values: str) -> None:
        if not values or not all(values):
            raise ValueError("a secret must not be empty")
        self._values = values
        #: All of the secrets as bytes, for use as HMAC keys.
        self.keys: tuple[bytes, ...] = tuple(_bytes(value) for value in values)
        # Digests are compared, not the secrets: they are of one length, so that not even the length shows in the
        # time that a comparison takes.
        self._digests = tuple(sha256(key).digest() for key in self.keys)

    def reveal(self) -> str:
        """The secret in plain text; of several the first one, which is the one to use."""
        return self._values[0]

    def reveal_all(self) -> tuple[str, ...]:
        """The secrets in plain text, where they are a list."""
        return self._values

    def matches(self, offered: str | bytes) -> bool:
        """Whether `offered` is one of the secrets, in a time that tells nothing about them."""
        digest = sha256(offered if isinstance(offered, bytes) else _bytes(offered)).digest()
        found = False
        for ours in self._digests:  # all of them, always: an early end would tell which one it was
            found |= hmac.compare_digest(ours, digest)
        return found

    def __len__(self) -> int:
        """The number of valid secrets."""
        return len(self._values)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._digests == other._digests

    def __hash__(self) -> int:
        return hash(self._digests)

    def __repr__(self) -> str:
        return "Secret(***)"

    def __str__(self) -> str:
        return "***"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret cannot be pickled")


def _bytes(text: str) -> bytes:
    # aiohttp decodes odd header bytes to lone surrogates: they match nothing, but must not raise either.
    return text.encode("utf-8", "surrogatepass")
