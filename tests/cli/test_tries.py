# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from aiohttp import web
from aiohttp.test_utils import TestServer

from bouncestream.cli import tries
from bouncestream.cli.tries import Line
from bouncestream.config.model import Server
from bouncestream.crypto.secret import Secret
from bouncestream.providers import webhook

TOKEN = "0123456789abcdef"


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


async def test_a_redirect_is_told_for_what_it_is() -> None:
    async def redirect(request: web.Request) -> web.Response:
        raise web.HTTPPermanentRedirect("https://bounces.example.org" + request.path)

    app = web.Application()
    app.router.add_get("/{any:.*}", redirect)
    async with TestServer(app) as server:
        [line] = await tries.public(f"http://127.0.0.1:{server.port}", ["x"], running=True)
    assert line.sign == "✘"
    assert "it answers 308, a redirect" in line.text
    assert "name the final address" in line.text


async def test_without_tls_is_told() -> None:
    lines = await tries.public("http://bridge.invalid", [], running=False)
    assert "not https" in lines[0].text


def test_the_url_to_paste_shows_no_secret() -> None:
    hook = webhook(name="mine", provider="generic", path_secret=Secret(TOKEN))
    assert tries.paste("https://b.example", hook) == "https://b.example/webhooks/mine/<path_secret>"
    assert tries.paste("", webhook(name="mine", provider="generic")) == "https://<your address>/webhooks/mine"
