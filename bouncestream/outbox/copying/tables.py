# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of an outbox as they are copied: read from SQLite's schema, which PostgreSQL's is held to."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from typing import Any

from bouncestream.outbox.acknowledged import GONE
from bouncestream.outbox.copied import MARKS
from bouncestream.outbox.delivery import EXCESS, UNKNOWN_UUIDS, UNPROVEN
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.erasing import ERASED
from bouncestream.outbox.migrate import migrate
from bouncestream.outbox.missed import FOUND
from bouncestream.outbox.suppression import SUPPRESSED

#: What PostgreSQL has for itself: what is counted in `meta` of SQLite, and who the bridges are. And its columns.
OWN_TABLES = frozenset({"counters", "bridge", "lease"})
OWN_COLUMNS = frozenset({("tally", "bridge")})
#: What is counted under a name in `meta`, and on PostgreSQL in `counters`.
COUNTED = frozenset({"duplicates", "doubled", SUPPRESSED, UNPROVEN, EXCESS, UNKNOWN_UUIDS, GONE, FOUND, ERASED})
#: Names in `meta` that are not copied: those of a copy itself, and by which PostgreSQL knows the schema.
NOT_COPIED = (*MARKS, "application", "schema")
#: The same, for a statement.
OMITTED = ", ".join(f"'{name}'" for name in NOT_COPIED)
#: Tables that the engines keep in different ways: each is read and written as a whole.
AS_A_WHOLE = frozenset({"meta", "tally"})


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its columns in their order, with SQLite's words for their types, and those of its primary key."""

    name: str
    columns: tuple[str, ...]
    types: tuple[str, ...]
    key: tuple[str, ...]

    @property
    def whole(self) -> bool:
        """Whether it is read and written as a whole."""
        return self.name in AS_A_WHOLE

    @property
    def listed(self) -> str:
        """Its columns for a statement."""
        return ", ".join(self.columns)

    @property
    def ordered(self) -> str:
        """The columns of its key for a statement."""
        return ", ".join(self.key)

    def key_of(self, row: tuple[object, ...]) -> tuple[object, ...]:
        """The key of a row."""
        return tuple(row[self.columns.index(name)] for name in self.key)

    def selected(self, after: tuple[object, ...], mark: str) -> str:
        """The query for its rows in the order of their key, those `after` one with that key; `mark`: how the engine
        writes a parameter."""
        beyond = f"WHERE ({self.ordered}) > ({', '.join([mark] * len(after))}) " if after else ""
        return f"SELECT {self.listed} FROM {self.name} {beyond}ORDER BY {self.ordered}"  # noqa: S608

    def count(self, conn: Conn) -> int:
        """How many rows there are."""
        found: int = conn.execute(f"SELECT count(*) FROM {self.name}").fetchone()[0]  # noqa: S608
        return found

    def newest(self, conn: Conn) -> tuple[Any, ...]:
        """The key of the last row; empty: there is none."""
        last = " DESC, ".join(self.key) + " DESC"
        found = conn.execute(f"SELECT {self.ordered} FROM {self.name} ORDER BY {last} LIMIT 1")  # noqa: S608
        return found.fetchone() or ()


@cache
def tables() -> tuple[Table, ...]:
    """Every table of an outbox, as this program makes them; none refers to another one by a foreign key."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as conn:
        migrate(conn)
        names = conn.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY rowid").fetchall()
        return tuple(_table(conn, name) for (name,) in names)


def in_use(conn: Conn) -> list[str]:
    """The tables that hold something, which only an outbox that is in use has."""
    return [table.name for table in tables() if not table.whole and table.newest(conn)]


def _table(conn: sqlite3.Connection, name: str) -> Table:
    columns = conn.execute("SELECT name, type, pk FROM pragma_table_info(?)", (name,)).fetchall()
    key = sorted((place, column) for column, _, place in columns if place)
    return Table(
        name,
        tuple(column for column, _, _ in columns),
        tuple(kind for _, kind, _ in columns),
        tuple(column for _, column in key),
    )
