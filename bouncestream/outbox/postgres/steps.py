# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps from one version of the schema on PostgreSQL to the next: `migrations/NNNN_name.sql`, with the numbers
of SQLite's. `upgrade` takes them.

Several bridges work on one outbox, and they are updated one after the other. So the first line of each step says
what becomes of bridges of the versions before:

* `-- older bridges go on`: they need not know of it. It only adds: a table, an index, a column that they may leave
  out. While an index is made, who changes its table waits.
* `-- older bridges end first`: the step waits until none works on the outbox.

An empty table `schema_<number>` is the gate for programs of that version. Each transaction names it, so a program
whose gate was taken down stores nothing, whatever it was in the middle of; and whoever takes a gate down waits for
the transactions that have passed it. (A row would not do: a transaction may have seen it before it was changed.)
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from bouncestream.outbox.migrate import read

#: The version that outboxes on PostgreSQL began with.
FIRST = 16

GO_ON, END_FIRST = "-- older bridges go on", "-- older bridges end first"


@dataclass(frozen=True, slots=True)
class Step:
    """A step to a version of the schema from the one before."""

    number: int
    sql: str
    beside: bool  #: bridges of the versions before go on


@cache
def steps() -> tuple[Step, ...]:
    """Every step, in order, numbered without a gap from the first version on."""
    found = tuple(step(one.number, one.sql) for one in read("postgres/migrations"))
    assert [one.number for one in found] == [FIRST + at for at in range(1, len(found) + 1)]
    return found


def step(number: int, sql: str) -> Step:
    """A step as its file has it."""
    first = sql.partition("\n")[0]
    assert first in (GO_ON, END_FIRST), f"step {number} does not say what becomes of older bridges"
    return Step(number, sql, first == GO_ON)


def newest() -> int:
    """The schema version that this program works on."""
    return FIRST + len(steps())


def missing(number: int) -> tuple[Step, ...]:
    """The steps that an outbox of that version lacks."""
    return tuple(one for one in steps() if one.number > number)


def gate(number: int) -> str:
    """The name of the table that programs of a version must find."""
    return f"schema_{number}"
