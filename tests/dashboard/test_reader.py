# SPDX-License-Identifier: GPL-3.0-or-later
"""No query of a page lasts longer than a moment, and what it had found by then is kept."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from bouncestream.dashboard import reader
from bouncestream.dashboard.reader import QUERY, Pages, Reader
from bouncestream.errors import StoreBusy, StoreError, StoreSlow
from bouncestream.outbox.view import view
from tests.outbox import make

_ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


def _endless(conn: sqlite3.Connection) -> object:
    return conn.execute(_ENDLESS).fetchone()


def test_a_query_ends_after_a_moment_and_the_next_one_begins_afresh(path: Path, conn: sqlite3.Connection) -> None:
    with view(path) as outbox:
        pages = Pages(outbox)
        began = time.monotonic()
        with pytest.raises(StoreSlow, match="ask for less"):
            pages.read(_endless)
        assert QUERY <= time.monotonic() - began < 10 * QUERY
        assert pages.if_in_time(_endless) is None
        assert pages.if_in_time(lambda conn: conn.execute("SELECT 7").fetchone()) == (7,)


def test_the_status_is_asked_twice_of_a_disk_that_is_slow(path: Path, conn: sqlite3.Connection) -> None:
    tries = []

    def slow_at_first(conn: sqlite3.Connection) -> str:
        tries.append(1)
        if len(tries) == 1:
            raise StoreSlow("slow")
        return "all"

    with view(path) as outbox:
        assert Pages(outbox).read_status(slow_at_first) == "all"
    assert len(tries) == 2


def test_a_walk_goes_from_the_newest_to_the_oldest_until_it_is_told(path: Path, conn: sqlite3.Connection) -> None:
    seen: list[tuple[int, int]] = []

    def note(_: sqlite3.Connection, first: int, last: int) -> bool:
        seen.append((first, last))
        return len(seen) < 4

    with view(path) as outbox:
        pages = Pages(outbox)
        assert pages.walk(note, 25, 1, 10) == 1
        assert seen == [(16, 25), (6, 15), (1, 5)]
        seen.clear()
        assert pages.walk(note, 100, 1, 10) == 61
        seen.clear()
        assert pages.walk(note, 0, 1, 10) == 1
        assert seen == []


def test_a_walk_that_is_too_slow_tells_how_far_it_came(path: Path, conn: sqlite3.Connection) -> None:
    seen: list[tuple[int, int]] = []

    def slow(conn: sqlite3.Connection, first: int, last: int) -> bool:
        if last <= 30:
            _endless(conn)
        seen.append((first, last))
        return True

    with view(path) as outbox:
        assert Pages(outbox).walk(slow, 50, 1, 10) == 31
    assert seen == [(41, 50), (31, 40)]


def test_a_walk_that_has_to_wait_rests_as_long_as_it_works(
    path: Path, conn: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    at, rests = [1000.0], []
    clock = SimpleNamespace(monotonic=lambda: at[0], thread_time=lambda: 0.4 * at[0], sleep=rests.append)
    monkeypatch.setattr(reader, "time", clock)

    def work(conn: sqlite3.Connection, first: int, last: int) -> bool:
        at[0] += 0.03
        return True

    with view(path) as outbox:
        assert Pages(outbox).walk(work, 30, 1, 10) == 1
        assert [round(rest, 3) for rest in rests] == [0.03] * 3
        rests.clear()
        clock.thread_time = lambda: 0.9 * at[0]
        assert Pages(outbox).walk(work, 30, 1, 10) == 1
        assert rests == [], "nobody else wants the processor"


async def test_a_page_is_made_on_a_thread_and_leaves_the_outbox_as_it_was(
    path: Path, conn: sqlite3.Connection
) -> None:
    make.submit(conn, make.event())
    found = await Reader(path, None).page(
        lambda pages: pages.read(lambda c: (threading.current_thread(), _count(c)))
    )
    assert found[0] is not threading.main_thread()
    assert found[1] == 1
    with pytest.raises(StoreError):
        await Reader(path, None).page(lambda pages: pages.read(lambda c: c.execute("DELETE FROM outbox")))
    assert _count(conn) == 1
    conn.execute("BEGIN IMMEDIATE")  # the bridge writes meanwhile
    assert await Reader(path, None).page(lambda pages: pages.read(_count)) == 1
    conn.execute("ROLLBACK")


def _count(conn: sqlite3.Connection) -> int:
    number: int = conn.execute("SELECT count(*) FROM outbox").fetchone()[0]
    return number


async def test_what_is_sealed_is_opened_with_its_key_alone(path: Path) -> None:
    conn = make.connect(path, key=make.KEY)
    make.submit(conn, make.event("reader@example.com"))
    conn.close()

    def recipient(pages: Pages) -> tuple[bool, str]:
        return pages.hidden, pages.read(lambda c: c.execute("SELECT recipient FROM outbox").fetchone()[0])

    opener = Reader(path, make.KEY)
    assert await opener.page(recipient) == (False, "reader@example.com")
    hidden, shown = await Reader(path, None).page(recipient)
    assert hidden
    assert "reader" not in shown


async def test_few_pages_are_read_at_once_and_few_wait(
    path: Path, conn: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "WAITING", 3)
    reading, go = threading.Semaphore(0), threading.Event()
    most: list[int] = []
    inside: set[int] = set()

    def hold(pages: Pages) -> int:
        inside.add(threading.get_ident())
        most.append(len(inside))
        reading.release()
        go.wait(10)
        inside.discard(threading.get_ident())
        return 1

    opener = Reader(path, None)
    held = [asyncio.create_task(opener.page(hold)) for _ in range(3)]
    await asyncio.to_thread(reading.acquire)
    await asyncio.to_thread(reading.acquire)
    with pytest.raises(StoreBusy, match="at once"):
        await opener.page(hold)
    go.set()
    assert await asyncio.gather(*held) == [1, 1, 1]
    assert max(most) == reader.AT_ONCE


async def test_a_page_that_waits_too_long_says_so(
    path: Path, conn: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "PAGE", 0.05)
    go = threading.Event()
    with pytest.raises(StoreSlow, match="in time"):
        await Reader(path, None).page(lambda pages: go.wait(10))
    go.set()
