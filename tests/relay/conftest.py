# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole bridge without the web server: real outbox, real client, sandbox Listmonk. Waiting times are short."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bouncestream.clock import SystemClock
from bouncestream.event import BounceEvent, Kind
from bouncestream.health import Health
from bouncestream.metrics import Metrics
from bouncestream.outbox import delivery, operator
from bouncestream.outbox.db import Database
from bouncestream.outbox.intake import Intake
from bouncestream.ports import Submission
from bouncestream.relay.context import RelaySettings
from bouncestream.relay.ledger import Times
from bouncestream.relay.loop import Relay
from bouncestream.sandbox import Sandbox, SandboxSettings, Subscriber
from bouncestream.sinks.listmonk.client import ListmonkClient

PEOPLE = [Subscriber(f"p{i}@example.com", lists=(1, 2)) for i in range(400)]


class Bridge:
    """Started by `start`, and again after `kill`; the outbox and the sandbox outlive it."""

    def __init__(self, path: Path, sandbox: Sandbox) -> None:
        self.path, self.sandbox = path, sandbox
        self.times = Times(margin=0.3, grace=1.5)
        self.settings = RelaySettings(batch_size=50, linger=0.001, pulse=0.05, settle=0.3)
        self.health, self.metrics = Health(), Metrics()
        self.running: asyncio.Task[None] | None = None

    async def start(self) -> Bridge:
        self.db = await Database.open(self.path, metrics=self.metrics)
        instance = await self.db.read(partial(delivery.get_meta, name="instance")) or ""
        user = next(iter(self.sandbox.settings.users.values()))
        self.sink = ListmonkClient(
            self.sandbox.url, user.name, user.token, instance=instance, post_timeout=1, read_timeout=1
        )
        clock = SystemClock()
        self.relay = Relay(
            self.db, self.sink, clock, self.settings, self.times, self.health, self.metrics, people=self.sink.people
        )
        self.intake = Intake(
            self.db, clock=clock, metrics=self.metrics, health=self.health, on_commit=self.relay.wake, min_free=0
        )
        await self.relay.prepare()
        self.running = asyncio.create_task(self.relay.run())
        return self

    async def emit(self, numbers: range, kind: Kind = Kind.HARD, **fields: Any) -> None:
        events = [
            replace(BounceEvent(kind, f"p{i}@example.com", "hook", "generic", message_id=f"<{i}@x>"), **fields)
            for i in numbers
        ]
        await self.intake(Submission("hook", "generic", tuple(events), raw=b"{}"))

    async def idle(self, seconds: float = 20) -> None:
        """Until nothing is due and nothing waits for verification."""
        async with asyncio.timeout(seconds):
            await self.relay.idle.wait()

    async def until(self, check: Any, seconds: float = 20) -> None:
        """Until `check()` holds; looked at whenever the board or the outbox may have changed."""
        async with asyncio.timeout(seconds):
            while not check():
                await asyncio.sleep(0.01)

    async def states(self) -> dict[str, int]:
        return {k: v for k, v in (await self.db.read(delivery.tally)).items() if v}

    async def until_states(self, wanted: dict[str, int], seconds: float = 20) -> None:
        async with asyncio.timeout(seconds):
            while await self.states() != wanted:
                await asyncio.sleep(0.01)

    async def why(self) -> set[str]:
        return {row.why for row in await self.db.read(partial(operator.list_rows, limit=1000))}

    async def stop(self) -> None:
        if self.running:
            self.relay.stop()
            await self.running
        await self.close()

    async def kill(self) -> None:
        """As good as kill -9 for the relay: nothing more is written down."""
        if self.running:
            self.running.cancel()
            await asyncio.wait([self.running])
        await self.close()

    async def close(self) -> None:
        self.running = None
        await self.sink.close()
        await self.db.close()

    def rows(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.sandbox.state()["rows"]
        return rows

    def exactly_once(self, count: int) -> None:
        ids = [row["meta"]["id"] for row in self.rows()]
        assert len(ids) == len(set(ids)) == count


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(SandboxSettings(row_seconds=0, subscribers=PEOPLE)) as running:
        yield running


@pytest.fixture
async def bridge(tmp_path: Path, sandbox: Sandbox) -> AsyncIterator[Bridge]:
    bridge = Bridge(tmp_path / "outbox.db", sandbox)
    yield bridge
    if bridge.running:
        await bridge.kill()
