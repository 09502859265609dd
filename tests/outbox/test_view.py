# SPDX-License-Identifier: GPL-3.0-or-later
"""A look from outside: what is there is told, nothing is changed, and what cannot be read is told in words."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bouncestream.errors import StoreError
from bouncestream.outbox.view import glance, newest_about
from bouncestream.ports import State, Unreadable
from tests.outbox import make


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "outbox.db"
    with closing(make.connect(path)) as conn:
        make.submit(conn, make.event("ann@example.com"), make.event("bob@example.com"))
        make.claim(conn, limit=1)
        make.settle(conn, 1, State.DEAD)
        make.submit(conn, make.event("cleo@example.com", source="shop"), source="shop", now=make.later(60))
        make.submit(conn, unreadable=(Unreadable("not JSON"),), now=make.later(90))
    return path


def test_what_it_holds(path: Path) -> None:
    before = path.read_bytes()
    found = glance(path, make.later(600))
    assert {state: count for state, count in found.states.items() if count} == {"dead": 1, "pending": 2}
    assert (found.quarantined, found.oldest_pending, found.size) == (1, 600.0, path.stat().st_size)
    assert found.newest == {"ses": make.NOW, "shop": make.later(60)}
    assert newest_about(path, "ann@example.com")[0] == "dead"
    assert newest_about(path, "nobody@example.com") == ("", "")
    assert path.read_bytes() == before


def test_beside_a_writer(path: Path) -> None:
    with closing(make.connect(path)) as conn:
        conn.execute("BEGIN IMMEDIATE")
        assert glance(path, make.NOW).quarantined == 1
        conn.execute("ROLLBACK")


def test_an_older_schema_is_not_migrated(path: Path) -> None:
    with closing(sqlite3.connect(path)) as conn:
        (now,) = conn.execute("PRAGMA user_version").fetchone()
        conn.execute(f"PRAGMA user_version = {now - 1}")
    found = glance(path, make.NOW)
    assert found.old_schema
    assert found.states == {}
    with closing(sqlite3.connect(path)) as conn:
        assert conn.execute("PRAGMA user_version").fetchone() == (now - 1,)


def test_junk_is_told_in_words(tmp_path: Path) -> None:
    junk = tmp_path / "junk.db"
    junk.write_bytes(b"not a database at all " * 1000)
    with pytest.raises(StoreError):
        glance(junk, make.NOW)
