# SPDX-License-Identifier: GPL-3.0-or-later
"""An end of a copy: the outbox that is copied, or the one that it is copied to. `file` and `server` are the two
kinds. Every call raises StoreError.

The source is locked for as long as it is open: nobody else writes to it, and no bridge starts on it. What is done
to the target is done as a whole or not at all, and on its disk after `begin` and `finish`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

from bouncestream.outbox.copied import Mark
from bouncestream.outbox.copying.tables import Table
from bouncestream.outbox.engine import Conn
from bouncestream.record import record

T = TypeVar("T")
Row = tuple[Any, ...]

#: So many odd texts of a table are told one by one.
TOLD = 20


@record(frozen=True, slots=True)
class Odd:
    """A text that PostgreSQL cannot hold, as it has a NUL or is no UTF-8; it is copied with U+FFFD instead."""

    table: str
    row: str  #: its key
    column: str


class End(Protocol):
    """An end of a copy, open."""

    where: str  #: its place, for a person
    odd: list[Odd]  #: what `rows` met since this was emptied, up to TOLD of it
    odds: int  #: how many it met

    def read(self, fn: Callable[[Conn], T]) -> T:
        """The result of a job that only reads."""
        ...

    def rows(self, table: Table, after: Row = ()) -> Iterator[Row]:
        """The rows in the order of their key, those `after` one with that key."""
        ...

    def count(self, table: Table) -> int:
        """How many rows there are."""
        return self.read(table.count)

    def close(self) -> None:
        """Undo what is not committed, and free it."""
        ...


class Source(End, Protocol):
    """The outbox that is copied."""

    def change(self, fn: Callable[[Conn], T]) -> T:
        """The result of a job that writes, once it is on the disk. Nothing is read after that."""
        ...


class Target(End, Protocol):
    """The outbox that is copied to."""

    def begin(self, mark: Mark) -> None:
        """Note that it is an unfinished copy. Raises OutboxCopied when it holds anything already."""
        ...

    def newest(self, table: Table) -> Row:
        """The key of the last row; empty: there is none."""
        return self.read(table.newest)

    def add(self, table: Table, rows: Sequence[Row]) -> None:
        """Add rows."""
        ...

    def put(self, table: Table, rows: Sequence[Row]) -> None:
        """Replace all rows."""
        ...

    def clear(self, table: Table) -> None:
        """Remove all rows of an unfinished copy."""
        ...

    def settle(self) -> None:
        """All rows are there: prepare it for its work. Raises StoreBusy when a bridge uses it already."""
        ...

    def finish(self, mark: Mark) -> None:
        """Note that it is whole, and where it came from."""
        ...
