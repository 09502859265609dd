# SPDX-License-Identifier: GPL-3.0-or-later
"""Which areas are examined for whom, and in which order the findings are told."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bouncestream.cli.doctor import report
from bouncestream.config.load import load
from bouncestream.config.model import Config, Listmonk, Server
from bouncestream.config.outbox import Outbox
from bouncestream.crypto.secret import Secret
from bouncestream.doctor.catalogue import UNEXAMINED
from bouncestream.doctor.engine import examine, examine_inside, examine_listmonk, own_sources
from bouncestream.doctor.finding import Finding, Level
from bouncestream.sandbox import BRIDGE_PERMISSIONS, ApiUser, Sandbox, SandboxSettings

TOKEN = "0123456789abcdef"


def test_the_order_and_the_exit_codes(capsys) -> None:
    def one(ident: str, level: Level, topic: str) -> Finding:
        return Finding(ident, level, topic, f"{ident} was seen", "why", "first\n\n    second")

    fine, warns = one("tls-ok", Level.OK, "tls"), one("tls-expires-soon", Level.WARNING, "tls")
    error, open_question = one("pixel-path", Level.ERROR, "pixel"), one(UNEXAMINED, Level.WARNING, "doctor")
    assert report([fine], as_json=False) == 0
    assert report([fine, warns], as_json=False) == 1
    assert report([warns, error, open_question], as_json=False) == 2
    capsys.readouterr()
    assert report([warns, open_question], as_json=False) == 3
    said = capsys.readouterr().out
    assert said.splitlines() == [
        "TLS",
        "⚠ tls-expires-soon was seen [tls-expires-soon]",
        "  why: why",
        "  fix: first",
        "",
        "      second",
        "",
        "The examination",
        f"⚠ {UNEXAMINED} was seen [{UNEXAMINED}]",
        "  why: why",
        "  fix: first",
        "",
        "      second",
        "",
        "Not everything could be examined: see above.",
    ]


async def test_check_and_init_find_what_the_doctor_finds(tmp_path: Path) -> None:
    users = {"me": ApiUser("me", TOKEN, BRIDGE_PERMISSIONS - {"bounces:get"})}
    async with Sandbox(SandboxSettings(users=users, webhooks_enabled=False)) as sandbox:
        config = Config(
            listmonk=Listmonk(url=sandbox.url, user="me", token=Secret(TOKEN)),
            outbox=Outbox(path=str(tmp_path / "outbox.db")),
            server=Server(listen="127.0.0.1:0"),
        )
        every, inside = await examine(config), await examine_inside(config)
        told_of_listmonk = await examine_listmonk(config.listmonk)

    def of(found: list[Finding], *topics: str) -> list[Finding]:
        return [one for one in found if one.topic in topics]

    same = ("configuration", "listmonk", "bounces", "mailbox", "alerts")
    assert of(inside, *same) == of(every, *same)
    assert told_of_listmonk == of(every, "listmonk", "bounces")
    assert {one.id for one in of(inside, "bouncestream")} == {one.id for one in of(every, "bouncestream")}
    assert {"bounces-webhooks-off", "permission-read"} <= {one.id for one in inside}
    assert of(every, "doctor") and not of(inside, "doctor"), "the public side is the doctor's"


@pytest.mark.parametrize("webhooks_on", [True, False])
async def test_a_bridge_that_cannot_deliver_is_told_where_nothing_else_says_why(
    tmp_path: Path, webhooks_on: bool
) -> None:
    parts = {"listmonk": {"state": "red", "why": "it was redirected"}}

    async def health(_: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def ready(_: web.Request) -> web.Response:
        return web.json_response({"parts": parts}, status=503)

    app = web.Application()
    app.router.add_get("/healthz", health)
    app.router.add_get("/readyz", ready)
    settings = SandboxSettings(users={"me": ApiUser("me", TOKEN, BRIDGE_PERMISSIONS)}, webhooks_enabled=webhooks_on)
    async with Sandbox(settings) as sandbox, TestServer(app) as running:
        config = Config(
            listmonk=Listmonk(url=sandbox.url, user="me", token=Secret(TOKEN)),
            outbox=Outbox(path=str(tmp_path / "outbox.db")),
            server=Server(listen=f"127.0.0.1:{running.port}"),
        )
        found = await examine_inside(config)
    told = [one.why for one in found if one.id == "bridge-part"]
    assert told == (["it was redirected"] if webhooks_on else [])
    assert ("bounces-webhooks-off" in {one.id for one in found}) is not webhooks_on


async def test_a_bounce_that_came_by_two_sources_of_ours_is_no_other_bridges(tmp_path: Path) -> None:
    """By a webhook, in a mailbox that is read, or in a file that was imported."""
    file = tmp_path / "config.toml"
    file.write_text(
        '[listmonk]\nuser = "me"\ntoken = "q7Xw2LmZ9rTk4VbN"\n'
        '[webhooks.shop]\nprovider = "generic"\ntoken = "a-secret-of-the-doctors-tests"\n'
        '[mailboxes.returned]\nhost = "127.0.0.1"\nuser = "me"\npassword = "q7Xw2LmZ9rTk4VbN"\n'
    )
    file.chmod(0o600)
    assert own_sources(load(str(file), {})) == ["shop", "returned", "import", "listmonk_log"]
