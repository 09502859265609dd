# SPDX-License-Identifier: GPL-3.0-or-later
"""A look from outside: what is there is told, nothing is changed, and what cannot be read is told in words."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from bouncestream.errors import SchemaTooNew, SchemaTooOld, StoreBusy, StoreError, StoreUnavailable
from bouncestream.outbox import migrate
from bouncestream.outbox.delivery import tally
from bouncestream.outbox.view import newest_about, overview, read_so_far, view
from bouncestream.ports import State, Unreadable
from tests.outbox import make


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "home" / "outbox.db"
    path.parent.mkdir()
    with closing(make.connect(path)) as conn:
        make.submit(conn, make.event("ann@example.com"), make.event("bob@example.com"))
        make.claim(conn, limit=1)
        make.settle(conn, 1, State.DEAD)
        make.submit(conn, make.event("cleo@example.com", source="shop"), source="shop", now=make.later(60))
        make.submit(conn, unreadable=(Unreadable("not JSON"),), now=make.later(90))
    return path


def files(path: Path) -> dict[str, bytes]:
    """All that lies there. What SQLite keeps in the memory that processes share is no content of the outbox."""
    found = sorted(path.parent.iterdir())
    return {file.name: b"" if file.name.endswith("-shm") else file.read_bytes() for file in found}


def pending(path: Path) -> int:
    with view(path) as outbox:
        return outbox.read(tally)["pending"]


def test_what_it_holds(path: Path) -> None:
    before = files(path)
    found = overview(path, make.later(600))
    assert {state: count for state, count in found.states.items() if count} == {"dead": 1, "pending": 2}
    assert (found.quarantined, found.oldest_pending, found.size) == (1, 600.0, path.stat().st_size)
    assert found.newest == {"ses": make.NOW, "shop": make.later(60)}
    assert newest_about(path, "ann@example.com")[0] == "dead"
    assert newest_about(path, "nobody@example.com") == ("", "")
    assert files(path) == before


def test_beside_a_writer(path: Path) -> None:
    with closing(make.connect(path)) as conn:
        conn.execute("BEGIN IMMEDIATE")
        assert overview(path, make.NOW).quarantined == 1
        conn.execute("ROLLBACK")


def test_one_read_sees_one_state_and_the_next_what_came_since(path: Path) -> None:
    with closing(make.connect(path)) as conn, view(path) as outbox:

        def twice(seen: sqlite3.Connection) -> tuple[int, int]:
            first = tally(seen)["pending"]
            make.submit(conn, make.event("dan@example.com"))
            return first, tally(seen)["pending"]

        assert outbox.read(twice) == (2, 2)
        assert outbox.read(tally)["pending"] == 3


def test_nothing_can_be_written(path: Path) -> None:
    with view(path) as outbox, pytest.raises(StoreUnavailable):
        outbox.read(lambda conn: conn.execute("DELETE FROM history"))


def kill_while_it_writes(path: Path) -> None:
    """A bridge that stores an event and is killed: that is in the log only."""
    killed = (
        "import os, sys; from pathlib import Path; from tests.outbox import make\n"
        "conn = make.connect(Path(sys.argv[1])); make.submit(conn, make.event('dan@example.com')); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", killed, str(path)], check=True, cwd=Path(__file__).parents[2])


@pytest.mark.process
def test_the_log_that_a_killed_bridge_left_is_read_and_left(path: Path) -> None:
    kill_while_it_writes(path)
    before = files(path)
    assert before["outbox.db-wal"]
    assert pending(path) == 3
    assert files(path) == before


@pytest.mark.process
@pytest.mark.parametrize("may_write", [True, False])
def test_by_a_link_the_log_that_a_killed_bridge_left_is_read_and_left(
    path: Path, monkeypatch: pytest.MonkeyPatch, may_write: bool
) -> None:
    """SQLite keeps the log beside the file that the link leads to."""
    kill_while_it_writes(path)
    link = path.parent.parent / "link.db"
    link.symlink_to(path)
    if not may_write:
        monkeypatch.setattr(os, "access", lambda *_: False)
    before = files(path)
    assert pending(link) == 3
    assert files(path) == before


def test_who_may_not_write_can_look(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    before = files(path)
    stamp = path.parent.stat().st_mtime_ns
    assert pending(path) == 2
    assert files(path) == before
    assert path.parent.stat().st_mtime_ns == stamp, "not even for a moment was a file made"


def test_who_may_not_write_is_told_when_the_bridge_begins_to(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    with view(path) as outbox, closing(make.connect(path)) as conn:
        make.submit(conn, make.event("dan@example.com"))
        with pytest.raises(StoreBusy, match="try again"):
            outbox.read(tally)
        assert pending(path) == 3


def test_an_older_schema_is_told_and_not_upgraded(path: Path) -> None:
    older = path.with_name("older.db")
    make.older(older).close()
    before = files(path)
    for look in (lambda: overview(older, make.NOW), lambda: newest_about(older, "ann@example.com")):
        with pytest.raises(SchemaTooOld) as told:
            look()
        assert f"older version (schema {make.OLDER}; this bouncestream uses {migrate.newest()})" in str(told.value)
        assert "Next: start `bouncestream run`, which upgrades it" in str(told.value)
    assert read_so_far(older, "bounces", "INBOX") is None
    assert files(path) == before


def test_a_newer_schema_and_an_empty_file_are_told(path: Path) -> None:
    with closing(make.connect(path)) as conn:
        conn.execute(f"PRAGMA user_version = {migrate.newest() + 1}")
    with pytest.raises(SchemaTooNew):
        pending(path)
    empty = path.with_name("empty.db")
    empty.touch()
    with pytest.raises(SchemaTooOld, match="is empty"):
        pending(empty)
    with pytest.raises(StoreUnavailable, match="There is no outbox at"):
        pending(path.with_name("none.db"))
    assert not path.with_name("none.db").exists()


def test_junk_is_told_in_words(tmp_path: Path) -> None:
    junk = tmp_path / "junk.db"
    junk.write_bytes(b"not a database at all " * 1000)
    with pytest.raises(StoreError):
        overview(junk, make.NOW)
