# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from bouncestream.alert import AlertState, Delivery, Notice, What
from bouncestream.alerts.memory import UNKEPT, UNNUMBERED, Memory
from bouncestream.errors import StoreUnavailable
from bouncestream.outbox import alerts
from bouncestream.outbox.db import Database

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
STATE = AlertState("brake", "", "error", True, NOW, NOW, NOW)


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Database]:
    db = await Database.open(folder / "outbox.db", lock=True)
    try:
        yield db
    finally:
        await db.close()


def notice(number: int) -> Notice:
    return Notice(number, NOW, What.FIRED, "error", "title", f"text {number}", rule=f"rule{number}")


async def test_nothing_is_written_down_before_it_is_known_what_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def away(*_: object) -> None:
        raise StoreUnavailable("no PostgreSQL answers")

    async with opened(tmp_path) as db:
        waiting = Delivery(notice(7), "webhook", due_at=NOW)
        await db.write(partial(alerts.save, changed=[STATE], notices=[notice(7)], deliveries=[waiting]))
        memory = Memory(db)
        with monkeypatch.context() as patch:
            patch.setattr(db, "read", away)
            for _ in range(2):
                assert await memory.load() is None
        assert caplog.text.count("earlier alerts are not known yet: no PostgreSQL answers") == 1
        assert memory.number() == UNNUMBERED
        memory.notice(notice(UNNUMBERED))
        memory.note([Delivery(notice(UNNUMBERED), "webhook", due_at=NOW)])
        await memory.save({("x", ""): AlertState("x", "", "error", True)})
        assert list(await db.read(alerts.states)) == [STATE.key]
        assert await memory.load() == ({STATE.key: STATE}, [waiting])
        assert await memory.load() is None, "it is known"
        assert [memory.number(), memory.number()] == [8, 9]
        memory.notice(notice(8))
        await memory.save({})
        assert [one.id for one in await db.read(partial(alerts.recent, limit=9))] == [8, 7]


async def test_what_cannot_be_written_down_is_kept_within_bounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> None:
        raise StoreUnavailable("The disk of the outbox is full")

    async with opened(tmp_path) as db:
        memory = Memory(db)
        await memory.load()
        with monkeypatch.context() as patch:
            patch.setattr(db, "write", full)
            for number in range(1, UNKEPT + 11):
                memory.notice(notice(number))
                memory.note([Delivery(notice(number), "webhook", due_at=NOW)])
            await memory.save({STATE.key: STATE})
        await memory.save({STATE.key: STATE})
        assert (await db.read(alerts.states))[STATE.key].active
        assert await db.read(alerts.newest_notice) == UNKEPT + 10
