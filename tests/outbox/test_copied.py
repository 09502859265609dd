# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bouncestream.errors import OutboxCopied
from bouncestream.outbox import copied, delivery
from bouncestream.outbox.copied import CAME_FROM, MARKS, UNFINISHED, WENT_TO, Mark
from bouncestream.outbox.db import Database
from bouncestream.outbox.engine import Conn
from tests.outbox import make

MARK = Mark("c0", "an-instance", "postgresql://db/x", "2026-03-01T12:00:00.000Z")


@pytest.mark.parametrize("name", MARKS)
def test_a_mark_is_read_as_it_was_written(conn: Conn, name: str) -> None:
    assert copied.mark_of(conn, name) is None
    copied.set_mark(conn, name, MARK)
    assert copied.mark_of(conn, name) == MARK


@pytest.mark.parametrize(
    ("name", "said"),
    [(UNFINISHED, "unfinished copy of postgresql://db/x"), (WENT_TO, "to postgresql://db/x on 2026-03-01")],
)
def test_it_is_told_where_the_other_is(conn: Conn, name: str, said: str) -> None:
    assert copied.refusal(conn) == ""
    copied.set_mark(conn, name, MARK)
    with pytest.raises(OutboxCopied, match=said):
        copied.require_here(conn)


def test_a_finished_copy_may_be_used(conn: Conn) -> None:
    copied.set_mark(conn, CAME_FROM, MARK)
    copied.require_here(conn)


def test_a_mark_that_nobody_can_read_is_one(conn: Conn) -> None:
    delivery.set_meta(conn, WENT_TO, "?")
    assert "another place" in copied.refusal(conn)


def test_reopened_it_is_used_as_a_restored_backup(conn: Conn) -> None:
    assert copied.reopen(conn) is None
    assert delivery.take_restored(conn) is None
    copied.set_mark(conn, WENT_TO, MARK)
    assert copied.reopen(conn) == MARK
    copied.require_here(conn)
    assert delivery.take_restored(conn) == datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_reopened_it_is_as_old_as_the_backup_that_it_was(conn: Conn) -> None:
    for at, found in (("2026-02-01", "2026-02-01"), ("2026-03-02", "2026-03-01")):
        delivery.mark_restored(conn, datetime.fromisoformat(f"{at}T12:00:00+00:00"))
        copied.set_mark(conn, WENT_TO, MARK)
        copied.reopen(conn)
        assert delivery.take_restored(conn) == datetime.fromisoformat(f"{found}T12:00:00+00:00")


@pytest.mark.parametrize("name", [UNFINISHED, WENT_TO])
@pytest.mark.parametrize("lock", [True, False], ids=["run", "command"])
async def test_neither_the_bridge_nor_a_command_opens_it(path: Path, name: str, lock: bool) -> None:
    with closing(make.connect(path)) as conn:
        copied.set_mark(conn, name, MARK)
    before = path.read_bytes()
    with pytest.raises(OutboxCopied, match="Nothing is stored or delivered"):
        await Database.open(path, lock=lock)
    assert path.read_bytes() == before
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("DELETE FROM meta WHERE name = ?", (name,))
        conn.commit()
    await (await Database.open(path, lock=lock)).close()
