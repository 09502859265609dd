# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bouncestream.errors import SinkError, SinkRefused
from bouncestream.ports import Campaign
from bouncestream.sandbox import ApiUser, Sandbox, SandboxSettings, Subscriber
from bouncestream.sandbox.model import Letter
from bouncestream.sinks.listmonk.campaigns import Campaigns

MARK = "5A0DB0C5-0000-4000-8000-000000000001"
MAY = frozenset({"campaigns:send", "campaigns:manage_all", "campaigns:get_all"})


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    letters = {MARK: Letter("The letter", status="running", sent=1234)}
    users = {"brake": ApiUser("brake", "a-token-of-the-brake", MAY)}
    async with Sandbox(SandboxSettings(row_seconds=0, campaigns=letters, users=users)) as running:
        yield running


@pytest.fixture
async def campaigns(sandbox: Sandbox) -> AsyncIterator[Campaigns]:
    client = Campaigns(sandbox.url, "brake", "a-token-of-the-brake", instance="us")
    yield client
    await client.close()


async def test_how_much_each_has_sent(campaigns: Campaigns) -> None:
    mark = MARK.lower()
    assert await campaigns.newest() == {mark: Campaign(1, mark, "The letter", "running", 1234)}


async def test_pausing(campaigns: Campaigns) -> None:
    (one,) = (await campaigns.newest()).values()
    assert await campaigns.pause(one) == ""
    (after,) = (await campaigns.newest()).values()
    assert after == replace(one, status="paused")
    assert await campaigns.pause(after) == "Only active campaigns can be paused."


async def test_a_token_that_may_not(campaigns: Campaigns, sandbox: Sandbox) -> None:
    (one,) = (await campaigns.newest()).values()
    user = sandbox.settings.users["brake"]
    sandbox.settings.users["brake"] = ApiUser(user.name, user.token, frozenset())
    assert await campaigns.newest() == {}
    with pytest.raises(SinkRefused, match="permission denied: campaigns:send"):
        await campaigns.pause(one)


async def test_listmonk_is_away(campaigns: Campaigns, sandbox: Sandbox) -> None:
    sandbox.fault("html_200")
    with pytest.raises(SinkError):
        await campaigns.newest()


async def test_how_many_readers_are_at_a_domain() -> None:
    people = [
        Subscriber("a@mid.example"),
        Subscriber("b@mid.example", status="blocklisted"),
        Subscriber("c@mid.example", lists=(2,)),
        Subscriber("d@mid.example", lists=()),
        Subscriber("e@amid.example"),
        Subscriber("f@sub.mid.example"),
    ]
    letters = {MARK: Letter("The letter", lists=(1, 2))}
    async with Sandbox(SandboxSettings(row_seconds=0, campaigns=letters, subscribers=people)) as sandbox:
        client = Campaigns(sandbox.url, "bridge", "sandbox-token-of-bridge", instance="us")
        try:
            assert await client.readers("mid.example", MARK) == 2
            assert await client.readers("mid.example") == 3
            assert await client.readers("nobody.example", MARK) == 0
            for odd in ("mid.example'", "%", "m_d.example", "MID.example", "[192.0.2.1]", ""):
                assert await client.readers(odd) == 0
            bridge = sandbox.settings.users["bridge"]
            less = bridge.permissions - {"subscribers:sql_query"}
            sandbox.settings.users["bridge"] = ApiUser(bridge.name, bridge.token, less)
            with pytest.raises(SinkRefused, match="subscribers:sql_query"):
                await client.readers("mid.example")
        finally:
            await client.close()
