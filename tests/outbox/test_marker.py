# SPDX-License-Identifier: GPL-3.0-or-later
"""The marker tells a missing outbox from the first start of all."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from bouncestream.outbox import connection, delivery
from bouncestream.outbox.backup import backup
from bouncestream.outbox.db import Database
from bouncestream.outbox.marker import Markers
from tests.outbox import make


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for name in ("etc", "var", "state"):
        (tmp_path / name).mkdir()
    return tmp_path


def markers(home: Path, *, path: str = "var/outbox.db", config: str = "etc/config.toml", **environ: str) -> Markers:
    return Markers(home / path, str(home / config) if config else "", environ)


def make_outbox(home: Path, path: str = "var/outbox.db", instance: str = "abc") -> Path:
    with closing(make.connect(home / path)) as conn:
        delivery.set_meta(conn, "instance", instance)
    return home / path


def test_the_first_start_misses_nothing(home: Path) -> None:
    assert markers(home).lost() == ""


@pytest.mark.parametrize("config", ["etc/config.toml", ""])
def test_a_removed_outbox_is_missed_and_one_that_is_back_is_not(home: Path, config: str) -> None:
    outbox = make_outbox(home)
    ours = markers(home, config=config)
    ours.write("abc", "2026-03-01T12:00:00+00:00")
    assert ours.lost() == ""
    outbox.rename(home / "away")
    assert f"{outbox} is missing, but it existed before (2026-03-01)" in ours.lost()
    assert "run --new-outbox" in ours.lost()
    (home / "away").rename(outbox)
    assert ours.lost() == ""


def test_an_unmounted_folder_is_missed(home: Path) -> None:
    make_outbox(home)
    markers(home).write("abc", "2026-03-01")
    (home / "var").rename(home / "old")
    assert "is missing" in markers(home).lost()
    (home / "var").mkdir()  # the mount point
    assert "is missing" in markers(home).lost()


@pytest.mark.parametrize("kind", ["nothing in it", "a database without a table"])
def test_an_emptied_outbox_is_missed(home: Path, kind: str) -> None:
    outbox = make_outbox(home)
    markers(home).write("abc", "2026-03-01")
    outbox.unlink()
    outbox.touch()
    if kind != "nothing in it":
        with closing(sqlite3.connect(outbox)) as conn:
            conn.execute("PRAGMA journal_mode = WAL")
    assert "is empty" in markers(home).lost()


async def test_a_young_outbox_after_a_kill_is_not_empty(home: Path) -> None:
    """All that it holds is in its log."""
    path = home / "var" / "outbox.db"
    path.touch()
    conn = sqlite3.connect(**connection.options(path))
    with closing(conn):
        connection.prepare_new(conn)
        connection.prepare_writer(conn)
        conn.execute("CREATE TABLE t (a)")
        for name in ("outbox.db", "outbox.db-wal"):
            (home / "state" / name).write_bytes((home / "var" / name).read_bytes())
    left = markers(home, path="state/outbox.db")
    left.write("abc", "2026-03-01")
    assert left.lost() == ""


def test_an_outbox_that_moved_with_its_path_is_not_missed(home: Path) -> None:
    make_outbox(home).rename(home / "state" / "outbox.db")
    markers(home).write("abc", "2026-03-01")
    assert markers(home, path="state/outbox.db").lost() == ""


def test_a_new_path_without_the_outbox_is_told(home: Path) -> None:
    outbox = make_outbox(home)
    markers(home).write("abc", "2026-03-01")
    why = markers(home, path="state/outbox.db").lost()
    assert f"until now it was {outbox} which still exists" in why
    assert "correct [outbox] path, or move" in why


def test_an_old_outbox_below_an_unmounted_disk_is_told_from_a_restored_backup(home: Path) -> None:
    outbox = make_outbox(home)
    backup(outbox, home / "backup.db", make.NOW)
    markers(home).write("abc", "2026-03-01")
    outbox.rename(home / "away")
    make_outbox(home, instance="old")
    why = markers(home).lost()
    assert f"{outbox} is not the former one (2026-03-01), nor its backup." in why
    assert "run --new-outbox" in why
    (home / "backup.db").rename(outbox)
    assert markers(home).lost() == ""
    make_outbox(home, "state/outbox.db", "third")
    assert markers(home, path="state/outbox.db").lost() == ""  # the path was changed: that outbox is meant


def test_two_configurations_in_one_folder_do_not_mix(home: Path) -> None:
    make_outbox(home)
    markers(home).write("abc", "2026-03-01")
    other = markers(home, config="etc/second.toml", path="var/second.db")
    assert other.lost() == ""
    make_outbox(home, "var/second.db", "def")
    other.write("def", "2026-03-02")
    assert (markers(home).lost(), other.lost()) == ("", "")
    for where in ({"STATE_DIRECTORY": str(home / "state")}, {}):
        one = markers(home, config="", path="var/outbox.db", **where)
        one.write("abc", "2026-03-01")
        assert markers(home, config="", path="var/third.db", **where).lost() == ""


def test_a_folder_that_cannot_be_written_is_passed_over(home: Path) -> None:
    make_outbox(home)
    ours = Markers(home / "var/outbox.db", "/proc/config.toml", {"STATE_DIRECTORY": f"{home}/state:/other"})
    ours.write("abc", "2026-03-01")
    (file,) = (home / "state").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    (home / "var/outbox.db").unlink()
    assert f"remove {file}" in ours.lost()


def test_without_any_place_it_only_says_so(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    Markers(Path("/proc/outbox.db"), "/proc/config.toml", {}).write("abc", "2026-03-01")
    assert "first start cannot be written" in caplog.text


def test_another_file_system_comes_first(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shm = Path("/dev/shm")
    if not shm.is_dir() or shm.stat().st_dev == home.stat().st_dev:
        pytest.fail("this machine has no second file system")
    ours = markers(home, STATE_DIRECTORY=str(shm))
    ours.write("abc", "2026-03-01")
    found = ours.read()
    assert found is not None
    Path(found.file).unlink()
    assert Path(found.file).parent == shm


@pytest.mark.parametrize("junk", ["", "[]", "{}", '{"outbox": 1}', "\x00", '{"outbox": {}, "instance": ""'])
def test_a_marker_that_cannot_be_read_is_none(home: Path, junk: str) -> None:
    (home / "etc/config.toml.outbox").write_text(junk)
    assert markers(home).lost() == ""


def test_it_is_written_once(home: Path) -> None:
    make_outbox(home)
    markers(home).write("abc", "2026-03-01")
    before = (home / "etc/config.toml.outbox").stat().st_ino
    markers(home).write("abc", "2026-03-09")
    assert (home / "etc/config.toml.outbox").stat().st_ino == before
    markers(home).write("def", "2026-03-10")
    found = markers(home).read()
    assert found is not None
    assert (found.instance, found.since) == ("def", "2026-03-10")


async def test_it_is_asked_before_the_outbox_is_open(home: Path) -> None:
    db = await Database.open(home / "var/outbox.db", lock=True)
    instance = await db.read(partial(delivery.get_meta, name="instance"))
    await db.close()
    assert instance
    markers(home).write(instance, "2026-03-01")
    assert markers(home).lost() == ""
