# SPDX-License-Identifier: GPL-3.0-or-later
"""Databases for the tests of the outbox: real files, each in a directory of its own."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bouncestream.outbox.db import Database
from bouncestream.outbox.engine import Conn
from tests.outbox import make

if TYPE_CHECKING:
    from bouncestream.outbox.postgres.connection import ServerConnection
    from tests.postgres.cluster import Cluster


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outbox.db"


@pytest.fixture(
    params=[
        pytest.param(None, id="open"),
        pytest.param(make.KEY, id="sealed"),
        pytest.param("server", id="postgres", marks=pytest.mark.process),
        pytest.param("sealed server", id="postgres-sealed", marks=pytest.mark.process),
    ]
)
def conn(path: Path, request: pytest.FixtureRequest) -> Iterator[Conn]:
    """A writing connection, to an outbox in the open and to a sealed one, in a file and on PostgreSQL: whoever uses
    it need not know."""
    if request.param in ("server", "sealed server"):
        conn = request.getfixturevalue("server_conn")
        if request.param == "sealed server":
            make.seal(conn)
        yield conn
        return
    conn = make.connect(path, key=request.param)
    yield conn
    conn.close()


@pytest.fixture(params=[pytest.param(None, id="open"), pytest.param(make.KEY, id="sealed")])
def file_conn(path: Path, request: pytest.FixtureRequest) -> Iterator[sqlite3.Connection]:
    """The same for a test that asks SQLite for what is its own."""
    conn = make.connect(path, key=request.param)
    yield conn
    conn.close()


@pytest.fixture
async def db(path: Path) -> AsyncIterator[Database]:
    before = set(threading.enumerate())
    db = await Database.open(path, lock=True)
    try:
        yield db
    finally:
        await db.close()
    assert set(threading.enumerate()) <= before, "close left a thread behind"


@pytest.fixture
async def opened() -> AsyncIterator[Callable[..., Awaitable[Database]]]:
    """`Database.open` for a test that closes by itself: one that fails before that must not leave threads behind,
    as they would keep pytest from ending."""
    found: list[Database] = []

    async def open_(path: Path, **options: object) -> Database:
        db = await Database.open(path, **options)  # type: ignore[arg-type]
        found.append(db)
        return db

    yield open_
    for db in found:
        with suppress(Exception):
            await db.close()


@pytest.fixture(scope="session")
def server_store(cluster: Cluster) -> Iterator[ServerConnection]:
    """A connection to an outbox on PostgreSQL, of which `server_conn` is for one test."""
    from bouncestream.outbox.place import Server
    from bouncestream.outbox.postgres.connection import connect
    from bouncestream.outbox.postgres.schema import create

    name = cluster.database()
    conn = connect(Server(cluster.url(name), "test"))
    create(conn)
    yield conn
    conn.close()


#: Empties an outbox on PostgreSQL. TRUNCATE makes new files for each table, which takes a hundred times as long.
_EMPTY = """
DO $$ DECLARE one regclass; BEGIN
    FOR one IN SELECT oid FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace LOOP
        IF one <> 'meta'::regclass THEN EXECUTE 'DELETE FROM ' || one; END IF;
    END LOOP;
    DELETE FROM meta WHERE name NOT IN ('application', 'schema', 'identity_secret', 'instance');
    PERFORM setval(oid::regclass, 1, false) FROM pg_class
    WHERE relkind = 'S' AND relnamespace = current_schema()::regnamespace;
END $$
"""


@pytest.fixture
def server_conn(server_store: ServerConnection) -> Iterator[ServerConnection]:
    """A writing connection to an empty outbox on PostgreSQL."""
    server_store.lock_up()
    yield server_store
    server_store.rollback()
    server_store.lock_up()
    server_store.conn.execute(_EMPTY)
    plain = f"UPDATE meta SET value = '{'5a' * 32}' WHERE name = 'identity_secret'"
    server_store.execute(plain)
