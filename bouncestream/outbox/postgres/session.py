# SPDX-License-Identifier: GPL-3.0-or-later
"""A session with PostgreSQL on a thread of its own, made anew when it was lost."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import TypeVar

import psycopg

from bouncestream.errors import StoreBusy, StoreError, StoreUnavailable
from bouncestream.outbox.batch import Job, Outcome, refuse
from bouncestream.outbox.copied import require_here
from bouncestream.outbox.place import Server
from bouncestream.outbox.postgres.batch import run_batch
from bouncestream.outbox.postgres.connection import PATIENCE, Failed, ServerConnection, begin, connect
from bouncestream.outbox.postgres.known import Changed
from bouncestream.outbox.postgres.schema import check_server, current
from bouncestream.outbox.postgres.unlock import Unlocking
from bouncestream.outbox.postgres.words import UNPREPARED, is_elsewhere, translate

T = TypeVar("T")
#: Seconds between two attempts to connect; whoever comes before that is told why the last one failed.
AGAIN = 1.0
#: Seconds after which a server that says nothing is given up. Each statement ends before by the server's own clock;
#: but one that was stopped (SIGSTOP), or whose machine hangs, still holds the connection.
SILENT = 60.0
#: So often in one call the outbox may be sealed otherwise than it was known.
TURNS = 3


class Session:
    """One session, for one thread. `instance`: the outbox that it must be, once that is known; `unlocking`: how a
    sealed one is opened."""

    def __init__(self, server: Server, *, patience: float = 10.0, unlocking: Unlocking | None = None) -> None:
        self.server = server
        self.unlocking = unlocking or Unlocking()
        self.instance = ""
        self._patience = patience
        self._conn: ServerConnection | None = None
        self._live: ServerConnection | None = None  # the same, also while it is being looked at
        self._tried_at = float("-inf")
        self._refused: StoreError | None = None

    def run(self, fn: Callable[..., T], *args: object) -> T:
        """Run a function of the connection; again, where it has found the outbox sealed otherwise than it was
        known. Raises StoreError."""
        for _ in range(TURNS):
            try:
                return self._run(fn, *args)
            except Changed:
                self._run(self.unlocking.again)
        raise StoreBusy("The outbox is being sealed or opened: nothing was stored. Next: try again.")

    def commit(self, jobs: Sequence[Job], *, quick: bool = True) -> list[Outcome]:
        """Run all jobs in one transaction and commit it; where that cannot be, each has failed. `quick`: see
        `run_batch`."""
        try:
            return self.run(run_batch, jobs, quick)
        except StoreError as error:
            return refuse(jobs, error, error)

    def _run(self, fn: Callable[..., T], *args: object) -> T:
        conn = self.connected()
        try:
            try:
                return fn(conn, *args)
            except Failed as failed:
                if failed.cause.sqlstate not in UNPREPARED or conn.conn.closed:
                    raise
                conn.conn.prepare_threshold = None
                return fn(conn, *args)
        except Failed as failed:
            if is_elsewhere(failed.cause):
                conn.close()
            raise translate(failed.cause) from None
        except psycopg.Error as error:
            raise translate(error) from None
        finally:
            self._look(conn)

    def connected(self) -> ServerConnection:
        """The connection, made anew where it was lost. Raises StoreError."""
        if self._conn is not None:
            return self._conn
        if self._refused is not None and time.monotonic() - self._tried_at < AGAIN:
            raise type(self._refused)(str(self._refused))
        try:
            self._conn = self._connect()
            self._refused = None
        except StoreError as error:
            self._refused = error
            raise
        finally:
            self._tried_at = time.monotonic()
        return self._conn

    def _connect(self) -> ServerConnection:
        try:
            conn = self._live = connect(self.server, patience=self._patience)
        except Failed as failed:
            raise translate(failed.cause) from None
        try:
            check_server(conn)
            if self.instance:
                self._same(conn)
        except Failed as failed:
            conn.close()
            raise translate(failed.cause) from None
        except BaseException:
            conn.close()
            raise
        return conn

    def _same(self, conn: ServerConnection) -> None:
        found = conn.execute("SELECT value FROM meta WHERE name = 'instance'").fetchone() if current(conn) else None
        if found is None or found[0] != self.instance:
            raise StoreUnavailable(
                "The database at [outbox] url is not the one that this bridge started with: it holds another "
                "outbox, or none. Nothing is stored or delivered. Next: put the former one back, or restart "
                "bouncestream if you meant to change it."
            )
        require_here(conn)

    def _look(self, conn: ServerConnection) -> None:
        """Let go of a connection that is no use any more: lost, or to a server that became a standby."""
        if conn.conn.closed or conn.conn.broken:
            conn.close()
            self._conn = None

    def cut(self) -> None:
        """Have whoever waits for the server wait no longer; from another thread."""
        if (conn := self._live) is None or conn.conn.closed:
            return
        with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(conn.conn.fileno())) as held:
            held.shutdown(socket.SHUT_RDWR)

    def drop(self) -> None:
        """Close the connection; the next call makes another one."""
        if self._conn is not None:
            self._conn.close()
            self._conn = None


class SessionThread:
    """A session on its own thread. Calls run one after the other, in their order."""

    def __init__(self, session: Session, name: str) -> None:
        self.session = session
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=name)

    async def run(self, fn: Callable[..., T], *args: object) -> T:
        """Run a function of the connection there. Raises StoreError."""
        return await self.call(partial(self.session.run, fn, *args))

    async def call(self, fn: Callable[[], T]) -> T:
        """Run a function there, which says itself whether it needs the connection."""
        loop = asyncio.get_running_loop()
        timer = loop.call_later(SILENT, self.session.cut)
        try:
            return await loop.run_in_executor(self._pool, fn)
        finally:
            timer.cancel()

    async def stop(self) -> None:
        """Close the session; its thread has ended when this returns."""
        try:
            await self.call(self.session.drop)
        finally:
            self._pool.shutdown()


def in_snapshot(
    conn: ServerConnection,
    fn: Callable[[ServerConnection], T],
    within: float = PATIENCE,
    *,
    gated: bool = True,
    watched: bool = False,
) -> T:
    """The result of `fn`, which sees one consistent state; no query of it takes longer than `within` seconds.
    `gated`, `watched`: see `begin`."""
    try:
        begin(conn, read_only=True, within=within, gated=gated, watched=watched)
        return fn(conn)
    finally:
        conn.rollback()


def ask(server: Server, fn: Callable[[ServerConnection], T], patience: float) -> T:
    """The result of `fn` in a session of its own, also where there is no outbox yet; no query of it takes longer
    than `patience` seconds. Raises StoreError."""
    session = Session(server, patience=patience)
    try:
        return session.run(partial(in_snapshot, fn=fn, within=patience, gated=False))
    finally:
        session.drop()
