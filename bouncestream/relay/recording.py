# SPDX-License-Identifier: GPL-3.0-or-later
"""Delivery into Listmonk's own tables (`[listmonk_db]`): a batch is claimed, recorded and settled in one
transaction, so that there is nothing to read back, and no Listmonk that has to run.

Listmonk's API is left for what its tables do not do: unsubscriptions, and events that it was told before the tables
were used. These are read back by the rules, and recorded here where their rows are lost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from bouncestream.backoff import backoff
from bouncestream.errors import SinkError, StoreBusy, StoreError, StoreRefused, StoreSlow, StoreUnavailable
from bouncestream.event import Kind
from bouncestream.health import Status
from bouncestream.outbox import caused, delivery, reposts
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.leasing import Store
from bouncestream.ports import Claimed, ListedRow, Move, State
from bouncestream.record import record
from bouncestream.relay.breaker import Breaker
from bouncestream.relay.ledger import LIMIT
from bouncestream.relay.loop import Relay
from bouncestream.relay.owners import UNKNOWN, by_mail, unstorable
from bouncestream.relay.posting import post_batch
from bouncestream.relay.readback import verify
from bouncestream.relay.unsubscribe import PERMISSION
from bouncestream.sinks.listmonk_db.deciding import UNSUBSCRIBE
from bouncestream.sinks.listmonk_db.known import Settings, dotted
from bouncestream.sinks.listmonk_db.recording import Recorded, tell
from bouncestream.sinks.listmonk_db.tables import Tables

#: Seconds for all calls that ask what the API allows: bounces do not wait longer for a Listmonk that hangs.
PATIENCE = 5.0
#: An event whose row cannot be written waits so long, and longer each time that the row is refused; seconds.
PUT_OFF = 30.0
#: Subscribers should not be locked for longer by a batch: it gets smaller where it takes that long; seconds.
HELD = 0.25
OFF = (
    "bounce processing is off in Listmonk, so nothing is recorded. Next: enable it (Settings, Bounces, Enable "
    "bounce processing)"
)


@record(frozen=True, slots=True)
class Done:
    """What one transaction has done."""

    moves: list[Move]
    wishes: list[Claimed]  #: unsubscriptions, which are claimed and no more
    settings: Settings | None  #: of Listmonk; None: no bounce was in the batch


class RecordingRelay(Relay):
    """The relay that records bounces in Listmonk's tables. `store`: the outbox, over a session of its own."""

    def __init__(self, *args: Any, store: Store, tables: Tables, instance: str, **more: Any) -> None:
        super().__init__(*args, **more)
        self._store, self._tables, self._instance = store, tables, instance
        self._fit: Settings | None = None  # the settings with which the tables were looked at, and found to do
        self._restored = False  # as far as is known, this outbox is a restored backup
        self._size = self.context.settings.batch_size  # smaller while a row cannot be written, or all is slow
        self._hand = 0  # so many events are in the transaction
        self._since = 0.0  # when these were in its hand
        self._trouble = Breaker(self.context.chance)  # of the tables; the other breaker is the API's

    @property
    def paused(self) -> str:
        return self._trouble.why or super().paused

    def _quiet_until(self) -> float:
        return self._trouble.until

    # -- one turn ---------------------------------------------------------------------------------------------

    async def _turn(self) -> bool:
        context = self.context
        if context.settings.dry_run:
            return await super()._turn()
        self._next, recorded = None, False
        if (now := context.clock.monotonic()) >= self._trouble.until:
            try:
                recorded = await self._may_begin() and await self._record()
                if self._fit is not None:
                    self._trouble.fine()
            except SinkError as error:
                self._fit = None  # looked at again, also where nothing is due any more: else it is told for ever
                self._trouble.trouble(context.clock.monotonic(), str(error))
        if not self._reconciled:
            return False
        if self._left_behind:
            await self._absorb()
        await self._ask_api(now)
        return await verify(context) or recorded

    async def _may_begin(self) -> bool:
        """The same, and Listmonk's tables do. Raises SinkError also where they do not."""
        if not await super()._may_begin():
            return False
        if self._fit is None:
            self._fit = await self._store.write(self._look)
        return True

    async def _reconcile(self) -> None:
        """What a restored backup may have forgotten is looked for in the tables, event by event; and what a standby
        lacks they lack as well."""
        self._restored = await self.context.db.read(delivery.take_restored) is not None

    async def _record(self) -> bool:
        """Claim, record and settle one batch; False when none was due."""
        context = self.context
        size, woken, now = self._size, self._woken, context.clock.monotonic()
        if context.stopping:
            return False
        if self._permission_at is not None and now >= self._permission_at:
            await self._try_permission()
        due = await context.db.read(partial(reposts.due, now=context.clock.now(), limit=size))
        context.reposts = due.again
        if due.wait != 0:
            self._next = woken, self._at(due.wait)
            if self._restored and due.wait is None:  # all that it had was looked for
                await context.db.write(delivery.clear_restored)
                self._restored = False
            return False
        self._hand = 0
        try:
            batch, done = await self.braking.claim_and(context, self._store, size, None, self._within)
        except (StoreBusy, StoreRefused, StoreSlow) as error:
            if self._hand > 1:  # fewer at once, until the one is alone that holds up the others
                self._size = self._hand // 2
                return True
            if self._hand:
                await self._put_off(error)
            raise
        except StoreUnavailable:
            self._left_behind, self._fit = True, None
            await self._store.write(self._look)  # which has better words for a right that was taken away
            raise
        held = context.clock.monotonic() - self._since
        if held > HELD:
            self._size = max(1, size // 2)
        elif held < HELD / 2:
            self._size = min(context.settings.batch_size, size * 2)
        self._fit = done.settings or self._fit
        context.moved(done.moves)
        if done.wishes:
            moves = await post_batch(context, done.wishes)
            await context.settle(moves)
            await self._note_permission(moves)
        return bool(batch)

    async def _put_off(self, error: StoreError) -> None:
        """The event that is next waits; where its row is refused, longer each time, and at last it is dead."""
        context, why = self.context, str(error)
        now, jitter = context.clock.now(), context.chance()

        def locked(conn: Conn) -> list[Move]:
            for one in delivery.due(conn, now, 1):
                delivery.put_off(conn, one.id, now + timedelta(seconds=PUT_OFF), why, now)
            return []

        def refused(conn: Conn) -> list[Move]:
            moves = []
            for one in delivery.claim(conn, now=now, limit=1):
                to = State.DEAD if one.failures + 1 >= LIMIT else State.PENDING
                delay = backoff(one.failures + 1, base=PUT_OFF, jitter=jitter)
                moves.append(Move(one.row, to, why, delay=delay, failed=True, unsent=True))
            delivery.settle(conn, moves, now)
            return moves

        context.moved(await context.db.write(refused if isinstance(error, StoreRefused) else locked))

    def _within(self, conn: Conn, batch: Sequence[Claimed]) -> Done:
        """Record what was just claimed, and settle it. Raises SinkError: then nothing of it was."""
        context, now = self.context, self.context.clock.now()
        self._hand, self._since = len(batch), context.clock.monotonic()
        wishes = [one for one in batch if one.event.kind is Kind.UNSUBSCRIBE]
        moves, told = [], []
        for one in batch:
            if one.event.kind is Kind.UNSUBSCRIBE:
                continue
            if why := context.settings.rules.ignores(one.event):
                moves.append(Move(one.row, State.DROPPED, why))
            else:
                told.append(one)
        settings = None
        if told:
            settings = self._settings(conn)
            recorded = tell(conn, self._tables, settings, told, self._instance, _refuses)
            moves += [_move(one) for one in recorded]
            self._note(conn, recorded, told, settings)
        delivery.settle(conn, moves, now)
        return Done(moves, wishes, settings)

    def _settings(self, conn: Conn) -> Settings:
        """Listmonk's settings. Raises SinkError where they, or the tables, do not allow it to record."""
        settings = self._tables.settings(conn)
        return settings if settings == self._fit else self._look(conn)

    def _look(self, conn: Conn) -> Settings:
        """Look at the tables, the rights on them, and the settings. Raises SinkError where they do not do."""
        if fault := self._tables.fault(conn):
            raise SinkError(fault)
        settings = self._tables.settings(conn)
        if not settings.processing:
            raise SinkError(OFF)
        return settings

    def _note(self, conn: Conn, recorded: Sequence[Recorded], told: Sequence[Claimed], settings: Settings) -> None:
        """Note what the rows cause, for an undo; and how many UUIDs nobody has."""
        now = self.context.clock.now()
        known = {one.event_id: (one.row, one.event.kind.value) for one in told}
        rows = [(one, one.person) for one in recorded if one.person is not None]
        leaving = {one.row: who for one, who in rows if settings.actions[known[one.event_id][1]] == UNSUBSCRIBE}
        caused.note_lists(conn, leaving, now)
        seen = [
            ListedRow(
                one.event_id,
                one.attempt,
                number=one.bounce,
                subscriber_id=who.id,
                subscriber_uuid=who.uuid,
                status=who.status,
            )
            for one, who in rows
        ]
        caused.note(conn, seen, settings.actions, now, known=known)  # subscribers are locked: nothing is looked up
        if unknown := sum(one.why == UNKNOWN for one in recorded):
            delivery.add_meta(conn, delivery.UNKNOWN_UUIDS, unknown)

    # -- Listmonk's API, and the board ------------------------------------------------------------------------

    async def _ask_api(self, now: float) -> None:
        """What the API allows, as far as it answers: bounces do not need it."""
        context = self.context
        if now >= max(context.capabilities_due, context.breaker.until) and await context.learn(now, PATIENCE):
            context.breaker.fine()

    def _write_board(self, paused: str) -> None:
        context, health = self.context, self.context.health
        if context.settings.dry_run:
            super()._write_board(paused)
            return
        away = context.breaker.why or (context.read_trouble if context.ledger.entries else "")
        version = f"Listmonk {dotted(self._fit.version)}, by its tables" if self._fit else "by its tables"
        if self._trouble.why:
            health.set("listmonk", Status.RED, self._trouble.why)
        elif away:
            why = "bounces are recorded in its tables all the same; unsubscriptions wait"
            health.set("listmonk", Status.YELLOW, f"{away}; {why}")
        else:
            health.set("listmonk", Status.GREEN, version)
        if paused:
            health.set("relay", Status.RED, paused)
        elif self._permission_at is not None:
            health.set("relay", Status.RED, f"unsubscriptions are waiting: grant the token {PERMISSION}")
        else:
            health.set("relay", Status.GREEN)


def _refuses(claimed: Claimed, owners: Mapping[str, str]) -> str:
    return unstorable(claimed, owners) if by_mail(claimed) else ""


def _move(one: Recorded) -> Move:
    why = f"attempt {one.attempt}: {one.why}" if one.bounce else one.why
    return Move(one.row, one.state, why, failed=one.state is State.DEAD)
