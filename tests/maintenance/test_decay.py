# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pytest

from bouncestream.config import policy
from bouncestream.config.model import Config
from bouncestream.errors import SinkError, SinkRefused
from bouncestream.event import Kind
from bouncestream.maintenance.decay import NO_CLICK, UNKNOWN, Soft
from bouncestream.outbox.db import Database
from bouncestream.outbox.latecomers import LATEST
from bouncestream.outbox.place import Server
from tests.outbox import make
from tests.outbox.make import later
from tests.outbox.test_raising import full


class At:
    now_ = later(days=3)
    seconds = 0.0

    def now(self) -> datetime:
        return self.now_

    def monotonic(self) -> float:
        return self.seconds


@dataclass
class Listmonk:
    at: datetime | None = None  #: when the person clicked last
    error: Exception | None = None
    asked: list[tuple[Sequence[str], str]] = field(default_factory=list)

    async def clicked(self, emails: Sequence[str], uuid: str, since: datetime) -> bool:
        self.asked.append((emails, uuid))
        if self.error:
            raise self.error
        return self.at is not None and self.at > since


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    with closing(make.connect(tmp_path / "outbox.db")):
        pass
    db = await Database.open(tmp_path / "outbox.db", lock=True)
    yield db
    await db.close()


def task(
    db: Database,
    listmonk: Listmonk,
    *,
    may_look: bool | None = True,
    mode: str = "bridge",
    count: int = 3,
    at: At | None = None,
) -> Soft:
    config = Config(policy=policy.Policy(soft=policy.Soft(mode=mode, count={"mailbox": count})))
    return Soft(db, listmonk, at or At(), lambda: config, lambda: may_look)  # type: ignore[arg-type]


async def bounced(db: Database, soft: Soft, days: int = 4) -> list[tuple[object, ...]]:
    """A mailbox is full on so many days, each of which is looked at; the kinds of all events, and the evidence."""
    assert not await soft.turn(), "it begins with what comes in from now on"
    for day in range(days):
        at = later(days=day)
        await db.write(lambda conn, day=day, at=at: make.submit(conn, full(day, occurred_at=at), now=at))  # type: ignore[misc]
        await soft.turn()
    return await db.read(lambda conn: make.rows(conn, "kind, evidence"))


async def test_the_one_that_reaches_the_count_is_told_as_hard(db: Database) -> None:
    listmonk = Listmonk()
    found = await bounced(db, task(db, listmonk))
    assert [kind for kind, _ in found] == ["soft", "soft", "soft", "hard", "soft"]
    assert NO_CLICK in str(found[3][1])
    assert "on 3 days (mailbox), from 2026-03-01 to 2026-03-03" in str(found[3][1])
    assert listmonk.asked == [(("ann@example.com",), "")], "and nobody was asked about before"


@pytest.mark.parametrize(("clicked", "hard"), [(0.5, 1), (2.5, 0), (-1, 2)])
async def test_a_click_forgets_what_came_before(db: Database, clicked: float, hard: int) -> None:
    found = await bounced(db, task(db, Listmonk(later(days=clicked)), count=2), days=4)
    assert sum(kind == "hard" for kind, _ in found) == hard


async def test_without_the_permission_the_evidence_says_so(db: Database) -> None:
    found = await bounced(db, task(db, Listmonk(), may_look=False))
    assert UNKNOWN in str(found[3][1])


async def test_an_address_that_cannot_be_asked_for_is_said_too(db: Database) -> None:
    found = await bounced(db, task(db, Listmonk(error=SinkRefused(0, "it is odd"))))
    assert UNKNOWN in str(found[3][1])


@pytest.mark.parametrize("may_look", [True, None])
async def test_a_listmonk_that_is_away_raises_nobody_and_is_asked_again(
    db: Database, may_look: bool | None
) -> None:
    soft = task(db, Listmonk(error=SinkError("it is away")), may_look=may_look)
    with pytest.raises(SinkError):
        await bounced(db, soft)
    assert await db.read(lambda conn: make.rows(conn, "kind")) == [("soft",)] * 3
    soft.clicks, soft.may_look = Listmonk(), lambda: True
    await soft.turn()
    await soft.turn()
    assert await db.read(lambda conn: make.rows(conn, "kind")) == [("soft",)] * 3 + [("hard",)]


async def test_listmonk_s_own_way_changes_nothing(db: Database) -> None:
    found = await bounced(db, task(db, Listmonk(), mode="listmonk"), days=6)
    assert [kind for kind, _ in found] == ["soft"] * 6


async def test_what_came_in_before_counts_and_raises_nobody_by_itself(db: Database) -> None:
    for day in range(3):
        at = later(days=day)
        await db.write(lambda conn, day=day, at=at: make.submit(conn, full(day, occurred_at=at), now=at))  # type: ignore[misc]
    soft = task(db, Listmonk())
    await soft.turn()
    await soft.turn()
    assert await db.read(lambda conn: make.rows(conn, "kind")) == [("soft",)] * 3
    at = later(days=3)
    await db.write(lambda conn: make.submit(conn, full(9, occurred_at=at), now=at))
    await soft.turn()
    assert (await db.read(lambda conn: make.rows(conn, "kind")))[-1] == (Kind.HARD,)


async def test_of_many_at_once_the_one_that_reaches_the_count_is_raised(db: Database) -> None:
    soft = task(db, Listmonk())
    await soft.turn()
    events = [full(day, occurred_at=later(days=day)) for day in range(3)]
    await db.write(lambda conn: make.submit(conn, *events, now=later(days=3)))
    await soft.turn()
    found = await db.read(lambda conn: make.rows(conn, "kind, superseded_by"))
    assert found == [("soft", None), ("soft", None), ("soft", 4), ("hard", None)]


async def test_one_that_another_bridge_commits_late_is_looked_at_too(pg_url: str) -> None:
    from bouncestream.outbox.postgres.connection import begin, connect

    at, listmonk = At(), Listmonk()
    db = await Database.open(Server(pg_url, "one"))
    soft = task(db, listmonk, count=1, at=at)
    with closing(connect(Server(pg_url, "two"))) as other:
        await soft.turn()
        begin(other)
        make.submit(other, full(0, recipient="ann@example.com"))
        await db.write(lambda conn: make.submit(conn, full(1, recipient="bob@example.com")))
        for at.seconds in (1.0, 2.0, LATEST):
            await soft.turn()
        other.execute("COMMIT")
    at.seconds = LATEST + 1
    await soft.turn()
    kinds = await db.read(lambda conn: make.rows(conn, "recipient, kind"))
    await db.close()
    assert [who for who, kind in kinds if kind == "hard"] == ["ann@example.com", "bob@example.com"]
