# SPDX-License-Identifier: GPL-3.0-or-later
"""An outbox with rows in every table, and a database to copy it to."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bouncestream.event import Kind
from bouncestream.outbox import delivery
from bouncestream.outbox.copying.copy import Copy
from bouncestream.outbox.copying.file import FileEnd
from bouncestream.outbox.copying.tables import Table, tables
from bouncestream.outbox.place import Server
from bouncestream.ports import State, Unreadable
from tests.outbox import make

AT = "2026-03-01T12:00:00.000Z"
#: Rows for the tables that no event fills, with values that are awkward in one engine or the other.
ROWS: dict[str, list[tuple[Any, ...]]] = {
    "folders": [
        ("b", "IN\tB\\OX", 1, 7, AT, AT, 0, 0, 0, None, 3, 1),
        ("b", "Ä", 2**40, 7, AT, AT, 0, 0, 0, AT, 3, 1),
    ],
    "marks": [("b", "INBOX", 1, 7, "done", None), ("b", "INBOX", 1, 8, "unidentified", AT)],
    "tries": [("b", "INBOX", 1, 9, 2, 'a "quoted" \\N {word},\nin two lines', AT)],
    "passed_over": [("b", "INBOX", 1, 10, AT)],
    "alerts": [("dead", "", "error", 1, AT, AT, None, None, -1, 0, 1, "it's dead %s", "")],
    "notices": [(5, AT, "fired", "error", "t", "x", "f", "dead", "", None)],
    "notice_deliveries": [(5, "email", 1, AT, None, 0, "550 \x1b[31mno")],
    "source_hours": [(2**62, "ses", "hard", 3)],
    "later_reads": [("ses 2026-03-01", 1, AT)],
    "erasures": [(b"\x00\xff" * 16, AT, '["a@example.com"]', None)],
    "suppressed": [(b"", 1), (b"\x00", 2), (b"\xff", -(2**63))],
    "caused": [(1, AT, 9, 1, 3, b"\x01" * 32, "enabled", "blocklist", "{}", "", None, "")],
    "data_keys": [(1, "2026-03", b"\x00\x01")],
    "let_go": [(1, AT)],
}


def fill(conn: sqlite3.Connection) -> None:
    """Rows in each table, events in each state."""
    for number in range(8):
        make.submit(
            conn, make.event(f"p{number}@example.com", message_id=f"<{number}>", diagnostic="é \U0001f4a5 'x'")
        )
    many = (make.event(f"q{number}@example.com", Kind.SOFT, message_id=f"<q{number}>") for number in range(3))
    make.submit(
        conn, *many, make.event("h@example.com", message_id="<h>", hold="brake"), raw=bytes(range(256)) * 20
    )
    make.submit(conn, make.event("p1@example.com", message_id="<1>"))  # a duplicate
    make.submit(
        conn, unreadable=(Unreadable("not JSON", "odd", part=b"\x00x"), Unreadable("who?", unidentified=True))
    )
    claimed = [one.row for one in make.claim(conn, limit=4)]
    make.settle(conn, claimed[0], State.POSTED)
    make.settle(conn, claimed[1], State.POSTED, State.VERIFIED)
    make.settle(conn, claimed[2], State.DEAD)
    delivery.note_doubled(conn, ["an-event"], make.NOW)
    conn.execute("INSERT INTO block VALUES (1000, 1002, x'00ff')")
    for table in tables():
        if rows := ROWS.get(table.name):
            conn.executemany(
                f"INSERT INTO {table.name} ({table.listed}) VALUES ({', '.join('?' * len(table.columns))})", rows
            )
    empty = [one.name for one in tables() if conn.execute(f"SELECT count(*) FROM {one.name}").fetchone() == (0,)]
    assert not empty, "a new table: give it rows here"


@pytest.fixture
def full(path: Path) -> Path:
    """An outbox with rows in every table."""
    with closing(make.connect(path)) as conn:
        fill(conn)
    return path


@pytest.fixture
def server(pg_url: str) -> Server:
    return Server(pg_url, "test")


def contents(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of an outbox in a file, without the marks of a copy."""
    with closing(sqlite3.connect(path)) as conn:
        found = {
            one.name: conn.execute(f"SELECT * FROM {one.name} ORDER BY {one.ordered}").fetchall()
            for one in tables()
        }
    found["meta"] = [row for row in found["meta"] if not row[0].startswith(("cop", "restored"))]
    return found


def copied(source: Any, target: Any) -> Copy:
    """The copy from one end to the other, done; both are closed."""
    with closing(source), closing(target):
        made = Copy(source, target, lambda: datetime(2026, 3, 2, tzinfo=UTC))
        for _ in made.steps():
            pass
    return made


def one(name: str) -> Table:
    return next(table for table in tables() if table.name == name)


@pytest.fixture
def held(full: Path) -> Iterator[FileEnd]:
    with closing(FileEnd.source(full)) as end:
        yield end
