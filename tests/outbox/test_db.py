# SPDX-License-Identifier: GPL-3.0-or-later
"""The database as a whole: commits before answers, errors in words, private files, and a clean end."""

from __future__ import annotations

import asyncio
import inspect
import signal
import sqlite3
import sys
import threading
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import aiosqlite
import pytest

from bouncestream.errors import SchemaTooNew, StoreBusy, StoreUnavailable
from bouncestream.outbox import connection, delivery, migrate
from bouncestream.outbox.arrivals import take, take_many
from bouncestream.outbox.db import Database
from tests.outbox import make
from tests.outbox.make import NOW, event, submission

Opened = Callable[..., Awaitable[Database]]


def insert(recipient: str) -> Callable[[sqlite3.Connection], object]:
    return partial(take, submission=submission(event(recipient)), now=NOW)


def recipients(conn: sqlite3.Connection) -> list[str]:
    return [row[0] for row in conn.execute("SELECT recipient FROM outbox ORDER BY id")]


def fail(conn: sqlite3.Connection) -> None:
    conn.execute("UPDATE outbox SET label = 'touched by the guilty'")
    raise KeyError("guilty")


async def blocked(db: Database, *jobs: Callable[[sqlite3.Connection], object]) -> list[asyncio.Task[object]]:
    """Queue jobs in such a way that all of them are in one batch: behind one that is running."""
    gate = threading.Event()
    running = asyncio.Event()
    loop = asyncio.get_running_loop()

    def hold(conn: sqlite3.Connection) -> None:
        loop.call_soon_threadsafe(running.set)
        gate.wait(30)

    first = asyncio.create_task(db.write(hold))
    await running.wait()
    tasks = [asyncio.create_task(db.write(job)) for job in jobs]
    await asyncio.sleep(0)
    gate.set()
    await first
    return tasks


# Writing


async def test_what_was_awaited_is_visible_to_every_other_connection(db: Database, path: Path) -> None:
    stored = await db.write(insert("a@example.com"))
    assert stored.receipt.accepted == 1  # type: ignore[attr-defined]
    assert await db.read(recipients) == ["a@example.com"]
    other = sqlite3.connect(path)
    assert recipients(other) == ["a@example.com"]
    other.close()


async def test_a_job_that_raises_is_undone_alone(db: Database) -> None:
    before = await blocked(
        db, insert("a@example.com"), fail, insert("b@example.com"), fail, insert("c@example.com")
    )
    results = await asyncio.gather(*before, return_exceptions=True)
    assert [isinstance(result, KeyError) for result in results] == [False, True, False, True, False]
    assert await db.read(recipients) == [f"{name}@example.com" for name in "abc"]
    assert await db.read(lambda conn: conn.execute("SELECT DISTINCT label FROM outbox").fetchall()) == [("",)]
    with pytest.raises(KeyError):
        await db.write(fail)  # and alone


async def test_a_cancelled_job_is_skipped_and_its_neighbours_are_not(db: Database) -> None:
    gate, running, loop = threading.Event(), asyncio.Event(), asyncio.get_running_loop()

    def hold(conn: sqlite3.Connection) -> None:
        loop.call_soon_threadsafe(running.set)
        gate.wait(30)

    tasks = [asyncio.create_task(db.write(hold))]
    await running.wait()
    tasks += [asyncio.create_task(db.write(insert(f"{n}@example.com"))) for n in range(3)]
    await asyncio.sleep(0)
    tasks[2].cancel()
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert tasks[2].cancelled()
    assert await db.read(recipients) == ["0@example.com", "2@example.com"]


async def test_a_caller_that_is_cancelled_in_mid_commit_harms_nobody(db: Database) -> None:
    gate, running, loop = threading.Event(), asyncio.Event(), asyncio.get_running_loop()

    def slow(conn: sqlite3.Connection) -> None:
        loop.call_soon_threadsafe(running.set)
        gate.wait(30)
        insert("slow@example.com")(conn)

    task = asyncio.create_task(db.write(slow))
    await running.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    gate.set()
    await db.write(insert("next@example.com"))
    assert await db.read(recipients) == ["slow@example.com", "next@example.com"]


