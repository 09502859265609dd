# SPDX-License-Identifier: GPL-3.0-or-later
"""One suite describes Listmonk: against the sandbox always, against a real one when it is named.

    BOUNCESTREAM_TEST_LISTMONK_URL=http://127.0.0.1:9000 BOUNCESTREAM_TEST_LISTMONK_USER=bridge \\
    BOUNCESTREAM_TEST_LISTMONK_TOKEN=… pytest tests/contract

It makes subscribers, lists and (where the user may) roles and API users under names of its own, `contract-…`, and
removes them. What the user may not do is skipped, saying what it lacks. Saving settings restarts a Listmonk, so
tests that do are skipped on a real one unless BOUNCESTREAM_TEST_LISTMONK_SETTINGS=1; they restore what they change.
"""

from __future__ import annotations

import asyncio
import base64
import os
import re
import secrets
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from bouncestream.sandbox import ALL_PERMISSIONS, ApiUser, Sandbox, SandboxSettings
from bouncestream.sandbox.model import Letter

_ENV = "BOUNCESTREAM_TEST_LISTMONK_"
_SANDBOXES = ("6.2.0", "5.1.0", "4.1.0")
_DEADLINE = 20.0  # seconds; a loaded real one records a row in milliseconds
_PAUSE = 0.01

LISTMONKS = [f"sandbox-{version}" for version in _SANDBOXES] + ["real"] * bool(os.environ.get(_ENV + "URL"))


