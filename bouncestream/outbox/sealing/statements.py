# SPDX-License-Identifier: GPL-3.0-or-later
"""Statements for a sealed outbox. Pure: text in, text out.

Reading statements need nothing, as views of the same names stand before the tables: `view`. One that writes names
the table itself, and what it binds to a sealed column is sealed first: by an SQL function (`translate`), or, of an
INSERT of parameters, before it is bound (`prepare`). Only the forms that `queries.sql` uses are known; another one
is an error, and a test translates each statement there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bouncestream.outbox.sealing.columns import ROW, Table

HEAD = re.compile(r"\A(INSERT INTO|UPDATE|DELETE FROM) (?:main\.)?(\w+)\b")
INSERT = re.compile(r"\A\s{0,99}\(([^()]*)\)\s{0,99}VALUES\s{0,99}\(")
SET = re.compile(r"\A SET ")
#: Parameters, and texts that are not empty.
VALUE = re.compile(r"\?\d+|:\w+|'[^']+'")
PARAMETER = re.compile(r"\?(\d+)")
#: Texts, which hold no parameter, and parameters without a number.
_BARE = re.compile(r"'[^']*'|\?\d*")
_ITSELF = re.compile(r"\bFROM main\.(\w+)")
FROM = re.compile(r"\b((?:FROM|JOIN)\s+)(\w+)\b", re.IGNORECASE)
_COMPARED = re.compile(r"\b(\w+)\s*(?:=|<>|<|>|LIKE|IN)\s*[?:(]?[?:'][^']", re.IGNORECASE)
_OPEN, _CLOSE = "(", ")"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter that is sealed before it is bound."""

    at: int
    place: str  #: table and column
    row: tuple[int, ...]  #: the parameters that tell the row
    alike: bool


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement as it is run on a sealed outbox."""

    sql: str
    sealed: tuple[Parameter, ...] = ()


def prepare(sql: str, tables: Mapping[str, Table]) -> Statement:
    """A statement with these tables, and which of its parameters are sealed before they are bound. What comes in is
    stored by such statements: an SQL function must wait for the interpreter each time, beside a busy event loop.
    Raises ValueError as `translate` does."""
    translated = translate(sql, tables)
    head = HEAD.match(sql)
    table = tables.get(head[2]) if head is not None and head[1] == "INSERT INTO" else None
    text = numbered(sql)
    found = INSERT.match(text[head.end() :]) if head is not None and table is not None else None
    if head is None or table is None or found is None:
        return Statement(translated)
    values, end = split(text, head.end() + found.end())
    given = dict(zip((column.strip() for column in found[1].split(",")), values, strict=True))
    places = {column: int(one[1]) - 1 for column, value in given.items() if (one := PARAMETER.fullmatch(value))}
    sealed: list[Parameter] = []
    for column in given.keys() & {*table.sealed}:
        row = () if table.alike(column) else ROW[table.name]
        if not places.keys() >= {column, *row} or not {*table.sealed}.isdisjoint(row):
            return Statement(translated)
        told = tuple(places[name] for name in row)
        sealed.append(Parameter(places[column], f"{table.name}.{column}", told, table.alike(column)))
    if text[end:] != ")":
        return Statement(translated)
    return Statement(f"INSERT INTO main.{table.name}{text[head.end() :]}", tuple(sealed))


def translate(sql: str, tables: Mapping[str, Table]) -> str:
    """The statement as it is run on a sealed outbox with these tables. Raises ValueError for a form that is not
    known."""
    head = HEAD.match(sql)
    table = tables.get(head[2]) if head is not None else None
    if head is None:
        return _found_alike(sql, tables)
    if table is None:
        return sql
    verb, rest = head[1].upper(), numbered(sql)[head.end() :]
    if verb.startswith("INSERT"):
        rest = _insert(rest, table)
    elif verb == "UPDATE":
        rest = _update(rest, table, tables)
    else:
        rest = _choice(rest, table, tables)
    return f"{verb} main.{table.name}{rest}"


def _found_alike(sql: str, tables: Mapping[str, Table]) -> str:
    """A reading statement. Where it names a table itself, for the sake of an index, a column that is looked up by
    what it holds is as it is stored."""
    for name in {*_ITSELF.findall(sql)} & tables.keys():
        sql = _with_alike(sql, tables[name])
    return sql


def _with_alike(sql: str, table: Table) -> str:
    """What is compared with a column that is looked up by what it holds is sealed first."""
    for column in filter(table.alike, table.sealed):
        compared = rf"\b({re.escape(column)} = )(:\w+|\?\d+)"
        sql = re.sub(compared, rf"\1sealed_alike(\2, {table.place(column)})", sql)
    return sql


def view(table: Table, function: str | None) -> str:
    """The statement that makes the view which stands before a table. `function`: the SQL function that opens; None:
    texts are shown as the word `sealed`."""
    shown = []
    for column in table.columns:
        if column not in table.sealed or (function is None and column in table.bytes_):
            shown.append(f'"{column}"')
        elif function is None:
            shown.append(f"""CASE WHEN "{column}" <> '' THEN 'sealed' ELSE "{column}" END AS "{column}\"""")
        else:
            shown.append(f'{_function(table, column, function)} AS "{column}"')
    return f'CREATE TEMP VIEW "{table.name}" AS SELECT {", ".join(shown)} FROM main."{table.name}"'  # noqa: S608


