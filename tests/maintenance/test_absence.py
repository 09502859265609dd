# SPDX-License-Identifier: GPL-3.0-or-later
"""While the outbox is missing a person is told, though nothing can be written down."""

from __future__ import annotations

import asyncio
from contextlib import closing
from pathlib import Path

import pytest

from bouncestream.config.alerting import Alerts, JsonWebhook
from bouncestream.config.model import Config, Outbox, Server
from bouncestream.crypto.secret import Secret
from bouncestream.health import Health, Status
from bouncestream.maintenance.absence import Absence
from bouncestream.metrics import Metrics
from bouncestream.outbox import delivery
from bouncestream.outbox.marker import Markers
from tests.alerts.receivers import hooks
from tests.alerts.test_watch import Clock
from tests.outbox import make


async def test_an_alert_goes_out_and_it_ends_when_the_outbox_is_back(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    with closing(make.connect(path)) as conn:
        instance = delivery.get_meta(conn, "instance")
    assert instance
    markers = Markers(path, "", {})
    markers.write(instance, "2026-03-01")
    path.rename(tmp_path / "away")
    async with hooks() as receiver:
        hook = JsonWebhook(url=Secret(f"{receiver.url}/hook"))
        config = Config(
            server=Server(listen="127.0.0.1:0"),
            outbox=Outbox(path=str(path)),
            alerts=Alerts(every=0.01, webhook=hook),
        )
        clock, health = Clock(), Health()
        absence = Absence(config, markers, clock, health, Metrics())
        listening = asyncio.Event()
        task = asyncio.create_task(absence.over(asyncio.Event(), lambda _: listening.set()))
        await listening.wait()
        assert not health.ready
        assert health.parts["outbox"].state is Status.RED
        async with asyncio.timeout(20):
            while not any("is missing" in str(notice) for notice in receiver.bodies()):
                clock.go(seconds=30)
                await asyncio.sleep(0.02)
            (tmp_path / "away").rename(path)
            assert await task
    assert absence.why == ""


async def test_it_is_stopped_also_while_a_server_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = asyncio.Event()

    async def hangs() -> str:
        asked.set()
        await asyncio.Event().wait()
        return ""

    monkeypatch.setattr(Absence, "_look", lambda _: hangs)
    stop = asyncio.Event()
    absence = Absence(Config(), None, Clock(), Health(), Metrics())
    task = asyncio.create_task(absence.over(stop, lambda _: None))
    await asked.wait()
    stop.set()
    async with asyncio.timeout(5):
        assert not await task