class Client:
    """A Listmonk as the suite sees it: calls, what it made there, and what it knows about it."""

    def __init__(self, session: aiohttp.ClientSession, url: str, user: str, token: str) -> None:
        self.session, self.url, self.user, self.token = session, url.rstrip("/"), user, token
        self.mark = f"contract-{secrets.token_hex(4)}"
        self.label = f"{self.mark} label"
        self.sandbox: Sandbox | None = None
        self.version: tuple[int, ...] = ()
        self.permissions: frozenset[str] = frozenset()
        self._cleanups: list[Callable[[], Awaitable[Any]]] = []
        self._markers: set[str] = set()

    async def learn(self) -> None:
        """Its version, and what the user may."""
        status, about = await self.call("GET", "/api/about")
        assert status == 200, about
        self.version = tuple(int(part) for part in re.findall(r"\d+", about["version"])[:3])
        _, profile = await self.call("GET", "/api/profile")
        self.permissions = frozenset(profile["data"]["user_role"]["permissions"])

    async def call(
        self, method: str, path: str, json: Any = None, raw: bytes | None = None, auth: str | None = "basic"
    ) -> tuple[int, Any]:
        """Status, and the JSON or else the text of the answer; `auth` may be a whole header."""
        headers = {}
        if auth == "basic":
            headers["Authorization"] = "Basic " + base64.b64encode(f"{self.user}:{self.token}".encode()).decode()
        elif auth:
            headers["Authorization"] = auth
        if raw is not None:
            headers["Content-Type"] = "application/json"
        request = self.session.request(
            method, self.url + path, json=json, data=raw, headers=headers, allow_redirects=False
        )
        async with request as response:
            if response.content_type == "application/json":
                return response.status, await response.json()
            return response.status, await response.text()

    def needs(self, *permissions: str) -> None:
        """Skip, in words, unless the user may."""
        if lacking := sorted(set(permissions) - self.permissions):
            pytest.skip(f"the user {self.user} of {self.url} lacks {', '.join(lacking)}")

    async def post(self, **fields: Any) -> tuple[int, Any]:
        """Post a bounce under the label of this test."""
        return await self.call("POST", "/webhooks/bounce", {"source": self.label, "type": "soft"} | fields)

    async def accepted(self, **fields: Any) -> None:
        """Post a bounce that must be answered 200 with the one JSON that means so."""
        assert await self.post(**fields) == (200, {"data": True})

    async def read(self, **query: Any) -> dict[str, Any]:
        """A page of the read-back, as bouncestream asks for it."""
        self.needs("bounces:get")
        asked = {"source": self.label, "page": 1, "per_page": 2000, "order_by": "created_at", "order": "desc"}
        words = "&".join(f"{key}={aiohttp.helpers.quote(str(value))}" for key, value in (asked | query).items())
        status, body = await self.call("GET", f"/api/bounces?{words}")
        assert status == 200, body
        return dict(body["data"])

    async def rows(self, **query: Any) -> list[dict[str, Any]]:
        """The rows of this test's label, in the order in which they were stored."""
        return sorted((await self.read(**query))["results"], key=lambda row: row["id"])

    async def eventually(self, look: Callable[[], Awaitable[Any]], told: Callable[[Any], Any] = bool) -> Any:
        """What `look` finds as soon as it is what was wanted; a row is recorded some time after the 200."""
        found = None
        try:
            async with asyncio.timeout(_DEADLINE):
                while not told(found := await look()):
                    await asyncio.sleep(_PAUSE)
        except TimeoutError:
            pytest.fail(f"not within {_DEADLINE} s; last seen: {found}")
        return found

    async def recorded(self) -> list[dict[str, Any]]:
        """The rows of this test's label once all that was posted so far was worked off: a marker is, after them."""
        marker = await self.person()
        self._markers.add(marker["email"])
        word = secrets.token_hex(8)
        await self.accepted(email=marker["email"], meta={"marker": word})
        rows = await self.eventually(
            self.rows, lambda rows: any((row["meta"] or {}) == {"marker": word} for row in rows)
        )
        return [row for row in rows if row["email"] not in self._markers]

    async def person(self, **fields: Any) -> dict[str, Any]:
        """A new subscriber, removed after the test."""
        self.needs("subscribers:manage")
        name = f"{self.mark}-{secrets.token_hex(4)}"
        wanted = {"email": f"{name}@contract.example", "name": name, "status": "enabled", "lists": []}
        status, body = await self.call(
            "POST", "/api/subscribers", wanted | {"preconfirm_subscriptions": True} | fields
        )
        assert status == 200, body
        made = dict(body["data"])
        self._cleanups.append(lambda: self.call("DELETE", f"/api/subscribers/{made['id']}"))
        return made

    async def list(self) -> dict[str, Any]:
        """A new list, removed after the test."""
        self.needs("lists:manage_all")
        status, body = await self.call(
            "POST", "/api/lists", {"name": self.mark, "type": "private", "optin": "single", "tags": []}
        )
        assert status == 200, body
        made = dict(body["data"])
        self._cleanups.append(lambda: self.call("DELETE", f"/api/lists/{made['id']}"))
        return made

    async def campaign(self, *lists: int, name: str = "") -> str:
        """The UUID of a new campaign to lists, removed after the test."""
        name = name or self.mark
        if self.sandbox:
            mark = str(uuid.uuid4())
            settings = self.sandbox.settings
            settings.campaigns = {**settings.campaigns, mark: Letter(name, lists=lists)}
            self.sandbox.listmonk.database.add_campaign(mark, name, lists)
            return mark
        self.needs("campaigns:manage")
        sender = {"from_email": "Contract <contract@contract.example>", "messenger": "email"}
        letter = {"subject": self.mark, "type": "regular", "content_type": "plain", "body": "x"}
        made = await self._make(
            "/api/campaigns", "/api/campaigns", name=name, lists=list(lists), **letter, **sender
        )
        return str(made["uuid"])

    async def find(self, query: str, **more: Any) -> tuple[int, Any]:
        """A subscriber query."""
        words = "".join(f"&{key}={value}" for key, value in more.items())
        return await self.call("GET", f"/api/subscribers?query={aiohttp.helpers.quote(query, safe='')}{words}")

    async def seen(self, person: dict[str, Any]) -> dict[str, Any]:
        """A subscriber as a query shows it now."""
        self.needs("subscribers:get_all", "subscribers:sql_query")
        status, body = await self.find(f"subscribers.id = {person['id']}")
        assert status == 200, body
        return dict(body["data"]["results"][0])

    async def actions(self) -> dict[str, dict[str, Any]]:
        """The bounce actions in force."""
        self.needs("settings:get")
        _, body = await self.call("GET", "/api/settings")
        return dict(body["data"]["bounce.actions"])

    async def boot_id(self) -> str:
        """The mark of this run in its front page; empty while a restart refuses connections."""
        try:
            _, html = await self.call("GET", "/", auth=None)
        except aiohttp.ClientError:
            return ""
        found = set(re.findall(r"\?v=([0-9a-f]{10})", html))
        assert len(found) == 1, html[:200]
        return str(found.pop())

    async def lesser(self, *permissions: str) -> Client:
        """An API user who may do this much only, removed after the test."""
        name, token = f"{self.mark}-{secrets.token_hex(4)}", secrets.token_hex(16)
        if self.sandbox:
            self.sandbox.settings.users[name] = ApiUser(name, token, frozenset(permissions))
        else:
            self.needs("roles:manage", "users:manage")
            role = await self._make("/api/roles/users", "/api/roles", name=name, permissions=list(permissions))
            fields = {"username": name, "name": name, "type": "api", "status": "enabled"}
            roles = {"user_role_id": role["id"], "list_role_id": None}
            user = await self._make("/api/users", "/api/users", password_login=False, **fields, **roles)
            token = user["password"]
        client = Client(self.session, self.url, name, token)
        client.mark, client.label, client.version = self.mark, self.label, self.version
        client.permissions, client.sandbox = frozenset(permissions), self.sandbox
        return client

    async def _make(self, path: str, remove: str, **fields: Any) -> dict[str, Any]:
        status, body = await self.call("POST", path, fields)
        assert status == 200, body
        self._cleanups.append(lambda: self.call("DELETE", f"{remove}/{body['data']['id']}"))
        return dict(body["data"])

    async def save(self, settings: dict[str, Any]) -> None:
        """Save settings, and wait for the restart that every save causes."""
        before = await self.boot_id()
        _, stored = await self.call("GET", "/api/settings")
        told = _unmasked(stored["data"] | settings)
        assert await self.call("PUT", "/api/settings", told) == (200, {"data": True})
        await self.eventually(self.boot_id, lambda mark: mark and mark != before)

    @asynccontextmanager
    async def saved(self, settings: dict[str, Any]) -> AsyncIterator[None]:
        """Settings for as long as the block lasts."""
        self.needs("settings:get", "settings:manage")
        if not self.sandbox and not os.environ.get(_ENV + "SETTINGS"):
            pytest.skip(f"saves settings, which restarts {self.url}: only with {_ENV}SETTINGS=1")
        _, before = await self.call("GET", "/api/settings")
        await self.save(settings)
        try:
            yield
        finally:
            await self.save({key: before["data"][key] for key in settings})

    async def clean(self) -> None:
        """Remove what was made, the last first."""
        for cleanup in reversed(self._cleanups):
            await cleanup()


