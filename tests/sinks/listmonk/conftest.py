# SPDX-License-Identifier: GPL-3.0-or-later
"""A sandbox Listmonk with some subscribers, and the real client that talks to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest

from bouncestream.sandbox import Sandbox, SandboxSettings, Subscriber
from bouncestream.sandbox.model import Letter
from bouncestream.sinks.listmonk.directory import Directory

PEOPLE = [
    *(
        Subscriber(f"p{i}@example.com", uuid=f"{i:08d}-0000-4000-8000-000000000000", lists=(1, 2))
        for i in range(1, 251)
    ),
    Subscriber("o'brien@example.com"),
    Subscriber("gone@example.com", status="blocklisted"),
    Subscriber("anna@bücher.example"),
]

CAMPAIGN, GONE = "5a0db0c5-0000-4000-8000-000000000001", "5a0db0c5-0000-4000-8000-000000000002"
CAMPAIGNS = {CAMPAIGN: Letter("To list 2", lists=(2,)), GONE: Letter("Its list was deleted", lists=(9,))}

Allow = Callable[..., None]


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(SandboxSettings(row_seconds=0, subscribers=PEOPLE, campaigns=CAMPAIGNS)) as running:
        yield running


@pytest.fixture
async def url(sandbox: Sandbox) -> str:
    return sandbox.url


@pytest.fixture
async def listmonk(url: str) -> AsyncIterator[Directory]:
    client = Directory(url, "bridge", "sandbox-token-of-bridge", instance="bridge1", post_timeout=5, read_timeout=5)
    yield client
    await client.close()


@pytest.fixture
def without(sandbox: Sandbox) -> Allow:
    """Take permissions from the token."""

    def take(*permissions: str) -> None:
        users = sandbox.listmonk.settings.users
        users["bridge"] = replace(users["bridge"], permissions=users["bridge"].permissions - set(permissions))

    return take
