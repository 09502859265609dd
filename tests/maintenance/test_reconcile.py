# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from bouncestream.judging.reconcile import Entry
from bouncestream.maintenance.reconcile import reconcile, with_provider
from bouncestream.outbox import suppression
from bouncestream.ports import ListedRow, State, Subscriber
from tests.outbox import make
from tests.outbox.make import CAMPAIGN, NOW, later
from tests.outbox.test_erasing import erase, settled

T = TypeVar("T")
OLD = NOW - timedelta(days=365)


class Listmonk:
    """Has a row of each event of an outbox, but for those that are taken out, and knows some addresses."""

    def __init__(self, conn: sqlite3.Connection, *known: str) -> None:
        self.rows: dict[str, list[ListedRow]] = {}
        for event_id, label in conn.execute("SELECT event_id, label FROM outbox WHERE label <> ''"):
            self.rows.setdefault(label, []).append(ListedRow(event_id, 1))
        self.known = known

    async def read_label(self, label: str) -> Sequence[ListedRow]:
        return self.rows.get(label, [])

    async def find(self, emails: Collection[str], uuids: Collection[str]) -> tuple[set[str], list[Subscriber]]:
        return {*emails, *uuids}, [Subscriber(1, "", name, "enabled") for name in self.known if name in emails]


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(make.connect(tmp_path / "outbox.db")) as conn:
        make.submit(conn, *(make.event(f"{name}@example.com") for name in ("ann", "bob", "cy")))
        make.submit(conn, make.event("dan@example.com", campaign_uuid=CAMPAIGN), now=later(days=40))
        settled(conn)
        yield conn


def reader(conn: sqlite3.Connection) -> Callable[..., object]:
    async def read(fn: Callable[[sqlite3.Connection], T], /) -> T:
        return fn(conn)

    return read


async def test_all_add_up(conn: sqlite3.Connection) -> None:
    found = await reconcile(reader(conn), Listmonk(conn), since=None, before=OLD)  # type: ignore[arg-type]
    assert (found.events, found.stored, found.causes) == ({"hard": 4}, {"hard": 4}, {})


async def test_only_what_is_asked_for_though_a_label_has_more(conn: sqlite3.Connection) -> None:
    for bounds in ({"since": later(days=30)}, {"since": None, "campaign": CAMPAIGN}):
        found = await reconcile(reader(conn), Listmonk(conn), before=OLD, **bounds)  # type: ignore[arg-type]
        assert (found.events, found.causes) == ({"hard": 1}, {})


async def test_deleted_erased_and_unknown(conn: sqlite3.Connection) -> None:
    listmonk = Listmonk(conn, "bob@example.com")
    erase(conn, "cy@example.com")
    for rows in listmonk.rows.values():
        rows[:] = [ListedRow("0f000000-0000-7000-8000-000000000000", 1), ListedRow("", 0, ours=False)]
    found = await reconcile(reader(conn), listmonk, since=None, before=OLD)  # type: ignore[arg-type]
    assert found.causes == {
        "erased": 1, "subscriber deleted": 2, "row deleted": 1, "another bridge": 1, "unknown event": 1,
    }  # fmt: skip


async def test_a_provider_s_list(conn: sqlite3.Connection) -> None:
    listmonk = Listmonk(conn, "eve@example.com")
    suppression.suppress(conn, ["sue@example.com"], NOW)
    found = await reconcile(reader(conn), listmonk, since=None, before=OLD)  # type: ignore[arg-type]
    names = ["ann", "sue", "eve", "stranger"]
    entries = [Entry(f"{name}@example.com", line, NOW) for line, name in enumerate(names, 2)]
    await with_provider(found, reader(conn), listmonk, entries, OLD)  # type: ignore[arg-type]
    assert (found.listed, found.matched) == (4, 1)
    assert found.causes == {"suppressed": 1, "another application": 1, "missing here": 1}
    assert [one.what for one in found.unexplained] == ["line 4"]


async def test_a_state_that_is_not_what_listmonk_shows(conn: sqlite3.Connection) -> None:
    make.submit(conn, make.event("fay@example.com"))
    make.claim(conn)
    make.settle(conn, 5, State.DEAD)
    found = await reconcile(reader(conn), Listmonk(conn), since=None, before=OLD)  # type: ignore[arg-type]
    assert [(one.cause, one.row) for one in found.unexplained] == [("counted all the same", 5)]


async def test_what_was_undone_is_explained(conn: sqlite3.Connection) -> None:
    listmonk = Listmonk(conn)
    for rows in listmonk.rows.values():
        rows[:] = rows[1:]
    row = "INSERT INTO caused VALUES (1, '', 1, 1, 1, x'', 'blocklisted', 'blocklist', '', 'restored', '', '')"
    conn.execute(row)
    make.settle(conn, 1, State.DROPPED)
    found = await reconcile(reader(conn), listmonk, since=None, before=OLD)  # type: ignore[arg-type]
    assert found.causes["undone"] == 1
    assert not found.unexplained
