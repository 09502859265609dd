# SPDX-License-Identifier: GPL-3.0-or-later
"""Each migration of SQLite has its step on PostgreSQL, and the steps end where a new outbox begins."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from bouncestream.outbox import migrate
from bouncestream.outbox.place import Server
from bouncestream.outbox.postgres.connection import ServerConnection, connect
from bouncestream.outbox.postgres.schema import VERSION, create, version
from bouncestream.outbox.postgres.steps import END_FIRST, FIRST, GO_ON, gate, missing, newest, step, steps
from bouncestream.outbox.postgres.upgrade import upgrade
from tests.outbox import make
from tests.outbox.postgres.newer import ADDS, newer

#: The `schema.sql` of the first release: `git show` of its tag has it. It is needed from the first step on.
RELEASED = make.FIXTURES / f"postgres_{FIRST}.sql"
#: What older bridges need not know of.
HARMLESS = re.compile(
    r"CREATE TABLE \w+ \(.*\)|CREATE (UNIQUE )?INDEX .+|ALTER TABLE \w+ ADD COLUMN (?!.*NOT NULL(?!.*DEFAULT)).+"
    r"|ALTER TABLE \w+ SET \(.*\)|CREATE (OR REPLACE )?VIEW .+|DROP VIEW .+",
    re.DOTALL,
)


def test_each_migration_of_sqlite_has_its_step() -> None:
    assert newest() == migrate.newest(), "write the same change for PostgreSQL: postgres/schema.sql and migrations"


def refused(sql: str) -> list[str]:
    """The statements of a step that older bridges may not live with, though it says that they go on."""
    plain = re.sub(r"--[^\n]*", "", sql)
    return [one.strip() for one in plain.split(";") if one.strip() and not HARMLESS.fullmatch(one.strip())]


def test_a_step_that_older_bridges_go_on_beside_only_adds() -> None:
    assert {one.number: refused(one.sql) for one in steps() if one.beside and refused(one.sql)} == {}
    assert refused(GO_ON + ADDS) == []
    bad = ["DROP TABLE seen", "ALTER TABLE outbox ADD COLUMN a text NOT NULL", "UPDATE outbox SET why = ''"]
    assert refused("; ".join([*bad, "ALTER TABLE outbox ADD COLUMN a text NOT NULL DEFAULT ''"])) == bad


def test_a_step_says_what_becomes_of_older_bridges() -> None:
    assert step(17, GO_ON + ADDS).beside
    assert not step(17, END_FIRST + ADDS).beside
    with pytest.raises(AssertionError, match="step 17 does not say"):
        step(17, ADDS)


def test_the_steps_that_an_outbox_lacks() -> None:
    now = newest()
    assert missing(now) == ()
    with newer(GO_ON, END_FIRST):
        assert newest() == now + 2
        assert [one.number for one in missing(now)] == [now + 1, now + 2]
        assert [one.number for one in missing(now + 1)] == [now + 2]


@pytest.mark.process
def test_the_steps_make_of_the_first_outbox_what_a_new_one_is(pg_url: str) -> None:
    first = connect(Server(pg_url, "one"))
    try:
        if not RELEASED.exists():
            assert not steps(), f"keep the schema.sql of the release before the first step as {RELEASED}"
            return
        first.conn.execute(RELEASED.read_bytes())
        first.execute(f"CREATE TABLE {gate(FIRST)} ()")
        seed = "INSERT INTO meta (name, value) VALUES ('application', 'bouncestream outbox'), (?, ?)"
        first.execute(seed, (VERSION, str(FIRST)))
        assert upgrade(first) == ""
        assert version(first) == newest()
        stepped = described(first)
        first.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        create(first)
        assert stepped == described(first)
    finally:
        first.close()


@pytest.mark.process
def test_a_step_that_makes_something_else_is_noticed(pg_url: str) -> None:
    conn = connect(Server(pg_url, "one"))
    try:
        create(conn)
        before = described(conn)
        assert len(before) > 300
        for change in (
            "ALTER TABLE outbox ALTER COLUMN sure SET DEFAULT 1",
            "ALTER TABLE raw ALTER COLUMN body SET STORAGE EXTENDED",
            "ALTER TABLE tally SET (fillfactor = 21)",
            "CREATE INDEX more ON outbox (kind)",
            "ALTER TABLE outbox ADD CHECK (attempt < 9)",
            "CREATE OR REPLACE VIEW by_state AS SELECT state, max(events) AS events FROM tally GROUP BY state",
        ):
            conn.execute("BEGIN")
            conn.execute(change)
            assert described(conn) != before, change
            conn.rollback()
        assert described(conn) == before
    finally:
        conn.close()


def described(conn: ServerConnection) -> set[tuple[object, ...]]:
    """Each column, CHECK, key, index, view and setting of a table, as PostgreSQL writes it; but no gates."""
    ours = "SELECT oid FROM pg_class WHERE relnamespace = current_schema()::regnamespace "
    ours += "AND relname !~ '^schema_'"
    asked = (
        "SELECT attrelid::regclass, attname, format_type(atttypid, atttypmod), attnotnull, attidentity::text, "
        "attstorage::text, attcollation::regcollation::text, pg_get_expr(adbin, adrelid) FROM pg_attribute "
        "LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum "
        "WHERE attnum > 0 AND NOT attisdropped AND attrelid IN ({})",
        "SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid IN ({})",
        "SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid IN ({})",
        "SELECT relname, reloptions::text, CASE relkind WHEN 'v' THEN pg_get_viewdef(oid) END FROM pg_class "
        "WHERE oid IN ({})",
    )
    return {(at, *row) for at, sql in enumerate(asked) for row in conn.execute(sql.format(ours)).fetchall()}


def test_the_schema_of_a_new_outbox_has_no_gate_of_its_own() -> None:
    text = files("bouncestream.outbox.postgres").joinpath("schema.sql").read_text("utf-8")
    assert "CREATE TABLE schema_" not in text, "`create` makes it, by the number of the newest step"
