# SPDX-License-Identifier: GPL-3.0-or-later
"""The real program before a Listmonk that answers oddly, and with bugs of its own: what comes in is stored, and
what is stored is delivered as soon as that is possible."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from tests.e2e.program import Program, event, post
from tests.sinks.listmonk.hostile import PERSON, Hostile, hostile
from tests.sinks.listmonk.test_hostile import BOUNCES, KINDS, PEOPLE, TOKEN, USER, assert_blank, on_people

pytestmark = pytest.mark.process


@pytest.fixture
async def listmonk() -> AsyncIterator[Hostile]:
    async with hostile({}) as server:
        yield server


@pytest.fixture
async def bridge(tmp_path: Path, listmonk: Hostile) -> AsyncIterator[Program]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    made = Program(tmp_path, listmonk.url, port, user=USER, token=TOKEN)
    yield made
    if made.process:
        await made.kill()


async def board(session: aiohttp.ClientSession, program: Program) -> dict[str, Any]:
    async with session.get(program.url + "/readyz") as response:
        parts: dict[str, Any] = orjson.loads(await response.read())["parts"]
        return parts


async def until_red(session: aiohttp.ClientSession, program: Program, part: str) -> str:
    """Why that part is red, once it is."""
    async with asyncio.timeout(30):
        while (parts := await board(session, program)).get(part, {}).get("state") != "red":
            await asyncio.sleep(0.05)
    why: str = parts[part]["why"]
    return why


ODD = [
    "a login page for reading",
    "results are text",
    "results are missing",
    "an endless list",
    "7 MB of empty lists",
    "deep JSON",
    "no gzip",
    # What Listmonk is and lets the bridge do is asked again every five minutes only.
    pytest.param("permissions of a number", marks=pytest.mark.wrapped),
    pytest.param("a version that is an object", marks=pytest.mark.wrapped),
    "an echo in JSON",
    "an echo in HTML",
    "hangs up",
]


@pytest.mark.parametrize("kind", ODD)
async def test_an_odd_answer_ends_nothing_and_costs_nothing(
    bridge: Program, listmonk: Hostile, session: aiohttp.ClientSession, kind: str
) -> None:
    await bridge.start()
    await post(session, bridge, event(1))
    await bridge.settled({"verified": 1})
    listmonk.odd = KINDS[kind][0]
    for number in range(2, 6):
        await post(session, bridge, event(number))
    why = await until_red(session, bridge, "listmonk")
    assert_blank(why)
    for number in range(6, 9):
        await post(session, bridge, event(number))
    listmonk.odd = {}
    await bridge.settled({"verified": 8})
    assert await bridge.stop() == 0
    log = "\n".join(bridge.lines)
    assert "Traceback" not in log
    assert_blank(log)


async def test_subscribers_that_are_none_unsubscribe_nobody(
    bridge: Program, listmonk: Hostile, session: aiohttp.ClientSession
) -> None:
    listmonk.odd = {PEOPLE: on_people({**PERSON, "email": "boss@example.com"})}
    await bridge.start()
    await post(session, bridge, event(1, kind="unsubscribe"))
    assert "lists subscribers outside the query" in await until_red(session, bridge, "listmonk")
    assert not any(path.startswith("/api/subscribers/") for path in listmonk.asked)
    listmonk.odd = {}
    await bridge.settled({"unstored": 1})


async def test_it_starts_before_an_odd_listmonk_again_and_again(
    bridge: Program, listmonk: Hostile, session: aiohttp.ClientSession
) -> None:
    listmonk.odd = {BOUNCES: KINDS["results are text"][0][BOUNCES]}
    for number in range(3):
        await bridge.start()
        await post(session, bridge, event(number))
        await until_red(session, bridge, "listmonk")
        assert await bridge.stop() == 0


@pytest.mark.wrapped
@pytest.mark.parametrize("task", ["relay", "upkeep", "rejudge"])
async def test_a_bug_is_told_and_what_comes_in_is_stored(
    bridge: Program, session: aiohttp.ClientSession, task: str
) -> None:
    bridge.environment["BOUNCESTREAM_TEST_BUG"] = task
    await bridge.start()
    await post(session, bridge, event(1))
    part = task if task == "relay" else f"task:{task}"
    async with asyncio.timeout(30):
        while "ZeroDivisionError" not in (await board(session, bridge)).get(part, {}).get("why", ""):
            await asyncio.sleep(0.05)
    await post(session, bridge, event(2))
    assert await bridge.stop() == 0
    log = "\n".join(bridge.lines)
    assert log.count("Traceback (most recent call last)") == 1
    assert "a bug on purpose" in log
    assert bridge.query("SELECT count(*) FROM outbox") == [(2,)]


@pytest.mark.wrapped
async def test_without_the_writer_of_its_outbox_it_ends_in_order_to_be_started_anew(
    bridge: Program, session: aiohttp.ClientSession
) -> None:
    bridge.environment["BOUNCESTREAM_TEST_BUG"] = "writer"
    await bridge.start()
    with pytest.raises(aiohttp.ClientResponseError) as refused:
        await post(session, bridge, event(1))
    assert refused.value.status == 503
    assert bridge.process is not None
    async with asyncio.timeout(30):
        assert await bridge.process.wait() == 70
    del bridge.environment["BOUNCESTREAM_TEST_BUG"]
    assert "cannot run without it" in "\n".join(bridge.lines)
    await bridge.start()
    await post(session, bridge, event(1))
    await bridge.settled({"verified": 1})