async def test_a_writer_that_is_cancelled_in_mid_commit_tells_what_was_committed(db: Database) -> None:
    """The end of the program cancels every task. The thread commits all the same, and who waits must hear that:
    told of a failure, it would do the work again."""
    gate, running, loop = threading.Event(), asyncio.Event(), asyncio.get_running_loop()

    def slow(conn: sqlite3.Connection) -> str:
        loop.call_soon_threadsafe(running.set)
        gate.wait(30)
        insert("slow@example.com")(conn)
        return "committed"

    task = asyncio.create_task(db.write(slow))
    await running.wait()
    late = asyncio.create_task(db.write(insert("late@example.com")))
    await asyncio.sleep(0)
    assert db._writer is not None
    db._writer.cancel()
    await asyncio.sleep(0)  # its cancellation reaches it now
    await asyncio.sleep(0)
    gate.set()
    async with asyncio.timeout(20):
        assert await task == "committed"
        assert await db.read(recipients) == ["slow@example.com"]
        with pytest.raises(StoreUnavailable, match="closed"):
            await late  # not begun: it says so, and its sender comes again


async def test_a_result_that_is_an_open_query_does_not_break_the_commit(db: Database) -> None:
    await db.write(lambda conn: conn.execute("SELECT name FROM meta"))
    await db.write(insert("a@example.com"))
    assert await db.read(recipients) == ["a@example.com"]


async def test_reading_cannot_write(db: Database) -> None:
    with pytest.raises(StoreUnavailable, match="readonly"):
        await db.read(lambda conn: conn.execute("DELETE FROM outbox"))


async def test_a_read_is_one_consistent_view(db: Database) -> None:
    loop = asyncio.get_running_loop()

    def twice(conn: sqlite3.Connection) -> tuple[int, int]:
        first = len(recipients(conn))
        asyncio.run_coroutine_threadsafe(db.write(insert("a@example.com")), loop).result(30)
        return first, len(recipients(conn))

    assert await db.read(twice) == (0, 0)
    assert len(await db.read(recipients)) == 1


async def test_data_version_changes_when_another_process_wrote(db: Database, path: Path) -> None:
    start = await db.data_version()
    await db.write(insert("a@example.com"))
    assert await db.data_version() == start
    other = make.connect(path)
    insert("b@example.com")(other)
    other.close()
    assert await db.data_version() != start


