# SPDX-License-Identifier: GPL-3.0-or-later
"""The one bridge of an outbox in a file does all work, and asks nobody; on PostgreSQL there are leases."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bouncestream.clock import SystemClock
from bouncestream.health import Health
from bouncestream.metrics import Metrics
from bouncestream.outbox.db import Database
from bouncestream.outbox.leasing import OneBridge, leasing_of
from bouncestream.outbox.place import NOWHERE, Server
from bouncestream.outbox.postgres.leasing import Leasing


def database(server: Server | None = None) -> Database:
    return Database(Path("outbox.db") if server is None else NOWHERE, 1, 1, None, None, server)


async def test_the_bridge_of_a_file_does_all_work() -> None:
    one = leasing_of(database(), SystemClock(), "0.1.0", Health(), Metrics())
    assert isinstance(one, OneBridge) and not one.several and one.late == 0

    async def work() -> object:
        return "done"

    await one.begin()
    with one.term("relay"):
        assert one.safe("relay")
        assert await one.hold("relay", work)() == "done"
    run = asyncio.ensure_future(one.run())
    await asyncio.sleep(0)
    assert not run.done()
    run.cancel()
    one.stop()
    assert one.safe("relay")  # what is in hand ends in its own time
    await one.end()


async def test_the_bridges_of_a_server_have_leases() -> None:
    server = Server("postgresql://nobody@127.0.0.1:1/nothing", "one")
    found = leasing_of(database(server), SystemClock(), "0.1.0", Health(), Metrics())
    assert isinstance(found, Leasing) and found.several
    assert found.name == "one"
