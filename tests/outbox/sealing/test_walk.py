# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sqlite3

import pytest

from bouncestream.outbox.delivery import set_meta
from bouncestream.outbox.sealing import walk
from bouncestream.outbox.sealing.columns import Table, sealed_tables

NEWEST = {"history": 7, "outbox": 5}


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "STEP", 3)
    monkeypatch.setattr(walk, "PAUSE", 0)


def newest(table: Table) -> int:
    return NEWEST.get(table.name, 0)


def upto(table: Table, after: int, rows: int) -> int | None:
    return min(after + rows, newest(table)) if after < newest(table) else None


def test_each_row_is_taken_once_from_where_it_was_left(conn: sqlite3.Connection) -> None:
    taken: list[tuple[str, int, int]] = []

    def take(table: Table, after: int, last: int) -> None:
        taken.append((table.name, after, last))
        set_meta(conn, walk.CURSOR, f"{table.name} {last}")

    tables = sealed_tables(conn).values()
    first = next(walk.walk(conn, tables, newest, upto, take))
    assert (first.done, first.of) == (3, 12)
    *_, last = walk.walk(conn, tables, newest, upto, take)
    assert (last.done, last.of) == (12, 12)
    assert taken == [("history", 0, 3), ("history", 3, 6), ("history", 6, 7), ("outbox", 0, 3), ("outbox", 3, 5)]
    assert list(walk.walk(conn, tables, newest, upto, take)) == []