def test_aiosqlite_still_runs_a_function_on_its_thread() -> None:
    """The private method that all of this rests on. If this fails after an upgrade, see outbox/thread.py."""
    assert inspect.iscoroutinefunction(aiosqlite.Connection._execute)
    assert list(inspect.signature(aiosqlite.Connection._execute).parameters) == ["self", "fn", "args", "kwargs"]

    async def main() -> None:
        conn = await aiosqlite.connect(":memory:", isolation_level=None)
        try:
            assert isinstance(conn._conn, sqlite3.Connection)
            order: list[int] = []
            threads = await asyncio.gather(
                *(conn._execute(lambda n: (order.append(n), threading.get_ident())[1], n) for n in range(9))
            )
            assert order == list(range(9))
            assert len(set(threads)) == 1
            assert threading.get_ident() not in threads
            with pytest.raises(ZeroDivisionError):
                await conn._execute(lambda: 1 // 0)
        finally:
            await conn.close()

    asyncio.run(main())


CHILD = """
import asyncio, sys
from pathlib import Path
from tests.outbox.test_db import insert
from bouncestream.outbox.db import Database

async def main():
    db = await Database.open(Path(sys.argv[1]), lock=True)
    async def one(n):
        while True:
            await db.write(insert(f"{n}@example.com"))
            sys.stdout.write(f"{n}@example.com\\n")
            sys.stdout.flush()
            n += 16
    await asyncio.gather(*(one(n) for n in range(16)))

asyncio.run(main())
"""


@pytest.mark.process
async def test_what_was_acknowledged_survives_kill_9(opened: Opened, path: Path) -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CHILD, str(path), stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    assert child.stdout is not None
    told = [(await child.stdout.readline()).decode().strip() for _ in range(300)]
    child.send_signal(signal.SIGKILL)
    rest = (await child.stdout.read()).decode()
    await child.wait()
    told += rest[: rest.rfind("\n") + 1].split()
    db = await opened(path, lock=True)  # the kernel has freed the lock
    stored = set(await db.read(recipients))
    assert len(told) >= 300
    assert set(told) <= stored
    await db.write(insert("after@example.com"))
    make_sure = await db.read(lambda conn: delivery.tally(conn)["pending"])
    assert make_sure == len(stored) + 1
    await db.close()


# When the database fails


async def test_a_full_disk_acknowledges_nothing_and_passes(db: Database) -> None:
    await db.write(insert("first@example.com"))

    def limit(conn: sqlite3.Connection, more: int) -> None:
        pages = conn.execute("PRAGMA page_count").fetchone()[0]
        conn.execute(f"PRAGMA max_page_count = {pages + more}")

    await db._alone(limit, 1)
    big = "x" * 2000
    jobs = [
        partial(take, submission=submission(event(f"{n}@example.com", diagnostic=big)), now=NOW) for n in range(50)
    ]
    results = await asyncio.gather(*await blocked(db, *jobs), return_exceptions=True)
    assert {type(result) for result in results} == {StoreUnavailable}
    assert "disk of the outbox is full" in str(results[0])
    assert len({id(result) for result in results}) == 50, "a shared exception grows a traceback of all"
    assert await db.read(recipients) == ["first@example.com"]
    await db._alone(limit, 10_000)
    await asyncio.gather(*(db.write(job) for job in jobs))
    assert len(await db.read(recipients)) == 51


async def test_a_database_that_another_process_locks_is_busy(
    opened: Opened, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "BUSY_TIMEOUT", 0.05)
    db = await opened(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusy, match="Another process has locked"):
        await db.write(insert("a@example.com"))
    other.execute("ROLLBACK")
    await db.write(insert("a@example.com"))
    other.close()
    await db.close()


async def test_a_job_in_which_sqlite_fails_takes_its_batch_with_it(db: Database) -> None:
    def corrupt(conn: sqlite3.Connection) -> None:
        error = sqlite3.DatabaseError("database disk image is malformed")
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT  # type: ignore[misc]
        raise error

    results = await asyncio.gather(
        *await blocked(db, insert("a@example.com"), corrupt, insert("b@example.com")), return_exceptions=True
    )
    assert {type(result) for result in results} == {StoreUnavailable}
    assert "restore the newest backup" in str(results[0])
    assert await db.read(recipients) == []


async def test_a_bug_in_the_writer_fails_its_jobs_and_not_the_next(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("unforeseen")

    with monkeypatch.context() as patch:
        patch.setattr("bouncestream.outbox.db.run_batch", broken)
        with pytest.raises(StoreUnavailable, match="unforeseen"):
            await db.write(insert("a@example.com"))
    await db.write(insert("a@example.com"))


@pytest.mark.parametrize("page", [0, 3])
async def test_a_damaged_file_is_refused_at_the_start(path: Path, page: int) -> None:
    conn = make.connect(path)
    for number in range(200):
        make.submit(conn, event(f"{number}@example.com"))
    conn.close()
    data = bytearray(path.read_bytes())
    data[page * 8192 : page * 8192 + 4000] = b"\xff" * 4000
    path.write_bytes(data)
    before = set(threading.enumerate())
    with pytest.raises(StoreUnavailable, match="damaged"):
        await Database.open(path, lock=True)
    assert set(threading.enumerate()) <= before
    assert path.read_bytes() == data, "evidence is not to be touched"


async def test_a_check_finds_damage_while_it_runs(opened: Opened, path: Path) -> None:
    conn = make.connect(path)
    for number in range(300):
        make.submit(conn, event(f"{number}@example.com"))
    root = conn.execute("SELECT rootpage FROM sqlite_master WHERE name = 'seen'").fetchone()[0]
    conn.close()
    db = await opened(path)
    await db.check()
    with path.open("r+b") as file:
        file.seek((root - 1) * 8192)
        file.write(b"\xff" * 4000)
    with pytest.raises(StoreUnavailable, match="damaged"):
        await db.check()
    await db.close()


async def test_a_newer_schema_is_refused(path: Path) -> None:
    conn = make.connect(path)
    conn.execute(f"PRAGMA user_version = {migrate.newest() + 1}")
    conn.close()
    with pytest.raises(SchemaTooNew):
        await Database.open(path, lock=True)


async def test_an_older_schema_is_not_migrated_under_a_running_bridge(opened: Opened, path: Path) -> None:
    path.touch(0o600)
    from bouncestream.outbox.files import Lock

    lock = Lock(path)
    with pytest.raises(StoreBusy, match="Another"):
        await Database.open(path)
    lock.release()
    db = await opened(path)
    await db.close()


async def test_one_bad_row_among_many_is_quarantined_and_all_others_are_stored(db: Database) -> None:
    items = [(submission(event(f"{n}@example.com")), NOW) for n in range(20)]
    items[7] = (submission(event("b\ud800d@example.com")), NOW)
    items[9] = (submission(event("9@example.com", hold="boredom")), NOW)  # only the CHECK refuses it
    receipts = [
        taken.receipt for taken in await asyncio.gather(*(db.write_each(take_many, item) for item in items))
    ]
    assert [(receipt.accepted, receipt.quarantined) for receipt in receipts] == [
        (0, 1) if n in (7, 9) else (1, 0) for n in range(20)
    ]
    assert len(await db.read(recipients)) == 18
    assert await db.read(delivery.quarantine_count) == 2
