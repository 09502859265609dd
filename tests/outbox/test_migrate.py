# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from bouncestream.errors import SchemaTooNew, StoreUnavailable
from bouncestream.outbox import migrate
from bouncestream.outbox.migrate import Migration

SCHEMA = Path(migrate.__file__).with_name("schema.sql")


@pytest.fixture
def empty() -> Iterator[sqlite3.Connection]:
    conn = sqlite3.connect(":memory:", isolation_level=None)
    yield conn
    conn.close()


def test_schema_sql_is_what_the_migrations_make(empty: sqlite3.Connection) -> None:
    migrate.migrate(empty)
    assert migrate.dump(empty) == SCHEMA.read_text("utf-8"), (
        "schema.sql is not what the migrations make. Renew it: "
        "python -m bouncestream.outbox.migrate > /tmp/schema.sql && mv /tmp/schema.sql bouncestream/outbox/"
    )


def test_a_second_run_changes_nothing(empty: sqlite3.Connection) -> None:
    assert migrate.migrate(empty) == len(migrate.migrations()) == migrate.newest()
    secret = empty.execute("SELECT value FROM meta WHERE name = 'identity_secret'").fetchone()
    assert migrate.migrate(empty) == 0
    assert empty.execute("SELECT value FROM meta WHERE name = 'identity_secret'").fetchone() == secret


def test_each_database_makes_up_its_own_secret_and_name() -> None:
    found = set()
    for _ in range(2):
        conn = sqlite3.connect(":memory:", isolation_level=None)
        migrate.migrate(conn)
        values = dict(conn.execute("SELECT name, value FROM meta"))
        conn.close()
        assert len(bytes.fromhex(values["identity_secret"])) == 32
        found.add((values["identity_secret"], values["instance"]))
    assert len(found) == 2


def test_a_migration_that_fails_leaves_nothing_behind(
    empty: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate.migrate(empty)
    before = migrate.dump(empty)
    known = migrate.migrations()
    sql = "CREATE TABLE more (id INTEGER);\nCREATE TABLE meta (id INTEGER);"
    monkeypatch.setattr(migrate, "migrations", lambda: (*known, Migration(len(known) + 1, "broken.sql", sql)))
    with pytest.raises(sqlite3.OperationalError):
        migrate.migrate(empty)
    assert migrate.dump(empty) == before
    assert not empty.in_transaction


def test_a_newer_schema_is_refused(empty: sqlite3.Connection) -> None:
    migrate.migrate(empty)
    empty.execute(f"PRAGMA user_version = {migrate.newest() + 1}")
    with pytest.raises(SchemaTooNew, match="run the newer bouncestream"):
        migrate.migrate(empty)


@pytest.mark.parametrize("number", [0, 1, 99])
def test_the_database_of_another_program_is_refused(empty: sqlite3.Connection, number: int) -> None:
    empty.execute("CREATE TABLE bookmarks (url TEXT)")
    empty.execute(f"PRAGMA user_version = {number}")
    with pytest.raises(StoreUnavailable, match="not an outbox"):
        migrate.migrate(empty)


def test_all_tables_are_strict(empty: sqlite3.Connection) -> None:
    migrate.migrate(empty)
    tables = empty.execute("SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND type = 'table'")
    assert {strict for name, strict in tables if not name.startswith("sqlite_")} == {1}


def test_every_view_can_be_read(empty: sqlite3.Connection) -> None:
    migrate.migrate(empty)
    for (name,) in empty.execute("SELECT name FROM sqlite_master WHERE type = 'view'").fetchall():
        empty.execute(f"SELECT * FROM {name}").fetchall()
