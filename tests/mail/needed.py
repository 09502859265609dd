# SPDX-License-Identifier: GPL-3.0-or-later
"""What a pattern cannot match without: for tests of the cheap signs that are asked for before a search."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

ANYTHING = "\x00"


def _texts(items: Iterable[tuple[Any, Any]]) -> Iterator[str]:
    """The texts that fit a parsed pattern, at least as far as its letters go: what may be missing is missing, or
    one unknown character, and so is every class of characters."""
    for parts in product(*(list(_text(*item)) for item in items)):
        yield "".join(parts)


def _text(kind: Any, value: Any) -> Iterator[str]:
    if kind is op.LITERAL:
        yield chr(value)
    elif kind is op.IN and len(value) < 8 and all(k is op.LITERAL for k, _ in value):
        yield from (chr(letter) for _, letter in value)
    elif kind in (op.IN, op.ANY, op.NOT_LITERAL):
        yield ANYTHING
    elif kind is op.SUBPATTERN:
        yield from _texts(value[-1])
    elif kind is op.BRANCH:
        for one in value[1]:
            yield from _texts(one)
    elif kind in (op.MAX_REPEAT, op.MIN_REPEAT):
        if value[0]:
            yield from _texts(value[2])
        else:
            yield from ("", *(_texts(value[2]) if value[1] == 1 else (ANYTHING,)))
    else:  # a place, or a look around
        yield ""


def without(pattern: str, hints: Iterable[str]) -> list[str]:
    """Texts that fit a pattern and hold none of `hints`."""
    asked = tuple(hints)
    return [text for text in _texts(parser.parse(pattern)) if not any(hint in text for hint in asked)]
