# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import asyncio
import socket
from pathlib import Path

from aiohttp import web

from bouncestream.clock import SystemClock
from bouncestream.config.model import Server
from bouncestream.health import Health, Status
from bouncestream.metrics import REQUESTS, RESTARTS, Metrics
from bouncestream.ports import Receipt, Submission
from bouncestream.sources.webhook.answers import measured, ready
from bouncestream.sources.webhook.connection import Connection, Connections
from bouncestream.sources.webhook.server import WebhookServer
from bouncestream.survey.running import Running, ask, of
from tests.alerts.receivers import hooks


async def _nothing(submission: Submission) -> Receipt:
    return Receipt()


async def test_a_running_bridge_tells_how_it_is() -> None:
    health, metrics = Health(), Metrics()
    health.set("listmonk", Status.RED, "connection refused")
    metrics.add(RESTARTS, by=2)
    metrics.add(REQUESTS, "a", "200", by=3)
    metrics.add(REQUESTS, "b", "200", by=4)
    server = WebhookServer(Server(listen="127.0.0.1:0"), {}, _nothing, health, metrics, SystemClock())
    ((host, port),) = await server.start()
    try:
        running = await asyncio.to_thread(ask, f"http://{host}:{port}")
    finally:
        await server.stop(1)
    assert (running.up, running.ready) == (True, False)
    assert running.parts == {"listmonk": {"state": "red", "why": "connection refused"}}
    assert running.number("bouncestream_listmonk_restarts_total") == 2
    assert running.number("bouncestream_webhook_requests_total") == 7
    assert running.number("bouncestream_no_such") is None


async def test_something_else_on_the_port_is_no_bridge() -> None:
    async with hooks() as other:
        assert await asyncio.to_thread(ask, other.url) == Running()


def test_nobody_there_is_no_bridge() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        assert ask(f"http://127.0.0.1:{taken.getsockname()[1]}") == Running()
    assert ask("") == Running()


def test_the_bridge_knows_itself_without_asking() -> None:
    health, metrics = Health(), Metrics()
    health.set("listmonk", Status.RED, "connection refused")
    metrics.add(REQUESTS, "a", "200", by=3)
    metrics.add(REQUESTS, "b", "200", by=4)
    running = of(health, metrics)
    assert (running.up, running.ready) == (True, False)
    assert running.parts == {"listmonk": {"state": "red", "why": "connection refused"}}
    assert running.number("bouncestream_webhook_requests_total") == 7


async def test_a_bridge_is_asked_by_a_socket_too(tmp_path: Path) -> None:
    async def answer(request: web.BaseRequest, _: Connection) -> web.StreamResponse:
        return ready(Health()) if request.path == "/readyz" else measured(Metrics())

    connections = Connections(answer, header_timeout=5, keepalive_timeout=5, most=10, full=lambda: None)
    bound = socket.socket(socket.AF_UNIX)
    bound.bind(str(tmp_path / "d.sock"))
    await connections.listen_on(bound)
    running = await asyncio.to_thread(ask, f"unix:{tmp_path / 'd.sock'}")
    await connections.retire(1)
    assert (running.up, running.ready) == (True, True)
    assert not (await asyncio.to_thread(ask, f"unix:{tmp_path / 'none.sock'}")).up
