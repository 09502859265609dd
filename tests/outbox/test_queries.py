# SPDX-License-Identifier: GPL-3.0-or-later
"""Every statement in queries.sql is used, is valid, and walks no table that grows if an event or a request waits
for it."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest

from bouncestream.outbox import queries
from bouncestream.outbox.queries import QUERIES
from bouncestream.outbox.sealing.unlock import SealedConnection

#: A person waits for these, or retention does; all others must find what they want by an index.
MAY_SCAN = {
    "list_rows",
    "rows_in_state",
    "stats_days",
    "stats_campaigns",
    "stats_sources",
    "stats_reasons",
    "stats_domains",
    "newest_by_source",
    "keys_of",
    "unread_labels",
    "waiting_in_scope",
    "newest_verified",
}

#: Walks of an index (or of one in its order, with LIMIT), each for its reason.
MAY_WALK = {
    "aside_bytes": "quarantine",  # once an hour, on the reading connection
    "any_again": "outbox USING INDEX outbox_again",  # LIMIT 1
    "oldest_unsettled": "outbox USING INDEX outbox_unsettled",  # LIMIT 1
    "more_unsettled": "outbox USING INDEX outbox_unsettled",  # LIMIT, while the oldest was let go
    "reset_absences_unsettled": "outbox USING INDEX outbox_unsettled",  # once a start
}
#: What SQLite alone takes: its hints, and functions of which every database has its own.
ONLY_SQLITE = {
    "keys_of",
    "any_again",
    "reposts",
    "list_set_aside",
    "list_rows",
    "rows_by_event_ids",
    "states_of",
    "stats_domains",
    "events_in_scope",
    "search_among",
    "told_of",
}
BIG = re.compile(r"SCAN (outbox|seen|history|raw|quarantine)\b(?! USING (COVERING )?INDEX sqlite_autoindex)")


@pytest.fixture
def conn(file_conn: sqlite3.Connection) -> sqlite3.Connection:
    """SQLite alone: PostgreSQL's plans are tested in `postgres/`."""
    return file_conn


def plan(conn: sqlite3.Connection, sql: str) -> list[str]:
    names = set(re.findall(r":([a-z_]+)", sql))
    values: object = dict.fromkeys(names, 1) if names else (1,) * sql.count("?")
    if isinstance(conn, SealedConnection):
        sql = conn.statements[sql].sql
    steps = conn.execute(f"EXPLAIN QUERY PLAN {sql}", values)  # type: ignore[arg-type]
    return [row[3].replace("SCAN main.", "SCAN ") for row in steps]


@pytest.mark.parametrize("name", sorted(QUERIES))
def test_it_is_valid_and_scans_no_table(conn: sqlite3.Connection, name: str) -> None:
    steps = plan(conn, QUERIES[name])
    if name in MAY_SCAN:
        return
    scans = [step for step in steps if BIG.search(step)]
    if name in MAY_WALK:
        assert scans == [f"SCAN {MAY_WALK[name]}"], steps
    else:
        assert scans == [], steps


@pytest.mark.parametrize("name", ["claim_due", "claim_absurd", "unsettled", "old_events"])
def test_it_is_in_order_without_sorting(conn: sqlite3.Connection, name: str) -> None:
    assert not [step for step in plan(conn, QUERIES[name]) if "TEMP B-TREE" in step]


def test_every_query_is_used_by_its_name() -> None:
    room = Path(queries.__file__).parent
    files = [path for name in ("maintenance", "dashboard") for path in (room.parent / name).rglob("*.py")]
    files += room.rglob("*.py")
    code = "".join(file.read_text("utf-8") for file in files)
    assert [name for name in QUERIES if f'"{name}"' not in code] == []


def test_the_exceptions_exist() -> None:
    assert set(MAY_WALK) | MAY_SCAN | ONLY_SQLITE <= set(QUERIES)


@pytest.mark.parametrize("name", sorted(set(QUERIES) - ONLY_SQLITE))
def test_a_second_database_could_take_it(name: str) -> None:
    """Names as they are in PostgreSQL 15, which was seen to prepare all others."""
    assert not re.search(r"INDEXED BY|json_each|instr\(|OR IGNORE|OR REPLACE|LIMIT -1|max\([^()]*,", QUERIES[name])


def test_a_name_is_given_once() -> None:
    with pytest.raises(AssertionError, match="two queries"):
        queries.parse("-- name: a\nSELECT 1;\n-- name: a\nSELECT 2;\n")


def test_comments_are_left_out() -> None:
    assert queries.parse("-- name: a\n-- why\nSELECT 1\n-- why\nFROM t;\n\n-- name: b\nSELECT 2;\n") == {
        "a": "SELECT 1\nFROM t",
        "b": "SELECT 2",
    }