def _unmasked(value: Any) -> Any:
    """Settings with each masked password empty, which keeps it; the mask itself would take its place."""
    if isinstance(value, dict):
        return {key: _unmasked(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_unmasked(one) for one in value]
    return "" if isinstance(value, str) and value and not value.strip("•") else value


@pytest.fixture(params=LISTMONKS)
async def listmonk(request: pytest.FixtureRequest) -> AsyncIterator[Client]:
    """A Listmonk with a user who may do all that bouncestream ever asks for."""
    timeout = aiohttp.ClientTimeout(total=60)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        if request.param == "real":
            env = os.environ
            client = Client(session, env[_ENV + "URL"], env[_ENV + "USER"], env[_ENV + "TOKEN"])
            await client.learn()
            try:
                yield client
            finally:
                await client.clean()
            return
        settings = SandboxSettings(
            row_seconds=0.0,
            version=request.param.removeprefix("sandbox-"),
            users={"contract": ApiUser("contract", "token-of-contract", ALL_PERMISSIONS)},
        )
        sandbox = Sandbox(settings)
        client = Client(session, await sandbox.start(), "contract", "token-of-contract")
        client.sandbox = sandbox
        try:
            await client.learn()
            yield client
            await client.clean()
        finally:
            await sandbox.close()


@pytest.fixture
def unknown_uuid() -> str:
    """A well-formed UUID that nobody has."""
    return str(uuid.uuid4())


def pytest_report_header() -> Iterable[str]:
    """Which Listmonks the contract is held against."""
    real = os.environ.get(_ENV + "URL")
    return [f"contract: sandboxes {', '.join(_SANDBOXES)}; real: {real or f'none ({_ENV}URL is not set)'}"]
