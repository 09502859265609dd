# SPDX-License-Identifier: GPL-3.0-or-later
"""Every column of the schema is sealed, or is on the open list: whoever adds one has to say so."""

from __future__ import annotations

import sqlite3

from bouncestream.outbox.sealing.columns import ALIKE, OPEN, ROW, sealed_tables

#: What may hold an address, a UUID or foreign words. It follows from the schema and the open list; here it stands
#: to be read. A column that is added is sealed at once, and is added here.
SEALED = {
    "outbox": {"recipient", "subscriber_uuid", "diagnostic", "message_id", "provider_event_id", "evidence", "why",
               "reported"},
    "history": {"why"},
    "raw": {"content_type", "body", "headers"},
    "block": {"body"},
    "quarantine": {"why", "event_type"},
    "tries": {"why"},
    "alerts": {"subject", "text", "fix"},
    "notices": {"title", "text", "fix", "subject"},
    "notice_deliveries": {"error"},
    "erasures": {"names"},
}  # fmt: skip


def columns(conn: sqlite3.Connection) -> dict[str, set[str]]:
    tables = conn.execute("SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    return {
        name: {column for (column,) in conn.execute("SELECT name FROM pragma_table_info(?, 'main')", (name,))}
        for (name,) in tables.fetchall()
    }


def test_each_column_that_may_hold_names_or_foreign_words_is_sealed(conn: sqlite3.Connection) -> None:
    found = {name: set(table.sealed) for name, table in sealed_tables(conn).items()}
    assert found == SEALED


def test_the_lists_name_what_is_there(conn: sqlite3.Connection) -> None:
    there = columns(conn)
    assert {
        name: names - there.get(name, set()) for name, names in OPEN.items() if names - there.get(name, set())
    } == {}
    assert {name: {*names} - there[name] for name, names in ROW.items() if {*names} - there[name]} == {}
    assert {name for name, _ in ALIKE} <= SEALED.keys()


def test_each_table_says_what_its_values_are_bound_to(conn: sqlite3.Connection) -> None:
    assert sealed_tables(conn).keys() == ROW.keys()


def test_a_new_column_is_sealed(conn: sqlite3.Connection) -> None:
    conn.execute("ALTER TABLE main.history ADD COLUMN remark TEXT NOT NULL DEFAULT ''")
    conn.execute("CREATE TABLE main.letters (id INTEGER PRIMARY KEY, words TEXT, number INTEGER) STRICT")
    found = sealed_tables(conn)
    assert "remark" in found["history"].sealed
    assert found["letters"].sealed == ("words",)
