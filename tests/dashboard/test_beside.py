# SPDX-License-Identifier: GPL-3.0-or-later
"""The dashboard in the process of the bridge."""

from __future__ import annotations

import asyncio
import logging
import socket
import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from bouncestream.clock import SystemClock
from bouncestream.config.model import Config, Server
from bouncestream.dashboard import beside
from bouncestream.dashboard.beside import PART, Beside
from bouncestream.errors import SinkError
from bouncestream.health import Health, Status
from bouncestream.metrics import RESTARTS, Metrics
from bouncestream.ports import Campaign
from bouncestream.sources import listening
from bouncestream.survey.running import ask
from tests.dashboard.stage import Browser, config
from tests.outbox import make


class Board(Health):
    """A board of health that tells when something is noted on it."""

    def __init__(self) -> None:
        super().__init__()
        self.noted = asyncio.Event()

    def set(self, part: str, state: Status, why: str = "") -> None:
        super().set(part, state, why)
        self.noted.set()


async def _named() -> Mapping[str, Campaign]:
    return {make.CAMPAIGN: Campaign(1, make.CAMPAIGN, "Spring news", "finished", sent=200)}


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_it_shows_the_board_of_the_bridge_itself(
    path: Path, conn: sqlite3.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    health, metrics = Board(), Metrics()
    made = Beside(config(path), health, metrics, _named)
    task = asyncio.create_task(made.run())
    await health.noted.wait()
    assert health.parts[PART].state is Status.GREEN
    health.set("relay", Status.RED, "its own words")
    metrics.add(RESTARTS, by=3)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        browser = Browser(made.server.urls[0], session)
        assert f"the dashboard listens on {browser.url}" in caplog.text
        await browser.log_in()
        text = (await browser.get()).page.text
        assert "Something does not work" in text
        assert "its own words" in text
        assert "Restarts noticed 3" in text
        made.reload(replace(config(path), server=Server(listen="127.0.0.1:1")))
        assert (await browser.get()).status == 200, "the place of the dashboard needs a restart"
    await _end(task)


async def test_campaigns_have_their_names_once_somebody_has_looked(
    path: Path, conn: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.submit(conn, make.event(campaign_uuid=make.CAMPAIGN), now=SystemClock().now())
    monkeypatch.setattr(beside, "EVERY", 0.01)
    asked: list[int] = []

    async def campaigns() -> Mapping[str, Campaign]:
        asked.append(1)
        if len(asked) == 1:
            raise SinkError("Listmonk is away")
        return await _named()

    health = Board()
    made = Beside(config(path), health, Metrics(), campaigns)
    task = asyncio.create_task(made.run())
    await health.noted.wait()
    assert asked == []
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        browser = Browser(made.server.urls[0], session)
        await browser.log_in()
        async with asyncio.timeout(20):
            while "Spring news" not in (text := (await browser.get("/campaigns")).page.text):
                pass
        assert "0.50%" in text
    await _end(task)


async def test_a_place_that_is_taken_is_told_and_tried_again(
    path: Path, conn: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "LONGEST", 0.01)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        health = Board()
        made: Config = config(path, listen=f"127.0.0.1:{port}")
        task = asyncio.create_task(Beside(made, health, Metrics(), _named, chance=lambda: 0.0).run())
        await health.noted.wait()
        assert health.parts[PART].state is Status.YELLOW
        assert f"cannot listen on 127.0.0.1:{port}" in health.parts[PART].why
        health.noted.clear()
    async with asyncio.timeout(20):
        while health.parts[PART].state is not Status.GREEN:
            await health.noted.wait()
            health.noted.clear()
    await _end(task)


async def test_metrics_and_readiness_move_to_it_where_that_is_wished(path: Path, conn: sqlite3.Connection) -> None:
    made = replace(config(path), server=Server(metrics="dashboard"))
    health, metrics = Board(), Metrics()
    beside_it = Beside(made, health, metrics, _named)
    task = asyncio.create_task(beside_it.run())
    await health.noted.wait()
    running = await asyncio.to_thread(ask, beside_it.server.urls[0])
    assert running.up
    assert PART in running.parts
    await _end(task)
