# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bouncestream.config.model import Config
from bouncestream.config.outbox import Outbox
from bouncestream.doctor.areas import outbox
from bouncestream.doctor.areas.outbox import OutboxFacts
from bouncestream.doctor.finding import Finding, Level
from bouncestream.outbox import copied, delivery
from bouncestream.outbox.intake import MIN_FREE
from bouncestream.outbox.place import Server
from bouncestream.outbox.postgres import leases
from bouncestream.outbox.postgres.connection import connect
from bouncestream.outbox.postgres.schema import create
from bouncestream.outbox.postgres.steps import END_FIRST
from bouncestream.outbox.postgres.worth import Worth
from bouncestream.outbox.view import Overview
from tests.outbox import make
from tests.outbox.postgres.newer import newer

NOW = datetime(2026, 3, 1, tzinfo=UTC)
STRANGER = {"source": "shop 2026-02-01", "meta": {"bridge": "another"}}


def holds(**fields: Any) -> Overview:
    usual: dict[str, Any] = {"states": {}, "quarantined": 0, "oldest_pending": 0.0, "newest": {}}
    return Overview(**usual | {"size": 1, "wal_size": 1} | fields)


def judged(seen: OutboxFacts, *, alive: bool = True) -> dict[str, Finding]:
    return {one.id: one for one in outbox.judge(seen, ["shop"], NOW, alive=alive)}


def looked(path: Path) -> OutboxFacts:
    return outbox.collect(Config(outbox=Outbox(path=str(path))), NOW)


@pytest.mark.parametrize(
    ("overview", "ident", "level"),
    [
        (holds(states={"dead": 2}), "outbox-dead", "warning"),
        (holds(states={"held": 2}), "outbox-held", "info"),
        (holds(oldest_pending=3600.0), "outbox-oldest", "warning"),
        (holds(wal_size=1 << 30), "outbox-wal", "warning"),
        (holds(quarantined=3), "outbox-quarantine", "info"),
        (holds(newest={"shop": NOW + timedelta(hours=1)}), "outbox-clock", "warning"),
        (holds(newest={"shop": NOW - timedelta(hours=1)}), "source-newest", "info"),
        (holds(), "outbox-ok", "ok"),
    ],
)
def test_what_waits_in_it(overview: Overview, ident: str, level: str) -> None:
    found = judged(OutboxFacts("o.db", overview))
    assert found[ident].level.value == level
    assert ("outbox-ok" in found) is (level != "warning")


@pytest.mark.parametrize(
    ("alive", "lost"),
    [
        (True, ""),
        (True, "The outbox o.db is missing. Next: mount it"),
        (False, "It is missing. Next: mount it"),
    ],
)
def test_one_that_is_missing_is_never_well(alive: bool, lost: str) -> None:
    found = judged(OutboxFacts("o.db", missing=True, lost=lost), alive=alive)
    assert found["outbox-lost"].level is Level.ERROR
    assert found["outbox-lost"].fix == ("mount it" if lost else "check its log")


def test_before_the_first_run_there_is_none(tmp_path: Path) -> None:
    found = judged(looked(tmp_path / "outbox.db"), alive=False)
    assert found["outbox-missing"].level is Level.INFO
    assert all(one.level is not Level.ERROR for one in found.values())
    assert not list(tmp_path.iterdir())


def test_one_that_cannot_be_read() -> None:
    bad = judged(OutboxFacts("o.db", trouble="It is locked. Next: unlock it"))["outbox-unreadable"]
    assert (bad.seen, bad.fix) == ("It is locked.", "unlock it")


def test_one_of_an_older_version_is_no_trouble_as_run_upgrades_it(tmp_path: Path) -> None:
    make.older(tmp_path / "outbox.db").close()
    found = judged(looked(tmp_path / "outbox.db"), alive=False)
    assert "outbox-unreadable" not in found
    assert found["outbox-older"].level is Level.INFO
    assert "bouncestream run" in found["outbox-older"].fix


@pytest.mark.parametrize(("free", "level"), [(MIN_FREE - 1, "error"), (MIN_FREE + 1, "warning"), (1 << 40, None)])
def test_its_disk_is_measured_by_what_the_intake_needs(free: int, level: str | None) -> None:
    found = judged(OutboxFacts("o.db", holds(), free=free)).get("outbox-disk")
    assert (found.level.value if found else None) == level


