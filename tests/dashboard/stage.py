# SPDX-License-Identifier: GPL-3.0-or-later
"""A dashboard that listens, with a browser without JavaScript before it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import aiohttp

from bouncestream.config.dashboard import Dashboard
from bouncestream.config.model import Config, Outbox
from bouncestream.crypto.secret import Secret
from bouncestream.dashboard.server import DashboardServer
from bouncestream.ports import Campaign
from bouncestream.survey.running import Running
from tests.dashboard.markup import Page
from tests.outbox.make import NOW

TOKEN = "a-token-of-nobody-1"
RUNNING = Running(up=True, ready=True, parts={"listmonk": {"state": "green", "why": "Listmonk v6.2.0"}})


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    at: datetime = NOW
    seconds: float = 1000.0

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.seconds


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def page(self) -> Page:
        return Page(self.text)


@dataclass
class Browser:
    """Follows nothing by itself, and keeps cookies."""

    url: str
    session: aiohttp.ClientSession
    cookies: dict[str, str] = field(default_factory=dict)

    async def get(self, path: str = "/", method: str = "GET", **headers: str) -> Answer:
        return await self._ask(method, path, None, headers)

    async def post(self, path: str, form: Mapping[str, str], **headers: str) -> Answer:
        return await self._ask("POST", path, form, headers)

    async def log_in(self, token: str = TOKEN) -> Answer:
        return await self.post("/login", {"token": token})

    async def press(self, page: Page, action: str, **headers: str) -> Answer:
        """Send the form of a page that goes to `action`."""
        (form,) = (one for one in page.forms if one["action"] == action)
        return await self.post(action, {k: v for k, v in form.items() if k not in ("action", "method")}, **headers)

    async def _ask(self, method: str, path: str, form: Any, headers: Mapping[str, str]) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookies:
            named["Cookie"] = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
        async with self.session.request(
            method, self.url + path, data=form, headers=named, allow_redirects=False
        ) as response:
            for name, morsel in response.cookies.items():
                self.cookies[name] = morsel.value
                if not morsel.value:
                    del self.cookies[name]
            return Answer(response.status, dict(response.headers), await response.text())


def config(outbox: Path, **settings: Any) -> Config:
    """A configuration with a dashboard on a port of its own."""
    settings = {"listen": "127.0.0.1:0", "token": Secret(TOKEN)} | settings
    return Config(outbox=Outbox(path=str(outbox)), dashboard=Dashboard(**settings))


@asynccontextmanager
async def opened(
    made: Config,
    clock: Clock | None = None,
    running: Running = RUNNING,
    check: Any = None,
    answers: Any = None,
    campaigns: Mapping[str, Campaign] = MappingProxyType({}),
) -> AsyncIterator[Browser]:
    """A dashboard of this configuration."""

    async def told() -> Running:
        return running

    server = DashboardServer(made, told, clock or Clock(), check, campaigns)
    server.told = answers
    await server.start()
    try:
        socket = made.dashboard.socket
        connector = aiohttp.UnixConnector(socket) if socket else aiohttp.TCPConnector()
        async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:
            yield Browser("http://localhost" if socket else server.urls[0], session)
    finally:
        await server.stop(1)
