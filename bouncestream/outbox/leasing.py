# SPDX-License-Identifier: GPL-3.0-or-later
"""Which work this bridge does, where several may share an outbox. An outbox in an SQLite file has one bridge, which
holds the file's lock (`OneBridge`): it does all work. On PostgreSQL there are leases (`postgres.leasing`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from bouncestream.health import Health
from bouncestream.metrics import Metrics
from bouncestream.outbox.db import Database
from bouncestream.outbox.engine import Conn
from bouncestream.ports import Clock

if TYPE_CHECKING:
    from bouncestream.outbox.postgres.leasing import Leasing

T = TypeVar("T")
Work = Callable[[], Awaitable[object]]
Ended = Callable[[], None]


class Store(Protocol):
    """What holds an outbox, as the relay uses it: `Database`, or `Beside`."""

    async def write(self, fn: Callable[[Conn], T], *, rows: int = 1, size: int = 0) -> T: ...

    async def read(self, fn: Callable[[Conn], T]) -> T: ...

    async def data_version(self) -> int: ...


@dataclass(frozen=True, slots=True)
class OneBridge:
    """The one bridge of an outbox in a file, which has that file's lock: it does all work, and asks nobody."""

    db: Database
    several = False
    late = 0.0  #: see `Leasing`

    async def begin(self) -> None:
        """Nothing: there is nobody to meet."""

    async def run(self) -> None:
        """For ever: nothing is to be renewed."""
        await asyncio.Event().wait()

    async def end(self) -> None:
        """Nothing: nobody waits."""

    def stop(self) -> None:
        """Nothing: who does the work knows by itself."""

    def hold(self, name: str, work: Work, ended: Ended = lambda: None) -> Work:
        """The work as it is."""
        return work

    def term(self, name: str) -> AbstractContextManager[object]:
        """Nothing: nobody else writes."""
        return nullcontext()

    def safe(self, name: str) -> bool:
        """Always."""
        return True


def leasing_of(db: Database, clock: Clock, version: str, health: Health, metrics: Metrics) -> OneBridge | Leasing:
    """The leases of a bridge on this outbox; `begin` is next."""
    if db.server is None:
        return OneBridge(db)
    from bouncestream.outbox.postgres.leasing import Leasing  # only where it is used

    return Leasing(db, clock, db.server.bridge, version, health, metrics)
