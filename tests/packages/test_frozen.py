# SPDX-License-Identifier: GPL-3.0-or-later
"""What a packed program loses easily, since it is found by name or started as a process of its own."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bouncestream import __version__
from bouncestream.providers import names
from bouncestream.sandbox import Sandbox
from tests.alerts.receivers import Hooks, hooks
from tests.e2e.conftest import sandbox
from tests.e2e.program import ROOT, Program
from tests.packages.conftest import Single, called
from tests.wheel import faults

__all__ = ["sandbox"]


@pytest.fixture
async def receiver() -> AsyncIterator[Hooks]:
    async with hooks() as made:
        yield made


def apprise(receiver: Hooks) -> str:
    return f'[alerts]\napprise = ["json://{receiver.url.removeprefix("http://")}/apprise"]\n'


def test_each_command_has_its_help_and_the_demo_runs(single: Single) -> None:
    def call(*arguments: str) -> tuple[int, str]:
        done = single(*arguments)
        return done.returncode, done.stdout + done.stderr

    assert faults(call, __version__) == []


@pytest.mark.parametrize("provider", names())
def test_each_provider_is_in_it(single: Single, tmp_path: Path, provider: str) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f'[listmonk]\nurl = "http://127.0.0.1:1"\n[webhooks.one]\nprovider = "{provider}"\n')
    said = single("check", "--config", str(config))
    source = called(
        [sys.executable, "-m", "bouncestream", "check", "--config", str(config)], {"PYTHONPATH": str(ROOT)}
    )
    assert (said.returncode, said.stdout, said.stderr) == (source.returncode, source.stdout, source.stderr)


async def test_an_alert_goes_out_by_apprise(single: Single, tmp_path: Path, receiver: Hooks) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[listmonk]\nurl = "http://127.0.0.1:1"\ntoken = "t0ken-of-the-bridge"\n' + apprise(receiver))
    config.chmod(0o600)
    done = await asyncio.to_thread(single, "alert", "test", "--json", "--config", str(config))
    assert json.loads(done.stdout) == {"channels": [{"channel": "apprise:json", "sent": True, "why": ""}]}
    (told,) = receiver.bodies("/apprise")
    assert "This is a test" in told["message"]


async def test_a_status_of_another_version_takes_nothing_from_a_bridge_that_runs(
    single: Single,
    another: Single,
    sandbox: Sandbox,
    tmp_path: Path,
    receiver: Hooks,
) -> None:
    """Its tree stays, so that it can start itself again: for the doctor's checks, and for an alert. One that is
    killed leaves the tree to the next start, which removes it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        program = Program(tmp_path, sandbox.url, free.getsockname()[1])
    told = apprise(receiver) + 'checks = "5s"\nevery = "1s"\n'
    program.config.write_text(program.config.read_text() + told)
    user = sandbox.settings.users["bridge"]
    sandbox.settings.users["bridge"] = replace(user, permissions=user.permissions - {"subscribers:get_all"})
    program.environment = single.environment
    await program.start()
    try:
        assert program.process is not None
        running = Path(f"/proc/{program.process.pid}/exe").readlink()
        assert running.parent in single.trees(), "one process: the one that was started is the program"
        status = await asyncio.to_thread(another, "status", "--config", str(program.config))
        assert "Listmonk" in status.stdout, status.stderr
        assert len(single.trees()) == 2
        while not any("subscribers:get_all" in str(told) for told in receiver.bodies("/apprise")):
            await receiver.until(len(receiver.bodies("/apprise")) + 1, "/apprise", 60)
    finally:
        await program.kill()
    await asyncio.to_thread(another, "version")
    assert running.parent not in single.trees()
    assert single.leftovers() == []