def convert(table: Table, function: str, where: str = "") -> str:
    """The statement that has the sealed columns of some rows go through an SQL function, but for those that tell
    the rows apart (`convert_names`): what a value is bound to must not change in the same statement."""
    return _converted(table, function, [column for column in table.sealed if column not in ROW[table.name]], where)


def convert_names(table: Table, function: str) -> str:
    """The same for the columns that tell the rows apart; empty: none of them is sealed."""
    return _converted(table, function, [column for column in table.sealed if column in ROW[table.name]])


def _converted(table: Table, function: str, columns: Sequence[str], where: str = "") -> str:
    sets = ", ".join(f'"{column}" = {_function(table, column, function)}' for column in columns)
    return f'UPDATE main."{table.name}" SET {sets} {where}' if columns else ""  # noqa: S608


def _function(table: Table, column: str, function: str) -> str:
    alike = "_alike" if table.alike(column) else ""
    return f'{function}{alike}("{column}", {table.place(column)})'


def _sealed(table: Table, column: str, value: str, keys: Mapping[str, str] | None) -> str:
    function = "sealed_alike" if table.alike(column) else "sealed"
    sealed = f"{function}({value}, {table.place(column, keys)})"
    # what is empty stays so: SQLite itself sees that in a tenth of the time
    return sealed if value.startswith("'") else f"CASE WHEN {value} <> '' THEN {sealed} ELSE {value} END"


def _wrapped(table: Table, column: str, expression: str, keys: Mapping[str, str] | None = None) -> str:
    """An expression with each of its values sealed."""
    if column not in table.sealed:
        return expression
    return VALUE.sub(lambda found: _sealed(table, column, found[0], keys), expression)


def _insert(rest: str, table: Table) -> str:
    found = INSERT.match(rest)
    if found is None:
        raise ValueError(f"an INSERT into {table.name} without a list of columns, or not of VALUES")
    columns = [column.strip() for column in found[1].split(",")]
    values, end = split(rest, found.end())
    given = dict(zip(columns, values, strict=True))
    if not any(VALUE.search(given[column]) for column in given.keys() & {*table.sealed}):
        return rest
    if missing := [name for name in ROW[table.name] if name not in given]:
        raise ValueError(f"{table.name}: sealed values are bound to {missing}, which an INSERT lacks")
    row = {name: _wrapped(table, name, given[name], {}) for name in ROW[table.name]}
    told = ", ".join(_wrapped(table, column, value, row) for column, value in given.items())
    return f" ({', '.join(columns)}) VALUES ({told}{rest[end:]}"


def _update(rest: str, table: Table, tables: Mapping[str, Table]) -> str:
    found = SET.match(rest)
    if found is None:
        raise ValueError(f"an UPDATE of {table.name} of an unknown form")
    told = []
    parts, end = split(rest, found.end(), stop="WHERE")
    for part in parts:
        column, equals, expression = part.partition("=")
        column = column.strip()
        if not equals or column in ROW[table.name]:
            raise ValueError(f"an UPDATE of {table.name} that changes {column}, which names its rows")
        told.append(f"{column} = {_wrapped(table, column, expression.strip())}")
    return f" SET {', '.join(told)} {_choice(rest[end:], table, tables)}"


def _choice(rest: str, table: Table, tables: Mapping[str, Table]) -> str:
    """The part of a statement that chooses the rows which it changes, with the tables themselves for their views:
    there columns are compared with each other as they are stored. With a value only those may be that are looked up
    by what they hold."""
    rest = _with_alike(rest, table)
    for found in _COMPARED.finditer(rest):
        if any(found[1] in table.sealed for table in tables.values()):
            raise ValueError(f"a statement that changes rows compares {found[1]}, which is sealed")
    return FROM.sub(lambda found: f"{found[1]}main.{found[2]}" if found[2] in tables else found[0], rest)


def split(text: str, start: int, *, stop: str = "") -> tuple[list[str], int]:
    """The parts between commas from `start` on, up to the bracket that closes, or the word `stop`; and where that
    is."""
    parts: list[str] = []
    depth, begin = 0, start
    for at in range(start, len(text)):
        letter = text[at]
        if letter == _OPEN:
            depth += 1
        elif letter == _CLOSE and depth == 0:
            return [*parts, text[begin:at].strip()], at
        elif letter == _CLOSE:
            depth -= 1
        elif depth == 0 and letter == ",":
            parts.append(text[begin:at].strip())
            begin = at + 1
        elif depth == 0 and stop and text.startswith(stop, at) and text[at - 1].isspace():
            return [*parts, text[begin:at].strip()], at
    return [*parts, text[begin:].strip()], len(text)


def numbered(sql: str) -> str:
    """The statement with a number for each parameter that has none, so that one can be used twice."""
    count = 0

    def number(found: re.Match[str]) -> str:
        nonlocal count
        if found[0] != "?":
            return found[0]
        count += 1
        return f"?{count}"

    return _BARE.sub(number, sql)
