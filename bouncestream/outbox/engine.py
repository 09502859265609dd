# SPDX-License-Identifier: GPL-3.0-or-later
"""What a job may ask of a connection, whichever engine the outbox is on: SQLite's own connection is one such, and
`postgres.connection.ServerConnection` the other.

A job is written once, for both. It runs statements of `QUERIES` by their SQLite text; where PostgreSQL's differ,
`postgres/queries.sql` has them under the same names, and the connection looks them up. So a job
* writes with `execute` and `executemany`, and reads with `fetchone`, `fetchall` or by iterating;
* takes the numbers of new rows from `reserve`, and asks for `lastrowid` only where it did so;
* knows no PRAGMA, no `INSERT OR …`, and no order of NULLs that it did not name;
* may run more than once, each time on a new view of the database: its only effect is the database.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol


class Cursor(Protocol):
    """What a statement returned."""

    @property
    def lastrowid(self) -> int | None: ...
    @property
    def rowcount(self) -> int: ...
    def execute(self, sql: str, parameters: Any = ..., /) -> Cursor: ...
    def executemany(self, sql: str, parameters: Any, /) -> Cursor: ...
    def fetchone(self) -> Any: ...
    def fetchall(self) -> list[Any]: ...
    def __iter__(self) -> Iterator[Any]: ...


class Conn(Protocol):
    """A connection to the outbox, as jobs use it."""

    @property
    def in_transaction(self) -> bool: ...
    def execute(self, sql: str, parameters: Any = ..., /) -> Cursor: ...
    def executemany(self, sql: str, parameters: Iterable[Any], /) -> Cursor: ...
    def cursor(self) -> Cursor: ...


class Numbering(Protocol):
    """A connection of an engine with many writers, where numbers of rows come from a sequence."""

    def reserve(self, table: str, count: int) -> Sequence[int]: ...


class Refused(ValueError):
    """The database has refused one row, and undone that statement alone: a CHECK, or a value of no type of its."""


def reserve(conn: Conn, table: str, count: int) -> Sequence[int]:
    """Reserve the numbers of so many rows that are about to be inserted into `table`, in ascending order. Where
    there is one writer, there is nothing to reserve: none, and a row gets the number after the newest."""
    if isinstance(conn, sqlite3.Connection):
        return ()
    numbering: Numbering = conn  # type: ignore[assignment]
    return numbering.reserve(table, count)
