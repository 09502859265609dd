# SPDX-License-Identifier: GPL-3.0-or-later
"""Two real programs on one PostgreSQL: both take in, one delivers, the other goes on when it is killed, and what
was acknowledged is recorded once. Their leases last for three seconds instead of fifteen."""

from __future__ import annotations

import asyncio
import signal
import socket
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bouncestream.outbox.bridges import AtWork, at_work
from bouncestream.outbox.db import Database
from bouncestream.outbox.place import Server
from bouncestream.sandbox import Sandbox
from tests.e2e.program import Program, event, post

pytestmark = [pytest.mark.process, pytest.mark.wrapped]


def program(folder: Path, url: str, name: str, sandbox: Sandbox) -> Program:
    """A bridge of that name, which is not started yet."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (folder / name).mkdir()
    made = Program(folder / name, sandbox.url, port)
    made.environment |= {
        "BOUNCESTREAM__OUTBOX__URL": url,
        "BOUNCESTREAM__BRIDGE__NAME": name,
        "BOUNCESTREAM_TEST_TTL": "3",
    }
    return made


async def test_two_bridges_take_in_and_one_delivers_whoever_is_killed(
    pg_url: str, tmp_path: Path, sandbox: Sandbox, session: aiohttp.ClientSession
) -> None:
    one, two = (program(tmp_path, pg_url, name, sandbox) for name in ("one", "two"))
    db = None

    async def until(rows: int) -> None:
        async with asyncio.timeout(60):
            while len(recorded(sandbox)) < rows:
                await asyncio.sleep(0.02)

    try:
        await one.start()
        await two.start()
        await asyncio.gather(*(post(session, (one, two)[n % 2], event(n)) for n in range(60)))
        await until(60)
        await one.kill()
        await asyncio.gather(*(post(session, two, event(n)) for n in range(60, 90)))
        await until(90)
        ids = [row["meta"]["id"] for row in recorded(sandbox)]
        assert len(ids) == len(set(ids)) == 90
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


async def test_a_former_leader_is_ready_though_what_it_led_was_not(
    pg_url: str, tmp_path: Path, sandbox: Sandbox, session: aiohttp.ClientSession
) -> None:
    """It was frozen while Listmonk was away, and another bridge has taken over."""
    one, two = (program(tmp_path, pg_url, name, sandbox) for name in ("one", "two"))

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


def recorded(sandbox: Sandbox) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = sandbox.state()["rows"]
    return rows
