# SPDX-License-Identifier: GPL-3.0-or-later
"""The open outbox on PostgreSQL: the same queue and the same group commit as on SQLite, over two sessions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from bouncestream.crypto.secret import Secret
from bouncestream.errors import NoOutbox, StoreUnavailable
from bouncestream.outbox.batch import Job, Outcome
from bouncestream.outbox.copied import require_here
from bouncestream.outbox.db import Database
from bouncestream.outbox.delivery import get_meta
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.files import Disk
from bouncestream.outbox.place import Server
from bouncestream.outbox.postgres.beside import Beside
from bouncestream.outbox.postgres.connection import ServerConnection
from bouncestream.outbox.postgres.leases import TERM, proven
from bouncestream.outbox.postgres.schema import create, current
from bouncestream.outbox.postgres.session import Session, SessionThread, in_snapshot
from bouncestream.outbox.postgres.switch import settle
from bouncestream.outbox.postgres.unlock import Unlocking

T = TypeVar("T")
#: A commit that the server has not answered for so long stores nothing: it hangs, or the network is cut, or its
#: synchronous standby is gone. And how long a look waits for the reader, who may be busy; seconds.
STALLED, LOOK = 8.0, 1.0


class ServerDatabase(Database):
    """The open outbox on a server. Made by `Database.open`."""

    server: Server

    def __post_init__(self) -> None:
        super().__post_init__()
        writes = Unlocking(self.key, writes=True)
        reads = Unlocking(self.key, held=writes.held)
        self._writes = SessionThread(Session(self.server, unlocking=writes), "outbox writing")
        self._reads = SessionThread(Session(self.server, unlocking=reads), "outbox reading")
        self._beside: list[Beside] = []
        self._seal: bool | None = None  # as `open` was told
        self._since: float | None = None  # when the commit in hand began
        self._looking: asyncio.Future[int] | None = None

    async def _open(self, *, lock: bool, create: bool, seal: bool | None) -> None:
        instance = await self._writes.run(_prepare if create else _found)
        self._writes.session.instance = self._reads.session.instance = instance
        self._seal = seal if lock else None
        await self._writes.run(self._writes.session.unlocking)

    async def settle(self) -> None:
        """See `Database.settle`."""
        await self._writes.run(_settle, self.key, self._seal)
        self._writes.session.unlocking.seals = bool(self._seal)
        await self._writes.run(self._writes.session.unlocking)

    def _queue(
        self, fn: Callable[..., Any], rows: int, size: int, many: bool = False, item: Any = None
    ) -> asyncio.Future[Any]:
        """As for a file; what is done under a lease proves its epoch in the same transaction, or raises
        LeaseLost."""
        if (term := TERM.get()) is None:
            return super()._queue(fn, rows, size, many, item)
        return super()._queue(proven(partial(_alone, fn, item) if many else fn, term), rows, size)

    async def _commit(self, jobs: Sequence[Job]) -> tuple[list[Outcome], int]:
        self._since = asyncio.get_running_loop().time()
        try:
            return await self._writes.call(partial(self._writes.session.commit, jobs)), 0
        finally:
            self._since = None

    async def read(self, fn: Callable[[Conn], T]) -> T:
        """Run a function on the reading session: one consistent view of all that is committed."""
        if self._closing is not None:
            raise StoreUnavailable("The outbox is closed.")
        return await self._reads.run(partial(in_snapshot, fn=fn, watched=True))

    async def data_version(self) -> int:
        """A number that changes when ANOTHER bridge, or a command, wrote to the outbox (and when this one did)."""
        return await self._reads.run(_newest_move)

    def disk(self) -> Disk | None:
        """None: the server's disk is not ours to look at."""
        return None

    async def sizes(self) -> tuple[int, int]:
        """Bytes of the tables; the write-ahead log is the server's."""
        return await self._reads.run(in_snapshot, size), 0

    async def look(self) -> None:
        """Raise StoreUnavailable when the server is away, or does not answer. Returns soon in any case."""
        if self._since is not None and asyncio.get_running_loop().time() > self._since + STALLED:
            raise StoreUnavailable(
                f"PostgreSQL has not answered for {STALLED:.0f} s: nothing is acknowledged. Next: see that it "
                "runs, that its synchronous standby does, and that the network lets it answer; bouncestream "
                "connects again by itself."
            )
        if self._looking is None:
            self._looking = asyncio.ensure_future(self._reads.run(in_snapshot, _newest_move))
        done, _ = await asyncio.wait([self._looking], timeout=LOOK)
        if done:
            self._looking = None
            done.pop().result()

    async def vacuum_step(self, pages: int = 250) -> int:
        """Nothing: PostgreSQL does that by itself (autovacuum)."""
        return 0

    async def empty_log(self) -> None:
        """Nothing: PostgreSQL's log is its own."""

    async def check(self) -> None:
        """Nothing: a look for damage is the server's (data checksums, pg_amcheck)."""

    def beside(self, name: str) -> Beside:
        """The same outbox, changed over a session of its own."""
        unlocking = replace(self._writes.session.unlocking)
        self._beside.append(Beside(self, name, self._writes.session.instance, unlocking))
        return self._beside[-1]

    async def _end(self) -> None:
        for beside in self._beside:
            await beside.stop()
        if self._looking is not None:
            await asyncio.wait([self._looking])
            self._looking.exception()
        for thread in (self._reads, self._writes):
            await thread.stop()


def _alone(fn: Callable[[Conn, Sequence[T]], Sequence[T]], item: T, conn: Conn) -> T:
    return fn(conn, [item])[0]


def _prepare(conn: ServerConnection) -> str:
    create(conn)
    require_here(conn)
    return get_meta(conn, "instance") or ""


def _found(conn: ServerConnection) -> str:
    if not current(conn):
        raise NoOutbox(
            "There is no outbox in the database at [outbox] url. Next: check the url; `run` creates a first one."
        )
    require_here(conn)
    return get_meta(conn, "instance") or ""


def _settle(conn: ServerConnection, key: Secret | None, seal: bool | None) -> None:
    require_here(conn)
    conn.lock_up()
    if seal is not None:
        settle(conn, key, seal=seal)


def _newest_move(conn: ServerConnection) -> int:
    newest: int = conn.execute("SELECT coalesce(max(id), 0) FROM history").fetchone()[0]
    return newest


def size(conn: ServerConnection) -> int:
    """Bytes of all tables of the outbox, with their indexes."""
    tables = "SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint FROM pg_class WHERE relkind = 'r' "
    found: int = conn.execute(tables + "AND relnamespace = current_schema()::regnamespace").fetchone()[0]
    return found
