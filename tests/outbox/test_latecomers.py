# SPDX-License-Identifier: GPL-3.0-or-later
"""A walk passes no row that another bridge commits later; with one writer it goes to the end."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

from bouncestream.outbox.db import Database
from bouncestream.outbox.latecomers import LATEST, Latecomers
from bouncestream.outbox.people import LAST
from tests.outbox import make


class Server:
    """An outbox on a server, whose newest row is `newest`."""

    server = SimpleNamespace()
    newest = 0

    async def read(self, job: Callable[[object], int]) -> int:
        return self.newest


async def test_a_walk_goes_to_what_was_the_newest_row_a_minute_ago() -> None:
    server = Server()
    latecomers = Latecomers(server)  # type: ignore[arg-type]
    found = []
    for now, server.newest in ((0.0, 7), (0.5, 8), (30.0, 9), (LATEST - 1, 9), (LATEST, 9), (LATEST + 30.0, 10)):
        found.append(await latecomers.upto(now))
    assert found == [0, 0, 0, 0, 7, 9]


async def test_with_one_writer_it_goes_to_the_end(db: Database) -> None:
    await db.write(lambda conn: make.submit(conn, make.event()))
    assert await Latecomers(db).upto(0.0) == LAST
