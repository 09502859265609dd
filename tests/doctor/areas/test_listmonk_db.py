# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace

import pytest

from bouncestream.config.listmonk_db import ListmonkDb
from bouncestream.config.model import Config
from bouncestream.config.outbox import Outbox
from bouncestream.doctor.areas.listmonk_db import TablesFacts, collect, eased, judge
from bouncestream.doctor.finding import Finding, Level
from tests.sinks.listmonk_db.shape import Listmonk

ON = Config(listmonk_db=ListmonkDb(enabled=True))


def test_nothing_is_told_where_it_is_off() -> None:
    assert collect(Config()) is None
    assert judge(None) == []


def test_the_versions_that_it_was_tested_with_are_named() -> None:
    [found] = judge(TablesFacts(version=(6, 2, 0)))
    assert (found.id, found.level) == ("listmonk-db-ok", Level.OK)
    assert "4.1, 5.1 and 6.2" in found.seen
    [found] = judge(TablesFacts(version=(6, 3, 0)))
    assert (found.id, found.level) == ("listmonk-db-untested", Level.INFO)
    assert "6.3.0" in found.seen
    assert "4.1, 5.1 and 6.2" in found.seen


def test_what_does_not_do_is_an_error_with_its_fix() -> None:
    [found] = judge(TablesFacts("the table bounces is missing. Next: look for it"))
    assert (found.id, found.level) == ("listmonk-db-unfit", Level.ERROR)
    assert (found.seen, found.fix) == ("the table bounces is missing", "look for it")


def test_what_delivery_does_without_is_information() -> None:
    found = [Finding(name, Level.ERROR, "listmonk", "x") for name in ("permission-post", "listmonk-token")]
    assert [one.level for one in eased(ON, found)] == [Level.INFO, Level.ERROR]
    assert eased(Config(), found) == found


@pytest.mark.process
def test_tables_are_looked_at_by_the_bridges_role(listmonk_tables: Listmonk) -> None:
    config = replace(ON, outbox=Outbox(url=listmonk_tables.url))
    assert collect(config) == TablesFacts(version=(6, 2, 0))
    listmonk_tables.run("REVOKE UPDATE ON subscribers FROM bouncestream")
    seen = collect(config)
    assert seen is not None
    assert "lacks UPDATE" in seen.fault
    listmonk_tables.run("DROP POLICY bouncestream ON settings")


def test_a_server_that_is_away_is_told_of_the_outbox() -> None:
    assert collect(replace(ON, outbox=Outbox(url="postgresql://127.0.0.1:1/x"))) is None
