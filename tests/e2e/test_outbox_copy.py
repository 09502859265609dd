# SPDX-License-Identifier: GPL-3.0-or-later
"""A real bridge moves from a file to PostgreSQL and back: killed in the middle of its delivery, copied by a command
that is killed too, and started there. What was acknowledged is recorded once."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bouncestream.sandbox import Sandbox
from tests.e2e.program import ROOT, Program, event, post
from tests.killed import COUNTED

pytestmark = [pytest.mark.process, pytest.mark.wrapped]

#: The command, killed -9 before the n-th change of one of the outboxes, of the kinds in its second argument; the
#: further arguments are those of `copy`.
COPY = (
    COUNTED
    + """
from bouncestream.cli import main
from bouncestream.outbox.copying import copy
from bouncestream.outbox.copying.file import FileEnd
from bouncestream.outbox.copying.server import ServerEnd
copy.ROWS = 100
for end in (FileEnd, ServerEnd):
    for name in sys.argv[2].split():
        setattr(end, name, counted(getattr(end, name)))
code = main(["outbox", "copy", *sys.argv[3:]])
sys.exit(code)
"""
)


async def copied(program: Program, to: str, at: int = 0, change: str = "begin add put settle change finish") -> int:
    """Run the copy; its exit code, or that of `kill -9`."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", COPY, str(at), change, "--config", str(program.config), "--to", to),
        cwd=ROOT,
        env={**os.environ, **program.environment},
        stdout=asyncio.subprocess.DEVNULL,
    )
    return await process.wait()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.02)


def recorded(sandbox: Sandbox) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = sandbox.state()["rows"]
    return rows


async def test_a_bridge_moves_there_and_back(
    pg_url: str, program: Program, tmp_path: Path, sandbox: Sandbox, session: aiohttp.ClientSession
) -> None:
    sent = 0

    async def more(count: int) -> None:
        nonlocal sent
        await asyncio.gather(*(post(session, program, event(n)) for n in range(sent, sent + count)))
        sent += count

    await program.start()
    await more(300)
    await until(lambda: len(recorded(sandbox)) >= 30)
    await program.kill()
    for at in (1, 5):
        assert await copied(program, pg_url, at) == -9
    assert await copied(program, pg_url, 1, "finish") == -9
    assert await copied(program, pg_url) == 0
    await program.start(ready=False)
    assert await program.died(20)
    assert any("was copied to" in line for line in program.lines)

    program.environment |= {"BOUNCESTREAM__OUTBOX__URL": pg_url, "BOUNCESTREAM_TEST_TTL": "3"}
    await program.start()
    await more(200)
    await until(lambda: len(recorded(sandbox)) >= 400)
    await program.stop()
    back = tmp_path / "back.db"
    assert await copied(program, str(back), 6) == -9
    assert await copied(program, str(back)) == 0

    del program.environment["BOUNCESTREAM__OUTBOX__URL"]
    program.environment["BOUNCESTREAM__OUTBOX__PATH"] = str(back)
    await program.start()
    await more(50)
    await until(lambda: len(recorded(sandbox)) >= sent)
    assert await program.stop() == 0
    ids = [row["meta"]["id"] for row in recorded(sandbox)]
    assert len(ids) == len(set(ids)) == sent == 550
