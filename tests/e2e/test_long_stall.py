# SPDX-License-Identifier: GPL-3.0-or-later
"""A table of Listmonk's database is locked for a little longer than the grace time; the real program beside it."""

from __future__ import annotations

import socket
from pathlib import Path

import aiohttp
import pytest

from bouncestream.sandbox import Sandbox
from tests.e2e.program import Program, event, post

EVENTS = 40


@pytest.fixture
def patient(tmp_path: Path, sandbox: Sandbox) -> Program:
    """The times of the rules in small: 2 s of grace, and 2 s until what was accepted and is absent goes again."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = Program(tmp_path, sandbox.url, port, margin="500ms", grace="2s")
    program.environment["BOUNCESTREAM_TEST_GAP"] = "2"
    return program


@pytest.mark.process
@pytest.mark.parametrize("killed", [False, True], ids=["", "killed in the stall"])
async def test_what_a_long_stall_held_back_is_recorded_once(
    patient: Program, sandbox: Sandbox, session: aiohttp.ClientSession, killed: bool
) -> None:
    """The first event is taken for lost when the lock ends; its row shows before it is posted again."""
    await patient.start()
    try:
        await post(session, patient, event(0))
        await patient.settled({"verified": 1})
        sandbox.fault("writes_stall")
        await post(session, patient, [event(number) for number in range(1, EVENTS + 1)])
        await sandbox.posted(1 + EVENTS)
        await patient.settled({"verified": 1, "posted": EVENTS - 1, "pending": 1})
        if killed:
            await patient.kill()
        sandbox.fault("clear")
        await sandbox.idle()
        if killed:
            await patient.start()
        await patient.settled({"verified": 1 + EVENTS})
        ids = [row["meta"]["id"] for row in sandbox.state()["rows"]]
        assert len(ids) == len(set(ids)) == 1 + EVENTS
        assert sandbox.state()["posted"] == 1 + EVENTS
        assert any("recorded late" in why for (why,) in patient.query("SELECT why FROM outbox"))
    finally:
        if patient.process:
            await patient.kill()
