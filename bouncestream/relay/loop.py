# SPDX-License-Identifier: GPL-3.0-or-later
"""The relay's one loop: claim (committed before the first byte goes out) → post → read back → settle.

Everything that is learnt of the sink's troubles opens the breaker, so that no event is blamed for them. Rows
that were left claimed or posted by an earlier run may have counted: they are read back before any re-POST.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

from bouncestream.backoff import backoff
from bouncestream.errors import LeaseLost, SinkError, StoreError
from bouncestream.event import Kind
from bouncestream.health import Health, Status
from bouncestream.metrics import BRAKE_HELD, Metrics
from bouncestream.outbox import delivery, operator, reposts
from bouncestream.outbox.leasing import Store
from bouncestream.policy import Rules
from bouncestream.ports import Answer, Clock, Move, PostOutcome, Sink, State
from bouncestream.relay.board import write_board
from bouncestream.relay.braking import Braking
from bouncestream.relay.context import RelayContext, RelaySettings
from bouncestream.relay.doubts import in_doubt, read_later
from bouncestream.relay.journal import People, note_lists
from bouncestream.relay.ledger import Times
from bouncestream.relay.owners import deliver
from bouncestream.relay.posting import probe
from bouncestream.relay.readback import look, pulse, verify
from bouncestream.relay.restored import may_have_forgotten, reconcile
from bouncestream.relay.unsubscribe import DONE
from bouncestream.supervisor import Bugs, Supervisor

#: As many unsettled events are kept in memory; more wait in the outbox.
WAITING_LIMIT = 20_000
#: How often it is asked whether bounce processing is on again; seconds.
PROCESSING_EVERY = 5.0
#: How soon a change that another process made to the outbox is noticed; seconds.
WATCH_EVERY = 1.0
#: The longest sleep without anything to wait for, and between looks for what several bridges commit late; seconds.
LONGEST_WAIT = 10.0
#: How long a refused unsubscription waits for its permission before it is tried again, at first and at most.
PERMISSION_WAIT, PERMISSION_LIMIT, PERMISSION_AGAIN = 60.0, 600.0, 1.0
#: So many go ahead at once, so that one whose lists may never be managed does not block the others.
PERMISSION_TRIES = 5


class Relay:
    """Delivers the outbox. `run` until `stop`; what is in flight then is answered and written down first."""

    def __init__(
        self,
        db: Store,
        sink: Sink,
        clock: Clock,
        settings: RelaySettings,
        times: Times,
        health: Health,
        metrics: Metrics,
        chance: Callable[[], float] = random.random,
        *,
        allowed: Callable[[], Awaitable[bool]] | None = None,
        people: People | None = None,
        braking: Braking | None = None,
        may_send: Callable[[], bool] = lambda: True,
    ) -> None:
        self.context = RelayContext(db, sink, clock, settings, times, health, metrics, chance, may_send)
        self._wake = asyncio.Event()
        #: Rows that this run does not know may be claimed or posted: at the start, or after a `replay`.
        self._left_behind = True
        self._allowed = allowed  #: asked before anything is posted; may raise a SinkError
        self._people = people
        self.braking = braking or Braking()
        self._reconciled = False  #: whether it is known that this is no restored backup, or what it told since
        self._data_version: int | None = None
        self._permission_at: float | None = None  #: when a held unsubscription is tried again
        self._permission_wait = PERMISSION_WAIT
        self._bugs = Bugs("the relay", chance)
        self._stopped = asyncio.Event()
        self._woken = 0  #: so often
        #: What this turn has seen, where nothing was due: how often it had been woken by then, and when something
        #: will be due (None: nothing is pending).
        self._next: tuple[int, float | None] | None = None
        self._newest = 0  #: of the rows that a dry run found: they wait for the next live one
        #: Set while nothing is due and nothing waits for verification.
        self.idle = asyncio.Event()

    def wake(self) -> None:
        """Something was added to the outbox. While the breaker is open that is no reason to do anything."""
        self.idle.clear()
        self._woken += 1
        if self.context.clock.monotonic() >= self._quiet_until():
            self._wake.set()

    @property
    def paused(self) -> str:
        """Why delivery waits for a person, in words; empty: it does not."""
        return self.context.breaker.paused

    def _quiet_until(self) -> float:
        """Until when nothing is claimed."""
        return self.context.breaker.until

    def stop(self) -> None:
        """Post nothing more."""
        self.context.stopping = True
        self._stopped.set()
        self._wake.set()

    def set_policy(self, unsubscribe: str, rules: Rules) -> None:
        """Set the policy for what is claimed from now on; `unsubscribe`: a word of `[policy] unsubscribe`."""
        self.context.settings = replace(self.context.settings, unsubscribe=unsubscribe, rules=rules)

    async def run(self) -> None:
        """Run until `stop`. Troubles of the database and bugs of ours are waited out, and told on the health
        board."""
        try:
            await self._turns()
        finally:
            self.context.metrics.forget(BRAKE_HELD)  # of several bridges another counts from now on

    async def _turns(self) -> None:
        failures = 0
        self._read_back_all()
        async with Supervisor(self.context.health, self.context.chance) as side:
            side.keep("pulse", partial(pulse, self.context))
            side.keep("outbox changes", self._watch)
            while not self.context.stopping:
                try:
                    busy = await self._turn()
                    well = self._bugs.well(self.context.clock.monotonic())
                    self._write_board("" if well else self._paused())
                    await self.braking.board(self.context)
                    failures = 0
                    if not busy:
                        await self._wait()
                except StoreError as error:
                    failures += 1
                    if isinstance(error, LeaseLost):
                        self.context.doubtful = in_doubt(self.context)
                    self._reconciled &= not may_have_forgotten(self.context, error)
                    self.context.health.set("relay", Status.RED, str(error))
                    self._read_back_all()
                    await self._sleep(backoff(failures, base=0.5, cap=60, jitter=self.context.chance()))
                except Exception as error:
                    # A bug of ours. What comes in is stored all the same, so that the process must not end.
                    rest = self._bugs.note(error, self.context.clock.monotonic())
                    self.context.health.set("relay", Status.RED, self._paused())
                    self._read_back_all()
                    await self._rest(rest)

    def _read_back_all(self) -> None:
        """At the start, and when what was answered could not be written down: as after a crash."""
        self._left_behind = self.context.reposts = True
        self.context.ledger.entries.clear()
        self.context.ledger.read_failed(self.context.clock.monotonic())

    def _paused(self) -> str:
        return (
            f"delivery is paused and will be retried: {self._bugs.why}. Nothing is lost. Next: report it, with the "
            "log"
        )

    def _write_board(self, paused: str) -> None:
        write_board(self.context, paused, self._permission_at is not None)

    async def prepare(self) -> None:
        """Await this before anything comes in and before `run`. Nothing of an earlier run counts; a permission may
        have been granted meanwhile; and a dry run leaves alone what was there before it."""
        context = self.context
        self._data_version = await context.db.data_version()
        await context.db.write(delivery.reset_absences)
        await read_later(self.context)
        if self.context.settings.dry_run:
            self._newest = await self.context.db.read(delivery.newest_row)
        else:
            await self._try_permission()

    async def _turn(self) -> bool:
        """Take one turn of the loop; False when there was nothing to do."""
        context = self.context
        self._next = None
        now = context.clock.monotonic()
        if context.settings.dry_run:
            why = "dry run: not sent to Listmonk"
            drop = partial(
                operator.drop_due,
                now=context.clock.now(),
                limit=context.settings.batch_size,
                why=why,
                after_row=self._newest,
            )
            return bool(await context.db.write(drop, rows=context.settings.batch_size))
        if now >= context.capabilities_due and not await self._ask_capabilities(now):
            return False
        try:
            if not await self._may_begin():
                return False
        except SinkError as error:
            context.trouble(str(error))
            return False
        if self._left_behind:
            await self._absorb()
        if context.capabilities is not None and not context.capabilities.processing:
            return await verify(context)
        if context.breaker.wants_probe(now) and not await probe(context):
            return False
        if self._permission_at is not None and now >= self._permission_at:
            await self._try_permission()
        posted = await self._deliver(now)
        return await verify(context) or posted

    async def _may_begin(self) -> bool:
        """Whether this outbox may be used. Raises SinkError while that is not known."""
        if self._reconciled:
            return True
        if self._allowed is not None and not await self._allowed():
            await self._sleep(LONGEST_WAIT)
            return False
        await self._reconcile()
        self._reconciled = True
        return True

    async def _reconcile(self) -> None:
        """Find out what a restored backup has forgotten. Raises SinkError."""
        await reconcile(self.context)

    async def _deliver(self, now: float) -> bool:
        """Claim and post one batch; False when none was due or allowed."""
        context = self.context
        if context.stopping or now < context.breaker.until or len(context.ledger.entries) >= WAITING_LIMIT:
            return False
        size, woken = context.settings.batch_size, self._woken
        due = await context.db.read(partial(reposts.due, now=context.clock.now(), limit=size))
        context.reposts = due.again
        if due.wait != 0:
            self._next = woken, self._at(due.wait)
            return False
        asked = context.clock.monotonic()
        try:
            context.boot_read(await context.sink.boot_id(), asked)
        except SinkError as error:
            context.ledger.read_failed(context.clock.monotonic())
            context.trouble(str(error))
            return False
        looked = None
        if context.capabilities is not None and context.capabilities.read:
            if not await look(context, due.labels):
                return False
            looked = context.looked
        batch = await self.braking.claim(context, size, looked)
        await note_lists(context, batch, self._people)
        moves = await deliver(context, batch)
        await context.settle(moves)
        wishes = {claimed.row for claimed in batch if claimed.event.kind is Kind.UNSUBSCRIBE}
        await self._note_permission([move for move in moves if move.row in wishes])
        return bool(batch)

    async def _note_permission(self, moves: Sequence[Move]) -> None:
        """Held unsubscriptions go ahead a few at a time until one is carried out; then all of them go on."""
        now = self.context.clock.monotonic()
        if any(move.to is State.HELD for move in moves):
            self._permission_at = now + self._permission_wait
            self._permission_wait = min(self._permission_wait * 2, PERMISSION_LIMIT)
        elif self._permission_at is not None and any(move.why.startswith(DONE) for move in moves):
            self._permission_at, self._permission_wait = None, PERMISSION_WAIT
            await self.context.db.write(partial(operator.release_permission, now=self.context.clock.now()))
        elif self._permission_at == float("inf") and moves:
            self._permission_at = now + PERMISSION_AGAIN  # those that went ahead proved nothing

    async def _try_permission(self) -> None:
        """A few held unsubscriptions go ahead, to see whether the permission was granted meanwhile."""
        self.context.capabilities_due = float("-inf")
        release = partial(operator.release_permission, now=self.context.clock.now(), limit=PERMISSION_TRIES)
        # None left: an operator has dropped or released them.
        self._permission_at = float("inf") if await self.context.db.write(release) else None

    # -- what an earlier run or another process left ---------------------------------------------------------

    async def _absorb(self) -> None:
        """Take rows into the ledger that are claimed or posted, but not by this run."""
        context = self.context
        after = 0
        while len(context.ledger.entries) < WAITING_LIMIT:
            found = await context.db.read(partial(delivery.unsettled, after_row=after))
            if not found:
                self._left_behind = False
                return
            after = found[-1].row
            now = context.clock.monotonic()
            again = []
            for claimed in found:
                if claimed.event.kind is Kind.UNSUBSCRIBE:
                    again.append(Move(claimed.row, State.PENDING, "interrupted; repeating it is harmless"))
                elif claimed.event_id not in context.ledger.entries:
                    context.ledger.recovered(claimed, now + context.settings.late)
            await context.settle(again)

    async def _watch(self) -> None:
        """Watch the outbox, for ever: notices what `outbox replay|drop|release` wrote beside us."""
        looked = self.context.clock.monotonic()
        while True:
            await asyncio.sleep(WATCH_EVERY)
            try:
                version = await self.context.db.data_version()
            except StoreError as error:
                self._reconciled &= not may_have_forgotten(self.context, error)  # the loop may meet it too
                continue
            now = self.context.clock.monotonic()
            late = self.context.settings.late and now >= looked + LONGEST_WAIT
            if late or self._data_version not in (None, version):
                looked = now
                if self.context.settings.late:  # a bridge that was relieved may have asked for more (`doubts`)
                    with suppress(StoreError):
                        await read_later(self.context)
                self._left_behind = self.context.reposts = self.braking.changed = True
                self.wake()
            self._data_version = version

    # -- what the sink allows --------------------------------------------------------------------------------

    async def _ask_capabilities(self, now: float) -> bool:
        """Ask what the token may do; nothing is posted before that is known. False: it cannot be asked now."""
        context = self.context
        if now < context.breaker.until:
            return context.capabilities is not None
        if (capabilities := await context.learn(now)) is None:
            return False
        if not capabilities.processing:
            # Listmonk before 6.2 breaks the connection of every bounce then, and takes the probe all the same.
            context.breaker.pause(now, Answer(PostOutcome.DENIED, 503))
            context.capabilities_due = max(context.breaker.until, now + PROCESSING_EVERY)
            return False
        return await probe(context) if not capabilities.post or context.breaker.paused else True

    # -- waiting ---------------------------------------------------------------------------------------------

    async def _wait(self) -> None:
        """Wait until something may be due."""
        context = self.context
        self._wake.clear()
        if context.stopping:
            return
        if context.settings.dry_run:
            self.idle.set()
            await self._sleep(LONGEST_WAIT)
            self.idle.clear()
            return
        if self._next is not None and self._next[0] == self._woken:
            due_at = self._next[1]
        else:
            due_at = self._at(await context.db.read(partial(delivery.due_in, now=context.clock.now())))
        await self._sleep(max(0.005, min(self._waits(due_at, context.clock.monotonic()))))
        self.idle.clear()

    def _waits(self, due_at: float | None, now: float) -> list[float]:
        """Seconds until each thing that is to be done next. `due_at`: when an event is due, if one waits."""
        context = self.context
        quiet, away = (max(0.0, until - now) for until in (self._quiet_until(), context.breaker.until))
        if not self._reconciled:
            return [quiet]
        waits = [LONGEST_WAIT, max(context.capabilities_due - now, away)]
        if due_at is not None:
            waits.append(max(due_at - now, quiet))
        elif not context.ledger.entries:
            self.idle.set()
        if (known := context.capabilities) is not None:
            if (at := context.ledger.next_read()) is not None:
                waits.append(max(at, context.read_due) - now)
            if known.read and (at := context.later.next_at()) is not None:
                waits.append(max(at - now, context.read_due - now, away))
        if self._permission_at is not None:
            waits.append(max(self._permission_at - now, quiet))
        return waits

    def _at(self, wait: float | None) -> float | None:
        return None if wait is None else self.context.clock.monotonic() + wait

    async def _rest(self, seconds: float) -> None:
        """Rest that long, whatever comes in meanwhile, or until `stop`."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopped.wait(), seconds)

    async def _sleep(self, seconds: float) -> None:
        """Sleep that long, or until woken; then a moment more, for what arrives together to go out together."""
        try:
            await asyncio.wait_for(self._wake.wait(), seconds)
        except TimeoutError:
            return
        if not self.context.stopping:
            await asyncio.sleep(self.context.settings.linger)
