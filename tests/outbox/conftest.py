# SPDX-License-Identifier: GPL-3.0-or-later
"""Databases for the tests of the outbox: real files, each in a directory of its own."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from bouncestream.outbox.db import Database
from tests.outbox import make


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outbox.db"


@pytest.fixture(params=[None, make.KEY], ids=["open", "sealed"])
def conn(path: Path, request: pytest.FixtureRequest) -> Iterator[sqlite3.Connection]:
    """A writing connection, to an outbox in the open and to a sealed one: whoever uses it need not know."""
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
