# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from bouncestream.cli import tries
from bouncestream.cli.tries import Line
from bouncestream.config.model import Server, Webhook
from bouncestream.crypto.secret import Secret
from bouncestream.sandbox import BRIDGE_PERMISSIONS, ApiUser, Sandbox, SandboxSettings

TOKEN = "0123456789abcdef"

LACKS = {
    "webhooks:post_bounce": "✘",
    "bounces:get": "⚠",
    "subscribers:get_all": "⚠",
    "subscribers:sql_query": "⚠",
    "subscribers:manage": "⚠",
    "settings:get": "⚠",
}


async def found(permissions: frozenset[str], version: str = "6.2") -> list[Line]:
    users = {"me": ApiUser("me", TOKEN, permissions)}
    async with Sandbox(SandboxSettings(users=users, version=version)) as sandbox:
        return await tries.listmonk(sandbox.url, "me", TOKEN)


@pytest.mark.parametrize(
    ("lacking", "version"),
    # the sandbox of 4.1 asks for subscribers:get_all only
    [
        (lacking, version)
        for lacking in LACKS
        for version in ("4.1", "6.2")
        if (lacking, version) != ("subscribers:sql_query", "4.1")
    ],
)
async def test_each_lacking_permission_is_told_with_its_cost_and_its_fix(lacking: str, version: str) -> None:
    lines = await found(BRIDGE_PERMISSIONS - {lacking}, version)
    [line] = [line for line in lines if line.sign in "✘⚠"]
    assert line.sign == LACKS[lacking]
    assert lacking in line.text
    assert lacking in line.fix
    assert tries.code(lines) == 1


async def test_all_permissions_are_fine() -> None:
    lines = await found(BRIDGE_PERMISSIONS)
    assert tries.code(lines) == 0
    assert any("soft at 2" in line.text for line in lines)


def test_what_could_not_be_examined_outweighs_the_rest() -> None:
    assert tries.code([Line("✔", "")]) == 0
    assert tries.code([Line("·", "")]) == 0
    assert tries.code([Line("⚠", ""), Line("✔", "")]) == 1
    assert tries.code([Line("⚠", ""), Line("✘", "", unexamined=True)]) == 3


async def test_any_port_is_not_tried() -> None:
    running, [line] = await tries.listening(Server(listen="127.0.0.1:0"))
    assert (running, line.sign) == (False, "·")


async def test_a_public_address_that_is_not_reached() -> None:
    [line] = await tries.public("http://127.0.0.1:1", ["x"], running=False)
    assert line.sign == "·"
    assert "Connection refused" in line.text
    [line] = await tries.public("http://127.0.0.1:1", ["x"], running=True)
    assert line.sign == "✘"


async def test_without_tls_is_told() -> None:
    lines = await tries.public("http://bridge.invalid", [], running=False)
    assert "not https" in lines[0].text


def test_the_url_to_paste_shows_no_secret() -> None:
    hook = Webhook(name="mine", provider="generic", path_secret=Secret(TOKEN))
    assert tries.paste("https://b.example", hook) == "https://b.example/webhooks/mine/<path_secret>"
    assert tries.paste("", Webhook(name="mine")) == "https://<your address>/webhooks/mine"
