# SPDX-License-Identifier: GPL-3.0-or-later
"""Statements for a sealed outbox on PostgreSQL, which has no key and so no functions that seal and open. Pure: text
in, text out.

What is written is sealed before it is bound, so a statement tells which of its parameters are, and to what they are
bound. Where that is not among them, the row is looked up first. What is read carries its place (table, column and
row) behind a mark that nobody can guess, and is opened once it is here. So no statement computes with a sealed
column, but for whether it is empty.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bouncestream.outbox.sealing.columns import ROW, Table
from bouncestream.outbox.sealing.statements import HEAD, INSERT, PARAMETER, SET, VALUE, numbered, split, translate

#: How a sealed value begins, as bytes in SQL.
_BYTES = r"'\x7365616c65643a'::bytea"
_READ = re.compile(r"\b(FROM|JOIN)(\s+)(\w+)\b(?:\s+AS\s+(\w+))?")
_ITSELF = re.compile(r"\bFROM main\.(\w+)")
_PLACE = re.compile(r"[a-z_]{1,40}\.[a-z_]{1,40}")

#: A parameter by its number from 0, or by its name; `Text`: a value that is part of the statement.
Key = int | str


@dataclass(frozen=True, slots=True)
class Text:
    """A value that stands in the statement itself."""

    text: str


@dataclass(frozen=True, slots=True)
class Value:
    """A parameter that is sealed before it is bound."""

    at: Key
    place: str  #: table and column
    alike: bool
    row: tuple[int | Text, ...] | None = ()  #: the values that tell the row; None: they are looked up


@dataclass(frozen=True, slots=True)
class Plan:
    """How a statement is run on a sealed outbox."""

    sql: str  #: in SQLite's words
    values: tuple[Value, ...] = ()
    texts: tuple[str, ...] = ()  #: further parameters, which stood in the statement
    row: str = ""  #: the statement that looks up what tells the rows which this one changes, one after the other
    row_at: tuple[int, ...] = ()  #: its parameters


def plan(sql: str, tables: Mapping[str, Table], read: Callable[[Table], str]) -> Plan:
    """The plan of a statement. `read`: what stands for a table that is read. Raises ValueError for a form that is
    not known."""
    head = HEAD.match(sql)
    if head is None:
        return _read(sql, tables, read)
    table = tables.get(head[2])
    if table is None:
        return Plan(sql)
    translate(sql, tables)  # refuses what is not known
    text = numbered(sql)
    if head[1] == "INSERT INTO":
        return _insert(sql, text, head.end(), table)
    return _change(sql, text, head, table)


def opened_columns(table: Table, mark: str, kinds: Mapping[str, str]) -> str:
    """What stands for a table that is read with the key: its sealed values carry their place. `kinds`: column →
    PostgreSQL's type."""
    shown = []
    for column in table.columns:
        if column not in table.sealed:
            shown.append(column)
            continue
        length = "octet_length" if column in table.bytes_ else "char_length"
        head = f"'{mark}{table.name}.{column}'"
        for key in () if table.alike(column) else ROW[table.name]:
            of_bytes = kinds[key] == "bytea"
            told = f"encode({key}, 'hex')" if of_bytes else f"{key}::text"
            head += f" || '/{'x' if of_bytes else ''}' || {length}({told}) || ':' || {told}"
        head += " || ' '"
        if column in table.bytes_:
            is_sealed, value = f"substr({column}, 1, 7) = {_BYTES}", f"convert_to({head}, 'UTF8') || {column}"
        else:
            is_sealed, value = f"starts_with({column}, 'sealed:')", f"{head} || {column}"
        shown.append(f"CASE WHEN {is_sealed} THEN {value} ELSE {column} END AS {column}")
    return _select(table, shown)


def hidden_columns(table: Table) -> str:
    """What stands for a table that is read without the key: the word `sealed` for each text."""
    hidden = set(table.sealed) - table.bytes_
    shown = [
        f"CASE WHEN {column} <> '' THEN 'sealed' ELSE {column} END AS {column}" if column in hidden else column
        for column in table.columns
    ]
    return _select(table, shown)


def place_of(told: str) -> tuple[list[str], int]:
    """The place that a value carries, as arguments of the sealer, and where the value begins. Raises ValueError."""
    found = _PLACE.match(told)
    if found is None:
        raise ValueError(told[:40])
    place, at = [found[0]], found.end()
    while told[at] == "/":
        of_bytes = told[at + 1] == "x"
        colon = told.index(":", at)
        start = colon + 1
        at = start + int(told[at + 1 + of_bytes : colon])
        key = told[start:at]
        place.append(str(bytes.fromhex(key)) if of_bytes else key)
    return place, at + 1


def _select(table: Table, shown: list[str]) -> str:
    return f"(SELECT {', '.join(shown)} FROM {table.name})"  # noqa: S608


