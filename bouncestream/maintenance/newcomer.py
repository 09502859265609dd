# SPDX-License-Identifier: GPL-3.0-or-later
"""A new outbox at a Listmonk that knows an older one. Most likely the older one is only not there: its disk is not
mounted, or a container lost its volume. What the new one took in would vanish below the disk once that is mounted,
and it has forgotten what was told before: so nothing is taken in and nothing is delivered until a person decides.

Listmonk is the marker (`outbox.marker`) that is on another machine than the outbox.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Protocol

from bouncestream.errors import SinkError, SinkRefused
from bouncestream.outbox import delivery
from bouncestream.outbox.db import Database
from bouncestream.outbox.intake import Intake
from bouncestream.sinks.listmonk.strangers import told

log = logging.getLogger("bouncestream")

#: At the start, Listmonk is waited for so long; later it is asked before anything is posted. Seconds.
PATIENCE = 5.0


class Asked(Protocol):
    """The part of the sink that is needed here."""

    async def strangers(self, names: Collection[str]) -> Counter[str]:
        """Source name → newest bounces there that another outbox told. Raises SinkError."""


@dataclass(eq=False)
class Newcomer:
    """Asks once whether this outbox, if it is new, is the only one. `sources` tells the names of the sources."""

    db: Database
    sink: Asked
    intake: Intake
    sources: Callable[[], Collection[str]]
    _known: bool = field(default=False, init=False)

    async def accept(self) -> None:
        """A person has decided: it is a new outbox."""
        await self.db.write(delivery.mark_settled)

    async def before_the_start(self) -> None:
        """Ask before anything comes in, if Listmonk answers soon."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self.allowed()
        except (SinkError, TimeoutError) as error:
            log.debug("whether another outbox delivers to this Listmonk will be checked later: %s", error)

    async def allowed(self) -> bool:
        """Whether this outbox may be used. Raises SinkError when Listmonk cannot be asked."""
        if self._known:
            return not self.intake.closed
        found = Counter() if await self.db.read(delivery.is_settled) else await self._strangers()
        if found:
            self.intake.close(self._words(found))
        else:  # for good: what else shows it, the labels of what was told, does not outlive retention
            await self.db.write(delivery.mark_settled)
        self._known = True
        return not self.intake.closed

    async def _strangers(self) -> Counter[str]:
        try:
            return await self.sink.strangers(self.sources())
        except SinkRefused as error:  # without bounces:get nobody can tell
            log.debug("cannot check whether another outbox delivers to this Listmonk: %s", error)
            return Counter()

    def _words(self, found: Counter[str]) -> str:
        return "{} {} Next: {}".format(*told(found, self.db.where))
