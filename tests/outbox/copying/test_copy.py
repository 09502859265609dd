# SPDX-License-Identifier: GPL-3.0-or-later
"""A copy there and back is the same outbox, wherever it is interrupted; and one of the two may be used at most."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bouncestream.errors import OutboxCopied, SealRefused, StoreError, StoreUnavailable
from bouncestream.outbox import arrivals, delivery
from bouncestream.outbox.copied import refusal, reopen
from bouncestream.outbox.copying import copy
from bouncestream.outbox.copying.copy import Copy
from bouncestream.outbox.copying.file import FileEnd
from bouncestream.outbox.copying.server import ServerEnd
from bouncestream.outbox.copying.tables import tables
from bouncestream.outbox.db import Database
from bouncestream.outbox.place import Server
from bouncestream.outbox.postgres.connection import connect
from bouncestream.outbox.postgres.schema import create
from bouncestream.ports import State
from tests.outbox import make
from tests.outbox.copying.conftest import contents, copied

pytestmark = pytest.mark.process


def to_server(path: Path, server: Server) -> Copy:
    return copied(FileEnd.source(path), ServerEnd.target(server, "--to"))


def to_file(server: Server, path: Path) -> Copy:
    return copied(ServerEnd.source(server, "[outbox] url"), FileEnd.target(path))


def refused_at(end: Any) -> str:
    with closing(end):
        found: str = end.read(refusal)
    return found


def test_there_and_back_every_value_is_the_same(full: Path, server: Server, tmp_path: Path) -> None:
    before = contents(full)
    there = to_server(full, server)
    assert {one.table for one in there.tables} == {table.name for table in tables()}
    assert all(one.rows for one in there.tables)
    back = to_file(server, tmp_path / "back.db")
    assert back.tables == there.tables
    assert contents(tmp_path / "back.db") == before == contents(full)
    with closing(make.connect(tmp_path / "back.db")) as conn:
        make.check_tally(conn)


def test_the_copy_goes_on_where_the_file_was(full: Path, server: Server) -> None:
    """Known reports stay duplicates, counters go on, and new rows get new numbers."""
    to_server(full, server)
    with closing(connect(server)) as conn:
        known = arrivals.take(conn, make.submission(make.event("p3@example.com", message_id="<3>")), make.NOW)
        assert (known.receipt.accepted, known.receipt.duplicates) == (0, 1)
        assert delivery.get_meta(conn, "duplicates") == "2"
        new = arrivals.take(conn, make.submission(make.event("n@example.com", message_id="<n>")), make.NOW)
        assert new.rows == [13]
        assert sorted(one.row for one in delivery.unsettled(conn)) == [1, 4]
        make.check_tally(conn)


def test_one_of_the_two_may_be_used(full: Path, server: Server) -> None:
    to_server(full, server)
    assert "was copied to postgresql://" in refused_at(FileEnd.source(full))
    assert refused_at(ServerEnd.source(server, "[outbox] url")) == ""
    with pytest.raises(OutboxCopied, match="was copied to"):
        copied(FileEnd.source(full), FileEnd.target(full.with_name("third.db")))


def test_run_again_it_is_done_already(full: Path, server: Server) -> None:
    to_server(full, server)
    again = to_server(full, server)
    assert again.before is not None
    assert (again.before.place, again.tables) == (str(full), [])


def test_reopened_it_is_a_restored_backup(full: Path, server: Server) -> None:
    to_server(full, server)
    with closing(FileEnd.source(full)) as end:
        mark = end.change(reopen)
    assert mark is not None and mark.place == server.url.replace("postgres@", "")
    with closing(FileEnd.source(full)) as end:
        assert end.read(delivery.take_restored) == datetime(2026, 3, 2, tzinfo=UTC)
        assert end.read(refusal) == ""


class Killed(BaseException):
    """The process has ended there."""


def killed(end: Any, points: set[str]) -> Any:
    """The end, at whose next change the process ends: after it was made, and before anybody knew. Not at the same
    change again."""

    def killing(name: str, real: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object) -> object:
            done, point = real(*args), f"{name} {args}"
            if point not in points:
                points.add(point)
                raise Killed
            return done

        return call

    for name in ("begin", "add", "put", "clear", "settle", "change", "finish"):
        setattr(end, name, killing(name, getattr(end, name)))
    return end


def begun(full: Path, server: Server, *, runs: int) -> None:
    """A copy that was killed so often."""
    points: set[str] = set()
    for _ in range(runs):
        with pytest.raises(Killed):
            copied(FileEnd.source(full), killed(ServerEnd.target(server, "--to"), points))


@pytest.mark.parametrize("way", ["to the server", "to a file"])
def test_killed_after_any_change_it_continues(
    full: Path, server: Server, tmp_path: Path, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At each of them, one after the other, so that each run but the first continues another."""
    monkeypatch.setattr(copy, "ROWS", 7)
    before, back = contents(full), tmp_path / "back.db"
    if way == "to a file":
        to_server(full, server)
    points: set[str] = set()
    runs = 0
    while True:
        runs += 1
        if way == "to a file":
            source: Any = ServerEnd.source(server, "[outbox] url")
            target: Any = FileEnd.target(back)
        else:
            source, target = FileEnd.source(full), ServerEnd.target(server, "--to")
        try:
            done = copied(killed(source, points), killed(target, points))
            break
        except Killed:
            file = refused_at(FileEnd.source(back if way == "to a file" else full))
            assert file or refused_at(ServerEnd.source(server, "url")), "one of the two may be used at most"
    assert runs > 30
    assert {point.partition(" ")[0] for point in points} == {"begin", "add", "put", "settle", "change", "finish"}
    assert done.before is not None
    if way == "to the server":
        to_file(server, back)
    assert contents(back) == before


