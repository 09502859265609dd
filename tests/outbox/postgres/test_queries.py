# SPDX-License-Identifier: GPL-3.0-or-later
"""Every statement is one of PostgreSQL's too, and walks no table that grows if an event or a request waits for
it."""

from __future__ import annotations

import re

import pytest

from bouncestream.outbox.postgres.connection import ServerConnection
from bouncestream.outbox.postgres.statements import POSTGRES
from bouncestream.outbox.queries import QUERIES
from tests.outbox.test_queries import MAY_SCAN, MAY_WALK

#: Found by an index on SQLite alone, each for its reason.
MAY_SCAN_HERE: set[str] = set()
BIG = re.compile(r"Seq Scan on (outbox|seen|history|raw|quarantine)\b")
PARAMETER = re.compile(r"%(?:s|\((\w+)\)s)|%%")


def prepared(conn: ServerConnection, name: str) -> tuple[str, int]:
    """A statement with PostgreSQL's own parameters, and how many."""
    names: list[str] = []

    def number(found: re.Match[str]) -> str:
        if found[0] == "%%":
            return "%"
        if found[1] is None or found[1] not in names:
            names.append(found[1] or "")
        return f"${names.index(found[1]) + 1 if found[1] else len(names)}"

    return PARAMETER.sub(number, conn.statements.single(QUERIES[name]).sql), len(names)


@pytest.mark.process
@pytest.mark.parametrize("name", sorted(QUERIES))
def test_it_is_valid_and_scans_no_table(server_conn: ServerConnection, name: str) -> None:
    sql, parameters = prepared(server_conn, name)
    conn = server_conn.conn
    conn.execute("BEGIN")
    conn.execute("SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL enable_seqscan = off")
    conn.execute(f"PREPARE one AS {sql}".encode())
    try:
        values = f" ({', '.join(['NULL'] * parameters)})" if parameters else ""
        steps = [row[0] for row in conn.execute(f"EXPLAIN EXECUTE one{values}".encode()).fetchall()]
    finally:
        conn.execute("DEALLOCATE one")
        conn.execute("ROLLBACK")
    if name not in MAY_SCAN | set(MAY_WALK) | MAY_SCAN_HERE:
        assert not [step for step in steps if BIG.search(step)], steps


def test_what_differs_has_the_name_of_one_of_sqlite() -> None:
    assert set(POSTGRES) <= set(QUERIES)