def test_its_place(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    assert "is a directory" in judged(looked(tmp_path / "folder"))["outbox-place"].seen
    missing = judged(looked(tmp_path / "no" / "outbox.db"), alive=False)
    assert "install -d -m 700" in missing["outbox-place"].fix
    assert "outbox-missing" not in missing
    made = make.connect(tmp_path / "outbox.db")
    made.close()
    (tmp_path / "outbox.db").chmod(0o640)
    assert "its group" in judged(looked(tmp_path / "outbox.db"))["outbox-open"].seen
    (tmp_path / "outbox.db").chmod(0o600)
    assert "outbox-open" not in judged(looked(tmp_path / "outbox.db"))


def test_a_new_one_at_a_listmonk_that_knows_an_older_one(tmp_path: Path) -> None:
    def ids(seen: OutboxFacts, *rows: Any, sources: Any = ("shop",)) -> list[str]:
        return [one.id for one in outbox.judge_former(seen, rows, sources)]

    none = looked(tmp_path / "outbox.db")
    assert ids(none, STRANGER) == ["outbox-former"]
    assert ids(none, STRANGER, sources=("other",)) == []
    assert ids(none) == []
    assert ids(replace(none, lost="it existed"), STRANGER) == [], "told already"
    conn = make.connect(tmp_path / "outbox.db")
    new = looked(tmp_path / "outbox.db")
    assert new.new
    assert new.holds is not None
    assert new.holds.instance
    assert ids(new, STRANGER) == ["outbox-former"]
    assert ids(new, STRANGER | {"meta": {"bridge": new.holds.instance}}) == []
    delivery.mark_settled(conn)
    conn.close()
    assert ids(looked(tmp_path / "outbox.db"), STRANGER) == []


def test_on_postgresql_it_is_told_what_an_acknowledgement_is_worth() -> None:
    seen = outbox.OutboxFacts(
        "postgresql://db/x", server=True, missing=True, worth=Worth("16", False, True, 1, 0, False)
    )
    found = {one.id: one for one in outbox.judge(seen, [], None, alive=False)}
    assert set(found) == {"outbox-missing", "outbox-unsafe", "outbox-asynchronous"}
    assert "ALTER SYSTEM SET fsync = on;" in found["outbox-unsafe"].fix
    assert "synchronous_standby_names" in found["outbox-asynchronous"].fix


@pytest.mark.parametrize("name", [copied.UNFINISHED, copied.WENT_TO])
def test_an_outbox_that_is_not_the_one_to_use_is_told(tmp_path: Path, name: str) -> None:
    with closing(make.connect(tmp_path / "outbox.db")) as conn:
        copied.set_mark(conn, name, copied.Mark("c", "i", "postgresql://db/x", "2026-03-01T12:00:00.000Z"))
    (found,) = outbox.judge(looked(tmp_path / "outbox.db"), [], None, alive=False)
    assert (found.id, found.level) == ("outbox-copied", Level.ERROR)
    assert "postgresql://db/x" in found.seen and "bouncestream outbox" in found.fix


def test_a_server_that_is_away_keeps_run_from_starting() -> None:
    config = Config(outbox=Outbox(url="postgresql://127.0.0.1:1/x"))
    (found,) = outbox.judge(outbox.collect(config, datetime.now(UTC)), [], None, alive=False)
    assert (found.id, found.level) == ("outbox-unreachable", Level.ERROR)
    assert "does not answer" in found.seen and "[outbox] url names its host" in found.fix


@pytest.mark.process
def test_on_postgresql_one_of_an_older_version_is_told_with_whom_its_upgrade_waits_for(pg_url: str) -> None:
    config = Config(outbox=Outbox(url=pg_url))
    conn = connect(Server(pg_url, "one"))
    create(conn)
    leases.meet(conn, "two", "1a", "0.1.0")
    conn.close()
    with newer(END_FIRST):
        seen = outbox.collect(config, datetime.now(UTC))
        found = {one.id: one for one in outbox.judge(seen, [], None, alive=False)}
    assert found["outbox-older"].level is Level.INFO and "outbox-unsafe" in found
    assert 'stop each older bridge that works on it, "two" (0.1.0)' in found["outbox-older"].fix
