# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bouncestream.cli import tries
from bouncestream.cli.tries import Line
from bouncestream.cli.tries_listmonk import listmonk
from bouncestream.sandbox import BRIDGE_PERMISSIONS, ApiUser, Sandbox, SandboxSettings
from bouncestream.sinks.listmonk.permissions import PERMISSIONS

TOKEN = "0123456789abcdef"

LACKS = {
    "webhooks:post_bounce": "✘",
    "bounces:get": "⚠",
    "subscribers:get_all": "⚠",
    "subscribers:sql_query": "⚠",
    "subscribers:manage": "⚠",
    "lists:manage_all": "⚠",
    "settings:get": "⚠",
    "campaigns:get": "·",
    "templates:get": "·",
}


async def found(
    permissions: frozenset[str] = BRIDGE_PERMISSIONS, version: str = "6.2", token: str = TOKEN, **settings: Any
) -> list[Line]:
    users = {"me": ApiUser("me", TOKEN, permissions)}
    async with Sandbox(SandboxSettings(users=users, version=version, **settings)) as sandbox:
        return await listmonk(sandbox.url, "me", token)


def told(lines: list[Line]) -> str:
    return "\n".join(f"{line.sign} {line.text} → {line.fix}" for line in lines)


@pytest.mark.parametrize(
    ("lacking", "version"),
    # the sandbox of 4.1 asks for subscribers:get_all only
    [(lacking, version) for lacking in LACKS for version in ("4.1", "6.2")],
)
async def test_each_lacking_permission_is_told_with_its_cost_and_its_fix(lacking: str, version: str) -> None:
    lines = await found(BRIDGE_PERMISSIONS - {lacking}, version)
    [line] = [line for line in lines if f"lacks {lacking}:" in line.text]
    assert line.sign == LACKS[lacking]
    assert lacking in line.fix
    assert [one for one in lines if one.sign in "✘⚠"] == ([line] if line.sign != "·" else [])
    assert tries.code(lines) == (1 if line.sign != "·" else 0)


@pytest.mark.parametrize("lacking", ["subscribers:get_all", "subscribers:sql_query"])
async def test_what_the_look_up_protects_from_is_told(lacking: str) -> None:
    assert "a restart in a long stall" in told(await found())
    lines = told(await found(BRIDGE_PERMISSIONS - {lacking}))
    assert "can be lost if Listmonk restarts in a stall of its database of over 20 minutes" in lines


async def test_all_permissions_are_fine() -> None:
    lines = await found()
    assert tries.code(lines) == 0
    assert any("soft at 2" in line.text for line in lines)
    assert all(f"✔ the API user may {one.words}: {one.buys}" in told(lines) for one in PERMISSIONS)


@pytest.mark.parametrize("webhooks", [True, False])
@pytest.mark.parametrize("version", ["4.1", "5.1", "6.2"])
async def test_a_wrong_token_is_seen_whatever_is_switched_off(webhooks: bool, version: str) -> None:
    lines = await found(version=version, token="another-token-altogether", webhooks_enabled=webhooks)
    assert "check [listmonk] user and token" in told(lines)
    assert "lacks" not in told(lines)
    assert "✔" not in told(lines)
    assert ("Enable bounce processing and Enable bounce webhooks" in told(lines)) is not webhooks


@pytest.mark.parametrize(
    ("webhooks", "processing", "reads", "fix"),
    [
        (False, False, True, "switch on Enable bounce processing and Enable bounce webhooks"),
        (False, True, True, "switch on Enable bounce webhooks"),
        (True, False, True, "Settings, Bounces, Enable bounce processing"),
        (False, False, False, "switch on Enable bounce processing and Enable bounce webhooks"),
    ],
)
async def test_the_switches_that_are_off_are_named_once(
    webhooks: bool, processing: bool, reads: bool, fix: str
) -> None:
    may = BRIDGE_PERMISSIONS if reads else BRIDGE_PERMISSIONS - {"settings:get"}
    lines = await found(may, webhooks_enabled=webhooks, bounces_enabled=processing)
    [line] = [line for line in lines if line.sign == "✘"]
    assert fix in line.fix
    for switch in ("Enable bounce processing", "Enable bounce webhooks"):
        assert told(lines).count(switch) == (1 if switch in fix else 0)
    # by its role the user may post, and the role is known
    assert "✔ the API user may webhooks:post_bounce" in told(lines)


async def test_a_missing_right_to_post_is_seen_while_webhooks_are_off() -> None:
    lines = await found(BRIDGE_PERMISSIONS - {"webhooks:post_bounce"}, webhooks_enabled=False)
    assert "✘ the API user lacks webhooks:post_bounce" in told(lines)


async def answers(replies: Mapping[str, tuple[int, str, str]], default: tuple[int, str, str]) -> list[Line]:
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
    signs = {line.sign for line in lines if "subscribers:manage" in line.text or "post_bounce" in line.text}
    assert signs == {"·"}, told(lines)
    assert "✔ the API user may bounces:get" in told(lines)  # that was tried


@pytest.mark.parametrize("page", [PAGE, (404, "text/plain", "404 page not found"), (410, "text/html", "gone")])
async def test_another_site_is_not_taken_for_a_listmonk_with_its_webhooks_off(page: tuple[int, str, str]) -> None:
    [line] = await answers({}, page)
    assert line.sign == "✘"
    assert "is not Listmonk" in line.text
    assert "Enable bounce" not in line.fix
