# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream undo`, killed -9 at each of its steps, and then run again: all is back, once, and what a person did
in between stays."""

from __future__ import annotations

import asyncio
import shutil
import signal
import sys
from copy import deepcopy
from pathlib import Path

import pytest

from bouncestream.sandbox import Sandbox
from tests.cli.conftest import ROOT, TOKEN, environment
from tests.killed import COUNTED
from tests.undo.conftest import Stage

PROGRAM = (
    COUNTED
    + """
from bouncestream.sinks.listmonk.wire import Wire
from bouncestream.outbox.db import Database
Wire.call, Database.write = counted(Wire.call), counted(Database.write)
from bouncestream.cli import main
sys.exit(main(["undo", "--since", "all", "--json", "-c", sys.argv[2]]))
"""
)
NEVER = 10_000


@pytest.fixture
async def told(stage: Stage, tmp_path: Path) -> Path:
    """Three people are blocklisted by our bounces; the configuration of the bridge that did it."""
    await stage.delivered(range(3))
    await stage.stop()
    config = tmp_path / "config.toml"
    config.write_text(
        f'[outbox]\npath = "{stage.path}"\n'
        f'[listmonk]\nurl = "{stage.sandbox.url}"\nuser = "bridge"\ntoken = "{TOKEN}"\n'
    )
    config.chmod(0o600)
    return config


async def undo(config: Path, at: int = NEVER) -> int:
    """Its exit code; -9: it was killed at its n-th call of Listmonk or of the outbox."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        PROGRAM,
        str(at),
        str(config),
        cwd=ROOT,
        env=environment(),
        stdout=asyncio.subprocess.PIPE,
    )
    await process.communicate()
    assert process.returncode is not None
    return process.returncode


async def undone(stage: Stage) -> dict[str, int]:
    await Stage.start(stage)
    try:
        return await stage.states()
    finally:
        await stage.kill()


@pytest.mark.process
async def test_it_ends_as_if_nothing_had_happened(
    told: Path, stage: Stage, sandbox: Sandbox, tmp_path: Path
) -> None:
    saved = deepcopy(sandbox.listmonk.database)
    files = tmp_path / "saved"
    files.mkdir()
    for file in tmp_path.glob("outbox.db*"):
        shutil.copy(file, files)
    killed = 0
    for at in range(1, 60):
        sandbox.listmonk.database = deepcopy(saved)
        for file in files.iterdir():
            shutil.copy(file, tmp_path)
        code = await undo(told, at)
        by_hand = code == -signal.SIGKILL and stage.person(1).status == "enabled"
        if by_hand:  # a person blocklists one that was brought back already
            stage.person(1).set_status("blocklisted")
        if code != -signal.SIGKILL:
            break
        killed += 1
        assert await undo(told) == 0
        assert stage.blocklisted() == ({1} if by_hand else set()), at
        assert stage.rows() == []
        assert await undone(stage) == {"dropped": 3}
        people = sandbox.listmonk.database.people
        assert all(person.lists == saved.people[i].lists for i, person in people.items())
        assert all(person.attribs == saved.people[i].attribs for i, person in people.items())
    assert code == 0
    assert killed > 10
