# SPDX-License-Identifier: GPL-3.0-or-later
"""20 × kill -9 of bouncestream and 20 faults of Listmonk under load: what was answered is recorded exactly once."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import aiohttp
import pytest

from bouncestream.outbox.backup import backup
from bouncestream.outbox.operator import list_rows
from bouncestream.outbox.view import view
from bouncestream.sandbox import Sandbox
from tests.e2e.program import KEY, Program, event, post
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


@pytest.mark.process
@pytest.mark.timeout(240)
async def test_of_a_sealed_outbox_too_and_no_file_holds_an_address(
    program: Program, sandbox: Sandbox, tmp_path: Path
) -> None:
    program.seal()
    storm = Storm(program, sandbox, random.Random(2), kills=6, faults=6)
    await storm.blow()
    found = program.addresses()
    count = len(storm.acknowledged)
    await program.settled({"verified": count}, seconds=120)
    assert not storm.wrong()
    assert program.query("SELECT value FROM meta WHERE name = 'sealing'") == [("sealed",)]
    backup(program.folder / "outbox.db", program.folder / "copy.outbox", datetime.now(UTC))
    found |= program.addresses()
    assert await program.stop() == 0
    found |= program.addresses()
    assert not found
    with view(tmp_path / "copy.outbox", key=KEY, reveal=True) as copy:
        people = {row.event.recipient for row in copy.read(partial(list_rows, limit=count))}
    assert people == {f"p{number}@example.com" for number in storm.acknowledged}, "which the key opens"


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
