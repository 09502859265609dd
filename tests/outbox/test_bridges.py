# SPDX-License-Identifier: GPL-3.0-or-later
"""Who works on an outbox, and at what."""

from __future__ import annotations

import sqlite3

from bouncestream.outbox.bridges import at_work
from bouncestream.outbox.place import Server
from bouncestream.outbox.postgres import leases, schema
from bouncestream.outbox.postgres.connection import connect


def test_a_file_has_one_bridge_of_which_nothing_is_written_down(conn: sqlite3.Connection) -> None:
    assert at_work(conn) == []


def test_each_bridge_is_told_with_its_jobs(pg_url: str) -> None:
    conn = connect(Server(pg_url, "one"))
    try:
        schema.create(conn)
        for name in ("one", "two"):
            leases.meet(conn, name, "1a", "0.1.0")
        leases.take(conn, ["relay", "mailbox a"], "two:1a")
        one, two = at_work(conn)
        assert (one.bridge.name, one.jobs) == ("one", {})
        assert two.bridge.alive and set(two.jobs) == {"mailbox a", "relay"} and min(two.jobs.values()) > 10
        conn.execute("UPDATE lease SET expires_at = clock_timestamp()")
        assert at_work(conn)[1].jobs == {}
    finally:
        conn.close()
