# SPDX-License-Identifier: GPL-3.0-or-later
"""The dashboard beside the running bridge, of whose process it is a part: where it cannot listen, the bridge works
all the same, and says so."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

from aiohttp import web

from bouncestream.clock import SystemClock
from bouncestream.config.model import Config
from bouncestream.dashboard.server import DashboardServer
from bouncestream.doctor.background import quick
from bouncestream.errors import SinkError
from bouncestream.health import Health, Status
from bouncestream.metrics import Metrics
from bouncestream.ports import Campaign
from bouncestream.sources.listening import until_listening
from bouncestream.sources.webhook.answers import measured, ready
from bouncestream.survey import running
from bouncestream.survey.running import Running

log = logging.getLogger("bouncestream.dashboard")

#: Its part on the board of health.
PART = "dashboard"
#: Seconds that pages in hand may take at the end.
GRACE = 1.0
#: Seconds between two looks at Listmonk's campaigns, and for one.
EVERY, PATIENCE = 300.0, 15.0


class Beside:
    """The dashboard of a bridge; `run` lasts until it is cancelled."""

    def __init__(
        self,
        config: Config,
        health: Health,
        metrics: Metrics,
        campaigns: Callable[[], Awaitable[Mapping[str, Campaign]]],
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._health, self._metrics, self._campaigns, self._chance = health, metrics, campaigns, chance
        self.server = DashboardServer(config, self._running, SystemClock(), quick)
        if config.server.metrics == "dashboard":
            self.server.told = {"/readyz": self._ready, "/metrics": self._measured}

    def reload(self, config: Config) -> None:
        """Show these settings from now on; those of the dashboard itself need a restart."""
        self.server.config = config

    async def run(self) -> None:
        """Listen, and try again for as long as that cannot be done."""
        await until_listening(
            self.server.start, self.server.config.dashboard.listen, self._cannot_listen, self._chance
        )
        self._health.set(PART, Status.GREEN)
        log.info("the dashboard listens on %s", ", ".join(self.server.urls))
        try:
            await self._name_campaigns()
        finally:
            await self.server.stop(GRACE)

    def _cannot_listen(self, why: str) -> None:
        self._health.set(PART, Status.YELLOW, f"{why}; it is tried again")

    async def _name_campaigns(self) -> None:
        """Ask Listmonk for its campaigns now and then, while somebody looks at pages."""
        while True:
            await self.server.asked.wait()
            with suppress(SinkError, TimeoutError):
                async with asyncio.timeout(PATIENCE):
                    self.server.campaigns = await self._campaigns()
            await asyncio.sleep(EVERY)
            self.server.asked.clear()

    def _ready(self) -> web.Response:
        return ready(self._health)

    def _measured(self) -> web.Response:
        return measured(self._metrics)

    async def _running(self) -> Running:
        return running.of(self._health, self._metrics)
