# SPDX-License-Identifier: GPL-3.0-or-later
"""How commands show things: tables and colours on a terminal (rich), aligned plain text in a pipe, JSON lines.

Every text that comes here is taken to be foreign and made printable.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

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


def kind(word: str) -> str:
    """The kind of a verdict, as it is told to people: what is ignored is "ignored" everywhere."""
    return "ignored" if word == "ignore" else word


def on_terminal() -> bool:
    """Whether a person reads standard output."""
    return sys.stdout.isatty()


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, title: str = "") -> None:
    """Rows below their columns."""
    clean = [[printable(cell) for cell in row] for row in rows]
    if on_terminal():
        _rich_table(columns, clean, title)
        return
    if title:
        print(title)
    widths = [max(map(len, cells)) for cells in zip(columns, *clean, strict=True)]
    for row in [list(columns), *clean]:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _rich_table(columns: Sequence[str], rows: Sequence[Sequence[str]], title: str) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    made = Table(
        box=box.SIMPLE_HEAD, title=title or None, title_justify="left", padding=(0, 1, 0, 0), show_edge=False
    )
    for column in columns:
        made.add_column(column, overflow="fold")
    for row in rows:
        made.add_row(*(Text(cell, style=_COLOURS.get(cell, MARKS.get(cell, ""))) for cell in row))
    Console(highlight=False).print(made)


def fields(pairs: Iterable[tuple[str, str]]) -> None:
    """Names and values, one pair a line; empty values are left out."""
    kept = [(name, printable(value)) for name, value in pairs if value]
    width = max((len(name) for name, _ in kept), default=0)
    for name, value in kept:
        print(f"{coloured(name.ljust(width), 'dim')}  {coloured(value, _COLOURS.get(value, ''))}")


def mark(sign: str, text: str, fix: str = "") -> None:
    """A line of a check with its sign, and the fix below it."""
    print(f"{coloured(sign, MARKS.get(sign, ''))} {printable(text)}")
    if fix:
        print(f"  → {printable(fix)}")


def masked(text: str, args: argparse.Namespace) -> str:
    """`text` with its addresses masked, unless --reveal."""
    return text if args.reveal else mask_all(text)


def heading(text: str) -> None:
    """A line above others."""
    print(coloured(printable(text), "bold"))


def coloured(text: str, style: str) -> str:
    """`text`, in a style of rich's on a terminal that takes colours."""
    if not style or not text or not on_terminal():
        return text
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    with console.capture() as captured:
        console.print(Text(text, style=style), end="")
    return captured.get()


def json_line(value: Any) -> None:
    """Print a JSON value on one line, in ASCII, so that nothing foreign reaches a terminal as it is."""
    print(json.dumps(value, default=str))


def time(at: datetime | None) -> str:
    """A time for JSON: RFC 3339, UTC; empty: none."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z") if at else ""


def when(at: datetime | None) -> str:
    """A time for a person, in UTC."""
    return f"{at:%Y-%m-%d %H:%M:%S}" if at else ""


def tell(as_json: bool, done: Sequence[int], refused: dict[int, str], done_word: str, noun: str) -> int:
    """Tell what was done and what was refused, with the reason; exit code 1 when something was refused."""
    if as_json:
        json_line({done_word: list(done), "refused": {str(row): why for row, why in refused.items()}})
        return 1 if refused else 0
    for row, why in refused.items():
        mark("✘", f"{noun} {row}: {mask_all(why)}")
    mark("✔" if done or not refused else "✘", f"{done_word} {len(done)} {noun}{'' if len(done) == 1 else 's'}")
    return 1 if refused else 0
