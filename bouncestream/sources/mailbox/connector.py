# SPDX-License-Identifier: GPL-3.0-or-later
"""The one way into a mailbox, for `run` and for its visitors: one login after the other, and after a refused one no
other before its time, as servers lock accounts.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bouncestream.config.mailbox import Mailbox
from bouncestream.config.oauth import needs_token
from bouncestream.errors import AuthFailed, LoginRefused, Throttled
from bouncestream.metrics import MAILBOX_CONNECTS, Metrics
from bouncestream.ports import Clock
from bouncestream.sources.imap.session import Session
from bouncestream.sources.mailbox import rules

if TYPE_CHECKING:
    from bouncestream.sources.oauth.tokens import TokenSource

log = logging.getLogger("bouncestream.mailbox")


class Connector:
    """The maker of the sessions of one mailbox. `outbox`: beside it is the permission of one that logs in with a
    token; `metrics` count the sessions."""

    def __init__(self, settings: Mailbox, outbox: Path, clock: Clock, metrics: Metrics | None = None) -> None:
        self.settings = settings
        self.outbox = outbox
        self.tokens: TokenSource | None = None
        if needs_token(settings):
            from bouncestream.sources.oauth.tokens import TokenSource  # only where one is needed

            self.tokens = TokenSource(settings, outbox, clock)
        self._clock = clock
        self._metrics = metrics
        self._lock = asyncio.Lock()
        self._refusals = 0
        self._refusal: LoginRefused | Throttled | None = None
        self._until = 0.0  # nobody logs in before that

    async def connect(self) -> Session:
        """A session, logged in. Raises MailboxErrors; LoginRefused and Throttled without asking the server while it
        must wait."""
        async with self._lock:
            if self._refusal is not None and self._clock.monotonic() < self._until:
                raise self._refusal
            try:
                token = await self.tokens.token() if self.tokens is not None else None
                session = await Session.connect(self.settings, token=token)
            except (LoginRefused, Throttled) as error:
                self.hold(error)
                if isinstance(error, AuthFailed) and self.tokens is not None:
                    self.tokens.forget()
                raise
            self._refusal = None
            if self._metrics is not None:
                self._metrics.add(MAILBOX_CONNECTS, self.settings.name)
            return session

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Session]:
        """A session as `connect` makes it, closed in the end; as often as needed."""
        try:
            session = await self.connect()
        finally:
            await self.close()
        try:
            yield session
        finally:
            await session.close()

    def hold(self, error: LoginRefused | Throttled) -> None:
        """Let nobody in for a while: the server refuses us, at the login or after it."""
        if error is self._refusal:
            return
        self._refusals += 1
        self._refusal = error
        wait = rules.login_wait if isinstance(error, LoginRefused) else rules.throttle_wait
        self._until = self._clock.monotonic() + wait(self._refusals, self.settings)

    def fine(self) -> None:
        """A folder was read: the next refusal is the first one again."""
        self._refusals = 0

    async def close(self, grace: float | None = None) -> None:
        """Let a new token that is on its way be kept; for `grace` seconds at most."""
        if self.tokens is not None:
            await self.tokens.close(grace)

    async def closed(self) -> None:
        """Until the wait after a refused login is over, or somebody has granted a new permission."""
        left = self._until - self._clock.monotonic()
        if left <= 0:
            return
        if self.tokens is None:
            await asyncio.sleep(left)
            return
        changed = asyncio.create_task(self.tokens.changed())
        try:
            done, _ = await asyncio.wait({changed}, timeout=left)
            if done and changed.exception() is None:
                self._until = 0.0
            elif done:  # the file cannot be looked at: then only the time counts
                log.warning("%s: %s", self.settings.name, changed.exception())
                await asyncio.sleep(self._until - self._clock.monotonic())
        finally:
            changed.cancel()
            await asyncio.gather(changed, return_exceptions=True)
