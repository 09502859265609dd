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
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from bouncestream.brake import Threshold
from bouncestream.event import BounceEvent, Kind
from bouncestream.health import Status
from bouncestream.metrics import BRAKED_TOTAL
from bouncestream.outbox import caused, delivery
from bouncestream.outbox.db import Database
from bouncestream.outbox.place import Server
from bouncestream.ports import Claimed, State
from bouncestream.relay.braking import Braking
from bouncestream.relay.posting import post_batch
from bouncestream.sandbox import Action, ApiUser, Sandbox, SandboxSettings
from bouncestream.sandbox import Subscriber as Person
from bouncestream.sinks.listmonk_db.deciding import Rule
from tests.relay import tables, test_several
from tests.relay.tables import COUNTING, Bridge, made_settled
from tests.sinks.listmonk_db.shape import USUAL, Listmonk

pytestmark = pytest.mark.process
bridge = tables.bridge


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


async def test_an_unsubscription_waits_until_it_is_known_what_the_token_may(listmonk_tables: Listmonk) -> None:
    """Without subscribers:get_all Listmonk answers 200, with nobody: no reason to end it."""
    may = frozenset({"subscribers:sql_query", "subscribers:get", "subscribers:manage", "bounces:get"})
    await made_settled(listmonk_tables)
    settings = SandboxSettings(
        users={"u": ApiUser("u", "a-token-of-some-length", may)},
        subscribers=[Person("a@example.com"), Person("b@example.com")],
    )
    async with Sandbox(settings) as sandbox:
        made = Bridge(listmonk_tables)
        made.url, made.token = sandbox.url, "a-token-of-some-length"
        await made.start()
        await made.emit("a@example.com", Kind.UNSUBSCRIBE)
        await made.until({"held": 1})
        await made.stop()
        await made.start()  # which lets it go ahead
        await made.emit("b@example.com", Kind.UNSUBSCRIBE)
        await made.until({"held": 2})
        await made.stop()


async def test_what_an_earlier_run_has_seen_of_the_api_counts(listmonk_tables: Listmonk) -> None:
    await made_settled(listmonk_tables)
    async with Sandbox(SandboxSettings()) as sandbox:
        made = Bridge(listmonk_tables)
        user = next(iter(sandbox.settings.users.values()))
        made.url, made.user, made.token = sandbox.url, user.name, user.token
        await made.start()
        await made.until_part("listmonk", Status.GREEN, "Listmonk 6.2.0, by its tables")
        async with asyncio.timeout(20):
            while (known := made.relay.context.capabilities) is None:
                await asyncio.sleep(0.01)
        assert not made.relay.context.ledger.rows_shown
        await made.db.write(partial(delivery.set_meta, name=f"rows_shown:{known.version}", value="1"))
        await made.stop()
        await made.start()
        async with asyncio.timeout(20):
            while not made.relay.context.ledger.rows_shown:
                await asyncio.sleep(0.01)
        await made.stop()


async def test_an_unsubscription_is_tried_less_and_less_often(bridge: Bridge) -> None:
    await bridge.idle()
    await bridge.until_part("listmonk", Status.YELLOW)
    event = BounceEvent(Kind.UNSUBSCRIBE, "a@example.com", "hook", "generic")
    one = Claimed(1, "x", State.CLAIMED, event, datetime.now(UTC), "", 1)
    first, later = await post_batch(bridge.relay.context, [one, replace(one, attempt=40)])
    assert first.to is later.to is State.PENDING
    assert first.delay < 70
    assert 290 < later.delay <= 600
    bridge.relay.stop()
    [stopped] = await post_batch(bridge.relay.context, [replace(one, attempt=40)])
    assert (stopped.to, stopped.delay) == (State.PENDING, 0)


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
    listmonk_tables.people(count)
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
