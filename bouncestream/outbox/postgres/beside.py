# SPDX-License-Identifier: GPL-3.0-or-later
"""A session of its own for changes that touch tables of another program as well: what holds these up does not hold
up what comes in.

It counts as a bridge of its own in the tallies, as two sessions that change the same row would run one by one. And
it uses no pipeline, in the midst of which the server would keep the rows of that program locked for as long as the
connection lasts, when the bridge freezes or its machine dies: so they are free again after FROZEN.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from bouncestream.outbox.batch import Job
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.postgres.leases import TERM, Term, prove
from bouncestream.outbox.postgres.session import Session, SessionThread
from bouncestream.outbox.postgres.unlock import Unlocking

if TYPE_CHECKING:
    from bouncestream.outbox.postgres.db import ServerDatabase

T = TypeVar("T")

#: Seconds that a statement waits for a lock: less than the 1 s after which PostgreSQL looks for a deadlock, so that
#: it is never an import of Listmonk's that has to end. And seconds that it may take.
LOCKED, PATIENCE = 0.5, 5.0


class Beside:
    """The outbox, changed over its own session. Made by `ServerDatabase.beside`."""

    def __init__(self, db: ServerDatabase, name: str, instance: str, unlocking: Unlocking) -> None:
        self._db = db
        session = Session(replace(db.server, bridge=f"{db.server.bridge}/{name}"), unlocking=unlocking)
        session.instance = instance
        self._thread = SessionThread(session, f"outbox {name}")

    async def write(self, fn: Callable[[Conn], T], *, rows: int = 1, size: int = 0) -> T:
        """Run a job as `Database.write` does, in a transaction of its own, which proves the term of the task."""
        job = Job(partial(_patient, fn=fn, term=TERM.get()), asyncio.get_running_loop().create_future(), rows, size)
        [outcome] = await self._thread.call(partial(self._thread.session.commit, [job], quick=False))
        if outcome.error is not None:
            raise outcome.error
        value: T = outcome.value
        return value

    async def read(self, fn: Callable[[Conn], T]) -> T:
        """Run a job that only reads."""
        return await self._db.read(fn)

    async def data_version(self) -> int:
        """See `Database.data_version`."""
        return await self._db.data_version()

    async def stop(self) -> None:
        """Close the session."""
        await self._thread.stop()


def _patient(conn: Conn, fn: Callable[[Conn], T], term: Term | None) -> T:
    limits = f"{LOCKED * 1000:.0f}", f"{PATIENCE * 1000:.0f}"
    conn.execute("SELECT set_config('lock_timeout', ?, true), set_config('statement_timeout', ?, true)", limits)
    found = fn(conn)
    if term is not None:
        prove(conn, *term)  # last: whoever renews the lease, and what comes in behind that, waits for its proof
    return found
