# SPDX-License-Identifier: GPL-3.0-or-later
"""The brake at work: it is asked before each claim, told how much campaigns have sent and how many readers a domain
has, and says what it holds.

A campaign that runs is paused, where that is wished, once for each time the brake begins; it is never resumed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Container, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TypeVar

from bouncestream.brake import Brake, Braked, Decision, Hard, Threshold, Usual, phrase
from bouncestream.errors import SinkError, SinkRefused, StoreError
from bouncestream.health import Status
from bouncestream.metrics import BRAKE_HELD, BRAKED_TOTAL
from bouncestream.outbox import braking, delivery
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.leasing import Store
from bouncestream.ports import Campaign, Claimed
from bouncestream.printable import printable
from bouncestream.relay.context import RelayContext

log = logging.getLogger("bouncestream.relay")

T = TypeVar("T")
#: What is done with a batch in the transaction that claims it.
Then = Callable[[Conn, Sequence[Claimed]], T]

#: How old what is known of campaigns may be; seconds.
FRESH = 60.0
#: And before the brake begins: a campaign sends thousands in a minute.
SURE = 3.0
#: How many readers a domain has is asked again after so long, sooner where it was not to be had; until there is an
#: answer the old number stands, and it is forgotten where that did not matter for so long; seconds.
READERS_FRESH, READERS_AGAIN, READERS_FORGOTTEN = 3600.0, 600.0, 86_400.0
#: So many domains are asked for before a claim, and for so long together, as for campaigns; seconds. Listmonk looks
#: at each person for it: 0.2 s where it has 300,000, and 0.8 s where all are at the domain (6.2.0, November 2026).
ASKED, ASKING = 5, 10.0
#: What is held is counted on the health board so often: each change there is a line of the log.
SHOWN = 3.0


@dataclass(slots=True)
class Braking:
    """What the relay needs for the brake; without a threshold there is none."""

    threshold: Threshold | None = None
    campaigns: Callable[[], Awaitable[Mapping[str, Campaign]]] | None = None  #: by UUID
    peak: Callable[[str], int | None] = lambda source: None  #: events in the busiest usual hour of a source
    readers: Callable[[str, str], Awaitable[int]] | None = None  #: at a domain, of the lists of a campaign by UUID
    pause: Callable[[Campaign], Awaitable[str]] | None = None  #: None: campaigns are not paused
    shown: float = SHOWN  #: seconds between two counts on the health board
    changed: bool = True  #: somebody else may have released or dropped what is held
    _brake: Brake | None = None  # read from the outbox where there is none
    _untold: Mapping[str, Braked] | None = None  # where the brake was on, before it was forgotten
    _known: Mapping[str, Campaign] = field(default_factory=dict)
    _asked_at: float = float("-inf")
    #: scope, domain → until when it is fresh, how many, as `Usual.readers` has it
    _readers: dict[tuple[str, str], tuple[float, int | None]] = field(default_factory=dict)
    _shown_at: float = float("-inf")
    _said: dict[str, str] = field(default_factory=dict)  # scope → what was said of its campaign

    async def claim(self, context: RelayContext, limit: int, looked: Container[str] | None) -> list[Claimed]:
        """The next batch, without what the brake holds."""
        batch, _ = await self.claim_and(context, context.db, limit, looked, _no_more)
        return batch

    async def claim_and(
        self, context: RelayContext, store: Store, limit: int, looked: Container[str] | None, then: Then[T]
    ) -> tuple[list[Claimed], T]:
        """The next batch, without what the brake holds, and what `then` returned, in one transaction of `store`.
        What it raises undoes all of it."""
        now = context.clock.now()
        if self.threshold is None:

            def job(conn: Conn) -> tuple[list[Claimed], T]:
                batch = delivery.claim(conn, now=now, limit=limit, looked=looked)
                return batch, then(conn, batch)

            return await store.write(job, rows=limit)
        if self._brake is None:
            since = now - self.threshold.window
            window = await context.db.read(partial(braking.window, since=since, now=now))
            self._brake = Brake(self.threshold, window, await context.db.read(braking.braked))
        brake = self._brake
        if self._stale(context, FRESH) and await context.db.read(
            partial(braking.campaigns_due, now=now, limit=limit)
        ):
            await self._ask(context)
        stale = self._stale(context, SURE)
        before = brake.braked if self._untold is None else self._untold
        try:
            claim = partial(self._claim, context, store, brake, now, limit, looked, then)
            decision, done = await claim(ask_sent=stale, ask_readers=True)
            if done is None:
                if stale:
                    await self._ask(context)
                await self._ask_readers(context, decision.unknown)
                decision, done = await claim()
        except StoreError:  # a server may have committed it all the same
            self._untold, self._brake = before, None
            raise
        assert done is not None, "it did not ask to ask"
        self._untold = None
        brake.apply(decision)
        await self._told(context, decision, before)
        return done

    async def _claim(
        self,
        context: RelayContext,
        store: Store,
        brake: Brake,
        now: datetime,
        limit: int,
        looked: Container[str] | None,
        then: Then[T],
        *,
        ask_sent: bool = False,
        ask_readers: bool = False,
    ) -> tuple[Decision, tuple[list[Claimed], T] | None]:
        peak = {source: busiest for source in brake.sources if (busiest := self.peak(source)) is not None}
        usual = Usual({mark: one.sent for mark, one in self._known.items()}, peak, *self._known_readers(context))
        claim = partial(
            braking.claim,
            brake=brake,
            usual=usual,
            now=now,
            limit=limit,
            looked=looked,
            ask_sent=ask_sent,
            ask_readers=ask_readers and self.readers is not None,
        )

        def job(conn: Conn) -> tuple[Decision, tuple[list[Claimed], T] | None]:
            decision, batch = claim(conn)
            return decision, None if batch is None else (batch, then(conn, batch))

        return await store.write(job, rows=limit)

    def _stale(self, context: RelayContext, seconds: float) -> bool:
        """Whether what is known of campaigns is so old."""
        return self.campaigns is not None and context.clock.monotonic() >= self._asked_at + seconds

    async def _ask(self, context: RelayContext) -> None:
        """How much campaigns have sent. What cannot be asked is as it was."""
        if self.campaigns is None:
            return
        self._asked_at = context.clock.monotonic()
        try:
            async with asyncio.timeout(ASKING):
                self._known = await self.campaigns()
        except (SinkError, TimeoutError) as error:
            log.debug("how much campaigns have sent is not known: %s", error)

    def _known_readers(
        self, context: RelayContext
    ) -> tuple[Mapping[str, Mapping[str, int | None]], Set[tuple[str, str]]]:
        """`readers` and `old` of `Usual`."""
        now = context.clock.monotonic()
        self._readers = {key: told for key, told in self._readers.items() if told[0] > now - READERS_FORGOTTEN}
        found: dict[str, dict[str, int | None]] = {}
        for (scope, domain), (_, number) in self._readers.items():
            found.setdefault(scope, {})[domain] = number
        return found, {key for key, (until, _) in self._readers.items() if until <= now}

    async def _ask_readers(self, context: RelayContext, domains: Sequence[Hard]) -> None:
        """How many readers these domains have. What cannot be had is as it was, and left out for a while; all that
        are left are, where Listmonk is slow."""
        if self.readers is None:
            return
        until = asyncio.get_running_loop().time() + ASKING
        for place, one in enumerate(domains[:ASKED]):
            try:
                async with asyncio.timeout_at(until):
                    number = await self.readers(one.domain, one.campaign)
                self._readers[one.scope, one.domain] = (context.clock.monotonic() + READERS_FRESH, number)
            except SinkError as error:
                log.debug("how many readers a domain has is not known: %s", error)
                self._without(context, [one], 0 if isinstance(error, SinkRefused) else None)
            except TimeoutError:
                log.debug("how many readers a domain has is not known: Listmonk took longer than %g s", ASKING)
                self._without(context, domains[place:], None)
                break

    def _without(self, context: RelayContext, domains: Sequence[Hard], number: int | None) -> None:
        """There is no answer for these: where there never was one, `number` stands for it."""
        again = context.clock.monotonic() + READERS_AGAIN
        for one in domains:
            _, before = self._readers.get((one.scope, one.domain), (again, None))
            self._readers[one.scope, one.domain] = (again, number if before is None else before)

    async def _told(self, context: RelayContext, decision: Decision, before: Mapping[str, Braked]) -> None:
        if decision.held:
            self.changed = True
            context.metrics.add(BRAKED_TOTAL, by=len(decision.held))
        for scope, on in decision.braked.items():
            if scope not in before:
                self._shown_at = float("-inf")
                log.warning("the brake is on for %s: %s", self._name(scope), _list(on))
                self.changed = True
                await self._pause(context, scope)
        for scope in before.keys() - decision.braked.keys():
            log.info("the brake is off for %s; what it holds waits for a person", self._name(scope))
            self._said.pop(scope, None)
            self.changed = True

    async def _pause(self, context: RelayContext, scope: str) -> None:
        """Pause the campaign of a scope, if there is one that runs."""
        if self.pause is None:
            return
        await self._ask(context)
        campaign = self._known.get(scope)
        if campaign is None:
            return
        name = printable(campaign.name, 60)
        if not campaign.running:
            self._said[scope] = f"campaign {name} is not paused, as it does not run (it is {campaign.status})"
            return
        try:
            why = await self.pause(campaign)
        except SinkRefused as refused:
            said = (
                f"campaign {name} could not be paused: {refused.why}. Next: see [brake] token, or pause it yourself"
            )
        except SinkError as error:
            said = f"campaign {name} could not be paused: {error}. Next: pause it in Listmonk"
        else:
            said = f"campaign {name} is paused; to go on with it, start it in Listmonk (Campaigns)"
            if why:
                said = f"campaign {name} was not paused, as it has ended: {why}"
        log.warning("%s", said)
        self._said[scope] = said

    async def board(self, context: RelayContext) -> None:
        """Write on the health board what is held, and what it has in common."""
        now = context.clock.monotonic()
        if self.threshold is None or not self.changed or now < self._shown_at + self.shown:
            return
        self.changed, self._shown_at = False, now
        held = await context.db.read(braking.held)
        context.metrics.set(BRAKE_HELD, held)
        on = self._brake.braked if self._brake is not None else {}
        if not held and not on:
            context.health.forget("brake")
            return
        words = phrase(await context.db.read(braking.diagnostics))
        parts = [f"{held} hard bounces are held, and not told to Listmonk"]
        parts += [f"{self._name(scope)}: alike are {_list(one)}" for scope, one in on.items()]
        parts += [f"the servers say: {words}"] if words else []
        parts += list(self._said.values())
        context.health.set("brake", Status.YELLOW, "; ".join(parts))

    def _name(self, scope: str) -> str:
        campaign = self._known.get(scope)
        return f"campaign {printable(campaign.name, 60)}" if campaign else scope


def _no_more(conn: Conn, batch: Sequence[Claimed]) -> None:
    """Nothing but the claim."""


def _list(on: Braked) -> str:
    shown = [str(mark) for mark in on.marks[:5]]
    return ", ".join(shown) + (f" and {len(on.marks) - 5} more" if len(on.marks) > 5 else "")
