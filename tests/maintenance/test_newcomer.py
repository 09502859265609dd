# SPDX-License-Identifier: GPL-3.0-or-later
"""A new outbox at a Listmonk that knows an older one."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Collection
from pathlib import Path

import pytest

from bouncestream.clock import SystemClock
from bouncestream.errors import SinkError, SinkRefused
from bouncestream.health import Health
from bouncestream.maintenance.newcomer import Newcomer
from bouncestream.metrics import Metrics
from bouncestream.outbox import delivery
from bouncestream.outbox.db import Database
from bouncestream.outbox.intake import Intake


class Listmonk:
    """What another outbox told it, or the error that it answers with."""

    def __init__(self, answer: Counter[str] | SinkError) -> None:
        self.answer = answer
        self.asked = 0

    async def strangers(self, names: Collection[str]) -> Counter[str]:
        self.asked += 1
        if isinstance(self.answer, SinkError):
            raise self.answer
        return self.answer


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    db = await Database.open(tmp_path / "outbox.db")
    yield db
    await db.close()


def newcomer(db: Database, sink: Listmonk) -> tuple[Newcomer, Intake]:
    intake = Intake(db, clock=SystemClock(), metrics=Metrics(), health=Health())
    return Newcomer(db, sink, intake, lambda: ["shop"]), intake


async def test_an_older_outbox_closes_the_new_one_until_a_person_decides(db: Database) -> None:
    sink = Listmonk(Counter(shop=3))
    for _ in range(2):  # also at the next start
        asked, intake = newcomer(db, sink)
        assert not await asked.allowed()
        assert "(shop)" in intake.closed
    asked, intake = newcomer(db, sink)
    await asked.accept()
    assert await asked.allowed()
    assert (intake.closed, sink.asked) == ("", 2)


async def test_it_is_asked_until_it_answers_and_then_never_again(db: Database) -> None:
    sink = Listmonk(SinkError("it is down"))
    asked, _ = newcomer(db, sink)
    with pytest.raises(SinkError):
        await asked.allowed()
    sink.answer = Counter()
    assert await asked.allowed()
    assert await newcomer(db, sink)[0].allowed()
    assert sink.asked == 2


async def test_a_token_that_may_not_look_stops_nobody(db: Database) -> None:
    assert await newcomer(db, Listmonk(SinkRefused(403, "bounces:get is missing")))[0].allowed()


async def test_an_outbox_that_told_something_stays_known_when_its_labels_are_gone(db: Database) -> None:
    """Labels end with retention: after a year without a bounce it would look new."""
    await db.write(lambda conn: conn.execute("INSERT INTO labels VALUES ('shop', '2026-01-01', 1, 1)") and None)
    assert await newcomer(db, Listmonk(Counter(shop=1)))[0].allowed()
    await db.write(lambda conn: conn.execute("DELETE FROM labels") and None)
    assert await db.read(delivery.is_settled)
    assert await newcomer(db, Listmonk(Counter(shop=1)))[0].allowed()
