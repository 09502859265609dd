# SPDX-License-Identifier: GPL-3.0-or-later
"""This program as a newer version: with steps of the schema on PostgreSQL that it does not have yet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bouncestream.outbox.postgres import steps

#: What a step may do, after the line that says what becomes of older bridges.
ADDS = "\nCREATE TABLE more (id bigint);\nALTER TABLE outbox ADD COLUMN more text;\n"


@contextmanager
def newer(*sql: str) -> Iterator[None]:
    """A program that knows these steps more."""
    known = steps.steps
    more = tuple(steps.step(steps.newest() + at, text) for at, text in enumerate(sql, 1))
    found = (*known(), *more)
    steps.steps = lambda: found  # type: ignore[assignment]
    try:
        yield
    finally:
        steps.steps = known
