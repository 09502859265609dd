# SPDX-License-Identifier: GPL-3.0-or-later
"""A bridge that is not let in leaves the outbox as it was; what a reload switches off is off."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from bouncestream.app import App
from bouncestream.config.load import load
from bouncestream.errors import BridgeTaken, OutboxCopied
from bouncestream.health import Status
from bouncestream.maintenance.deletions import PART
from bouncestream.outbox.copied import UNFINISHED, Mark, set_mark
from bouncestream.outbox.postgres import leases, leasing
from bouncestream.outbox.postgres.connection import ServerConnection
from bouncestream.outbox.sealing.state import state_of
from tests.cli.conftest import write_config
from tests.outbox.make import KEY
from tests.outbox.postgres.sealing import connected

pytestmark = pytest.mark.process


@pytest.fixture
def outbox(pg_url: str) -> Iterator[ServerConnection]:
    with closing(connected(pg_url)) as conn:
        yield conn


@pytest.fixture
def app(tmp_path: Path, pg_url: str) -> App:
    """A bridge that seals what comes in."""
    config = load(
        write_config(tmp_path), {"BOUNCESTREAM__OUTBOX__URL": pg_url, "BOUNCESTREAM__BRIDGE__NAME": "one"}
    )
    return App(replace(config, privacy=replace(config.privacy, seal=True, key=KEY)))


async def test_one_whose_name_is_taken_does_not_seal(
    app: App, outbox: ServerConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leasing, "TTL", 0.0)
    monkeypatch.setattr(leasing, "RENEW", 0.0)
    leases.meet(outbox, "one", "another run", "1")
    with pytest.raises(BridgeTaken):
        await app.run()
    assert state_of(outbox) is None


async def test_one_that_opened_just_before_a_copy_began_does_no_work_on_it(
    app: App, outbox: ServerConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = leasing.Leasing.begin

    async def late(self: leasing.Leasing) -> None:
        mark = Mark("c0", "an-instance", "/var/lib/outbox.db", "2026-03-01T12:00:00.000Z")
        await asyncio.to_thread(set_mark, outbox, UNFINISHED, mark)
        await begin(self)

    monkeypatch.setattr(leasing.Leasing, "begin", late)
    with pytest.raises(OutboxCopied, match="unfinished copy"):
        await app.run()
    assert state_of(outbox) is None


async def test_trouble_of_what_a_reload_switches_off_is_told_no_longer(tmp_path: Path) -> None:
    config = load(write_config(tmp_path), {})
    seen = []

    def ready(app: App) -> None:
        for follow in (True, False):
            app.health.set(PART, Status.YELLOW, "Listmonk is away")
            app.reload(replace(config, privacy=replace(config.privacy, follow_deletions=follow)))
            seen.append(PART in app.health.parts)
        app.stop()

    await App(config).run(ready=ready)
    assert seen == [True, False]
