# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Collection
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bouncestream.errors import SinkError
from bouncestream.health import Health, Status
from bouncestream.maintenance import deletions
from bouncestream.maintenance.deletions import CURSOR, PART, Deletions
from bouncestream.outbox import erasing
from bouncestream.outbox.db import Database
from bouncestream.outbox.delivery import get_meta
from bouncestream.ports import Subscriber
from tests.maintenance.test_erasures import StillClock
from tests.outbox import make
from tests.outbox.test_erasing import settled


@dataclass
class Listmonk:
    """Knows the people of some addresses, the first of whom it shows."""

    emails: list[str]
    trouble: str = ""
    asked: list[set[str]] = field(default_factory=list)
    once: set[str] = field(default_factory=set)  #: whom the first answer lacks

    async def newest_subscriber(self) -> Subscriber | None:
        return self._person(self.emails[0]) if self.emails else None

    async def find(self, emails: Collection[str], uuids: Collection[str]) -> tuple[set[str], list[Subscriber]]:
        if self.trouble:
            raise SinkError(self.trouble)
        self.asked.append(set(emails))
        lacks, self.once = self.once, set()
        there = [self._person(email) for email in self.emails if email in set(emails) - lacks]
        return {*emails, *uuids}, there

    @staticmethod
    def _person(email: str) -> Subscriber:
        return Subscriber(1, f"uuid of {email}", email, "enabled")


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    def fill(conn: sqlite3.Connection) -> None:
        make.submit(
            conn, *(make.event(f"{name}@example.com", message_id=f"<{name}>") for name in ("ann", "bob", "cy"))
        )
        settled(conn)
        make.submit(conn, make.event("dan@example.com"), make.event("ann@example.com", message_id="<2>"))

    with closing(make.connect(tmp_path / "outbox.db")) as conn:
        fill(conn)
    db = await Database.open(tmp_path / "outbox.db", lock=True)
    yield db
    await db.close()


def task(db: Database, listmonk: Listmonk, health: Health | None = None, **more: int) -> Deletions:
    clock = StillClock()
    return Deletions(db, listmonk, clock, health or Health(), lambda: True, pause=0, **more)  # type: ignore[arg-type]


async def erased(db: Database) -> list[str]:
    """Who is to be erased; of one moment they stand in no order."""
    return sorted(one.names[0] for one in await db.read(erasing.erasures))


async def test_who_is_gone_is_erased_and_who_is_there_or_on_the_way_is_not(db: Database) -> None:
    listmonk = Listmonk(["zoe@example.com", "bob@example.com"])
    assert await task(db, listmonk).turn() == 2
    assert await erased(db) == ["ann@example.com", "cy@example.com"]
    assert [len(asked) for asked in listmonk.asked] == [4, 3], "a second time for those who seem to be gone"
    assert not any("dan@example.com" in asked for asked in listmonk.asked), "what is on its way is not finished"


async def test_who_is_only_missing_once_is_not(db: Database) -> None:
    listmonk = Listmonk(["zoe@example.com", "bob@example.com", "ann@example.com"], once={"ann@example.com"})
    await task(db, listmonk).turn()
    assert await erased(db) == ["cy@example.com"]


@pytest.mark.parametrize(
    "listmonk",
    [
        Listmonk([]),
        Listmonk(["zoe@example.com"], trouble="it is away"),
        Listmonk(["zoe@example.com"], once={"zoe@example.com"}),
    ],
)
async def test_a_listmonk_that_is_away_or_odd_erases_nobody(db: Database, listmonk: Listmonk) -> None:
    health = Health()
    one = task(db, listmonk, health)
    assert await one.turn() == 0
    assert await erased(db) == []
    assert health.parts[PART].state is Status.YELLOW
    assert "nobody was erased" in health.parts[PART].why
    one.directory = Listmonk(["bob@example.com", "ann@example.com", "cy@example.com"])
    assert await one.turn() == 0
    assert health.parts[PART].state is Status.GREEN


async def test_it_goes_on_where_it_stopped_and_begins_again(db: Database) -> None:
    listmonk = Listmonk(["bob@example.com", "ann@example.com", "cy@example.com"])
    one = task(db, listmonk, rows=2)
    for _ in range(4):
        await one.turn()
    assert [sorted(asked - {"bob@example.com"}) for asked in listmonk.asked] == [
        ["ann@example.com"], ["cy@example.com"], ["ann@example.com"],
    ]  # fmt: skip


async def test_where_all_of_a_step_are_gone_it_goes_on_with_the_next_and_erases_none_of_them(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Listmonk may delete whoever bounces; but it may also be another one."""
    monkeypatch.setattr(deletions, "FEW", 1)
    health = Health()
    one = task(db, Listmonk(["zoe@example.com", "cy@example.com"]), health, rows=2)
    assert await one.turn() == 0  # ann and bob
    assert await erased(db) == []
    assert "deletes those who bounce" in health.parts[PART].why
    assert await db.read(lambda conn: get_meta(conn, CURSOR)) == "2"
    assert await one.turn() == 0  # cy
    assert health.parts[PART].state is Status.GREEN
    one.directory = Listmonk(["zoe@example.com"])
    for _ in range(4):
        await one.turn()
    assert await erased(db) == [], "nor the few of the last step"
    one.directory = Listmonk(["zoe@example.com", "bob@example.com"])
    assert [await one.turn() for _ in range(2)] == [1, 1]
    assert await erased(db) == ["ann@example.com", "cy@example.com"]


async def test_its_trouble_is_forgotten_when_it_is_switched_off(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deletions, "EVERY", 0.005)
    health, wanted = Health(), True
    one = task(db, Listmonk([]), health)
    one.wanted = lambda: wanted
    running = asyncio.create_task(one.run())
    async with asyncio.timeout(20):
        while PART not in health.parts:
            await asyncio.sleep(0.005)
        wanted = False
        while PART in health.parts:
            await asyncio.sleep(0.005)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
