# SPDX-License-Identifier: GPL-3.0-or-later
"""20 × kill -9 of bouncestream and 20 faults of Listmonk under load: what was answered is recorded exactly once."""

from __future__ import annotations

import asyncio
import random

import aiohttp
import pytest

from bouncestream.sandbox import Sandbox
from tests.e2e.program import Program, event, post
from tests.e2e.storm import Storm


@pytest.mark.process
@pytest.mark.timeout(240)
async def test_every_acknowledged_event_is_recorded_exactly_once(program: Program, sandbox: Sandbox) -> None:
    storm = Storm(program, sandbox, random.Random(1))
    await storm.blow()
    count = len(storm.acknowledged)
    assert count > 300
    await program.settled({"verified": count}, seconds=120)
    assert not storm.wrong()
    assert sandbox.state()["counts"]["lost"] > 0, "the faults lost nothing: they were too weak to prove anything"
    assert await program.stop() == 0


@pytest.mark.wrapped
@pytest.mark.process
@pytest.mark.timeout(120)
async def test_sabotage_an_acknowledgement_before_the_commit_is_noticed(program: Program, sandbox: Sandbox) -> None:
    program.environment["BOUNCESTREAM_TEST_SABOTAGE"] = "early"
    await program.start()
    acknowledged: set[int] = set()

    async def load(session: aiohttp.ClientSession, first: int) -> None:
        number = first
        try:
            while True:
                await post(session, program, event(number))
                acknowledged.add(number)
                number += 16
        except (aiohttp.ClientError, OSError):
            pass  # killed

    for kill in range(5):
        async with aiohttp.ClientSession() as session:
            first = 1000 * kill
            loads = [asyncio.create_task(load(session, first + i)) for i in range(16)]
            while len(acknowledged) < 100 * (kill + 1):
                await asyncio.sleep(0.001)
            await program.kill()
            await asyncio.gather(*loads)
        await program.start()
    stored = {row[0] for row in program.query("SELECT recipient FROM outbox")}
    assert {f"p{number}@example.com" for number in acknowledged} - stored
