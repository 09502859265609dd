# SPDX-License-Identifier: GPL-3.0-or-later
"""What is made is as the configuration wants it."""

from __future__ import annotations

from pathlib import Path

from bouncestream import fitting
from bouncestream.clock import SystemClock
from bouncestream.config.load import load
from bouncestream.config.model import Config
from bouncestream.health import Health
from bouncestream.lease import TTL
from bouncestream.metrics import Metrics
from bouncestream.outbox.db import Database
from bouncestream.outbox.leasing import leasing_of
from bouncestream.outbox.postgres.leasing import Leasing
from bouncestream.relay.loop import Relay

TEXT = """
[listmonk]
token = "a-token-of-some-length"
[relay]
batch_size = 17
[relay.verify]
margin = "7s"
[brake]
hard = "50 in 10m and 5%"
pause_campaign = {pause}
token = "another-token-of-some-length"
[webhooks.shop]
provider = "generic"
token = "yet-another-token-of-some-length"
"""


def configured(path: Path, pause: str = "true") -> Config:
    path.write_text(TEXT.format(pause=pause))
    path.chmod(0o600)
    return load(path, {})


async def test_a_relay_has_the_times_and_the_brake_that_were_told(tmp_path: Path) -> None:
    config = configured(tmp_path / "config.toml")
    db = await Database.open(tmp_path / "outbox.db")
    clock, health, metrics = SystemClock(), Health(), Metrics()
    leasing = leasing_of(db, clock, "0.1.0", health, metrics)
    sink, pausing = fitting.listmonk(config, "1a", leasing), fitting.pausing(config, "1a")
    try:
        assert pausing is not None

        async def allowed() -> bool:
            return True

        relay = fitting.relay(
            config,
            leasing,
            fitting.recorder(config, db, "1a"),
            sink,
            pausing,
            clock,
            health,
            metrics,
            peak=lambda _: 3,
            allowed=allowed,
            dry_run=True,
        )
        assert type(relay) is Relay
        context = relay.context
        assert (context.settings.batch_size, context.settings.dry_run, context.times.margin) == (17, True, 7)
        assert context.settings.late == 0 and context.may_send() and context.db is db
        assert relay.braking.threshold == config.brake.hard is not None
        assert relay.braking.pause is not None
        assert leasing.late == 0 < TTL
    finally:
        for client in (sink, pausing):
            if client is not None:
                await client.close()
        await db.close()


def test_campaigns_are_not_paused_unless_that_is_wished(tmp_path: Path) -> None:
    assert fitting.pausing(configured(tmp_path / "config.toml", "false"), "1a") is None


async def test_of_several_bridges_one_without_the_lease_posts_nothing(tmp_path: Path) -> None:
    config = configured(tmp_path / "config.toml")
    db = await Database.open(tmp_path / "outbox.db")
    sink = fitting.listmonk(config, "1a", Leasing(db, SystemClock(), "one", "0.1.0", Health(), Metrics()))
    try:
        assert sink.may_post is not None and not sink.may_post()
    finally:
        await sink.close()
        await db.close()
