# SPDX-License-Identifier: GPL-3.0-or-later
"""Guessable secrets: the placeholders of the example and the documents, which the whole world can read, and texts
that a person typed to get past the length."""

from __future__ import annotations

import re
from itertools import pairwise

#: What stands for a secret in config.toml, the documents and the unit. A test finds each of them there.
PLACEHOLDERS = frozenset(
    {
        "at least 16 characters",
        "…",
        "…:…",
        "the password of the mailbox",
        "the-new-secret-0123456789",
        "the-old-secret-0123456789",
        "another-secret-0123456789",
    }
)

#: What people and tools write where a secret is still to be filled in.
_TO_BE_FILLED_IN = re.compile(
    r"(?:change|replace|fill)[-_ ]?(?:me|this|it|with|in)(?:[-_ ]\w{1,20}){0,4}|place[-_ ]?holder|"
    r"(?:your|my|some|the|insert|enter|put)[-_ ](?:\w{1,20}[-_ ]){0,2}"
    r"(?:secret|token|password|key)(?:[-_ ](?:here|goes|value)\b.{0,20})?(?![-_ ]?\w)|"
    r"(?:secret|token|password|key)[-_ ]goes[-_ ]here|"
    r"<[^<>]{0,60}>|\$\{?[A-Z_]{2,60}\}?|\{\{.{0,60}\}\}|[x*.…-]{4,}",
    re.IGNORECASE,
)

#: Fewer different characters than this make no secret of 16. One of 16 hexadecimal digits in 2.5 million has fewer.
_FEWEST = 5


def why_guessable(value: str, *, foreign: bool = False) -> str:
    """Why a secret can be guessed, in words that follow its name; empty: it cannot, as far as its form tells.

    `foreign`: someone else made it, so that only a placeholder is refused.
    """
    if value in PLACEHOLDERS:
        return "is a placeholder from the public documentation"
    if _TO_BE_FILLED_IN.fullmatch(value):
        return "is a placeholder that was not filled in"
    if foreign:
        return ""
    if len(set(value)) < _FEWEST:
        return "repeats a few characters"
    if _repeats(value):
        return "repeats one short piece"
    if _runs(value):
        return "is a sequence of neighbouring characters"
    return ""


def _repeats(value: str) -> bool:
    """Whether a piece of at most 8 characters, repeated, makes all of it."""
    return any(value == (value[:size] * len(value))[: len(value)] for size in range(1, 9))


def _runs(value: str) -> bool:
    """Whether nearly every character is the same as its neighbour, or the one after, or before: 0123456789abcdef,
    11112222333344445555."""
    steps = [ord(after) - ord(before) for before, after in pairwise(value)]
    return steps.count(0) + max(steps.count(1), steps.count(-1)) >= 0.8 * len(steps)
