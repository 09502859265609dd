# SPDX-License-Identifier: GPL-3.0-or-later
"""SQLite's words → PostgreSQL's: what of a statement differs by rule. Pure; each statement is translated once.

What differs by more than a rule is written down in `queries.sql`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

#: Texts, comments and the parameters between them: `?`, `?3`, `:name`; not `::type`.
_TOKEN = re.compile(r"'[^']*'|x'[0-9a-fA-F]*'|::\w+|\?(\d*)|:([a-z_]+)|%")
_HINTS = re.compile(r" INDEXED BY \w+|\bmain\.")
_BYTES = re.compile(r"\bx'([0-9a-fA-F]*)'")
_LISTED = re.compile(r"\b([a-z_]+) IN \(SELECT value FROM json_each\((:[a-z_]+|\?)\)\)")
_SUMMED = re.compile(r"\bsum\(([a-z_]+ = '[a-z]+')\)")
#: Columns of numbers: what is listed for them is made one.
_NUMBERS = {"id", "outbox_id"}
_PLAIN_INSERT = re.compile(
    r"INSERT INTO (\w+)\s*\(([\w, \n]+)\)\s*VALUES\s*\(([?, \n]+)\)(\s*ON CONFLICT(?: \(\w+\))? DO NOTHING)?\Z"
)


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement as psycopg takes it: `%s`, or `%(name)s` where `named`. `numbered`: its values come as a
    sequence, and are named `p1`, `p2` …"""

    sql: str
    named: bool = False
    numbered: bool = False


def translate(sql: str) -> Statement:
    """The statement in PostgreSQL's words, with psycopg's placeholders."""
    if sql == "BEGIN IMMEDIATE":
        return Statement("BEGIN ISOLATION LEVEL REPEATABLE READ")
    sql = _BYTES.sub(r"'\\x\1'::bytea", _HINTS.sub("", sql))
    sql = _SUMMED.sub(r"count(*) FILTER (WHERE \1)", _LISTED.sub(_listed, sql))
    named = numbered = False

    def placeholder(found: re.Match[str]) -> str:
        nonlocal named, numbered
        text = found[0]
        if text[0] == "'" or text == "%":
            return text.replace("%", "%%")
        if text.startswith("::"):
            return text
        if text[0] == "?":
            if not found[1]:
                return "%s"
            numbered = True
            return f"%(p{found[1]})s"
        named = True
        return f"%({found[2]})s"

    return Statement(_TOKEN.sub(placeholder, sql), named, numbered)


def _listed(found: re.Match[str]) -> str:
    each = f"json_array_elements_text(CAST({found[2]} AS json))"
    if found[1] in _NUMBERS:
        each = f"CAST({each} AS bigint)"
    return f"{found[1]} = ANY (ARRAY(SELECT {each}))"


@dataclass(frozen=True, slots=True)
class Insert:
    """An insertion of one row of plain values, which can be one of many rows."""

    table: str
    columns: tuple[str, ...]
    tail: str  #: what follows the values


def insert(sql: str) -> Insert | None:
    """The parts of a plain insertion, in SQLite's words; None: it does anything else."""
    found = _PLAIN_INSERT.match(sql)
    if found is None:
        return None
    columns = tuple(name.strip() for name in found[2].split(","))
    if found[3].count("?") != len(columns):
        return None
    return Insert(found[1], columns, found[4] or "")


def many(one: Insert, types: dict[str, str]) -> str:
    """An insertion of many rows, each column's values in one array. `types`: of the columns of that table."""
    arrays = ", ".join(f"%s::{types[name]}[]" for name in one.columns)
    names = ", ".join(one.columns)
    return f"INSERT INTO {one.table} ({names}) SELECT * FROM unnest({arrays}){one.tail}"  # noqa: S608


def array(values: Iterable[Any]) -> str:
    """Values of one column as PostgreSQL's text of an array (its documentation, 8.15.2 and 8.15.6). psycopg's own
    way takes ten times as long, which is half of the time of an event."""
    return "{" + ",".join(map(_element, values)) + "}"


def _element(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, bytes):
        return '"\\\\x' + value.hex() + '"'
    return str(int(value)) if isinstance(value, bool) else str(value)
