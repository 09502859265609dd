# SPDX-License-Identifier: GPL-3.0-or-later
"""The leases of one of several bridges: asked for and renewed in one transaction, and the work that is done only
while they last. The rules are in `bouncestream/lease.py`.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from bouncestream.backoff import backoff
from bouncestream.errors import BridgeTaken, StoreError
from bouncestream.health import Health, Status
from bouncestream.lease import AGAIN, PATIENCE, RENEW, TTL, Bridge, Lease, Tenure, bridge_of, holder_of
from bouncestream.metrics import BRIDGES, LEASE_LEFT, LEASES_LOST, LEASES_TAKEN, Metrics
from bouncestream.outbox.db import Database
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.leasing import Ended, Work
from bouncestream.outbox.postgres import leases
from bouncestream.outbox.postgres.leases import TERM, Term
from bouncestream.ports import Clock

log = logging.getLogger("bouncestream.leases")

#: Work that has not ended so long after it was cut off is cut off once more: what it waited for may have come just
#: then, and `asyncio.wait_for` of Python 3.11 swallows the first time in that case; seconds, less than GUARD.
CUT_AGAIN = 2.0
#: So many parts of its health board a bridge tells the others.
TOLD = 100


@dataclass(eq=False)
class Leasing:
    """The leases of one run of a bridge. `begin`, then `run` beside the work; `end` once the work has ended."""

    db: Database
    clock: Clock
    name: str  #: of the bridge
    version: str
    health: Health
    metrics: Metrics
    bridges: list[Bridge] = field(default_factory=list, init=False)  #: as they were seen last, this one too
    standing: list[Lease] = field(default_factory=list, init=False)  #: all leases, as they were seen last
    _seen_at: float = field(default=float("-inf"), init=False)  #: when that was
    _tenures: dict[str, Tenure] = field(default_factory=dict, init=False)
    _news: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _asked: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _ended_in: dict[str, int] = field(default_factory=dict, init=False)  #: the epoch whose end was told last
    _met: bool = field(default=True, init=False)  #: no other run has this name, as far as is known
    _stopping: bool = field(default=False, init=False)
    _left: bool = field(default=False, init=False)
    several = True
    #: How much later than now a request of the former holder may have left; seconds. Its last claim was in the
    #: epoch before, but the clocks of two machines need not run alike, and a standby that was promoted may have
    #: known an earlier end of the lease. What it claimed is believed absent only a margin after this.
    late = TTL

    def __post_init__(self) -> None:
        self.run_mark = secrets.token_hex(4)
        self.holder = holder_of(self.name, self.run_mark)

    async def begin(self) -> None:
        """Meet the other bridges, before anything else is done. Raises BridgeTaken when another one has this name
        and goes on living: what a killed run left behind ends by itself within TTL."""
        end = self.clock.monotonic() + TTL + RENEW
        while not await self.db.write(
            partial(leases.meet, name=self.name, run=self.run_mark, version=self.version)
        ):
            if self.clock.monotonic() > end:
                raise BridgeTaken(self._taken)
            log.debug("a bridge of this name was seen a moment ago; waiting for its end")
            await asyncio.sleep(AGAIN)

    @property
    def _taken(self) -> str:
        next_step = "give each one a [bridge] name of its own"
        return f'Another bridge called "{self.name}" runs on this outbox. Next: {next_step}.'

    async def run(self) -> None:
        """Ask for what is wanted, and renew what is held, for ever."""
        while True:
            asked = await self._ask()
            self._board()
            self._asked.clear()
            wait = RENEW if asked else AGAIN
            try:
                await asyncio.wait_for(self._asked.wait(), wait)
            except TimeoutError:
                continue

    def tenure(self, name: str) -> Tenure:
        """The lease of that name, which this bridge wants from now on."""
        if name not in self._tenures:
            self._tenures[name] = Tenure(name)
            self._asked.set()
        return self._tenures[name]

    @contextmanager
    def term(self, name: str) -> Iterator[None]:
        """Within it, all that is written, also by tasks that are begun in it, proves the epoch that this bridge has
        of that lease now. A write raises LeaseLost when another bridge has it by then."""
        token = TERM.set(Term(name, self.holder, self.tenure(name).epoch))
        try:
            yield
        finally:
            TERM.reset(token)

    def safe(self, name: str) -> bool:
        """Whether something may begin now outside of the outbox under a lease."""
        return self.tenure(name).safe(self.clock.monotonic())

    def hold(self, name: str, work: Work, ended: Ended = lambda: None) -> Work:
        """The work, done only while this bridge has the lease `name`: begun when it has got it, cut off in time
        before it may have ended, and begun anew with the next one; what it writes proves its `term`. An outbox that
        could not be asked, or another bridge that has the lease by then, is no bug of the work, which is begun anew
        soon. `ended` is called each time it has ended: it takes off the health board what this bridge does not do
        any more."""
        tenure = self.tenure(name)

        async def held() -> object:
            failures = 0
            while True:
                if self._stopping or not tenure.safe(self.clock.monotonic()):
                    await self._next_news(None)
                    continue
                epoch = tenure.epoch
                with self.term(name):
                    task = asyncio.ensure_future(work())
                try:
                    await self._while_safe(tenure, task)
                finally:
                    while not task.done():
                        task.cancel()
                        await asyncio.wait([task], timeout=CUT_AGAIN)
                    ended()
                if not task.cancelled():
                    if not isinstance(error := task.exception(), StoreError):
                        return task.result()
                    failures = failures + 1 if tenure.epoch == epoch else 1
                    log.info("%s is started again in a few seconds: %s", name, error)
                    await asyncio.sleep(backoff(failures, base=AGAIN, cap=TTL, jitter=random.random()))  # noqa: S311
                    continue
                if self._ended_in.get(name) != epoch:
                    self._ended_in[name] = epoch
                    log.warning("this bridge has lost the lease of %s, and has stopped that work", name)

        return held

    async def end(self) -> None:
        """Let the other bridges go on at once: what was done under the leases has ended."""
        self.stop()
        self._left = True
        try:
            async with asyncio.timeout(PATIENCE):
                await self.db.write(self._leave)
        except (TimeoutError, StoreError) as error:
            log.debug("the leases end by themselves: %s", error)

    def stop(self) -> None:
        """Begin nothing more. What is held is renewed until `end`, as what was begun may take its time to end."""
        self._stopping = True
        self._tell()

    def _leave(self, conn: Conn) -> None:
        leases.give_up(conn, self.holder)
        leases.leave(conn, self.name, self.run_mark)

    async def _while_safe(self, tenure: Tenure, task: asyncio.Future[object]) -> None:
        """Until the task has ended, or must not go on."""
        epoch = tenure.epoch
        while tenure.epoch == epoch and (left := tenure.safe_for(self.clock.monotonic())) > 0:
            news = asyncio.ensure_future(self._next_news(left))
            both: list[asyncio.Future[Any]] = [task, news]
            try:
                await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            finally:
                news.cancel()
            if task.done():
                return

    async def _next_news(self, seconds: float | None) -> None:
        """Until something was heard of the leases, or so long."""
        try:
            await asyncio.wait_for(self._news.wait(), seconds)
        except TimeoutError:
            return

    def _tell(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def _ask(self) -> bool:
        """Ask for all leases at once; False when the database did not answer."""
        if self._left:
            return True
        asked_at = self.clock.monotonic()
        names = [name for name, one in self._tenures.items() if not self._stopping or one.held(asked_at)]
        try:
            async with asyncio.timeout(PATIENCE):
                self._met, found, self.standing, self.bridges = await self._answer(names)
        except (TimeoutError, StoreError) as error:
            log.debug("the leases were not renewed: %s", error or "the database did not answer")
            return False
        self._seen_at = asked_at
        for name in names:
            tenure = self._tenures[name]
            before = tenure.until > float("-inf")  # also when it was cut off meanwhile
            if name in found:
                if tenure.granted(found[name], asked_at):
                    self.metrics.add(LEASES_TAKEN, name)
                    log.info("this bridge does %s from now on (epoch %d)", name, tenure.epoch)
            else:
                tenure.refused()
                if before:
                    self.metrics.add(LEASES_LOST, name)
        self._tell()
        return True

    def _told(self) -> str:
        """The health board of this bridge, for the others. It is not sealed, and may quote a server: where there is
        a key, it has no words."""
        parts, hidden = list(self.health.parts.items())[:TOLD], self.db.key is not None
        why = f"its words are with the bridge {self.name}"
        told = {name: [part.state.value, (part.why and why) if hidden else part.why] for name, part in parts}
        return json.dumps(told)

    async def _answer(self, names: list[str]) -> tuple[bool, dict[str, int], list[Lease], list[Bridge]]:
        """What the database says. The one writer may wait for what a frozen bridge has locked: so that is looked
        for meanwhile, by the reader."""
        looking = asyncio.create_task(self._end_frozen())
        try:
            return await self.db.write(partial(self._job, names=names, board=self._told()))
        finally:
            looking.cancel()

    async def _end_frozen(self) -> None:
        """For ever."""
        while True:
            await asyncio.sleep(AGAIN)
            try:
                ended = await self.db.read(leases.end_frozen)
            except StoreError as error:
                log.debug("whether a bridge is frozen in a change is not known: %s", error)
                continue
            if ended:
                log.warning("a bridge was frozen or cut off in the middle of a change, which was undone")

    def _job(
        self, conn: Conn, names: list[str], board: str
    ) -> tuple[bool, dict[str, int], list[Lease], list[Bridge]]:
        met = leases.meet(conn, self.name, self.run_mark, self.version, board)
        found = dict(leases.take(conn, names, self.holder))
        return met, found, leases.leases(conn), leases.bridges(conn)

    def _board(self) -> None:
        """Write on the health board and into the metrics who does what."""
        now = self.clock.monotonic()
        unseen = now - self._seen_at
        self.metrics.set(BRIDGES, sum(bridge.seen + unseen < TTL for bridge in self.bridges))
        late = []
        for name, tenure in self._tenures.items():
            left = tenure.until - now
            self.metrics.set(LEASE_LEFT, max(0.0, left), name)
            if left <= 0 and not self.leader(name):
                late.append(name)
        if not self._met:
            self.health.set("leases", Status.RED, self._taken)
        elif late:
            why = f"no bridge does {', '.join(sorted(late))} just now"
            self.health.set("leases", Status.YELLOW, why)
        else:
            self.health.set("leases", Status.GREEN)

    def leader(self, name: str) -> str:
        """The bridge that has a lease, by what was seen last; empty: nobody."""
        unseen = self.clock.monotonic() - self._seen_at
        return next((bridge_of(one.holder) for one in self.standing if one.name == name and one.left > unseen), "")
