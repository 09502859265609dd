# SPDX-License-Identifier: GPL-3.0-or-later
"""The walk of a conversion through the tables, in small steps, each of which may be the last one for now: the next
run of the command goes on from there."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from bouncestream.outbox.delivery import get_meta
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.sealing.columns import Table

#: Rows that are converted in one transaction, and seconds until the next, so that `run` gets its turn.
STEP, PAUSE = 500, 0.005
#: The same of tables with raw bodies.
STEP_OF_BYTES = 50
#: In `meta`: how far the conversion has come, as `<table> <number>`.
CURSOR = "sealing_at"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a conversion has come."""

    done: int  #: rows
    of: int


def walk(
    conn: Conn,
    tables: Iterable[Table],
    newest: Callable[[Table], int],
    upto: Callable[[Table, int, int], int | None],
    take: Callable[[Table, int, int], None],
) -> Iterator[Progress]:
    """Walk through the tables whose rows have numbers, from where CURSOR was left. `newest`: the highest number of
    a table; `upto`: the number of the last of so many rows after one, None: there is none; `take`: convert those
    behind one number up to another, and note that in CURSOR."""
    numbered = sorted((table for table in tables if table.rowid), key=lambda table: table.name)
    ends = [newest(table) for table in numbered]
    at, _, row = (get_meta(conn, CURSOR) or "").partition(" ")
    for number, table in enumerate(numbered):
        if table.name < at:
            continue
        after = int(row) if table.name == at else 0
        while (last := upto(table, after, STEP_OF_BYTES if table.bytes_ else STEP)) is not None:
            take(table, after, last)
            after = last
            yield Progress(min(sum(ends[:number]) + after, sum(ends)), sum(ends))
            time.sleep(PAUSE)
