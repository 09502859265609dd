# SPDX-License-Identifier: GPL-3.0-or-later
"""How commands show things: tables and text in lines that fit, with colours on a terminal; JSON lines.

Every text that comes here is taken to be foreign and made printable.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from bouncestream.cli import layout
from bouncestream.printable import mask_all, printable

#: mark → colour on a terminal
MARKS: Mapping[str, str] = {"✔": "green", "⚠": "yellow", "✘": "red", "·": "dim", "PASS": "green", "FAIL": "red"}
_COLOURS = {
    "verified": "green",
    "unstored": "green",
    "dead": "red",
    "held": "yellow",
    "hard": "red",
    "complaint": "magenta",
    "soft": "yellow",
}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
#: style → its number on a terminal (ECMA-48 section 8.3.117)
_SGR = {"bold": 1, "dim": 2, "red": 31, "green": 32, "yellow": 33, "magenta": 35}


def kind(word: str) -> str:
    """The kind of a verdict, as it is told to people: what is ignored is "ignored" everywhere."""
    return "ignored" if word == "ignore" else word


def judged(kind: str, reason: str) -> str:
    """A verdict in two words: its kind, and the reason where that says more."""
    return kind if reason in ("", kind) else f"{kind} {reason}"


def on_terminal() -> bool:
    """Whether a person reads standard output."""
    return sys.stdout.isatty()


def room() -> int:
    """The cells of a line: of the terminal ($COLUMNS where set), and 80 in a pipe."""
    return max(40, shutil.get_terminal_size().columns)


def prose_room() -> int:
    """The cells of a line of prose: longer ones are hard to read, but $COLUMNS is a wish."""
    return room() if "COLUMNS" in os.environ else min(room(), 100)


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, title: str = "", prose: bool = False) -> None:
    """Rows below their columns. `prose`: the last column is text of any length. What is too wide for a terminal is
    cut with …; a pipe loses nothing."""
    clean = [[printable(cell) for cell in row] for row in rows]
    if title:
        heading(title)
    made = layout.columns(columns, clean, room(), prose=prose, whole=not on_terminal())
    for number, (cells, below) in enumerate(made):
        cells[-1] = cells[-1].rstrip()
        print(layout.GAP.join(coloured(cell, _style(cell.strip()) if number else "dim") for cell in cells).rstrip())
        for line in below:
            print(coloured(line, "dim"))


def _style(word: str) -> str:
    return _COLOURS.get(word.partition(" ")[0]) or MARKS.get(word, "")


def fields(pairs: Iterable[tuple[str, str]], indent: str = "") -> None:
    """Names and values, one pair a line, long values wrapped; empty values are left out."""
    kept = [(name, printable(value)) for name, value in pairs if value]
    width = max((layout.width(name) for name, _ in kept), default=0)
    for name, value in kept:
        first = f"{indent}{layout.pad(name, width)}  "
        line, *more = layout.wrap(value, prose_room(), first, " " * layout.width(first))
        print(f"{coloured(first, 'dim')}{coloured(line[len(first) :], _style(value))}")
        for line in more:
            print(line)


def mark(sign: str, text: str, fix: str = "") -> None:
    """A line of a check with its sign, and the fix below it."""
    first, *more = layout.wrap(printable(text), prose_room(), f"{sign} ", "  ")
    print(coloured(sign, MARKS.get(sign, "")) + first[len(sign) :])
    for line in more:
        print(line)
    if fix:
        prose(fix, "  → ", "    ")


def prose(text: str, first: str = "", then: str = "") -> None:
    """Text in lines that can be read, which begin with `first`, then with `then`."""
    print(*layout.wrap(printable(text), prose_room(), first, then), sep="\n")


def masked(text: str, args: argparse.Namespace) -> str:
    """`text` with its addresses masked, unless --reveal."""
    return text if args.reveal else mask_all(text)


def heading(text: str) -> None:
    """A line above others."""
    first, *more = layout.wrap(printable(text), prose_room())
    print(coloured(first, "bold"))
    for line in more:
        print(coloured(line, "bold"))


def coloured(text: str, style: str) -> str:
    """`text`, in a style on a terminal that takes colours: not where NO_COLOR is set (no-color.org)."""
    if not style or not text or not on_terminal():
        return text
    if os.environ.get("NO_COLOR") or os.environ.get("TERM", "dumb") == "dumb":
        return text
    return f"\x1b[{_SGR[style]}m{text}\x1b[0m"


def json_line(value: Any) -> None:
    """Print a JSON value on one line, in ASCII, so that nothing foreign reaches a terminal as it is."""
    print(json.dumps(value, default=str))


#: How a formula begins in some spreadsheet, also in full width.
_FORMULA = frozenset("=+-@|%\uff1d\uff0b\uff0d\uff20")


def csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print rows as CSV (RFC 4180). A cell that a spreadsheet would take for a formula gets a ' before it, since
    foreign servers write some of them (OWASP, CSV Injection, read in November 2026)."""
    import csv as writer  # few commands need it

    lines = writer.writer(sys.stdout, lineterminator="\r\n")
    lines.writerow(columns)
    for row in rows:
        lines.writerow(_harmless(cell) for cell in row)


def _harmless(cell: Any) -> Any:
    if not isinstance(cell, str):
        return "" if cell is None else cell
    cell = printable(cell)
    return f"'{cell}" if cell.lstrip()[:1] in _FORMULA else cell


def time(at: datetime | None) -> str:
    """A time for JSON: RFC 3339, UTC; empty: none."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z") if at else ""


def when(at: datetime | None) -> str:
    """A time for a person, in UTC, to the second: where one event is shown."""
    return f"{at:%Y-%m-%d %H:%M:%S}" if at else ""


def short(at: datetime | None, now: datetime) -> str:
    """A time for a person, in UTC, as short as a list needs it: 15:39, yesterday, 28 Nov, 28 Nov 2025."""
    if at is None:
        return ""
    if at.date() == now.date():
        return f"{at:%H:%M}"
    if at.date() == (now - timedelta(days=1)).date():
        return "yesterday"
    return f"{at.day} {_MONTHS[at.month - 1]}" + (f" {at.year}" if at.year != now.year else "")


def tell(as_json: bool, done: Sequence[int], refused: dict[int, str], done_word: str, noun: str) -> int:
    """Tell what was done and what was refused, with the reason; exit code 1 when something was refused."""
    if as_json:
        json_line({done_word: list(done), "refused": {str(row): why for row, why in refused.items()}})
        return 1 if refused else 0
    for row, why in refused.items():
        mark("✘", f"{noun} {row}: {mask_all(why)}")
    mark("✔" if done or not refused else "✘", f"{done_word} {len(done)} {noun}{'' if len(done) == 1 else 's'}")
    return 1 if refused else 0
