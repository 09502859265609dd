# SPDX-License-Identifier: GPL-3.0-or-later
"""Wordings whose punctuation tells what their words do not: asked only when nothing but bare words was found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shape:
    """One regular expression, for the lower-case text without white space around it. Keep repetitions bounded."""

    reason: str
    pattern: str
    said_by: str


SHAPES: tuple[Shape, ...] = (
    # With a colon where the address belongs, the address is there and its filter refuses.
    Shape("user_filtered", r"^\W{0,8}(?:smtp;\s{0,4})?550:? {0,2}: user unknown", "au (KDDI)"),
    Shape("user_filtered", r"-> 550 : user unknown", "au (KDDI)"),
    Shape(
        "user_unknown",
        r"^\W{0,8}(?:smtp;\s{0,4})?(?:<[^\s<>]{1,320}>: )?550:? <[^\s<>]{1,320}>: user unknown",
        "au (KDDI)",
    ),
    # Numbers in brackets behind the words of RFC 5321.
    Shape("user_unknown", r"mailbox unavailable \(-?\d{1,12}:-?\d{1,12}:-?\d{1,12}\)", "Microsoft"),
    Shape("user_unknown", r"mailbox unavailable \(s\d{10}\)", "Microsoft"),
    Shape("user_unknown", r"^unknown user: \S{1,320}$", "IMail"),
)
