# SPDX-License-Identifier: GPL-3.0-or-later
"""`run` while the outbox cannot be had at a start: a file is missing, though there was one before, or one on
PostgreSQL waits for its upgrade, as an older bridge works on it. It listens, refuses what comes in so that it is
sent again (or to the other bridge), is red, and goes on once the outbox is there. Of a missing one it alerts; of an
upgrade it need not, as the older bridge works."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from bouncestream.alerts.watch import Watch
from bouncestream.config.model import Config
from bouncestream.errors import StoreUnavailable
from bouncestream.health import Health, Status
from bouncestream.metrics import Metrics
from bouncestream.outbox.db import Database
from bouncestream.outbox.marker import Markers
from bouncestream.outbox.place import Server, place_of, require_driver
from bouncestream.ports import Clock, Receipt, Submission
from bouncestream.sources.webhook.server import WebhookServer
from bouncestream.supervisor import Supervisor

log = logging.getLogger("bouncestream")

#: How often it is looked whether the outbox is back; seconds.
EVERY = 0.5
#: How long requests in hand may take then; seconds.
GRACE = 2.0


@dataclass(eq=False)
class Absence:
    """`over` until the outbox is there. `why` says what is missing, in the operator's words."""

    config: Config
    markers: Markers | None  #: of an outbox in a file
    clock: Clock
    health: Health
    metrics: Metrics
    why: str = field(default="", init=False)
    addresses: list[tuple[str, int]] = field(default_factory=list, init=False)

    async def over(self, stop: asyncio.Event, listening: Callable[[Absence], None]) -> bool:
        """Wait until the outbox is there, without a wait if it is: True; or until `stop` is set: False. Meanwhile
        it listens; `listening` is called once it does. Raises OSError when it cannot."""
        look = self._look()
        self.why = await _unless(stop, look)
        if stop.is_set():
            return False
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
        async with Supervisor(self.health) as beside:
            if self.markers is not None:
                # Never opened: whatever is asked of it is refused.
                closed = Database(self.markers.path, commit_limit_rows=1, commit_limit_bytes=1, metrics=None)
                beside.keep("watch", Watch(closed, self.clock, self.health, self.metrics, config).run)
            try:
                self.addresses = await server.start()
                listening(self)
                while self.why and not stop.is_set():
                    with suppress(TimeoutError):
                        await asyncio.wait_for(stop.wait(), EVERY)
                    self.why = await _unless(stop, look)
                    if self.why:
                        self.health.set("outbox", Status.RED, self.why)
            finally:
                await asyncio.gather(server.stop(GRACE), return_exceptions=True)
        if stop.is_set():
            return False
        if self.markers is not None:
            log.info("the outbox %s is back", self.markers.path)
        return True

    def _look(self) -> Callable[[], Awaitable[str]]:
        """How it is seen why the outbox cannot be had; empty: it can."""
        if self.markers is not None:
            return partial(asyncio.to_thread, self.markers.lost)
        place = place_of(self.config)
        assert isinstance(place, Server)
        require_driver()
        from bouncestream.outbox.postgres.upgrade import Upgrade  # only where it is used

        return Upgrade(place).look

    async def _refuse(self, submission: Submission) -> Receipt:
        raise StoreUnavailable(self.why)


async def _unless(stop: asyncio.Event, look: Callable[[], Awaitable[str]]) -> str:
    """What a look says; empty where `stop` is set first, which cuts it off: a server may not answer."""
    looking, stopping = asyncio.ensure_future(look()), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait([looking, stopping], return_when=asyncio.FIRST_COMPLETED)
        return looking.result() if looking.done() else ""
    finally:
        looking.cancel()
        stopping.cancel()
        await asyncio.wait([looking, stopping])
