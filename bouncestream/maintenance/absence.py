# SPDX-License-Identifier: GPL-3.0-or-later
"""`run` while the outbox is missing at a start, though there was one before: it listens, refuses what comes in so
that it is sent again, is red, alerts, and goes on once the outbox is back."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from bouncestream.alerts.watch import Watch
from bouncestream.config.model import Config
from bouncestream.errors import StoreUnavailable
from bouncestream.health import Health, Status
from bouncestream.metrics import Metrics
from bouncestream.outbox.db import Database
from bouncestream.outbox.marker import Markers
from bouncestream.ports import Clock, Receipt, Submission
from bouncestream.sources.webhook.server import WebhookServer
from bouncestream.supervisor import Supervisor

log = logging.getLogger("bouncestream")

#: How often it is looked whether the outbox is back; seconds.
EVERY = 1.0
#: How long requests in hand may take then; seconds.
GRACE = 2.0


@dataclass(eq=False)
class Absence:
    """`over` until the outbox is there. `why` says what is missing, in the operator's words."""

    config: Config
    markers: Markers
    clock: Clock
    health: Health
    metrics: Metrics
    why: str = field(default="", init=False)
    addresses: list[tuple[str, int]] = field(default_factory=list, init=False)

    async def over(self, stop: asyncio.Event, listening: Callable[[Absence], None]) -> bool:
        """Wait until the outbox is there, without a wait if it is: True; or until `stop` is set: False. Meanwhile
        it listens; `listening` is called once it does. Raises OSError when it cannot."""
        self.why = await asyncio.to_thread(self.markers.lost)
        if not self.why:
            return True
        self.health.set("intake", Status.RED, "nothing can be stored")
        self.health.set("outbox", Status.RED, self.why)
        config = self.config
        server = WebhookServer(
            config.server,
            config.webhooks,
            self._refuse,
            self.health,
            self.metrics,
            self.clock,
            rules=config.policy.rules,
        )
        # Never opened: whatever is asked of it is refused.
        closed = Database(self.markers.path, commit_limit_rows=1, commit_limit_bytes=1, metrics=None)
        async with Supervisor(self.health) as beside:
            beside.keep("watch", Watch(closed, self.clock, self.health, self.metrics, config).run)
            try:
                self.addresses = await server.start()
                listening(self)
                while self.why and not stop.is_set():
                    with suppress(TimeoutError):
                        await asyncio.wait_for(stop.wait(), EVERY)
                    self.why = await asyncio.to_thread(self.markers.lost)
            finally:
                await asyncio.gather(server.stop(GRACE), return_exceptions=True)
        if stop.is_set():
            return False
        log.info("the outbox %s is back", self.markers.path)
        return True

    async def _refuse(self, submission: Submission) -> Receipt:
        raise StoreUnavailable(self.why)
