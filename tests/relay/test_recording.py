# SPDX-License-Identifier: GPL-3.0-or-later
"""Delivery into Listmonk's tables: with no Listmonk running, killed at any moment, and back to the API."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import psycopg
import pytest

from bouncestream.brake import Threshold
from bouncestream.clock import SystemClock
from bouncestream.event import BounceEvent, Kind
from bouncestream.health import Health, Status
from bouncestream.metrics import BRAKED_TOTAL, Metrics
from bouncestream.outbox import caused, delivery, operator
from bouncestream.outbox.db import Database
from bouncestream.outbox.intake import Intake
from bouncestream.outbox.place import Server
from bouncestream.ports import Submission
from bouncestream.relay.braking import Braking
from bouncestream.relay.context import RelaySettings
from bouncestream.relay.ledger import Times
from bouncestream.relay.loop import Relay
from bouncestream.relay.recording import RecordingRelay
from bouncestream.sandbox import Action, Sandbox, SandboxSettings
from bouncestream.sandbox import Subscriber as Person
from bouncestream.sinks.listmonk.client import ListmonkClient
from bouncestream.sinks.listmonk_db.deciding import Rule
from bouncestream.sinks.listmonk_db.tables import Tables
from tests.relay import test_several
from tests.sinks.listmonk_db.shape import USUAL, Listmonk

pytestmark = pytest.mark.process

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

    async def start(self, *, records: bool = True) -> Bridge:
        self.db = await Database.open(Server(self.listmonk.url, "one"), metrics=self.metrics)
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


async def test_bounces_are_recorded_while_listmonk_is_down(bridge: Bridge) -> None:
    for name in ("a", "b"):
        bridge.listmonk.person(f"{name}@example.com")
    bridge.listmonk.person("gone@example.com", "blocklisted")
    await bridge.emit("a@example.com")
    await bridge.emit("b@example.com", Kind.SOFT)
    await bridge.emit("gone@example.com")
    await bridge.emit("nobody@example.com")
    await bridge.emit("a..b@example.com")
    await bridge.until({"verified": 2, "unstored": 2, "dead": 1})
    assert await bridge.why() == {
        "attempt 1: recorded in Listmonk's tables": 2,
        "the subscriber is already blocklisted": 1,
        "Listmonk has no such subscriber": 1,
        "Listmonk refuses it: Invalid email.": 1,
    }
    assert [(row["email"], row["kind"]) for row in bridge.listmonk.rows()] == [
        ("a@example.com", "hard"),
        ("b@example.com", "soft"),
    ]
    assert bridge.listmonk.stands("a@example.com") == ("blocklisted", [])
    await bridge.until_part("listmonk", Status.YELLOW, "recorded in its tables all the same")
    assert bridge.part("relay")[0] is Status.GREEN


async def test_an_undo_knows_what_a_row_has_caused(bridge: Bridge) -> None:
    bridge.listmonk.rules(USUAL | {"soft": Rule(1, "unsubscribe")})
    bridge.listmonk.grant_more()
    number, _ = bridge.listmonk.person("a@example.com")
    other, _ = bridge.listmonk.person("b@example.com", lists=[3])
    await bridge.emit("a@example.com")
    await bridge.emit("b@example.com", Kind.SOFT)
    await bridge.until({"verified": 2})
    scope = caused.Scope(kinds=(Kind.HARD, Kind.SOFT))
    one, two = await bridge.db.read(partial(caused.causes, scope=scope))
    rows = bridge.listmonk.rows()
    assert (one.subscriber_id, one.status, one.bounce_id) == (number, "blocklisted", rows[0]["id"])
    assert (two.subscriber_id, two.action, two.lists) == (other, "unsubscribe", {3: "confirmed"})


async def test_an_unsubscription_waits_for_the_api_and_holds_nothing_up(bridge: Bridge) -> None:
    bridge.listmonk.person("a@example.com")
    await bridge.emit("a@example.com", Kind.UNSUBSCRIBE)
    await bridge.emit("a@example.com", Kind.SOFT)
    await bridge.until({"verified": 1, "pending": 1})
    assert len(bridge.listmonk.rows()) == 1


async def test_tables_that_do_not_do_are_waited_for(bridge: Bridge) -> None:
    bridge.listmonk.person("a@example.com")
    bridge.listmonk.run("REVOKE UPDATE ON subscribers FROM bouncestream")
    await bridge.emit("a@example.com")
    await bridge.until_part("listmonk", Status.RED, "lacks UPDATE (status) on subscribers")
    assert "lacks UPDATE" in bridge.relay.paused
    assert await bridge.states() == {"pending": 1}
    bridge.listmonk.run("GRANT UPDATE (status) ON subscribers TO bouncestream")
    await bridge.until({"verified": 1})
    assert not bridge.relay.paused


async def test_bounce_processing_that_is_off_is_respected(bridge: Bridge) -> None:
    bridge.listmonk.person("a@example.com")
    bridge.listmonk.set("bounce.enabled", False)
    await bridge.emit("a@example.com")
    await bridge.until_part("listmonk", Status.RED, "bounce processing is off")
    bridge.listmonk.set("bounce.enabled", True)
    await bridge.until({"verified": 1})


async def test_changed_rules_count_at_once(bridge: Bridge) -> None:
    for name in "ab":
        bridge.listmonk.person(f"{name}@example.com")
    await bridge.emit("a@example.com", Kind.SOFT)
    await bridge.until({"verified": 1})
    bridge.listmonk.rules(USUAL | {"soft": Rule(1, "blocklist")})
    await bridge.emit("b@example.com", Kind.SOFT)
    await bridge.until({"verified": 2})
    assert bridge.listmonk.stands("a@example.com") == ("enabled", [])
    assert bridge.listmonk.stands("b@example.com") == ("blocklisted", [])


async def test_a_locked_table_holds_up_delivery_and_nothing_else(bridge: Bridge) -> None:
    bridge.listmonk.person("a@example.com")
    with psycopg.connect(bridge.listmonk.admin) as theirs:
        theirs.execute("LOCK TABLE bounces")
        await bridge.emit("a@example.com")
        await bridge.emit("a@example.com", Kind.SOFT)
        await bridge.until_part("relay", Status.RED, "locked")
        assert await bridge.states() == {"pending": 2}
    await bridge.until({"verified": 1, "unstored": 1})


async def test_what_the_brake_holds_is_not_recorded(listmonk_tables: Listmonk) -> None:
    await made_settled(listmonk_tables)
    made = Bridge(listmonk_tables)
    made.braking = Braking(Threshold(50, timedelta(minutes=10), 0.05), shown=0.0)
    for number in range(150):
        listmonk_tables.person(f"p{number}@example.com")
    await made.start()
    try:
        for number in range(150):
            await made.emit(f"p{number}@example.com", reason="user_unknown")
        await made.idle()
        states = await made.states()
        assert states["held"] >= 90
        assert states["held"] + states["verified"] == 150
        assert len(listmonk_tables.rows()) == states["verified"]
        assert made.metrics.get(BRAKED_TOTAL) == states["held"]
    finally:
        await made.stop()


async def test_a_dry_run_records_nothing(listmonk_tables: Listmonk) -> None:
    listmonk_tables.person("a@example.com")
    await made_settled(listmonk_tables)
    made = await Bridge(listmonk_tables, dry_run=True).start()
    try:
        await made.emit("a@example.com")
        await made.until({"dropped": 1})
        assert listmonk_tables.rows() == []
    finally:
        await made.stop()


async def test_what_the_api_was_told_before_is_read_back_and_recorded_once(listmonk_tables: Listmonk) -> None:
    """Switched over while an event was posted, and Listmonk has lost it: it is read back, then recorded."""
    people = [Person("a@example.com")]
    actions = {kind: Action(1000, "none") for kind in ("hard", "soft", "complaint")}
    async with Sandbox(SandboxSettings(row_seconds=0, subscribers=people, actions=actions)) as sandbox:
        user = next(iter(sandbox.settings.users.values()))
        listmonk_tables.person("a@example.com")
        made = Bridge(listmonk_tables)
        made.url, made.user, made.token = sandbox.url, user.name, user.token
        await made.start(records=False)
        await made.emit("a@example.com", Kind.SOFT)
        await made.until({"verified": 1})
        sandbox.listmonk.worker.hold(True)
        for _ in range(2):  # one in its hand, and one that waits, which is lost
            await made.emit("a@example.com", Kind.SOFT)
        await made.until({"verified": 1, "posted": 2})
        await made.stop()
        sandbox.listmonk.restart()
        sandbox.listmonk.worker.hold(False)
        await made.start()
        await made.until({"verified": 3})
        await made.stop()
        assert len(listmonk_tables.rows()) == 1
        assert len(sandbox.state()["rows"]) == 2


# -- killed at any moment -----------------------------------------------------------------------------------------


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


async def test_each_is_recorded_once_whoever_is_killed_when(
    listmonk_tables: Listmonk, stack: AsyncExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECORDS", "1")
    count = 600
    listmonk_tables.rules(COUNTING)
    listmonk_tables.run(
        "INSERT INTO subscribers (uuid, email, name) SELECT gen_random_uuid(), 'p' || n || '@example.com', '' "
        "FROM generate_series(0, %s) AS n",
        count,
    )
    await made_settled(listmonk_tables)
    sandbox = await stack.enter_async_context(Sandbox(SandboxSettings()))
    db = await Database.open(Server(listmonk_tables.url, "third"))
    stack.push_async_callback(db.close)
    pair = test_several.Pair(sandbox, db)
    await pair.emit(count)
    dice = random.Random(int(os.environ.get("SEED", "19")))
    bridges: dict[str, test_several.Bridge] = {}
    for number in range(5):
        name = f"b{number}"
        bridges[name] = await test_several.Bridge(listmonk_tables.url, name, sandbox).start()
        stack.push_async_callback(bridges[name].end)
        if 1 <= number < 4:
            async with asyncio.timeout(30):
                while (leader := await pair.leader()) not in bridges:
                    await asyncio.sleep(0.02)
            await bridges[leader].until("leads")
            await asyncio.sleep(dice.uniform(0, 0.15))
            bridges.pop(leader).signal(signal.SIGKILL)
    await pair.delivered()
    told = Counter(row["meta"]["id"] for row in listmonk_tables.rows())
    assert len(told) == count
    assert set(told.values()) == {1}
