# SPDX-License-Identifier: GPL-3.0-or-later
"""The outbox on disk: one writer that commits many jobs at once, one reader, a lock and a clean end.

A job is a function of a connection (`engine`). Jobs that wait are run as ONE function on the thread of the writing
connection, in one transaction (`batch`), and their futures are resolved after its COMMIT (synchronous=FULL), once
the files are seen to be in their place (`footing`): who awaited `write` may tell the world.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from bouncestream.crypto.secret import Secret
from bouncestream.errors import StoreError, StoreUnavailable
from bouncestream.metrics import COMMITS, Metrics
from bouncestream.outbox import connection, files
from bouncestream.outbox.batch import Job, Outcome, refuse, run_batch
from bouncestream.outbox.copied import require_here
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.footing import Footing
from bouncestream.outbox.migrate import check_schema, migrate, newest, version
from bouncestream.outbox.place import NOWHERE, Place, Server, require_driver
from bouncestream.outbox.sealing.state import state_of
from bouncestream.outbox.thread import Thread

log = logging.getLogger("bouncestream.outbox")

A = TypeVar("A")
#: The longest that a commit waits for more jobs under load; seconds.
GATHER = 0.002
#: With fewer jobs than that there is no such load: a commit costs less time than waiting for the next one.
GATHER_FROM = 8
#: After so many changed rows (an event that comes in changes four) the write-ahead log goes into the database: by
#: the reading connection, beside the commits. Within one, as SQLite does it, all who wait for it would wait longer.
CHECKPOINT_CHANGES = 2000

T = TypeVar("T")


@dataclass(eq=False)
class Database:
    """The open outbox. Made by `open`; `close` must be awaited, as an open connection keeps the process alive."""

    path: Path  #: of the file; where there is none, nothing lies there
    commit_limit_rows: int
    commit_limit_bytes: int
    metrics: Metrics | None
    key: Secret | None = None
    server: Server | None = None  #: where it is on PostgreSQL instead

    def __post_init__(self) -> None:
        self._lock: files.Lock | None = None
        self._footing: Footing | None = None  # of `run` only
        self._writing: Thread | None = None
        self._reading: Thread | None = None
        self._waiting: deque[Job] = deque()
        self._wake = asyncio.Event()
        self._last = 0  # jobs of the last commit
        self._enough = 1  # so many jobs wake the writer
        self._changes = 0  # rows that were changed until the last checkpoint
        self._checkpoint: asyncio.Task[None] | None = None
        self._writer: asyncio.Task[None] | None = None
        self._closing: asyncio.Task[None] | None = None

    @classmethod
    async def open(
        cls,
        place: Place,
        *,
        lock: bool = False,
        create: bool = True,
        commit_limit_rows: int = 500,
        commit_limit_bytes: int = 4 << 20,
        metrics: Metrics | None = None,
        key: Secret | None = None,
        seal: bool | None = None,
    ) -> Database:
        """Open the outbox at `place`: `lock` it for `run`, `create` it if it is missing, bring its schema up to
        date. `key` opens a sealed one; `seal`: whether what comes in is sealed, which only the holder of the lock
        may say (None: as before); on a server from `settle` on. Raises SealRefused, OutboxCopied.

        With `lock`, a file of up to 64 MiB is checked as a whole first. A bigger one would delay the start by
        seconds, so it is only known to be readable then: `run` calls `check` beside its work.
        """
        path, server = (NOWHERE, place) if isinstance(place, Server) else (place, None)
        if server is not None:
            require_driver()
            from bouncestream.outbox.postgres.db import ServerDatabase as cls  # only where it is used
        self = cls(path, commit_limit_rows, commit_limit_bytes, metrics, key, server)
        try:
            await self._open(lock=lock, create=create, seal=seal)
            self._writer = asyncio.create_task(self._write_batches(), name="outbox writer")
        except BaseException:
            await self.close()
            raise
        return self

    async def _open(self, *, lock: bool, create: bool, seal: bool | None) -> None:
        connection.check_sqlite()
        (files.create if create else files.require)(self.path)
        if lock:
            self._lock = files.Lock(self.path)
            self._footing = Footing(self.path)
        files.warn_if_wide(self.path)
        with connection.in_words():
            self._writing = await Thread.start(**connection.options(self.path))
            await self._writing.run(_prepare_writing, self.path, locked=lock, key=self.key, seal=seal)
            self._reading = await Thread.start(**connection.options(self.path))
            await self._reading.run(_prepare_reading, self.key)
            if (footing := self._footing) is not None:
                await self._writing.run(lambda _: footing.settle())

    async def settle(self) -> None:
        """This bridge has met the others: a server's outbox is still here, and sealed as `open` was told. In a file
        it is so since `open`. Raises SealRefused, OutboxCopied."""

    async def write(self, fn: Callable[[Conn], T], *, rows: int = 1, size: int = 0) -> T:
        """Run a job in the next transaction, and return what it returned once that is committed and on the disk.

        `rows` and `size` say how much it stores, for the limits of one commit. It may run twice, so its only effect
        must be the database. An exception of the job undoes it alone. StoreBusy and StoreUnavailable mean that
        nothing was stored. A caller cancelled before the job's turn takes it back; after that, it is stored.
        """
        result: T = await self._queue(fn, rows, size)
        return result

    async def write_each(
        self, fn: Callable[[Conn, Sequence[A]], Sequence[T]], item: A, *, rows: int = 1, size: int = 0
    ) -> T:
        """`write` for a job of which there are many at once, and which is cheaper for many at once: `fn` gets the
        items of all who wait with the same `fn`, and returns their results in the same order. If it raises, it gets
        each item alone, and the exception goes to the one whose item it is."""
        result: T = await self._queue(fn, rows, size, True, item)
        return result

    def _queue(
        self, fn: Callable[..., Any], rows: int, size: int, many: bool = False, item: Any = None
    ) -> asyncio.Future[Any]:
        if self._closing is not None or self._writer is None or self._writer.done():
            raise StoreUnavailable("The outbox is closed: bouncestream is shutting down. Nothing was stored.")
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append(Job(fn, future, rows, size, many, item))
        if len(self._waiting) >= self._enough:
            self._wake.set()
        return future

    async def read(self, fn: Callable[[Conn], T]) -> T:
        """Run a function on the reading connection: one consistent view of all that is committed."""
        if self._reading is None:
            raise StoreUnavailable("The outbox is closed.")
        with connection.in_words():
            return await self._reading.run(connection.in_snapshot, fn)

    async def data_version(self) -> int:
        """A number that changes when ANOTHER process wrote to the outbox (not when this one did)."""
        return await self._alone(connection.data_version)

    @property
    def where(self) -> str:
        """Its place, for a person."""
        return str(self.path) if self.server is None else self.server.url

    def disk(self) -> files.Disk | None:
        """The disk of its file; None: it is another machine's. Raises OSError."""
        found = os.statvfs(self.path.parent)
        return files.Disk(found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize)

    async def sizes(self) -> tuple[int, int]:
        """Bytes of the database, and of its write-ahead log."""
        return files.size_of(self.path), files.size_of(files.beside(self.path, "-wal"))

    async def look(self) -> None:
        """Look whether the files are still those at their path; after every commit that is done anyway. Raises
        StoreUnavailable."""
        if self._footing is not None:
            await self._alone(_look, self._footing)

    async def vacuum_step(self, pages: int = 250) -> int:
        """Give up to so many free pages back to the file system; returns how many. 5 ms for 250 of 8 KiB."""
        return await self._alone(connection.vacuum, pages)

    async def empty_log(self) -> None:
        """Empty the write-ahead log, unless another process reads just now."""
        await self._alone(connection.empty_log_beside)

    async def check(self) -> None:
        """Look for damage in the whole file, table by table on a connection of its own, so that neither writer nor
        reader waits and no snapshot is held for long. Raises StoreUnavailable."""
        with connection.in_words():
            thread = await Thread.start(**connection.options(self.path))
            try:
                for table in await thread.run(connection.tables):
                    await thread.run(connection.check_table, table)
            finally:
                await thread.stop()

    async def close(self) -> None:
        """Store what waits, close every connection, free the lock: in every case, also when the caller is
        cancelled."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._close(), name="outbox close")
        await asyncio.shield(self._closing)

    async def writing(self) -> None:
        """Until the one writer ends, which is only after `close`; raises what ended it else."""
        assert self._writer is not None
        await asyncio.wait([self._writer])
        if self._closing is None:
            self._writer.result()

    async def _close(self) -> None:
        try:
            self._wake.set()
            if self._writer is not None:
                await asyncio.wait([self._writer])
            if self._checkpoint is not None:
                await self._checkpoint
        finally:
            await self._end()

    async def _end(self) -> None:
        """Close every connection, free the lock."""
        try:
            if self._writing is not None:
                with suppress(*connection.FAULTS):
                    await self._writing.run(connection.empty_log)
        finally:
            for thread in (self._reading, self._writing):
                if thread is not None:
                    with suppress(*connection.FAULTS):
                        await thread.stop()
            self._reading = self._writing = None
            if self._footing is not None:
                self._footing.close()
            if self._lock is not None:
                self._lock.release()

    async def _alone(self, fn: Callable[..., T], *args: object) -> T:
        """Run something on the writing connection between two transactions."""
        if self._writing is None:
            raise StoreUnavailable("The outbox is closed.")
        with connection.in_words():
            return await self._writing.run(fn, *args)

    async def _commit(self, jobs: Sequence[Job]) -> tuple[list[Outcome], int]:
        """Run jobs in one transaction; their outcomes, and how many rows were changed so far."""
        assert self._writing is not None
        return await self._writing.run(_commit, jobs, self._footing)

    async def _write_batches(self) -> None:
        """The one writer: drains what waits into one transaction after the other, until `close`."""
        jobs: list[Job] = []
        try:
            while True:
                if not self._waiting:
                    if self._closing is not None:
                        return
                    self._wake.clear()
                    await self._wake.wait()
                    continue
                await self._let_more_come()
                jobs = self._drain()
                commit = asyncio.ensure_future(self._commit(jobs))
                try:
                    outcomes, changes = await asyncio.shield(commit)
                except asyncio.CancelledError:
                    self._resolve(jobs, (await commit)[0])  # cancelled, it commits all the same: so it is told
                    raise
                except Exception as error:
                    log.exception("a commit failed unexpectedly")
                    outcomes = [Outcome(error=StoreUnavailable(f"The outbox failed: {error}")) for _ in jobs]
                    changes = self._changes
                self._resolve(jobs, outcomes)
                self._last = len(jobs)
                if changes - self._changes >= CHECKPOINT_CHANGES and self._checkpoint is None:
                    self._changes = changes
                    self._checkpoint = asyncio.create_task(self._write_back(), name="outbox checkpoint")
        finally:
            for job in (*jobs, *self._waiting):  # `jobs`: a bug of ours must not leave anybody waiting
                if not job.future.done():
                    job.future.set_exception(StoreUnavailable("The outbox was closed."))
            self._waiting.clear()

    async def _write_back(self) -> None:
        """Write back from the log into the database what no reader needs any more."""
        assert self._reading is not None
        try:
            await self._reading.run(connection.write_back)
        except Exception:  # the next commit most likely meets the same trouble, and tells it
            log.debug("the checkpoint of the outbox's write-ahead log failed", exc_info=True)
        finally:
            self._checkpoint = None

    async def _let_more_come(self) -> None:
        """Gather under load: a commit costs as much as 20 jobs do. It waits a moment, until half of those are there
        who were served by the last commit or wait now. Few never wait."""
        self._enough = min((self._last + len(self._waiting) + 1) // 2, self.commit_limit_rows)
        if len(self._waiting) < self._enough and self._enough >= GATHER_FROM:
            self._wake.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), GATHER)
        self._enough = 1

    def _drain(self) -> list[Job]:
        """The jobs of the next transaction: at least one, else up to the limits."""
        jobs = [self._waiting.popleft()]
        rows, size = jobs[0].rows, jobs[0].size
        while self._waiting:
            job = self._waiting[0]
            rows += job.rows
            size += job.size
            if rows > self.commit_limit_rows or size > self.commit_limit_bytes:
                break
            jobs.append(self._waiting.popleft())
        return jobs

    def _resolve(self, jobs: list[Job], outcomes: list[Outcome]) -> None:
        if self.metrics is not None and not isinstance(outcomes[0].error, StoreError):
            self.metrics.add(COMMITS)
        for job, outcome in zip(jobs, outcomes, strict=True):
            if job.future.done():
                continue  # its caller was cancelled
            if outcome.error is None:
                job.future.set_result(outcome.value)
            else:
                job.future.set_exception(outcome.error)


def _prepare_writing(
    conn: connection.Connection, path: Path, *, locked: bool, key: Secret | None, seal: bool | None
) -> None:
    connection.prepare_new(conn)
    found = version(conn)
    connection.prepare_writer(conn)
    if found and locked and path.stat().st_size <= connection.CHECK_AT_START:
        connection.check_integrity(conn)
    if found < newest():
        # not under a running `run`, whose statements are those of the old schema
        lock = None if locked else files.Lock(path)
        try:
            migrate(conn)
        finally:
            if lock is not None:
                lock.release()
        if found:
            log.warning("the outbox %s was upgraded from schema %d to %d", path, found, newest())
    check_schema(conn)
    require_here(conn)
    if locked and not seal and state_of(conn) is None:
        return  # it is in the open, and stays so for as long as it is locked
    from bouncestream.outbox.sealing.switch import settle  # only where it is used
    from bouncestream.outbox.sealing.unlock import unlock

    if locked and seal is not None:
        settle(conn, key, seal=seal)
    unlock(conn, key, watch=not locked)


def _prepare_reading(conn: connection.Connection, key: Secret | None) -> None:
    connection.prepare_reader(conn)
    if state_of(conn) is not None:
        from bouncestream.outbox.sealing.unlock import show  # only where it is used

        show(conn, key, reveal=True)


def _commit(conn: sqlite3.Connection, jobs: Sequence[Job], footing: Footing | None) -> tuple[list[Outcome], int]:
    """The outcomes, and how many rows this connection has changed so far. What was committed into a file that is no
    longer the outbox was not stored."""
    try:
        if footing is not None and footing.lost is not None:
            _look(conn, footing)
        outcomes = run_batch(conn, jobs)
        if footing is not None:
            _look(conn, footing, busy=len(jobs) >= GATHER_FROM)
    except StoreUnavailable as error:
        outcomes = refuse(jobs, error, error)
    return outcomes, conn.total_changes


def _look(conn: sqlite3.Connection, footing: Footing, *, busy: bool = False) -> None:
    before = footing.lost
    try:
        footing.check(busy=busy)
    except StoreUnavailable:
        if before is None and footing.whole:
            with suppress(*connection.FAULTS):
                connection.write_back(conn)  # what was lost with the log, or is saved from a removed file, is whole
        raise