def _read(sql: str, tables: Mapping[str, Table], read: Callable[[Table], str]) -> Plan:
    values: list[Value] = []
    for name in {*_ITSELF.findall(sql)} & tables.keys():  # the table itself, for the sake of an index
        table = tables[name]
        for column in filter(table.alike, table.sealed):
            for name_of in re.findall(rf"\b{re.escape(column)} = :(\w+)", sql):
                values.append(Value(name_of, f"{name}.{column}", True))

    def table_of(found: re.Match[str]) -> str:
        if (table := tables.get(found[3])) is None:
            return found[0]
        return f"{found[1]}{found[2]}{read(table)} AS {found[4] or found[3]}"

    return Plan(_READ.sub(table_of, sql), tuple(values))


def _insert(sql: str, text: str, start: int, table: Table) -> Plan:
    found = INSERT.match(text[start:])
    assert found is not None, "`translate` has refused others"
    columns = [column.strip() for column in found[1].split(",")]
    parts, end = split(text, start + found.end())
    given = dict(zip(columns, parts, strict=True))
    values: list[Value] = []
    texts = _Texts(text)
    for column in sorted(given.keys() & {*table.sealed}, key=lambda name: not table.alike(name)):
        if not VALUE.search(given[column]):
            continue
        alike = table.alike(column)
        row = () if alike else tuple(_told(given[name], texts) for name in ROW[table.name])
        at = texts.parameter(given[column])
        if f"?{at + 1}" in text[end:]:
            raise ValueError(f"an INSERT into {table.name} that binds {column} twice")
        values.append(Value(at, f"{table.name}.{column}", alike, row))
        given[column] = f"?{at + 1}"
    if not texts.found:
        return Plan(sql, tuple(values))
    listed = ", ".join(given[column] for column in columns)
    return Plan(f"{text[:start]}{found[0]}{listed}{text[end:]}", tuple(values), tuple(texts.found))


def _change(sql: str, text: str, head: re.Match[str], table: Table) -> Plan:
    """An UPDATE, or a DELETE."""
    values: list[Value] = []
    texts = _Texts(text)
    parts: list[str] = []
    begin = end = head.end()
    if head[1] == "UPDATE":
        found = SET.match(text[begin:])
        assert found is not None, "`translate` has refused others"
        parts, end = split(text, begin + found.end(), stop="WHERE")
    where = text[end:]
    for column in filter(table.alike, table.sealed):
        for number in re.findall(rf"\b{re.escape(column)} = \?(\d+)", where):
            values.append(Value(int(number) - 1, f"{table.name}.{column}", True))
    sets = []
    for part in parts:
        column, _, expression = (piece.strip() for piece in part.partition("="))
        if column in table.sealed:
            alike = table.alike(column)

            def bound(found: re.Match[str], name: str = column, alike: bool = alike) -> str:
                at = texts.parameter(found[0])
                values.append(Value(at, f"{table.name}.{name}", alike, () if alike else None))
                return f"?{at + 1}"

            expression = VALUE.sub(bound, expression)
        sets.append(f"{column} = {expression}")
    if all(value.row is not None for value in values):
        if not texts.found:
            return Plan(sql, tuple(values))
        changed = f"UPDATE {table.name} SET {', '.join(sets)} {where}"  # noqa: S608
        return Plan(changed, tuple(values), tuple(texts.found))
    row_at: list[int] = []

    def of_row(found: re.Match[str]) -> str:
        row_at.append(int(found[1]) - 1)
        return "?"

    keys = ROW[table.name]
    lookup = f"SELECT {', '.join(keys)} FROM main.{table.name} {PARAMETER.sub(of_row, where)} FOR UPDATE"  # noqa: S608
    told = " AND ".join(f"{key} = ?{texts.count + at}" for at, key in enumerate(keys, 1))
    chosen = f"WHERE ({where.strip().removeprefix('WHERE')}) AND {told}" if where.strip() else f"WHERE {told}"
    changed = f"UPDATE {table.name} SET {', '.join(sets)} {chosen}"  # noqa: S608
    return Plan(changed, tuple(values), tuple(texts.found), lookup, tuple(row_at))


class _Texts:
    """The parameters of a statement, with texts that become such."""

    def __init__(self, text: str) -> None:
        self._before = max((int(number) for number in PARAMETER.findall(text)), default=0)
        self.found: list[str] = []

    @property
    def count(self) -> int:
        return self._before + len(self.found)

    def parameter(self, value: str) -> int:
        """The number of a value, from 0. Raises ValueError for one with a name."""
        if (found := PARAMETER.fullmatch(value)) is not None:
            return int(found[1]) - 1
        if not value.startswith("'"):
            raise ValueError(f"{value} is sealed, and neither a parameter without a name nor a text")
        self.found.append(value[1:-1].replace("''", "'"))
        return self.count - 1


def _told(value: str, texts: _Texts) -> int | Text:
    """A value that tells a row."""
    if PARAMETER.fullmatch(value):
        return texts.parameter(value)
    return Text(value.strip("'"))
