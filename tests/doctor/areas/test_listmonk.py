# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from bouncestream.cli.findings import brief_code
from bouncestream.config.model import Config, Listmonk, Server
from bouncestream.config.outbox import Outbox
from bouncestream.crypto.secret import Secret
from bouncestream.doctor import engine
from bouncestream.doctor.engine import examine_listmonk
from bouncestream.doctor.finding import Finding, Level
from bouncestream.doctor.probe.web import Web
from bouncestream.sandbox import BRIDGE_PERMISSIONS, ApiUser, Sandbox, SandboxSettings
from bouncestream.sinks.listmonk.permissions import PERMISSIONS

TOKEN = "0123456789abcdef"

LACKS = {
    "webhooks:post_bounce": ("permission-post", Level.ERROR),
    "bounces:get": ("permission-read", Level.WARNING),
    "subscribers:get_all": ("permission-lookup", Level.WARNING),
    "subscribers:sql_query": ("permission-lookup", Level.WARNING),
    "subscribers:manage": ("permission-manage", Level.WARNING),
    "lists:manage_all": ("permission-manage", Level.WARNING),
    "bounces:manage": ("permission-undo", Level.INFO),
    "settings:get": ("permission-settings", Level.WARNING),
    "campaigns:get": ("permission-letters", Level.INFO),
    "templates:get": ("permission-letters", Level.INFO),
}


async def listmonk(url: str, user: str, token: str) -> list[Finding]:
    return await examine_listmonk(Listmonk(url=url, user=user, token=Secret(token)))


async def found(
    permissions: frozenset[str] = BRIDGE_PERMISSIONS, version: str = "6.2", token: str = TOKEN, **settings: Any
) -> list[Finding]:
    users = {"me": ApiUser("me", TOKEN, permissions)}
    async with Sandbox(SandboxSettings(users=users, version=version, **settings)) as sandbox:
        return await listmonk(sandbox.url, "me", token)


def told(lines: list[Finding]) -> str:
    return "\n".join(f"{one.level} {one.id}: {one.seen} {one.why} → {one.fix}" for one in lines)


def bad(lines: list[Finding]) -> list[Finding]:
    return [one for one in lines if one.level in (Level.WARNING, Level.ERROR)]


def one(lines: list[Finding], ident: str) -> Finding:
    (found,) = [line for line in lines if line.id == ident]
    return found


@pytest.mark.parametrize(
    ("lacking", "version"),
    # the sandbox of 4.1 asks for subscribers:get_all only
    [(lacking, version) for lacking in LACKS for version in ("4.1", "6.2")],
)
async def test_each_lacking_permission_is_told_with_its_cost_and_its_fix(lacking: str, version: str) -> None:
    lines = await found(BRIDGE_PERMISSIONS - {lacking}, version)
    ident, level = LACKS[lacking]
    line = one(lines, ident)
    assert line.level is level
    assert lacking in line.seen and lacking in line.fix
    assert "It is for: " in line.why
    old = {"listmonk-old"} if version == "4.1" else set()
    assert {one.id for one in bad(lines)} - old == ({ident} if level is not Level.INFO else set())
    assert "permission-ok" not in told(lines)


@pytest.mark.parametrize("lacking", ["subscribers:get_all", "subscribers:sql_query"])
async def test_what_the_look_up_protects_from_is_told(lacking: str) -> None:
    lines = told(await found(BRIDGE_PERMISSIONS - {lacking}))
    assert "can be lost if Listmonk restarts during a database stall of over 20 minutes" in lines


async def test_all_permissions_are_fine() -> None:
    lines = await found()
    assert brief_code(lines) == 0
    assert "soft 2" in one(lines, "bounces-ok").seen
    assert all(permission.words in one(lines, "permission-ok").seen for permission in PERMISSIONS)


@pytest.mark.parametrize("webhooks", [True, False])
@pytest.mark.parametrize("version", ["4.1", "5.1", "6.2"])
async def test_a_wrong_token_is_seen_whatever_is_switched_off(webhooks: bool, version: str) -> None:
    lines = await found(version=version, token="another-token-altogether", webhooks_enabled=webhooks)
    assert one(lines, "listmonk-token").level is Level.ERROR
    assert "lacks" not in told(lines)
    assert not [line for line in lines if line.level is Level.OK]
    assert ("Enable bounce processing and Enable bounce webhooks" in told(lines)) is not webhooks
    assert told(lines).count("Enable bounce webhooks") == (0 if webhooks else 1)


@pytest.mark.parametrize(
    ("webhooks", "processing", "reads", "named"),
    [
        (False, False, True, {"processing", "webhooks"}),
        (False, True, True, {"webhooks"}),
        (True, False, True, {"processing"}),
        (False, False, False, {"processing", "webhooks"}),
    ],
)
async def test_the_switches_that_are_off_are_named_once(
    webhooks: bool, processing: bool, reads: bool, named: set[str]
) -> None:
    may = BRIDGE_PERMISSIONS if reads else BRIDGE_PERMISSIONS - {"settings:get"}
    lines = await found(may, webhooks_enabled=webhooks, bounces_enabled=processing)
    assert all(line.id.startswith("bounces-") for line in lines if line.level is Level.ERROR)
    for switch in ("processing", "webhooks"):
        assert told(lines).count(f"Enable bounce {switch}") == (1 if switch in named else 0)
    # by its role the user may post, and the role is known
    assert "permission-post" not in told(lines)


