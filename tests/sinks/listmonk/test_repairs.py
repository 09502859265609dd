# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls of an undo, against the sandbox; what Listmonk itself does with them is in tests/contract."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from bouncestream.errors import SinkError, SinkRefused
from bouncestream.sandbox import Sandbox, SandboxSettings, Subscriber
from bouncestream.sandbox.posted import Bounce
from bouncestream.sinks.listmonk.repairs import Repairs, Told


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    people = [Subscriber(f"p{i}@example.com", lists=(1, 2)) for i in range(150)]
    async with Sandbox(SandboxSettings(row_seconds=0, subscribers=people)) as running:
        yield running


@pytest.fixture
async def repairs(sandbox: Sandbox) -> AsyncIterator[Repairs]:
    client = Repairs(sandbox.url, "bridge", "sandbox-token-of-bridge", instance="us")
    yield client
    await client.close()


def bounced(sandbox: Sandbox, number: int, **meta: str) -> None:
    bounce = Bounce(f"p{number}@example.com", "", "", "hard", "x", meta, datetime.now(UTC))
    sandbox.listmonk.database.record(bounce, sandbox.listmonk.actions)


@pytest.mark.parametrize(
    ("version", "patches"),
    [("v6.2.0", True), ("v6.1.0", True), ("v10.0.0", True), ("v6.0.0", False), ("v5.1.0", False), ("", False)],
)
def test_which_versions_change_a_part(version: str, patches: bool) -> None:
    assert Told(version, {}).patches is patches


async def test_what_it_tells(repairs: Repairs) -> None:
    told = await repairs.told()
    assert told == Told("v6.2.0", {"soft": "none", "hard": "blocklist", "complaint": "blocklist"})


async def test_how_people_stand(repairs: Repairs, sandbox: Sandbox) -> None:
    found = await repairs.states(range(1, 200))
    assert set(found) == set(range(1, 151))
    assert found[3].uuid == sandbox.listmonk.database.people[3].uuid
    assert {number: status for number, (status, _) in found[3].lists.items()} == {1: "confirmed", 2: "confirmed"}
    assert found[3].updated_at == sandbox.listmonk.database.people[3].updated_at


async def test_bounces_and_their_end(repairs: Repairs, sandbox: Sandbox) -> None:
    bounced(sandbox, 0, bridge="us", id="an-event")
    bounced(sandbox, 1, bridge="another", id="an-event")
    (mine,), (other,) = await repairs.bounces_of(1), await repairs.bounces_of(2)
    assert (mine.event_id, mine.ours, mine.number) == ("an-event", True, 1)
    assert (other.ours, other.number) == (False, 2)
    await repairs.remove_bounces([1, 99])
    assert await repairs.bounces_of(1) == []
    assert len(await repairs.bounces_of(2)) == 1


async def test_enabling(repairs: Repairs, sandbox: Sandbox) -> None:
    bounced(sandbox, 0)
    await repairs.enable(1)
    assert sandbox.listmonk.database.people[1].status == "enabled"
    with pytest.raises(SinkRefused, match="not found"):
        await repairs.enable(999)


async def test_clocks(repairs: Repairs, sandbox: Sandbox) -> None:
    assert await repairs.ahead(datetime.now(UTC)) == 0.0
    sandbox.settings.clock_seconds = 600
    assert 598 < await repairs.ahead(datetime.now(UTC)) < 602


async def test_its_database_is_away(repairs: Repairs, sandbox: Sandbox) -> None:
    sandbox.fault("db_away")
    with pytest.raises(SinkError):
        await repairs.states([1])
    with pytest.raises(SinkError):
        await repairs.bounces_of(1)
