# SPDX-License-Identifier: GPL-3.0-or-later
"""The numbers of new rows, on both engines."""

from __future__ import annotations

import sqlite3

from bouncestream.outbox.engine import Conn, reserve


def test_numbers_are_reserved_where_there_are_many_writers(conn: Conn) -> None:
    found = reserve(conn, "outbox", 3)
    if isinstance(conn, sqlite3.Connection):
        assert found == ()  # the row after the newest gets the next one
    else:
        assert list(found) == sorted(set(found))
        assert len(found) == 3
        assert reserve(conn, "outbox", 1)[0] > found[-1]
