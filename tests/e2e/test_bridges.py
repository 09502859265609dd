# SPDX-License-Identifier: GPL-3.0-or-later
"""Two real programs on one PostgreSQL: both take in, one delivers, the other goes on when it is killed, and what
was acknowledged is recorded once. Their leases last for three seconds instead of fifteen."""

from __future__ import annotations

import asyncio
import signal
from functools import partial
from pathlib import Path

import aiohttp
import pytest

from bouncestream.clock import SystemClock
from bouncestream.outbox.bridges import AtWork, at_work
from bouncestream.outbox.db import Database
from bouncestream.outbox.delivery import due_in
from bouncestream.outbox.place import Server
from bouncestream.sandbox import Sandbox
from tests.e2e.bridges import bridge, deliver, recorded, rows, running
from tests.e2e.program import Program, event, post

pytestmark = [pytest.mark.process, pytest.mark.wrapped]


async def test_two_bridges_take_in_and_one_delivers_whoever_is_killed(
    pg_url: str, tmp_path: Path, sandbox: Sandbox, session: aiohttp.ClientSession
) -> None:
    one, two = (bridge(tmp_path, pg_url, name, sandbox.url) for name in ("one", "two"))
    db = None

    try:
        await one.start()
        await two.start()
        await asyncio.gather(*(post(session, (one, two)[n % 2], event(n)) for n in range(60)))
        await recorded(sandbox, 60)
        await one.kill()
        await asyncio.gather(*(post(session, two, event(n)) for n in range(60, 90)))
        assert set((await recorded(sandbox, 90)).values()) == {1}
        db = await Database.open(Server(pg_url, "who looks"))
        found: dict[str, AtWork] = {at.bridge.name: at for at in await db.read(at_work)}
        assert set(found) == {"one", "two"} and not found["one"].jobs
        assert set(found["two"].jobs) == {"relay"}, "what needs the relay's knowledge is where the relay is"
        assert await two.stop() == 0
        assert "two" not in {at.bridge.name for at in await db.read(at_work)}
    finally:
        if db is not None:
            await db.close()
        for each in (one, two):
            if each.process is not None:
                await each.kill()


async def test_a_server_that_is_away_at_the_start_is_told_and_tried_again_by_the_next(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    """systemd, or a container's runtime, starts it anew."""
    one = bridge(tmp_path, "postgresql://127.0.0.1:1/x", "one", sandbox.url)
    await one.start(ready=False)
    assert await one.died(20)
    assert await one.stop() == 75
    told = "\n".join(one.lines)
    assert "PostgreSQL does not answer: nothing is acknowledged. Next: see that it runs" in told
    assert "Traceback" not in told


async def test_a_former_leader_is_ready_though_what_it_led_was_not(
    pg_url: str, tmp_path: Path, sandbox: Sandbox, session: aiohttp.ClientSession
) -> None:
    """It was frozen while Listmonk was away, and another bridge has taken over."""
    one, two = (bridge(tmp_path, pg_url, name, sandbox.url) for name in ("one", "two"))

    async def until(bridge: Program, listmonk: str, ready: bool) -> None:
        async with asyncio.timeout(30):
            while True:
                async with session.get(f"{bridge.url}/readyz") as answer:
                    told = await answer.json()
                if (told["parts"].get("listmonk", {}).get("state", ""), told["ready"]) == (listmonk, ready):
                    return
                await asyncio.sleep(0.05)

    try:
        await one.start()
        await until(one, "green", ready=True)
        await two.start()
        sandbox.fault("html_200")
        await post(session, one, event(1))
        await until(one, "red", ready=False)
        await until(two, "", ready=True)
        async with session.get(f"{one.url}/readyz/intake") as answer:
            assert answer.status == 200, "it stores, and a proxy may send to it"
        assert one.process is not None
        one.process.send_signal(signal.SIGSTOP)
        await until(two, "red", ready=False)
        one.process.send_signal(signal.SIGCONT)
        await until(one, "", ready=True)
        async with asyncio.timeout(30):
            while "bouncestream_alert_active{" in (told := await metrics(session, one)):
                await asyncio.sleep(0.05)
        assert "bouncestream_brake_held 0" in told
        assert "bouncestream_alert_active{" in await metrics(session, two)
        async with asyncio.timeout(30):
            while [told.get("listmonk", {}).get("state") for told in await boards(pg_url)] != [None, "red"]:
                await asyncio.sleep(0.1)
    finally:
        for each in (one, two):
            if each.process is not None:
                await each.kill()


@pytest.mark.parametrize("ahead", [600, -600])
async def test_a_clock_that_is_minutes_wrong_only_delays(
    ahead: int, pg_url: str, tmp_path: Path, sandbox: Sandbox, session: aiohttp.ClientSession
) -> None:
    """One of two bridges is ten minutes ahead of the other, or behind it. Both take in, each of them delivers."""
    one, two = (bridge(tmp_path, pg_url, name, sandbox.url) for name in ("one", "two"))
    one.environment["BOUNCESTREAM_TEST_CLOCK"] = str(ahead)
    db = await Database.open(Server(pg_url, "who looks"))

    async def waits() -> float:
        """Seconds until the next event is due, by the right clock."""
        return await db.read(partial(due_in, now=SystemClock().now())) or 0.0

    try:
        async with running(one, two):  # the wrong one delivers
            await asyncio.gather(*(deliver(session, [one], number) for number in range(20)))
            await recorded(sandbox, 20)
            await asyncio.gather(*(deliver(session, [two], number) for number in range(20, 40)))
            if ahead > 0:
                await recorded(sandbox, 40)
            else:
                assert len(rows(sandbox)) == 20, "by its clock they are not due for ten minutes"
            await one.kill()  # now the right one does
            await asyncio.gather(*(deliver(session, [two], number) for number in range(40, 60)))
            assert set((await recorded(sandbox, 60)).values()) == {1}
            await one.start()
            await deliver(session, [one], 60)
            if ahead > 0:
                assert ahead - 20 < await waits() <= ahead, "taken in by the clock that is ahead"
            else:
                await recorded(sandbox, 61)
    finally:
        await db.close()


async def metrics(session: aiohttp.ClientSession, bridge: Program) -> str:
    async with session.get(f"{bridge.url}/metrics") as answer:
        return await answer.text()


async def boards(url: str) -> list[dict[str, dict[str, str]]]:
    """What each bridge tells the others, in the order of their names."""
    db = await Database.open(Server(url, "who looks"))
    try:
        return [one.bridge.parts for one in await db.read(at_work)]
    finally:
        await db.close()
