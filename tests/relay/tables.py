# SPDX-License-Identifier: GPL-3.0-or-later
"""A bridge that records in Listmonk's tables, without the web server."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from bouncestream.clock import SystemClock
from bouncestream.crypto.secret import Secret
from bouncestream.event import BounceEvent, Kind
from bouncestream.health import Health, Status
from bouncestream.metrics import Metrics
from bouncestream.outbox import delivery, operator
from bouncestream.outbox.db import Database
from bouncestream.outbox.intake import Intake
from bouncestream.outbox.place import Server
from bouncestream.ports import Submission
from bouncestream.relay.braking import Braking
from bouncestream.relay.context import RelaySettings
from bouncestream.relay.ledger import Times
from bouncestream.relay.loop import Relay
from bouncestream.relay.recording import RecordingRelay
from bouncestream.sinks.listmonk.client import ListmonkClient
from bouncestream.sinks.listmonk_db.deciding import Rule
from bouncestream.sinks.listmonk_db.tables import Tables
from tests.sinks.listmonk_db.shape import Listmonk

#: Nothing listens there.
DOWN = "http://127.0.0.1:1"
#: Rules by which a double leaves a trace.
COUNTING = {kind: Rule(1000, "none") for kind in ("hard", "soft", "complaint")}


class Bridge:
    """A bridge on Listmonk's database. `start`, and `stop` in the end."""

    def __init__(self, listmonk: Listmonk, **settings: Any) -> None:
        self.listmonk = listmonk
        self.settings = RelaySettings(batch_size=50, linger=0.001, pulse=0.05, settle=0.3, **settings)
        self.health, self.metrics = Health(), Metrics()
        self.braking = Braking()
        self.url, self.user, self.token = DOWN, "u", "t"
        self.key: Secret | None = None
        self.seals = False

    async def start(self, *, records: bool = True) -> Bridge:
        server = Server(self.listmonk.url, "one")
        seal = {"lock": True, "key": self.key, "seal": self.seals} if self.key else {}
        self.db = await Database.open(server, metrics=self.metrics, **seal)  # type: ignore[arg-type]
        await self.db.settle()
        instance = await self.db.read(partial(delivery.get_meta, name="instance")) or ""
        self.sink = ListmonkClient(
            self.url, self.user, self.token, instance=instance, post_timeout=2, read_timeout=2
        )
        clock = SystemClock()
        made: Any = Relay
        if records:
            store = self.db.beside("listmonk_db")  # type: ignore[attr-defined]
            made = partial(RecordingRelay, store=store, tables=Tables(), instance=instance)
        self.relay = made(
            self.db,
            self.sink,
            clock,
            self.settings,
            Times(margin=0.3, grace=1.5),
            self.health,
            self.metrics,
            braking=self.braking,
        )
        self.intake = Intake(
            self.db, clock=clock, metrics=self.metrics, health=self.health, on_commit=self.relay.wake, min_free=0
        )
        await self.relay.prepare()
        self.running = asyncio.create_task(self.relay.run())
        return self

    async def stop(self) -> None:
        self.relay.stop()
        await self.running
        await self.sink.close()
        await self.db.close()

    async def emit(self, email: str, kind: Kind = Kind.HARD, **fields: Any) -> None:
        told = {"message_id": f"<{email} {kind} {random.random()}@x>"} | fields
        event = replace(BounceEvent(kind, email, "hook", "generic"), **told)
        await self.intake(Submission("hook", "generic", (event,), raw=b"{}"))

    async def idle(self) -> None:
        """Until nothing is due."""
        async with asyncio.timeout(20):
            await self.relay.idle.wait()

    async def states(self) -> dict[str, int]:
        return {k: v for k, v in (await self.db.read(delivery.tally)).items() if v}

    async def until(self, states: dict[str, int], seconds: float = 20) -> None:
        found: dict[str, int] = {}
        try:
            async with asyncio.timeout(seconds):
                while (found := await self.states()) != states:
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"{found}: {self.health.parts}") from None

    async def until_part(self, name: str, status: Status, words: str = "") -> None:
        async with asyncio.timeout(20):
            while not self._is(name, status, words):
                await asyncio.sleep(0.02)

    def _is(self, name: str, status: Status, words: str) -> bool:
        return name in self.health.parts and self.part(name)[0] is status and words in self.part(name)[1]

    def part(self, name: str) -> tuple[Status, str]:
        part = self.health.parts[name]
        return part.state, part.why

    async def why(self) -> Counter[str]:
        return Counter(row.why for row in await self.db.read(partial(operator.list_rows, limit=1000)))


@pytest.fixture
async def bridge(listmonk_tables: Listmonk) -> AsyncIterator[Bridge]:
    made = Bridge(listmonk_tables)
    await made_settled(listmonk_tables)
    await made.start()
    yield made
    await made.stop()


async def made_settled(listmonk: Listmonk) -> None:
    """An outbox that is known to be the only one."""
    db = await Database.open(Server(listmonk.url, "one"))
    await db.write(delivery.mark_settled)
    await db.close()
