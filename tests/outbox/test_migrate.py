# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import gzip
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bouncestream.errors import SchemaTooNew, StoreUnavailable
from bouncestream.event import Kind
from bouncestream.outbox import delivery, migrate, operator, quarantine
from bouncestream.outbox.migrate import Migration
from bouncestream.ports import State
from tests.outbox import make


@pytest.fixture
def empty() -> Iterator[sqlite3.Connection]:
    conn = sqlite3.connect(":memory:", isolation_level=None)
    yield conn
    conn.close()


def schema(conn: sqlite3.Connection) -> dict[str, str]:
    """The statements that made it, views too, without comments and layout."""
    rows = conn.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    return {name: migrate._plain(sql) for name, sql in rows}


def test_the_migrations_make_of_an_older_outbox_what_schema_sql_makes(
    empty: sqlite3.Connection, tmp_path: Path
) -> None:
    migrate.migrate(empty)
    with closing(make.older(tmp_path / "old.db")) as older:
        migrate.migrate(older)
        assert schema(older) == schema(empty)
        for pragma in ("application_id", "user_version"):
            assert older.execute(f"PRAGMA {pragma}").fetchone() == empty.execute(f"PRAGMA {pragma}").fetchone()
        rows = "SELECT * FROM tally ORDER BY state"
        assert older.execute(rows).fetchall() == empty.execute(rows).fetchall()


def test_an_outbox_from_before_the_oldest_migration_is_refused(empty: sqlite3.Connection) -> None:
    migrate.migrate(empty)
    before = schema(empty)
    empty.execute(f"PRAGMA user_version = {make.OLDER - 1}")
    with pytest.raises(StoreUnavailable, match=r"version 3, which this bouncestream cannot upgrade. Nothing was"):
        migrate.migrate(empty)
    assert schema(empty) == before


def test_a_second_run_changes_nothing(empty: sqlite3.Connection) -> None:
    migrate.migrate(empty)
    assert empty.execute("PRAGMA user_version").fetchone() == (migrate.newest(),)
    secret, changes = (
        empty.execute("SELECT value FROM meta WHERE name = 'identity_secret'").fetchone(),
        empty.total_changes,
    )
    migrate.migrate(empty)
    assert empty.execute("SELECT value FROM meta WHERE name = 'identity_secret'").fetchone() == secret
    assert empty.total_changes == changes


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
    before = schema(empty)
    known = migrate.migrations()
    sql = "CREATE TABLE more (id INTEGER);\nCREATE TABLE meta (id INTEGER);"
    monkeypatch.setattr(migrate, "migrations", lambda: (*known, Migration(known[-1].number + 1, "broken.sql", sql)))
    with pytest.raises(sqlite3.OperationalError):
        migrate.migrate(empty)
    assert schema(empty) == before
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


#: The columns that migrations change in rows that are there, each in the row of one recipient. All else stays.
CHANGED = {
    (4, "outbox"): {("uuid@example.com", "address_form"), ("hint@example.com", "kind"), ("hint@example.com", "why")}
}
#: They add a line of history for that.
ADDED = {(4, "history"): 1}


@pytest.mark.parametrize("number", [4, 8])
def test_an_outbox_of_an_earlier_program_is_migrated_without_loss(tmp_path: Path, number: int) -> None:
    """See tests/fixtures/outbox/generate.py for what is in it, and for the commits that made it."""
    path = tmp_path / "outbox.db"
    path.write_bytes(gzip.decompress((make.FIXTURES / f"version_{number}.db.gz").read_bytes()))
    with closing(sqlite3.connect(path)) as conn:
        assert conn.execute("PRAGMA user_version").fetchone() == (number,)
        before = everything(conn)
    assert {row["state"] for row in before["outbox"]} == set(State)
    with closing(make.connect(path)) as conn:
        assert conn.execute("PRAGMA user_version").fetchone() == (migrate.newest(),)
        migrate.check_schema(conn)
        after = everything(conn)
        for table, rows in before.items():
            assert len(after[table]) == len(rows) + ADDED.get((number, table), 0)
            differs = {
                (old.get("recipient"), column)
                for old, new in zip(rows, after[table], strict=False)
                for column in old
                if old[column] != new[column]
            }
            assert differs == CHANGED.get((number, table), set())
        bodies = {row["recipient"]: operator.raw_body(conn, row["raw_id"]) for row in after["outbox"]}
        assert bodies["b3@example.com"] == b"3 of the block; " * 40
        assert bodies["told@example.com"] == b"hard"
        assert [operator.raw_body(conn, item.raw_id) for item in quarantine.quarantine_items(conn)] == [b"not JSON"]
        assert len(delivery.unsettled(conn)) == 3
        assert make.submit(conn, make.event("b3@example.com")).duplicates == 1
        assert make.submit(conn, make.event("new@example.com")).accepted == 1
        assert make.claim(conn, make.later(days=1))
        make.check_tally(conn)


def everything(conn: sqlite3.Connection) -> dict[str, list[dict[str, object]]]:
    """All rows of all tables, each by the names of its columns."""
    names = conn.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    ).fetchall()
    found: dict[str, list[dict[str, object]]] = {}
    for (name,) in names:
        rows = conn.execute(f"SELECT * FROM {name} ORDER BY 1, 2")
        columns = [column for column, *_ in rows.description]
        found[name] = [dict(zip(columns, row, strict=True)) for row in rows]
    return found


def test_the_views_tell_short_times_and_campaigns(conn: sqlite3.Connection) -> None:
    make.submit(conn, make.event("a@example.com", campaign_uuid=make.CAMPAIGN), now=make.NOW)
    make.submit(conn, make.event("b@example.com", Kind.SOFT), now=make.later(days=1))
    assert make.one(conn, "SELECT received_at FROM inbox WHERE id = 1") == "2026-03-01 12:00"
    assert make.one(conn, "SELECT at FROM recent") == "2026-03-02 12:00"
    campaigns = conn.execute("SELECT campaign_uuid, hard, soft, events, newest FROM by_campaign").fetchall()
    assert campaigns == [(make.CAMPAIGN, 1, 0, 1, "2026-03-01 12:00")]
    days = conn.execute("SELECT day, hard, soft, complaints, unsubscribes, events FROM by_day").fetchall()
    assert days == [("2026-03-02", 0, 1, 0, 0, 1), ("2026-03-01", 1, 0, 0, 0, 1)]
