# SPDX-License-Identifier: GPL-3.0-or-later
"""Both kinds of an end do the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bouncestream.errors import OutboxCopied
from bouncestream.outbox import copied
from bouncestream.outbox.copied import CAME_FROM, UNFINISHED, WENT_TO, Mark
from bouncestream.outbox.copying.end import Target
from bouncestream.outbox.copying.file import FileEnd
from bouncestream.outbox.delivery import get_meta, tally
from bouncestream.outbox.place import Server
from tests.outbox.copying.conftest import ROWS, one

MARK = Mark("c0", "an-instance", "elsewhere", "2026-03-01T12:00:00.000Z")


@pytest.fixture(params=["file", pytest.param("server", marks=pytest.mark.process)])
def end(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Target]:
    if request.param == "file":
        with closing(FileEnd.target(tmp_path / "copy.db")) as file:
            yield file
        return
    from bouncestream.outbox.copying.server import ServerEnd

    with closing(ServerEnd.target(Server(request.getfixturevalue("pg_url"), "test"), "--to")) as server:
        yield server


@pytest.mark.parametrize("name", sorted(ROWS))
def test_rows_come_back_as_they_were(end: Target, name: str) -> None:
    table, rows = one(name), sorted(ROWS[name])
    end.add(table, rows)
    assert sorted(end.rows(table)) == rows
    assert end.count(table) == len(rows)
    assert end.newest(table) == table.key_of(list(end.rows(table))[-1])
    end.clear(table)
    assert (end.count(table), end.newest(table), list(end.rows(table))) == (0, (), [])


@pytest.mark.parametrize("name", ["suppressed", "marks", "folders"])
def test_rows_after_a_key_in_its_order(end: Target, name: str) -> None:
    table = one(name)
    end.add(table, ROWS[name])
    found = list(end.rows(table))
    for at, row in enumerate(found):
        assert list(end.rows(table, table.key_of(row))) == found[at + 1 :]


def test_a_part_that_fails_leaves_nothing(end: Target) -> None:
    table = one("notices")
    bad: Any = (6, *ROWS["notices"][0][1:2], "no such word", *ROWS["notices"][0][3:])
    with pytest.raises(Exception, match=r"utbox|PostgreSQL"):
        end.add(table, [*ROWS["notices"], bad])
    assert end.count(table) == 0


def test_what_is_written_as_a_whole_is_replaced(end: Target) -> None:
    for rows in ([("dead", 2), ("pending", 5)], [("held", 1)]):
        end.put(one("tally"), rows)
        assert list(end.rows(one("tally"))) == rows
        found = end.read(tally)
        assert {state: events for state, events in found.items() if events} == dict(rows)
        assert len(found) == 8
    for rows in ([("duplicates", "7"), ("instance", "a"), ("x", "y")], [("instance", "b")]):
        end.put(one("meta"), rows)
        assert list(end.rows(one("meta"))) == rows
        assert end.read(lambda conn: get_meta(conn, "duplicates")) == dict(rows).get("duplicates")


def test_its_marks(end: Target) -> None:
    end.begin(MARK)
    assert end.read(lambda conn: copied.mark_of(conn, UNFINISHED)) == MARK
    assert MARK.place in end.read(copied.refusal)
    end.put(one("meta"), [("instance", "a")])
    end.settle()
    end.finish(MARK)
    assert end.read(copied.refusal) == ""
    assert end.read(lambda conn: copied.mark_of(conn, CAME_FROM)) == MARK


def test_an_empty_one_that_was_copied_before_is_a_target(end: Target) -> None:
    former = Mark("c1", "an-instance", "a third place", "2025-03-01T12:00:00.000Z")
    end.put(one("meta"), [("instance", "a")])
    end.begin(MARK)
    for name in (WENT_TO, CAME_FROM):
        with end._transaction():  # type: ignore[attr-defined]
            copied.set_mark(end._conn, name, former)  # type: ignore[attr-defined]
    end.begin(MARK)
    end.finish(MARK)
    assert end.read(copied.refusal) == ""
    assert end.read(lambda conn: copied.mark_of(conn, CAME_FROM)) == MARK


def test_what_is_in_use_is_no_target(end: Target) -> None:
    end.add(one("let_go"), ROWS["let_go"])
    with pytest.raises(OutboxCopied, match=r"in use \(let_go\)"):
        end.begin(MARK)
    assert end.read(copied.refusal) == ""
