# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bouncestream.errors import SchemaTooOld, StoreBusy, StoreUnavailable
from bouncestream.outbox import files
from bouncestream.outbox.copying.file import FileEnd
from tests.outbox import make
from tests.outbox.copying.conftest import contents, one


def test_nobody_writes_to_the_source_meanwhile(full: Path, held: FileEnd) -> None:
    with closing(sqlite3.connect(full, timeout=0)) as other:
        assert other.execute("SELECT count(*) FROM outbox").fetchone() == (12,)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("DELETE FROM outbox")
    with pytest.raises(StoreBusy, match="Next: stop the bridge"):
        FileEnd.source(full)


def test_a_source_is_left_as_it_was(full: Path) -> None:
    before = full.read_bytes()
    with closing(FileEnd.source(full)) as end:
        assert [row[0] for row in end.rows(one("outbox"))] == list(range(1, 13))
    assert full.read_bytes() == before


def test_a_running_bridge_is_told(full: Path) -> None:
    lock = files.Lock(full)
    try:
        with pytest.raises(StoreBusy, match=r"uses .*outbox\.db\. While it is copied no bridge may use it"):
            FileEnd.source(full)
    finally:
        lock.release()


def test_an_older_one_is_upgraded_first(path: Path) -> None:
    make.older(path).close()
    for way in (FileEnd.source, FileEnd.target):
        with pytest.raises(SchemaTooOld, match="older version"):
            way(path)


def test_there_must_be_one(path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="There is no outbox at"):
        FileEnd.source(path)
    path.touch()
    with pytest.raises(StoreUnavailable, match="is empty"):
        FileEnd.source(path)
    with pytest.raises(StoreUnavailable, match="does not exist"):
        FileEnd.target(path.with_name("no") / "file")


def test_another_file_is_not_touched(tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as conn:
        conn.execute("CREATE TABLE precious (id)")
    before = other.read_bytes()
    with pytest.raises(StoreUnavailable, match="not an outbox of bouncestream"):
        FileEnd.target(other)
    assert other.read_bytes() == before


def test_a_damaged_one_is_not_copied(full: Path) -> None:
    with full.open("r+b") as file:
        file.seek(3 * 8192)
        file.write(b"\xff" * 8192 * 6)
    with pytest.raises(StoreUnavailable, match="damaged"), closing(FileEnd.source(full)) as end:
        list(end.rows(one("outbox")))


def test_a_text_that_postgresql_cannot_hold_is_replaced_and_noted(full: Path) -> None:
    with closing(sqlite3.connect(full, isolation_level=None)) as conn:
        conn.execute("UPDATE outbox SET diagnostic = 'a' || char(0) || 'b' WHERE id = 2")
        conn.execute("UPDATE outbox SET reason = CAST(x'61eda08062' AS TEXT), evidence = char(0) WHERE id = 3")
    with closing(FileEnd.source(full)) as end:
        found = {row[0]: dict(zip(one("outbox").columns, row, strict=True)) for row in end.rows(one("outbox"))}
        assert found[2]["diagnostic"] == "a\ufffdb"
        assert found[3]["reason"] == "a\ufffd\ufffd\ufffdb"
        assert type(found[3]["reason"]) is str
        assert [(odd.table, odd.row, odd.column) for odd in end.odd] == [
            ("outbox", "2", "diagnostic"), ("outbox", "3", "reason"), ("outbox", "3", "evidence")
        ]  # fmt: skip
        assert end.odds == 3


def test_in_a_key_it_is_refused(full: Path) -> None:
    with closing(sqlite3.connect(full, isolation_level=None)) as conn:
        conn.execute("UPDATE folders SET folder = 'a' || char(0) WHERE folder = 'Ä'")
    with closing(FileEnd.source(full)) as end, pytest.raises(StoreUnavailable, match="its folder holds bytes"):
        list(end.rows(one("folders")))


def test_what_is_sealed_is_read_as_it_is_stored(path: Path) -> None:
    with closing(make.connect(path, key=make.KEY)) as conn:
        make.submit(conn, make.event())
        conn.commit()
    with closing(FileEnd.source(path)) as end:
        (row,) = end.rows(one("outbox"))
        told = dict(zip(one("outbox").columns, row, strict=True))
        assert told["recipient"].startswith("sealed:")
    assert contents(path)["outbox"] == [row]
