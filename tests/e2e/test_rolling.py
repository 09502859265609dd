# SPDX-License-Identifier: GPL-3.0-or-later
"""Two real programs on one PostgreSQL are updated one after the other, to a version with another schema, while
webhooks come in. Their leases last for three seconds instead of fifteen."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest

from bouncestream.outbox.postgres.steps import END_FIRST, GO_ON
from bouncestream.sandbox import Sandbox
from tests.e2e import bridges
from tests.e2e.program import Program, event, post

pytestmark = [pytest.mark.process, pytest.mark.wrapped]

ADDS = f"{GO_ON}\nALTER TABLE outbox ADD COLUMN more text;\nCREATE TABLE more (id bigint);"
CHANGES = f"{END_FIRST}\nDROP VIEW unsure;\nALTER TABLE outbox ALTER COLUMN sure TYPE integer;"


class Webhooks:
    """A provider behind a proxy that tries one bridge, then the other. `refused`: for how many seconds both of them
    refused, each time that they did."""

    def __init__(self, session: aiohttp.ClientSession, one: Program, two: Program) -> None:
        self._session, self._bridges = session, (one, two)
        self._end = asyncio.Event()
        self.stored = 0
        self.refused: list[float] = []

    async def run(self) -> None:
        """One event after the other until `end`."""
        while not self._end.is_set():
            began = time.monotonic()
            if not await self._try():
                while not await self._try():
                    await asyncio.sleep(0.02)
                self.refused.append(time.monotonic() - began)
            self.stored += 1
            await asyncio.sleep(0.01)

    async def _try(self) -> bool:
        for bridge in self._bridges:
            try:
                await post(self._session, bridge, event(self.stored))
                return True
            except (aiohttp.ClientError, TimeoutError):
                continue
        return False

    async def more(self) -> None:
        """Until some more are stored."""
        wanted = self.stored + 20
        async with asyncio.timeout(20):
            while self.stored < wanted:
                await asyncio.sleep(0.01)

    def end(self) -> None:
        self._end.set()


@pytest.fixture
async def pair(pg_url: str, tmp_path: Path, sandbox: Sandbox) -> AsyncIterator[tuple[Program, Program]]:
    one, two = (bridges.bridge(tmp_path, pg_url, name, sandbox.url) for name in ("one", "two"))
    await one.start()
    await two.start()
    yield one, two
    for each in (one, two):
        if each.process is not None:
            await each.kill()


async def told(bridge: Program, words: str) -> None:
    """Until its log has these words."""
    async with asyncio.timeout(20):
        while not any(words in line for line in bridge.lines):
            await asyncio.sleep(0.02)


async def update(bridge: Program, step: str) -> None:
    """Stop it, and start its newer version; returns at once."""
    assert await bridge.stop() == 0
    bridge.lines.clear()
    bridge.environment["BOUNCESTREAM_TEST_STEP"] = step
    await bridge.start(ready=False)


async def delivered(sandbox: Sandbox, webhooks: Webhooks) -> None:
    """Until each event is recorded, and none twice."""
    async with asyncio.timeout(30):
        while len(sandbox.state()["rows"]) < webhooks.stored:
            await asyncio.sleep(0.02)
    ids = [row["meta"]["id"] for row in sandbox.state()["rows"]]
    assert len(ids) == len(set(ids)) == webhooks.stored


async def intake(session: aiohttp.ClientSession, bridge: Program) -> int:
    """What a proxy is told of it."""
    async with session.get(f"{bridge.url}/readyz/intake") as answer:
        return answer.status


async def rolled(
    pair: tuple[Program, Program], webhooks: Webhooks, step: str, between: Callable[[], Awaitable[None]]
) -> None:
    """Update both while webhooks come in; `between` is seen in the middle of it."""
    one, two = pair
    stream = asyncio.create_task(webhooks.run())
    await webhooks.more()
    await update(one, step)
    await between()
    await webhooks.more()
    await update(two, step)
    for each in pair:
        await told(each, "ready")
    await webhooks.more()
    webhooks.end()
    await stream


async def test_beside_a_step_that_only_adds_nothing_is_refused(
    pair: tuple[Program, Program], sandbox: Sandbox, session: aiohttp.ClientSession
) -> None:
    webhooks = Webhooks(session, *pair)

    async def both_work() -> None:
        await told(pair[0], "ready")
        assert [await intake(session, each) for each in pair] == [200, 200]

    await rolled(pair, webhooks, ADDS, both_work)
    assert webhooks.refused == []
    await delivered(sandbox, webhooks)


async def test_another_step_waits_for_the_older_bridge(
    pair: tuple[Program, Program], sandbox: Sandbox, session: aiohttp.ClientSession
) -> None:
    webhooks = Webhooks(session, *pair)

    async def one_waits() -> None:
        await told(pair[0], 'until no older bridge works on it: "two"')
        assert [await intake(session, each) for each in pair] == [503, 200]
        async with session.get(f"{pair[0].url}/readyz") as answer:
            assert "Next: stop the older one" in (await answer.json())["parts"]["outbox"]["why"]

    await rolled(pair, webhooks, CHANGES, one_waits)
    assert len(webhooks.refused) <= 1 and sum(webhooks.refused) < 6, "while the tables are changed"
    await delivered(sandbox, webhooks)


async def test_an_older_one_that_wakes_up_stores_nothing_and_who_is_killed_goes_on(
    pair: tuple[Program, Program], sandbox: Sandbox, session: aiohttp.ClientSession
) -> None:
    one, two = pair
    await post(session, two, event(0))
    assert two.process is not None
    two.process.send_signal(signal.SIGSTOP)
    await update(one, CHANGES + "\nSELECT pg_sleep(1);")
    await told(one, "The outbox is upgraded from schema")
    await asyncio.sleep(0.5)
    await one.kill()
    await one.start()
    two.process.send_signal(signal.SIGCONT)
    with pytest.raises(aiohttp.ClientResponseError, match="503"):
        await post(session, two, event(1))
    await told(two, "run the newer bouncestream")
    assert await intake(session, two) == 503
    await post(session, one, event(2))
    async with asyncio.timeout(20):
        while len(sandbox.state()["rows"]) < 2:
            await asyncio.sleep(0.02)
    assert {row["email"] for row in sandbox.state()["rows"]} == {"p0@example.com", "p2@example.com"}
    assert await two.stop() == 0
    await two.start(ready=False)
    assert two.process is not None and await two.process.wait() == 78
