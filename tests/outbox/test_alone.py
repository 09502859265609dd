# SPDX-License-Identifier: GPL-3.0-or-later
"""A command that must not run twice at a time on one outbox."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextvars import Context
from functools import partial
from pathlib import Path

import pytest

from bouncestream.errors import LeaseLost, StoreBusy, StoreUnavailable
from bouncestream.lease import GUARD
from bouncestream.outbox.alone import alone
from bouncestream.outbox.db import Database
from bouncestream.outbox.delivery import get_meta, set_meta
from bouncestream.outbox.place import Server


@pytest.fixture
async def two(pg_url: str) -> AsyncIterator[list[Database]]:
    """Two processes on one outbox."""
    both = [await Database.open(Server(pg_url, name)) for name in ("mx1", "mx2")]
    yield both
    for db in both:
        await db.close()


async def test_in_a_file_the_second_is_one_too_many(tmp_path: Path) -> None:
    db = await Database.open(tmp_path / "outbox.db")
    async with alone(db, "undo"):
        with pytest.raises(StoreBusy, match=r"Another undo \(process \d+\) is at work on"):
            async with alone(db, "undo"):
                pass
    async with alone(db, "undo"):
        pass
    await db.close()


@pytest.mark.process
async def test_on_a_server_the_second_is_one_too_many_from_any_machine(two: list[Database]) -> None:
    one, other = two
    async with alone(one, "undo"):
        with pytest.raises(StoreBusy, match='configuration of "mx1"'):
            async with alone(other, "undo"):
                pass
        await one.write(partial(set_meta, name="a", value="1"))
    async with alone(other, "undo"):
        assert await other.read(partial(get_meta, name="a")) == "1"


@pytest.mark.process
async def test_a_lease_is_renewed_and_whoever_loses_it_changes_nothing(
    two: list[Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bouncestream.outbox.alone.RENEW", 0.05)
    one, other = two
    with pytest.raises(LeaseLost):  # noqa: PT012 - out of the write, and out of the whole
        async with alone(one, "undo"):
            before = await other.read(ends)
            async with asyncio.timeout(10):
                while await other.read(ends) == before:
                    await asyncio.sleep(0.02)
            monkeypatch.setattr("bouncestream.outbox.alone.RENEW", 60)
            await asyncio.sleep(0.2)
            await asyncio.create_task(take_over(other), context=Context())
            await one.write(partial(set_meta, name="a", value="1"))
    assert await other.read(partial(get_meta, name="a")) is None


@pytest.mark.process
async def test_whoever_cannot_renew_it_is_cut_off_before_it_ends(
    two: list[Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bouncestream.outbox.alone.TTL", GUARD + 0.3)
    with pytest.raises(StoreUnavailable, match="run the same command again"):
        async with alone(two[0], "undo"):
            await asyncio.sleep(60)


async def take_over(db: Database) -> None:
    """As another process does once the lease has ended."""
    await db.write(lambda conn: conn.execute("UPDATE lease SET expires_at = clock_timestamp()"))
    async with alone(db, "undo"):
        pass


def ends(conn: object) -> str:
    found: str = str(conn.execute("SELECT expires_at FROM lease").fetchone())  # type: ignore[attr-defined]
    return found
