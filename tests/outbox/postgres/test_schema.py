# SPDX-License-Identifier: GPL-3.0-or-later
"""The schema on PostgreSQL is that of SQLite, and no other schema is taken for it."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from importlib.resources import files

import pytest

from bouncestream.errors import SchemaTooNew, SchemaTooOld, StoreUnavailable
from bouncestream.outbox.place import Server
from bouncestream.outbox.postgres import leases
from bouncestream.outbox.postgres.connection import ServerConnection, connect
from bouncestream.outbox.postgres.schema import create, current, gates, version
from bouncestream.outbox.postgres.steps import FIRST, GO_ON, gate, newest
from tests.outbox.postgres.newer import newer

ROOM = files("bouncestream.outbox")
COMMENT = re.compile(r"--[^\n]*")
TYPES = {"TEXT": "text", "INTEGER": "bigint", "BLOB": "bytea"}
#: What there is on one engine alone, and the columns that are.
ONLY_HERE = {"counters", "lease", "bridge"}
OWN_COLUMNS = {("tally", "bridge")}


def plain(name: str) -> str:
    text = COMMENT.sub("", ROOM.joinpath(name).read_text("utf-8"))
    return " ".join(text.replace('COLLATE "C"', "").split()).replace("( ", "(").replace(" )", ")")


def checks(text: str) -> dict[str, list[str]]:
    """Table → its CHECKs, in their order."""
    found = {}
    for name, body in re.findall(r"CREATE TABLE (\w+) \((.*?)\)(?: STRICT)?(?:, WITHOUT ROWID)?;", text):
        parts = []
        for match in re.finditer(r"CHECK \(", body):
            depth, at = 1, match.end()
            while depth:
                depth += {"(": 1, ")": -1}.get(body[at], 0)
                at += 1
            parts.append(body[match.end() : at - 1])
        found[name] = parts
    return found


def test_the_checks_are_the_same() -> None:
    theirs = checks(plain("postgres/schema.sql"))
    assert {name: found for name, found in theirs.items() if name not in ONLY_HERE} == checks(plain("schema.sql"))


def test_the_indexes_are_the_same() -> None:
    index = re.compile(r"CREATE (?:UNIQUE )?INDEX [^;]+;")
    theirs = [one for one in index.findall(plain("postgres/schema.sql")) if not re.search("lease|bridge", one)]
    assert theirs == index.findall(plain("schema.sql"))


@pytest.fixture
def database(pg_url: str) -> Iterator[ServerConnection]:
    conn = connect(Server(pg_url, "test"))
    yield conn
    conn.close()


def test_tables_columns_and_views_are_the_same(database: ServerConnection) -> None:
    create(database)
    kept = sqlite3.connect(":memory:")
    kept.executescript(ROOM.joinpath("schema.sql").read_text("utf-8"))
    expected = {
        (table, name, TYPES[kind], bool(needed) or (key and kind != "INTEGER"), key)
        for (table,) in kept.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for _, name, kind, needed, _, key in kept.execute(f"PRAGMA table_info({table})").fetchall()
    }
    found = database.execute(
        "SELECT c.table_name, c.column_name, c.data_type, c.is_nullable = 'NO' FROM information_schema.columns c "
        "JOIN information_schema.tables t USING (table_schema, table_name) "
        "WHERE t.table_schema = current_schema() AND t.table_type = 'BASE TABLE'"
    ).fetchall()
    assert {(table, name, kind) for table, name, kind, *_ in expected} == {
        (table, name, kind)
        for table, name, kind, _ in found
        if table not in ONLY_HERE and (table, name) not in OWN_COLUMNS
    }
    needed = {(table, name) for table, name, _, needed in found if needed}
    assert {(table, name) for table, name, _, must, _ in expected if must} <= needed
    views = {name for (name,) in kept.execute("SELECT name FROM sqlite_master WHERE type = 'view'")}
    for view in views:
        names = [column[1] for column in kept.execute(f"PRAGMA table_info({view})")]
        cursor = database.conn.execute(f"SELECT * FROM {view}")  # type: ignore[call-overload]
        assert [column.name for column in cursor.description or ()] == names, view
    kept.close()


def test_every_text_is_compared_by_its_bytes(database: ServerConnection) -> None:
    create(database)
    other = database.execute(
        "SELECT table_name, column_name FROM information_schema.columns c WHERE table_schema = current_schema() "
        "AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C' AND table_name IN "
        "(SELECT table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE')"
    ).fetchall()
    assert other == []


def test_it_is_made_once(database: ServerConnection) -> None:
    assert version(database) == 0
    assert create(database)
    assert not create(database)
    assert version(database) == newest()
    assert gates(database) == [gate(newest())]


def test_the_tables_of_others_are_left_alone(database: ServerConnection) -> None:
    database.execute("CREATE TABLE bounces (id bigint)")
    database.execute("CREATE TABLE meta (key text)")
    with pytest.raises(StoreUnavailable, match="none of bouncestream's"):
        create(database)
    tables = database.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
    assert tables.fetchone() == (2,)


def test_a_schema_of_its_own_beside_them_will_do(database: ServerConnection) -> None:
    database.execute("CREATE TABLE bounces (id bigint)")
    database.execute("CREATE SCHEMA bouncestream")
    database.execute("SET search_path = bouncestream")
    assert create(database)


def test_no_schema_at_all_is_told(database: ServerConnection) -> None:
    database.execute("SET search_path = elsewhere")
    with pytest.raises(StoreUnavailable, match="no schema to work in"):
        create(database)


@pytest.mark.parametrize("number", [FIRST - 1, 0])
def test_a_version_from_before_the_first_is_refused(database: ServerConnection, number: int) -> None:
    create(database)
    database.execute("UPDATE meta SET value = ? WHERE name = 'schema'", (str(number),))
    with pytest.raises(StoreUnavailable, match=f"schema version {number}, which this bouncestream cannot upgrade"):
        create(database)


def test_an_older_version_waits_for_run_which_is_told_with_who_is_to_be_stopped(database: ServerConnection) -> None:
    create(database)
    with newer(GO_ON):
        with pytest.raises(SchemaTooOld, match=r"Next: start `bouncestream run`, which upgrades it\.$"):
            current(database)
        leases.meet(database, "two", "1a", "0.1.0")
        with pytest.raises(
            SchemaTooOld, match=r'Next: stop each older bridge that works on it, "two" \(0\.1\.0\), and'
        ):
            create(database)


def test_a_newer_version_is_refused_unless_programs_of_this_one_go_on_with_it(database: ServerConnection) -> None:
    create(database)
    database.execute("UPDATE meta SET value = ? WHERE name = 'schema'", (str(newest() + 1),))
    assert current(database)
    database.execute(f"DROP TABLE {gate(newest())}")
    with pytest.raises(SchemaTooNew, match="run the newer bouncestream"):
        create(database)


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_another_encoding_is_refused(pg_url: str, encoding: str) -> None:
    """SQL_ASCII would store whatever bytes come, and tell no one."""
    conn = connect(Server(pg_url, "test"))
    name = f"in_{encoding.lower()}"
    try:
        conn.execute(f"CREATE DATABASE {name} ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
        other = connect(Server(f"{pg_url.rpartition('/')[0]}/{name}", "test"))
        try:
            with pytest.raises(StoreUnavailable, match=f"encoding {encoding}; the outbox needs UTF8. Next: create"):
                create(other)
        finally:
            other.close()
            conn.execute(f"DROP DATABASE {name}")
    finally:
        conn.close()


def test_an_old_version_is_refused(database: ServerConnection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("psycopg.ConnectionInfo.server_version", 130014)
    with pytest.raises(StoreUnavailable, match=r"version 13; the outbox needs 14 or newer\. Next: use a newer one"):
        create(database)
