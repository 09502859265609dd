# SPDX-License-Identifier: GPL-3.0-or-later
"""Delivery into Listmonk's tables where the server is another one from one transaction to the next: behind a
pooler, and where the primary dies in mid-stream and its standby takes over. And where it is alone with a bridge
that freezes."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from functools import partial

import pytest

from bouncestream.event import BounceEvent, Kind
from bouncestream.ports import Submission
from bouncestream.sandbox import Sandbox
from bouncestream.sinks.listmonk_db.deciding import Rule
from tests.postgres.cluster import Cluster, needs_postgres
from tests.postgres.pgbouncer import PgBouncer
from tests.relay.forge import Forge
from tests.relay.stage import EVENTS, TTL, TablesStage
from tests.relay.test_several import Pair, pair_on
from tests.running import running
from tests.sinks.listmonk_db.shape import BRIDGE, Listmonk

pytestmark = pytest.mark.process

PEOPLE = 400
#: By which a double would blocklist who has one bounce.
RULES = {kind: Rule(2, "blocklist") for kind in ("hard", "soft", "complaint")}


@pytest.fixture
async def stack(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[AsyncExitStack]:
    monkeypatch.setenv("RECORDS", "1")
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
def forge() -> Iterator[Forge]:
    yield from running(Forge(TTL, records=True))


async def emit(pair: Pair, numbers: range) -> None:
    """A bounce of each of these people, and of every other one a second."""
    events = [
        BounceEvent(Kind.HARD, f"p{i}@example.com", "hook", "generic", message_id=f"<{i} {time}@x>")
        for i in numbers
        for time in range(1 + i % 2)
    ]
    await pair.intake(Submission("hook", "generic", tuple(events), raw=b"{}"))
    pair.taken += len(events)


async def begun(listmonk: Listmonk) -> None:
    """Until they are in the midst of it."""
    async with asyncio.timeout(30):
        while len(listmonk.rows()) < 50:
            await asyncio.sleep(0.01)


def each_once(listmonk: Listmonk) -> None:
    """Each event has its row, and each subscriber stands as his bounces have it."""
    rows = listmonk.rows()
    assert set(Counter(row["meta"]["id"] for row in rows).values()) == {1}
    assert Counter(row["email"] for row in rows) == {f"p{i}@example.com": 1 + i % 2 for i in range(PEOPLE)}
    statuses = dict(listmonk.run("SELECT email, status::text FROM subscribers"))
    assert statuses == {f"p{i}@example.com": "blocklisted" if i % 2 else "enabled" for i in range(PEOPLE)}


async def test_behind_a_pooler(
    cluster: Cluster, listmonk_tables: Listmonk, sandbox: Sandbox, stack: AsyncExitStack
) -> None:
    needs_postgres("pgbouncer")
    listmonk_tables.rules(RULES)
    listmonk_tables.people(PEOPLE)
    pooler = PgBouncer(cluster, user=BRIDGE)
    stack.callback(pooler.close)
    pooler.start()
    name = listmonk_tables.url.rsplit("/", 1)[1]
    pair, one, two = await pair_on(pooler.url(name), sandbox, stack)
    await emit(pair, range(200))
    await begun(listmonk_tables)
    one.signal(signal.SIGKILL)
    await emit(pair, range(200, PEOPLE))
    await two.until("leads")
    await pair.delivered()
    each_once(listmonk_tables)


async def test_a_bridge_that_freezes_alone_lets_listmonk_go_on(cluster: Cluster, forge: Forge) -> None:
    """No other bridge is there to end its transaction, so the server itself does."""
    async with TablesStage(cluster, forge) as stage:
        await stage.pair.emit(EVENTS)
        one = await stage.bridge("recording", signal.SIGSTOP)
        await one.until("stopped")
        async with asyncio.timeout(10):
            await asyncio.to_thread(stage.listmonk.run, "UPDATE subscribers SET name = 'x'")
        one.signal(signal.SIGCONT)
        await stage.settled()
        assert stage.wrong() == (0, 0)


@pytest.mark.parametrize("how", ["killed", "stopped at once"])
async def test_a_standby_takes_over_in_mid_stream(
    primary: Cluster, sandbox: Sandbox, stack: AsyncExitStack, how: str
) -> None:
    listmonk = Listmonk(primary.url())
    stack.callback(listmonk.close)
    listmonk.make()
    listmonk.rules(RULES)
    listmonk.people(PEOPLE)
    standby = await asyncio.to_thread(partial(primary.standby, synchronous=True))
    stack.callback(standby.close)
    pair, *_ = await pair_on(primary.url("postgres", standby, user=BRIDGE), sandbox, stack)
    await emit(pair, range(300))
    await begun(listmonk)
    if how == "killed":
        primary.kill()
    else:
        primary.stop("immediate")
    standby.promote()
    async with asyncio.timeout(20):
        while True:
            try:
                await emit(pair, range(300, PEOPLE))
                break
            except Exception:
                await asyncio.sleep(0.1)
    await pair.delivered()
    now = Listmonk(standby.url())
    stack.callback(now.close)
    each_once(now)
