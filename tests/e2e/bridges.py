# SPDX-License-Identifier: GPL-3.0-or-later
"""Real programs as bridges on one outbox on PostgreSQL, and what they have recorded in the sandbox."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from bouncestream.sandbox import Sandbox
from tests.e2e.program import PATIENCE, Program, event, post

#: Seconds that a lease lasts, and that a database may be silent.
TTL, SILENT = 3.0, 8.0


def bridge(
    folder: Path,
    url: str,
    name: str,
    listmonk: str,
    *,
    step: str = "",
    silent: float = 0,
    ttl: float = TTL,
    **settings: str,
) -> Program:
    """A bridge of that name, which is not started yet; `step`, `silent`: see tests/e2e/wrapped.py.

    The sandbox, in the process of the test, answers late on a busy machine, and then delivery rests for up to a
    minute: so a POST may take longer than with one bridge.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (folder / name).mkdir()
    made = Program(folder / name, listmonk, port, **{"post_timeout": "20s"} | settings)
    made.environment |= {
        "BOUNCESTREAM__OUTBOX__URL": url,
        "BOUNCESTREAM__BRIDGE__NAME": name,
        "BOUNCESTREAM_TEST_TTL": str(ttl),
        "BOUNCESTREAM_TEST_SILENT": str(silent),
        "BOUNCESTREAM_TEST_AT": step,
    }
    return made


@asynccontextmanager
async def running(*bridges: Program) -> AsyncIterator[None]:
    """They run within it, begun one after the other; those that still do are killed in the end."""
    try:
        for each in bridges:
            await each.start()
        yield
    finally:
        for each in bridges:
            if each.process is not None:
                wake(each)
                await each.kill()


def freeze(bridge: Program) -> None:
    """SIGSTOP."""
    assert bridge.process is not None
    bridge.process.send_signal(signal.SIGSTOP)


def wake(bridge: Program) -> None:
    """SIGCONT."""
    if bridge.process is not None and bridge.process.returncode is None:
        bridge.process.send_signal(signal.SIGCONT)


def state(bridge: Program) -> str:
    """How its process stands, as /proc has it: T where it is stopped; empty: it is no more."""
    assert bridge.process is not None
    try:
        return Path(f"/proc/{bridge.process.pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return ""


async def frozen(bridge: Program) -> None:
    """Until it has stopped itself."""
    async with asyncio.timeout(PATIENCE):
        while state(bridge) != "T":
            await asyncio.sleep(0.02)


def rows(sandbox: Sandbox) -> Counter[str]:
    """Address → its rows in Listmonk."""
    found: list[dict[str, Any]] = sandbox.state()["rows"]
    return Counter(row["email"] for row in found)


async def recorded(sandbox: Sandbox, count: int, seconds: float = 60) -> Counter[str]:
    """Once so many people have a row; raises AssertionError when they do not."""
    try:
        async with asyncio.timeout(seconds):
            while len(found := rows(sandbox)) < count:
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"{len(found)} of {count} were recorded") from None
    return found


async def intake(session: aiohttp.ClientSession, bridge: Program) -> int:
    """What its /readyz/intake answers; 0: nothing."""
    try:
        timeout = aiohttp.ClientTimeout(total=2)
        async with session.get(f"{bridge.url}/readyz/intake", timeout=timeout) as answer:
            return answer.status
    except (aiohttp.ClientError, TimeoutError):
        return 0


async def until_intake(session: aiohttp.ClientSession, bridge: Program, *wanted: int, seconds: float = 30) -> None:
    """Until it answers one of these."""
    async with asyncio.timeout(seconds):
        while await intake(session, bridge) not in wanted:
            await asyncio.sleep(0.05)


async def deliver(session: aiohttp.ClientSession, bridges: Sequence[Program], number: int) -> None:
    """As a proxy and a provider do: what is not answered 200 is sent again, to the next one. For a minute."""
    async with asyncio.timeout(60):
        turn = number
        while True:
            try:
                await post(session, bridges[turn % len(bridges)], event(number), within=2)
                return
            except (aiohttp.ClientError, TimeoutError, OSError):
                turn += 1
                await asyncio.sleep(0.1)
