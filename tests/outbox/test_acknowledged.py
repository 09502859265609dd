# SPDX-License-Identifier: GPL-3.0-or-later
"""What was acknowledged lately is remembered until it was compared; what is missing then is told once."""

from __future__ import annotations

import sqlite3

from bouncestream.outbox import acknowledged
from bouncestream.outbox.acknowledged import KEEP, Acknowledged, missing
from tests.outbox import make


def test_what_is_missing_is_told_once(conn: sqlite3.Connection) -> None:
    make.submit(conn, *(make.event(f"{name}@example.com") for name in ("ann", "bob", "cy")))
    there = [event_id for (event_id,) in conn.execute("SELECT event_id FROM outbox ORDER BY id")]
    recent = Acknowledged()
    recent.add([*there, "gone"], 0)
    assert missing(conn, recent.ids()) == ["gone"]
    recent.compared(["gone"])
    assert missing(conn, recent.ids()) == []


def test_it_is_forgotten_after_a_minute_but_not_during_trouble(conn: sqlite3.Connection) -> None:
    recent = Acknowledged()
    recent.add(["one"], 0)
    recent.doubtful = True
    recent.add(["two"], KEEP + 1)
    assert missing(conn, recent.ids()) == ["one", "two"]
    recent.compared([])
    assert not recent.doubtful
    recent.add(["three"], KEEP + 2)
    assert missing(conn, recent.ids()) == ["two", "three"]


def test_many_are_looked_up_in_parts(conn: sqlite3.Connection) -> None:
    recent = Acknowledged()
    recent.add([str(number) for number in range(acknowledged.AT_ONCE + 5)], 0)
    assert len(missing(conn, recent.ids())) == acknowledged.AT_ONCE + 5
