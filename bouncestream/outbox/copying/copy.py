# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of a copy, from one end to the other. Killed at any of them and begun again it continues, and whatever
was done before, nothing is believed: in the end each table is read on both ends, and compared by the digest of all
of its rows. A table that differs, as the outbox was used between two runs, is copied once more.

Two marks (`outbox.copied`) see to it that at every moment one of the two may be used at most: the copy is closed
from its first row on, the outbox that is copied is closed once all is compared, and only then the copy is opened.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from bouncestream.errors import OutboxCopied, SealRefused, StoreUnavailable
from bouncestream.outbox import codec
from bouncestream.outbox.copied import CAME_FROM, UNFINISHED, WENT_TO, Mark, mark_of, refusal, set_mark, went
from bouncestream.outbox.copying.end import End, Odd, Row, Source, Target
from bouncestream.outbox.copying.tables import Table, tables
from bouncestream.outbox.delivery import get_meta
from bouncestream.outbox.sealing.state import STATE, State
from bouncestream.record import record

#: Rows and bytes of one transaction.
ROWS, BYTES = 5000, 4 << 20
#: After so many rows that were compared it is said how far it is.
COMPARED = 20_000


@record(frozen=True, slots=True)
class Progress:
    """How far a table is."""

    table: str
    done: int  #: rows
    of: int
    comparing: bool = False  #: they are there, and are read again on both ends


@record(frozen=True, slots=True)
class Copied:
    """A table that is on both ends the same."""

    table: str
    rows: int
    digest: str  #: SHA-256 of all rows in the order of their key


@dataclass(eq=False)
class Copy:
    """A copy. `steps` does it; what follows stands here then."""

    source: Source
    target: Target
    now: Callable[[], datetime]
    tables: list[Copied] = field(default_factory=list, init=False)
    #: Some of the texts that could not be copied as they are.
    odd: list[Odd] = field(default_factory=list, init=False)
    odds: int = field(default=0, init=False)  #: how many these were
    before: Mark | None = field(default=None, init=False)  #: an earlier run had finished it: nothing was done
    closing: bool = field(default=False, init=False)  #: the source is closed, or about to be
    resumed: bool = field(default=False, init=False)  #: an earlier run had begun it

    def steps(self) -> Iterator[Progress]:
        """Do it. Raises OutboxCopied, when one of the two is not to be copied from or to, and other StoreErrors."""
        mark = self._agree()
        if mark is None:
            return
        for table in tables():
            yield from self._table(table)
        self.target.settle()
        at = codec.stamp(self.now())
        self.closing = True
        self.source.change(
            partial(set_mark, name=WENT_TO, mark=Mark(mark.copy, mark.instance, self.target.where, at))
        )
        self.target.finish(Mark(mark.copy, mark.instance, self.source.where, at))

    def _agree(self) -> Mark | None:
        """The mark of this copy, which the target has from now on; None: it is finished already."""
        instance = self.source.read(lambda conn: get_meta(conn, "instance")) or ""
        sealed = self.source.read(partial(get_meta, name=STATE))
        if sealed not in (None, State.SEALED):
            raise SealRefused(
                f"{self.source.where} is sealed in part: a conversion was not finished. Nothing was changed. Next: "
                "run `bouncestream seal`, or `bouncestream unseal`, to its end, and run this again."
            )
        gone = self.source.read(partial(mark_of, name=WENT_TO))
        begun = self.target.read(partial(mark_of, name=UNFINISHED))
        came = self.target.read(partial(mark_of, name=CAME_FROM))
        if gone is not None and begun is None and came is not None and came.copy == gone.copy:
            self.before = came
            return None
        if gone is not None and (begun is None or begun.copy != gone.copy):
            raise OutboxCopied(went(gone))
        if gone is None and (text := self.source.read(refusal)):
            raise OutboxCopied(text)
        if begun is None:
            mark = Mark(secrets.token_hex(8), instance, self.source.where, codec.stamp(self.now()))
            self.target.begin(mark)
            return mark
        if begun.instance != instance:
            raise OutboxCopied(
                f"{self.target.where} is an unfinished copy of another outbox, {begun.place}. Nothing was changed. "
                "Next: finish that one first, or choose another place for this one."
            )
        self.resumed = True
        return begun

    def _table(self, table: Table) -> Iterator[Progress]:
        """Copy a table, or the rest of it, and compare."""
        if table.whole:
            rows = list(self.source.rows(table))
            if list(self.target.rows(table)) != rows:
                self.target.put(table, rows)
            yield from self._compare(table, len(rows))
        else:
            yield from self._fill(table, self.target.newest(table) if self.resumed else ())
            same = yield from self._compare(table, self.source.count(table))
            if not same:
                self.target.clear(table)
                yield from self._fill(table, ())
                yield from self._compare(table, self.source.count(table))
        if not self.tables or self.tables[-1].table != table.name:
            raise StoreUnavailable(
                f"{table.name} is not the same on both ends, though it was copied again. Next: look for damage of "
                f"the disks, and report it; {self.source.where} is as it was."
            )

    def _fill(self, table: Table, after: Row) -> Iterator[Progress]:
        done, of = self.target.count(table) if after else 0, self.source.count(table)
        for rows in _parts(self.source.rows(table, after)):
            self.target.add(table, rows)
            done += len(rows)
            yield Progress(table.name, done, of)

    def _compare(self, table: Table, of: int) -> Generator[Progress, None, bool]:
        """Whether a table is the same on both ends; then it is noted."""
        self.source.odd, self.source.odds = [], 0
        ours = yield from _digest(self.source, table, 2 * of, 0)
        theirs = yield from _digest(self.target, table, 2 * of, of)
        if ours != theirs:
            return False
        self.odd += self.source.odd
        self.odds += self.source.odds
        self.tables.append(ours)
        return True


def _digest(end: End, table: Table, of: int, before: int) -> Generator[Progress, None, Copied]:
    """The digest of all rows. Python writes equal values of these types alike, and others differently."""
    found, rows = hashlib.sha256(), 0
    for row in end.rows(table):
        found.update(repr(row).encode())
        rows += 1
        if rows % COMPARED == 0:
            yield Progress(table.name, (before + rows) // 2, of // 2, comparing=True)
    return Copied(table.name, rows, found.hexdigest())


def _parts(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Rows in parts, none of which is large."""
    part: list[Row] = []
    size = 0
    for row in rows:
        part.append(row)
        size += sum(len(value) for value in row if isinstance(value, (str, bytes)))
        if len(part) >= ROWS or size >= BYTES:
            yield part
            part, size = [], 0
    if part:
        yield part
