# SPDX-License-Identifier: GPL-3.0-or-later
"""What a session knows of how the outbox is sealed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class Changed(Exception):
    """The outbox is sealed otherwise than this session knew it: nothing of the transaction stands."""


@dataclass(frozen=True, slots=True)
class Known:
    """How far an outbox is sealed, as a session knows it."""

    state: str | None = None  #: None: it is in the open
    keys: tuple[bytes, ...] = ()  #: its first data key and the one that seals, wrapped
    number: int = 0  #: of the one that seals
    month: str = ""  #: of the one that seals; empty: none does

    def is_still(self, state: str | None, keys: Sequence[bytes]) -> bool:
        """Whether the outbox is sealed as it is known, by what a transaction sees."""
        return (state, tuple(keys)) == (self.state, self.keys)
