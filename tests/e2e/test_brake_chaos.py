# SPDX-License-Identifier: GPL-3.0-or-later
"""The brake, its release and an undo, while the program is killed and Listmonk fails: nothing is lost, counted
twice, or undone that was not ours."""

from __future__ import annotations

import asyncio
import os
import random
import socket
import sys
from collections import Counter
from pathlib import Path

import aiohttp
import pytest

from bouncestream.sandbox import Sandbox, SandboxSettings, Subscriber
from tests.e2e.program import ROOT, Program, event, post
from tests.e2e.storm import Storm

pytestmark = [pytest.mark.process, pytest.mark.timeout(300)]


async def killed_now_and_then(program: Program, *args: str, dice: random.Random, kills: int) -> None:
    """A command, begun again after each kill -9, until it has ended by itself with success."""
    for turn in range(100):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bouncestream", *args, "--config", str(program.config),
            cwd=ROOT, env={**os.environ, **program.environment},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        try:
            async with asyncio.timeout(dice.uniform(0.5, 3) if turn < kills else 120):
                out, _ = await process.communicate()
        except TimeoutError:
            process.kill()
            await process.wait()
            continue
        if process.returncode == 0 and turn >= kills:
            return
        assert b"Traceback" not in out, out.decode()
        await asyncio.sleep(0.2)
    raise AssertionError(out.decode())


async def test_what_is_held_is_neither_lost_nor_doubled(program: Program, sandbox: Sandbox) -> None:
    program.config.write_text(program.config.read_text().replace('hard = "off"', 'hard = "50 in 10m and 5%"'))
    dice = random.Random(2)
    storm = Storm(program, sandbox, dice, kills=8, faults=10)
    await storm.blow()
    count = len(storm.acknowledged)
    async with asyncio.timeout(60):
        while set(program.states()) != {"held", "verified"}:
            await asyncio.sleep(0.1)
    told = Counter(row["email"] for row in sandbox.state()["rows"])
    assert program.states() == {"held": count - len(told), "verified": len(told)}
    assert len(told) <= 100  # what waits together is judged together, so that it may be fewer than 50
    assert set(told.values()) == {1}
    await killed_now_and_then(program, "brake", "release", dice=dice, kills=3)
    await program.settled({"verified": count}, seconds=120)
    assert not storm.wrong()
    assert await program.stop() == 0


async def test_an_undo_among_kills_and_faults_takes_back_what_is_ours(tmp_path: Path) -> None:
    people = [Subscriber(f"p{i}@example.com", lists=(1, 2), attribs={"number": i}) for i in range(200)]
    dice = random.Random(3)
    async with Sandbox(SandboxSettings(row_seconds=0.0005, subscribers=people)) as sandbox:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        program = Program(tmp_path, sandbox.url, port)
        await program.start()
        by_email = sandbox.listmonk.database.by_email
        async with aiohttp.ClientSession() as session:
            for number in range(150):
                await post(session, program, event(number))
        await program.settled({"verified": 150})
        for number in (5, 160):
            by_email[f"p{number}@example.com"].set_status("blocklisted")  # a person's own

        async def fault() -> None:
            for name in ("db_away", "restart", "freeze", "html_200", "restart", "db_away"):
                await asyncio.sleep(dice.uniform(0.3, 1.5))
                sandbox.fault(name, seconds=0.5)

        faults = asyncio.create_task(fault())
        await killed_now_and_then(program, "undo", "--since", "all", dice=dice, kills=6)
        await faults
        sandbox.fault("clear")
        await killed_now_and_then(program, "undo", "--since", "all", dice=dice, kills=0)
        assert {one.email for one in by_email.values() if one.status == "blocklisted"} == {
            "p5@example.com",
            "p160@example.com",
        }
        assert [row["email"] for row in sandbox.state()["rows"]] == ["p5@example.com"]
        assert sandbox.state()["optins"] == 0
        assert all(on.status == "confirmed" for one in by_email.values() for on in one.lists.values())
        assert program.states() == {"dropped": 149, "verified": 1}
        assert await program.stop() == 0