def test_what_was_done_in_between_is_copied_too(full: Path, server: Server) -> None:
    """The copy was interrupted, the bridge was started on the file again, and then the copy is run again."""
    begun(full, server, runs=8)
    with closing(make.connect(full)) as conn:
        make.submit(conn, make.event("late@example.com", message_id="<late>"))
        make.settle(conn, 4, State.POSTED)
        conn.execute("DELETE FROM outbox WHERE id = 2")
        conn.execute("UPDATE tally SET events = events - 1 WHERE state = 'verified'")
    to_server(full, server)
    to_file(server, full.with_name("back.db"))
    assert contents(full.with_name("back.db")) == contents(full)


def test_a_file_of_another_outbox_is_not_mixed_in(full: Path, server: Server, tmp_path: Path) -> None:
    begun(full, server, runs=3)
    with closing(make.connect(tmp_path / "other.db")) as conn:
        make.submit(conn, make.event())
    with pytest.raises(OutboxCopied, match="unfinished copy of another outbox"):
        to_server(tmp_path / "other.db", server)
    with pytest.raises(OutboxCopied, match="unfinished copy of"):
        to_file(server, tmp_path / "third.db")
    to_server(full, server)


def test_a_database_in_use_is_left_alone(full: Path, server: Server) -> None:
    with closing(connect(server)) as conn:
        create(conn)
        make.submit(conn, make.event())
        with pytest.raises(OutboxCopied, match="has an outbox that is in use"):
            to_server(full, server)
        assert conn.execute("SELECT count(*) FROM outbox").fetchone() == (1,)
        assert conn.execute("SELECT count(*) FROM meta WHERE name LIKE 'cop%'").fetchone() == (0,)
    assert refused_at(FileEnd.source(full)) == ""


def test_a_difference_is_noticed(full: Path, server: Server) -> None:
    class Forgetful(ServerEnd):
        def add(self, table: Any, rows: Any) -> None:
            super().add(table, [row for row in rows if table.name != "let_go"])

    with pytest.raises(StoreUnavailable, match="let_go is not the same on both ends, though it was copied again"):
        copied(FileEnd.source(full), Forgetful.target(server, "--to"))
    assert refused_at(FileEnd.source(full)) == ""
    to_server(full, server)


def test_odd_texts_are_told_once(full: Path, server: Server) -> None:
    with closing(sqlite3.connect(full, isolation_level=None)) as conn:
        conn.execute("UPDATE outbox SET diagnostic = char(0) WHERE id < 4")
    made = to_server(full, server)
    assert made.odds == 3
    assert [odd.row for odd in made.odd] == ["1", "2", "3"]


async def test_a_sealed_one_stays_sealed_and_its_key_opens_the_copy(path: Path, server: Server) -> None:
    with closing(make.connect(path, key=make.KEY)) as conn:
        make.submit(conn, make.event("ann@example.com"))
        conn.commit()
    before = contents(path)
    to_server(path, server)
    with closing(connect(server)) as raw:
        assert raw.execute("SELECT recipient FROM outbox").fetchone()[0].startswith("sealed:")
    db = await Database.open(server, lock=True, key=make.KEY, seal=True)
    try:
        assert await db.read(lambda conn: make.rows(conn, "recipient")) == [("ann@example.com",)]
        again = (make.submission(make.event("ann@example.com")), make.NOW)
        assert (await db.write_each(arrivals.take_many, again)).receipt.duplicates == 1
    finally:
        await db.close()
    with closing(connect(server)) as raw:
        raw.execute("DELETE FROM counters")
    to_file(server, path.with_name("back.db"))
    back = contents(path.with_name("back.db"))
    assert {name: rows for name, rows in back.items() if name != "meta"} == {
        name: rows for name, rows in before.items() if name != "meta"
    }
    opened = await Database.open(path.with_name("back.db"), lock=True, key=make.KEY, seal=True)
    try:
        assert await opened.read(lambda conn: make.rows(conn, "recipient")) == [("ann@example.com",)]
    finally:
        await opened.close()


def test_one_that_is_sealed_in_part_is_refused(full: Path, server: Server) -> None:
    with closing(make.connect(full)) as conn:
        delivery.set_meta(conn, "sealing", "opening")
    with pytest.raises(SealRefused, match="is sealed in part"):
        to_server(full, server)


def test_progress_ends_with_all_rows(full: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copy, "ROWS", 5)
    monkeypatch.setattr(copy, "COMPARED", 5)
    with closing(FileEnd.source(full)) as source, closing(ServerEnd.target(server, "--to")) as target:
        steps = [step for step in Copy(source, target, lambda: make.NOW).steps() if step.table == "outbox"]
    assert [(step.done, step.of) for step in steps if not step.comparing] == [(5, 12), (10, 12), (12, 12)]
    assert [step.done for step in steps if step.comparing] == [2, 5, 8, 11]


def test_parts_are_bounded_by_bytes() -> None:
    rows = [(number, b"x" * (1 << 20)) for number in range(10)]
    assert [len(part) for part in copy._parts(rows)] == [4, 4, 2]


def test_errors_are_all_ours(full: Path, server: Server) -> None:
    """A server that vanishes in the middle is told in words."""
    source, target = FileEnd.source(full), ServerEnd.target(server, "--to")
    real = target.add

    def cut(table: Any, rows: Any) -> None:
        with closing(connect(server)) as other:
            other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
                          "AND datname = current_database()").fetchall()  # fmt: skip
        real(table, rows)

    target.add = cut  # type: ignore[method-assign]
    with pytest.raises(StoreError):
        copied(source, target)
    to_server(full, server)
