# SPDX-License-Identifier: GPL-3.0-or-later
"""A sandbox, and a small client that posts and reads as bouncestream does."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from bouncestream.sandbox import Sandbox, SandboxSettings, Subscriber

AUTH = {"Authorization": "token bridge:sandbox-token-of-bridge"}
PEOPLE = [Subscriber(f"u{number}@example.com") for number in range(1, 1201)]


class Rig:
    """A running sandbox and a session."""

    def __init__(self, sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
        self.sandbox, self.session = sandbox, session

    async def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and JSON (or text) of an answer."""
        async with self.session.request(method, self.sandbox.url + path, json=body, headers=AUTH) as response:
            if response.content_type == "application/json":
                return response.status, await response.json()
            return response.status, await response.text()

    async def post(self, number: int = 1, **fields: Any) -> tuple[int, Any]:
        """Post a soft bounce of one of the subscribers."""
        body = {"email": f"u{number}@example.com", "type": "soft", "source": "esp", "meta": {"n": number}}
        return await self.call("POST", "/webhooks/bounce", body | fields)

    async def rows(self) -> list[int]:
        """Which of the subscribers have a row, in the order of the rows."""
        status, body = await self.call("GET", "/api/bounces?source=esp&per_page=2000")
        assert status == 200, body
        found = sorted(body["data"]["results"], key=lambda row: row["id"])
        return [row["meta"]["n"] for row in found]

    def lost(self) -> list[tuple[int, str]]:
        """What was answered 200 and vanished, and why."""
        return [(one["meta"]["n"], one["why"]) for one in self.sandbox.state()["lost"]]


@pytest.fixture
async def make() -> AsyncIterator[Callable[..., Awaitable[Rig]]]:
    """Makes a running sandbox with the settings given."""
    sandboxes: list[Sandbox] = []
    async with aiohttp.ClientSession() as session:

        async def start(**settings: Any) -> Rig:
            sandbox = Sandbox(SandboxSettings(**({"row_seconds": 0.0, "subscribers": PEOPLE} | settings)))
            await sandbox.start()
            sandboxes.append(sandbox)
            return Rig(sandbox, session)

        try:
            yield start
        finally:
            for sandbox in sandboxes:
                await sandbox.close()


@pytest.fixture
async def rig(make: Callable[..., Awaitable[Rig]]) -> Rig:
    """A running sandbox of the newest version, as fast as it goes."""
    return await make()