async def test_a_missing_right_to_post_is_seen_while_webhooks_are_off() -> None:
    lines = await found(BRIDGE_PERMISSIONS - {"webhooks:post_bounce"}, webhooks_enabled=False)
    assert one(lines, "permission-post").level is Level.ERROR


async def answers(replies: Mapping[str, tuple[int, str, str]], default: tuple[int, str, str]) -> list[Finding]:
    async def handle(request: web.Request) -> web.Response:
        status, kind, body = replies.get(request.path, default)
        return web.Response(status=status, text=body, content_type=kind)

    app = web.Application()
    app.router.add_route("*", "/{any:.*}", handle)
    async with TestServer(app) as server:
        return await listmonk(f"http://127.0.0.1:{server.port}", "me", TOKEN)


PAGE = (404, "text/html", "<html>Not found</html>")


async def test_listmonk_3_tells_no_permissions_and_none_is_taken_for_granted() -> None:
    unknown = (404, "application/json", '{"message": "404 unknown endpoint"}')
    config = (200, "application/json", '{"data": {"version": "v3.0.0"}}')
    empty = (200, "application/json", '{"data": {"results": []}}')
    replies = {"/api/config": config, "/webhooks/bounce": PAGE, "/": (200, "text/html", "?v=0123456789")}
    replies |= {"/api/bounces": empty, "/api/subscribers": empty, "/api/settings": config}
    lines = await answers(replies, unknown)
    assert one(lines, "permission-unknown").level is Level.INFO
    assert "permission-ok" not in told(lines)
    assert "lacks" not in told(lines)


@pytest.mark.parametrize("page", [PAGE, (404, "text/plain", "404 page not found"), (410, "text/html", "gone")])
async def test_another_site_is_not_taken_for_a_listmonk_with_its_webhooks_off(page: tuple[int, str, str]) -> None:
    [line] = await answers({}, page)
    assert (line.id, line.level) == ("listmonk-foreign", Level.ERROR)
    assert "Enable bounce" not in line.fix


async def test_pages_without_the_mark_of_a_start_are_told() -> None:
    config = (200, "application/json", '{"data": {"version": "v6.2.0"}}')
    refused = (400, "application/json", '{"message": "Invalid fields"}')
    replies = {"/api/config": config, "/api/settings": config, "/api/profile": config, "/webhooks/bounce": refused}
    replies |= {"/api/bounces": (200, "application/json", '{"data": {"results": []}}')}
    page = (200, "text/html", "<html>a template of our own</html>")
    assert "listmonk-no-mark" in told(await answers(replies, page))
    marked = {"/admin/login": (200, "text/html", '<link href="x.css?v=0123456789">')}
    assert "listmonk-no-mark" not in told(await answers(replies | marked, page))


@pytest.mark.parametrize("path", ["/api/settings", "/api/bounces", "/api/profile"])
async def test_a_database_that_is_away_is_seen_though_the_settings_are_known(path: str) -> None:
    config = (200, "application/json", '{"data": {"version": "v6.2.0", "results": []}}')
    away = (500, "application/json", '{"message": "pq: the database is starting up"}')
    (line,) = [one for one in await answers({path: away}, config) if one.id.startswith("listmonk-")]
    assert line.id == "listmonk-broken"
    assert brief_code([line]) == 3


class Slow(TestServer):
    """The way to a Listmonk on which each answer waits for more than the doctor gives to others."""

    def __init__(self, listmonk: str, seconds: float) -> None:
        def some(headers: Mapping[str, str], *names: str) -> dict[str, str]:
            return {name: headers[name] for name in names if name in headers}

        async def answer(request: web.Request) -> web.Response:
            await asyncio.sleep(seconds)
            sent, body = some(request.headers, "Authorization", "Content-Type"), await request.read()
            async with (
                ClientSession() as client,
                client.request(request.method, listmonk + request.path_qs, data=body, headers=sent) as told,
            ):
                kept = some(told.headers, "Date", "Content-Type")
                return web.Response(status=told.status, body=await told.read(), headers=kept)

        app = web.Application()
        app.router.add_route("*", "/{path:.*}", answer)
        super().__init__(app)


async def test_a_slow_listmonk_is_told_as_slow_and_not_as_unreachable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All limits but Listmonk's own are so short that none of its answers keeps to them."""
    monkeypatch.setattr(engine, "FIRST", 0.05)
    monkeypatch.setattr("bouncestream.doctor.areas.listmonk.SLOW", 0.1)
    monkeypatch.setattr(Web.get, "__kwdefaults__", Web.get.__kwdefaults__ | {"patience": 0.05})
    users = {"me": ApiUser("me", TOKEN, BRIDGE_PERMISSIONS)}
    async with Sandbox(SandboxSettings(users=users)) as sandbox, Slow(sandbox.url, 0.2) as way:
        config = Config(
            listmonk=Listmonk(url=f"http://127.0.0.1:{way.port}", user="me", token=Secret(TOKEN)),
            outbox=Outbox(path=str(tmp_path / "outbox.db")),
            server=Server(listen="127.0.0.1:0"),
        )
        inside, every = await engine.examine_inside(config), await engine.examine(config)
    for lines in (inside, every):
        assert one(lines, "listmonk-ok")
        assert one(lines, "listmonk-slow").level is Level.INFO
        assert not {"listmonk-unreachable", "listmonk-broken", "not-examined"} & {line.id for line in lines}
    assert "did not tell the public address within" in one(every, "public-unknown").seen
