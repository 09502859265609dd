# SPDX-License-Identifier: GPL-3.0-or-later
"""Phrases with `*`, which stands for any text, or none: which of them a text is, without regard to case.

All phrases of a table are one automaton, whose states are the bits of a number; a text is read once, from its first
to its last character, whatever the phrases are (Baeza-Yates and Gonnet, "A new approach to text searching", 1992).
"""

from __future__ import annotations

from collections.abc import Iterable


class Phrases:
    """Phrases that a text is compared with. Of several that fit, the one with the most characters beside `*`
    counts; of equal ones, the first."""

    __slots__ = ("_begin", "_ends", "_next", "_stay")

    def __init__(self, phrases: Iterable[str]) -> None:
        self._begin = 0  #: bits: nothing of a phrase is read yet
        self._stay = 0  #: bits at which a `*` stands: anything may follow
        self._next: dict[str, int] = {}  #: character → bits that it leads to from the bit below
        self._ends: dict[int, str] = {}  #: bit of a whole phrase → the phrase, the most telling ones first
        bit = 1
        for phrase in sorted(phrases, key=lambda one: -len(one.replace("*", ""))):
            self._begin |= bit
            for character in phrase.casefold():
                if character == "*":
                    self._stay |= bit
                else:
                    bit <<= 1
                    self._next[character] = self._next.get(character, 0) | bit
            self._ends[bit] = phrase
            bit <<= 1

    def find(self, text: str) -> str | None:
        """The phrase that the whole text is; None: it is none."""
        at = self._begin
        for character in text.casefold():
            at = ((at << 1) & self._next.get(character, 0)) | (at & self._stay)
            if not at:
                return None
        return next((phrase for bit, phrase in self._ends.items() if at & bit), None)
