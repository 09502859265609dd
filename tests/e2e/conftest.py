# SPDX-License-Identifier: GPL-3.0-or-later
"""A sandbox Listmonk in which a second row shows, and the real program beside it."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from bouncestream.sandbox import Action, Sandbox, SandboxSettings, Subscriber
from tests.e2e.program import Program
from tests.mailserver.fixtures import dovecot, proxy

__all__ = ["dovecot", "proxy"]

PEOPLE = 6000


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    # With the usual actions the first hard bounce blocklists, and then a double would leave no trace.
    actions = {kind: Action(1000, "none") for kind in ("hard", "soft", "complaint")}
    people = [Subscriber(f"p{i}@example.com") for i in range(PEOPLE)]
    async with Sandbox(SandboxSettings(row_seconds=0.0005, subscribers=people, actions=actions)) as running:
        yield running


@pytest.fixture
async def program(tmp_path: Path, sandbox: Sandbox) -> AsyncIterator[Program]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = Program(tmp_path, sandbox.url, port)
    yield program
    if program.process:
        await program.kill()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def needs(tool: str) -> None:
    """Skip loudly where a tool is missing; in CI that is a failure."""
    if shutil.which(tool) is None:
        message = f"{tool} is not installed (apt install {tool})"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
