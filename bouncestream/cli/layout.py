# SPDX-License-Identifier: GPL-3.0-or-later
"""The layout of text in lines of a given width: wrapped between words, in columns. Pure.

Widths are in cells of a terminal, where a Chinese or Japanese character takes two (UAX #11, wide and fullwidth).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

#: Between two columns.
GAP = "  "
#: Prose beside other columns has at least so much room; else it stands below its row, with this indent.
_BESIDE, _BELOW = 30, "    "
#: A column that has to give way keeps so much.
_LEAST = 8

_NUMBER = re.compile(r"[\d,.]+")
#: Lines may end between words, and between the characters of scripts that know no blanks.
_PIECE = re.compile(r" +|[^ \u2e80-\ua4cf\uac00-\ud7ff\uf900-\ufaff\uff00-\uffef]+|.")


def width(text: str) -> int:
    """How many cells `text` takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(one) else 2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text
    )


def cut(text: str, room: int) -> str:
    """`text` in at most `room` cells, with … where something is missing."""
    if width(text) <= room:
        return text
    used = 0
    for at, one in enumerate(text):
        used += width(one)
        if used > room - 1:
            return text[:at] + "…"
    return text


def pad(text: str, room: int, *, right: bool = False) -> str:
    """`text` filled with blanks to `room` cells; `right`: in front."""
    blanks = " " * max(0, room - width(text))
    return blanks + text if right else text + blanks


def wrap(text: str, room: int, first: str = "", then: str = "") -> list[str]:
    """`text` in lines of at most `room` cells, which begin with `first`, then with `then`. A word is never broken:
    one that is longer than a line, such as a URL, has a longer line."""
    lines: list[str] = []
    line, used, blanks = first, width(first), ""
    empty = True
    for piece in _PIECE.findall(text):
        if piece[0] == " ":
            blanks = piece
            continue
        needs = width(piece)
        if not empty and used + len(blanks) + needs > room:
            lines.append(line)
            line, used, blanks, empty = then, width(then), "", True
        if not empty:
            line += blanks
            used += len(blanks)
        line += piece
        used += needs
        blanks, empty = "", False
    return [*lines, line.rstrip() if empty else line]


def columns(
    head: Sequence[str], rows: Sequence[Sequence[str]], room: int, *, prose: bool = False, whole: bool = False
) -> list[tuple[list[str], list[str]]]:
    """For the head and each row: its cells, filled to the width of their columns, and the lines below.

    `prose`: the last column is text, which is wrapped in its place, or below the row where that has no room. What
    else is too wide is cut, or with `whole` sticks out of its column. Numbers stand at the right.
    """
    every = [list(head), *(list(row) for row in rows)]
    fixed = [row[:-1] for row in every] if prose else every
    widths = [max(map(width, cells)) for cells in zip(*fixed, strict=True)]
    beside = 0
    if prose:
        longest = max(width(row[-1]) for row in every)
        left = room - sum(widths) - len(GAP) * len(widths)
        beside = left if left >= min(_BESIDE, longest) else 0
    _narrow(widths, room)
    right = [
        any(row[at] for row in fixed[1:]) and all(_NUMBER.fullmatch(row[at]) or not row[at] for row in fixed[1:])
        for at in range(len(widths))
    ]
    made = []
    for at, row in enumerate(every):
        cells = [
            pad(cell if whole else cut(cell, widths[n]), widths[n], right=right[n])
            for n, cell in enumerate(fixed[at])
        ]
        below: list[str] = []
        if beside:
            text, *more = wrap(row[-1], beside)
            cells.append(text)
            below = [" " * (sum(widths) + len(GAP) * len(widths)) + line for line in more]
        elif prose and row[-1] and at:
            below = wrap(row[-1], room, _BELOW, _BELOW)
        made.append((cells, below))
    return made


def _narrow(widths: list[int], room: int) -> None:
    """Let the widest columns give way until all fit, or none can any more."""
    while sum(widths) + len(GAP) * (len(widths) - 1) > room and max(widths) > _LEAST:
        widths[widths.index(max(widths))] -= 1


def paragraphs(text: str, room: int) -> Iterable[str]:
    """The lines of a text: each paragraph wrapped, each line that begins with a blank as it is."""
    for part in text.split("\n\n"):
        flow: list[str] = []
        for line in part.splitlines():
            if line.startswith(" "):
                yield from wrap(" ".join(flow), room) if flow else ()
                flow = []
                yield line
            else:
                flow.append(line)
        yield from wrap(" ".join(flow), room) if flow else ()
        yield ""
