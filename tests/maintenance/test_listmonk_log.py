# SPDX-License-Identifier: GPL-3.0-or-later
"""A refusal in the log of a sandbox becomes an event in a real outbox, once, over two starts."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path

from bouncestream.clock import SystemClock
from bouncestream.config.model import Config, Listmonk
from bouncestream.config.model import ListmonkLog as Settings
from bouncestream.crypto.secret import Secret
from bouncestream.health import Health
from bouncestream.maintenance.listmonk_log import listener
from bouncestream.metrics import EVENTS_DUPLICATE, EVENTS_RECEIVED, Metrics
from bouncestream.outbox.db import Database
from bouncestream.outbox.intake import Intake
from bouncestream.outbox.log_place import StoredLogMemory
from bouncestream.sandbox import ApiUser, Sandbox, SandboxSettings, Subscriber
from bouncestream.sandbox.sending import send
from bouncestream.sinks.listmonk.directory import Directory
from tests.outbox.conftest import opened

__all__ = ["opened"]

CAMPAIGN = str(uuid.uuid4())


async def test_a_refusal_is_one_event_over_two_starts(
    opened: Callable[..., Awaitable[Database]], tmp_path: Path
) -> None:
    settings = SandboxSettings(
        campaigns={CAMPAIGN: "News"},
        subscribers=[Subscriber(f"u{n}@example.com") for n in range(9)],
        users={"bridge": ApiUser("bridge", "t")},
    )
    metrics, health = Metrics(), Health()
    async with Sandbox(settings) as sandbox:
        config = Config(
            listmonk=Listmonk(url=sandbox.url, user="bridge", token=Secret("t")),
            listmonk_log=Settings(start="all"),
        )
        send(sandbox.listmonk, CAMPAIGN, {"u3@example.com": "550 5.1.1 User unknown"})
        db = await opened(tmp_path / "outbox.db", lock=True)
        intake = Intake(db, clock=SystemClock(), metrics=metrics, health=health)
        directory = Directory(sandbox.url, "bridge", "t", instance="i")
        for _ in range(2):
            made = listener(config, directory.by_ids, intake, db, health, metrics)
            await made.look()
            await made.sending.close()
            await StoredLogMemory(db).set_log_place("")  # killed before it was noted
        await directory.close()
    assert metrics.get(EVENTS_RECEIVED, "listmonk_log", "hard") == 1
    assert metrics.get(EVENTS_DUPLICATE, "listmonk_log") == 1
