# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays one schedule: the real relay, the real ledger and the real SQL against a Listmonk in virtual time.

Only the sink, the clock and the threads of the database are stand-ins. What is checked afterwards, per event:
doubled (two rows), lost (no row although Listmonk never refused it), mislabelled (called unstored, but its row
is there), stuck (not final hours after the faults stopped), posted beside its row (again, although a look would
have shown the row). A double that no read has shown is hidden.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from bouncestream.crypto.secret import Secret
from bouncestream.event import BounceEvent, Kind, Proof
from bouncestream.health import Health
from bouncestream.metrics import Metrics
from bouncestream.outbox import delivery, migrate
from bouncestream.outbox.arrivals import take
from bouncestream.outbox.connection import Connection, begin
from bouncestream.outbox.sealing import switch
from bouncestream.outbox.sealing.unlock import unlock
from bouncestream.ports import Submission
from bouncestream.relay.context import RelaySettings
from bouncestream.relay.ledger import Ledger, Times
from bouncestream.relay.loop import Relay
from tests.simulation.virtual import VirtualLoop
from tests.simulation.world import Person, VirtualListmonk, VirtualSink, Weather, uuid_of

T = TypeVar("T")
HOUR = 3600.0
COMMIT = 0.003
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
FINAL = ("verified", "unstored")
#: Of eight schedules this one is played on a sealed outbox, which has this key.
SEALED = 3
KEY = Secret("5d1c7fb2a94e60837e1b5cf3d2a8964071e3f5ad8c9b2640f7d1e8a35c6b9042")


@dataclass(frozen=True)
class Sabotage:
    """Rules taken away, to see that the simulation notices."""

    claim_not_committed: bool = False
    grace: float = 600.0
    margin: float = 60.0
    constant_boot: bool = False
    unsafe_refusal: bool = False
    same_round_mark: bool = False


@dataclass
class Result:
    wrong: Counter[str] = field(default_factory=Counter)
    events: int = 0
    posts: int = 0
    reads: int = 0
    settled_after: float = 0.0
    states: Counter[str] = field(default_factory=Counter)


class VirtualDatabase:
    """The real SQL on a connection in memory. A killed run gets no further answer; a commit is all or nothing."""

    def __init__(self, conn: sqlite3.Connection, rng: random.Random) -> None:
        self.conn, self.rng, self.alive = conn, rng, True

    async def write(self, fn: Callable[[sqlite3.Connection], T], *, rows: int = 1, size: int = 0) -> T:
        await self._or_never()
        early = self.rng.random() < 0.5  # a kill may come before or after the commit is on disk
        result = self._commit(fn) if early else None
        await asyncio.sleep(COMMIT)
        await self._or_never()
        return result if early else self._commit(fn)  # type: ignore[return-value]

    def _commit(self, fn: Callable[[sqlite3.Connection], T]) -> T:
        begin(self.conn)
        result = fn(self.conn)
        self.conn.execute("COMMIT")
        return result

    async def read(self, fn: Callable[[sqlite3.Connection], T]) -> T:
        await self._or_never()
        return fn(self.conn)

    async def data_version(self) -> int:
        await self._or_never()
        return 1

    async def _or_never(self) -> None:
        if not self.alive:
            await asyncio.get_running_loop().create_future()


class VirtualClock:
    """Each run has its own monotonic zero, and perhaps a wall clock that was set in between."""

    def __init__(self, loop: asyncio.AbstractEventLoop, zero: float, step: float) -> None:
        self.loop, self.zero, self.step = loop, zero, step

    def now(self) -> datetime:
        return EPOCH + timedelta(seconds=self.loop.time() + self.step)

    def monotonic(self) -> float:
        return self.loop.time() + self.zero


class SameRoundMark(Ledger):
    """Sabotage: a mark is used in the round that found it, although that round is several snapshots."""

    def round(self, began: float, rows: Any) -> Any:
        for seen_rows in rows.values():
            for seen in seen_rows:
                entry = self.entries.get(seen.event_id)
                if entry and entry.sent is not None and seen.attempt == entry.claimed.attempt:
                    self.mark = max(self.mark, entry.sent)
        return super().round(began, rows)


class Run:
    """One life of the relay, until it is killed."""

    def __init__(self, game: Game) -> None:
        rng = game.rng
        self.db = VirtualDatabase(game.conn, rng)
        self.sink = VirtualSink(
            game.server,
            120.0,
            unsafe_refusal=game.sabotage.unsafe_refusal,
            constant_boot=game.sabotage.constant_boot,
        )
        step = rng.uniform(-40, 40) if game.weather.wall_steps else 0.0
        clock = VirtualClock(game.loop, rng.uniform(0, 1e6), step)
        times = Times(margin=game.sabotage.margin, grace=game.sabotage.grace)
        self.relay = Relay(
            self.db,  # type: ignore[arg-type]
            self.sink,
            clock,
            RelaySettings(batch_size=game.weather.batch),
            times,
            Health(),
            Metrics(),
            chance=rng.random,
        )
        if game.sabotage.same_round_mark:
            self.relay.context.ledger = SameRoundMark(times)
        self.task = game.loop.create_task(self._run())

    async def _run(self) -> None:
        await self.relay.prepare()
        await self.relay.run()

    def kill(self, game: Game) -> None:
        self.db.alive = False
        self.sink.kill()
        if game.sabotage.claim_not_committed:
            game.conn.execute(
                "UPDATE outbox SET state = 'pending', attempt = attempt - 1, next_attempt_at = received_at"
                " WHERE state = 'claimed'"
            )


class Game:
    def __init__(self, seed: int, sabotage: Sabotage, changes: dict[str, Any]) -> None:
        self.rng = random.Random(seed)
        self.sealed = seed % 8 == SEALED  # the same rules, the same SQL, on a sealed outbox
        self.weather = Weather.draw(self.rng)
        for name, value in changes.items():
            setattr(self.weather, name, value)
        if self.weather.locks:
            self.weather.calm_down(self.rng)
        self.sabotage = sabotage
        self.run: Run | None = None
        self.past: list[Run] = []

    async def play(self) -> Result:
        w, rng = self.weather, self.rng
        self.loop = asyncio.get_running_loop()
        self.conn = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False, factory=Connection)
        migrate.migrate(self.conn)
        if self.sealed:
            switch.settle(self.conn, KEY, seal=True)
            unlock(self.conn, KEY, watch=False)
            begin(self.conn)  # which makes the data key, for what comes in
            self.conn.execute("COMMIT")
        delivery.LABEL_EVENTS = w.label
        if w.rows_shown:
            delivery.set_meta(self.conn, "rows_shown:sim", "1")
        people = {f"p{i}@example.com": self._person() for i in range(max(1, w.events // 2))}
        self.server = VirtualListmonk(w, rng, people)
        for number in range(w.events):
            self.loop.call_later(rng.uniform(0, w.span), self._arrive, number, rng.choice(list(people)))
        self._start()
        stop = max(w.span + w.faults, self._lock())
        self._every(w.crash, stop, self.server.crash)
        self._every(w.database, stop, self.server.lose_database)
        self._every(w.kill, stop, self._kill)
        self._every(w.freeze, stop, self.server.freeze)
        self._every(w.deletions, stop, self.server.delete_row)
        await asyncio.sleep(stop)
        self.server.calm = True
        # Without a boot id each of the eight attempts of a dead letter waits out its grace time.
        patience = 8 * HOUR if w.boot_shown else 48 * HOUR
        while self.loop.time() < stop + patience and (self._open() or self._later()):
            await asyncio.sleep(20)
        settled = self.loop.time() - stop
        await asyncio.sleep(400)  # what still lies in a queue is recorded now
        return self._judge(settled)

    def _person(self) -> Person:
        rng, w = self.rng, self.weather
        soft = rng.random() < 0.7
        return Person(
            kind="soft" if soft else "hard",
            count=rng.choice([1, 2, 5]) if soft else 1,
            acts=not soft or rng.random() < 0.3,
            unknown=rng.random() < w.unknown,
            blocked=rng.random() < w.blocked,
        )

    def _arrive(self, number: int, recipient: str) -> None:
        kind = Kind(self.server.people[recipient].kind)
        event = BounceEvent(kind, recipient, "sim", "generic", message_id=f"<{number}@sim>")
        if self.weather.mails and number % 2:
            event = replace(event, proof=Proof.UUID, subscriber_uuid=uuid_of(recipient))
        now = EPOCH + timedelta(seconds=self.loop.time())
        take(self.conn, Submission("sim", "generic", (event,)), now)
        if self.run:
            self.run.relay.wake()

    def _start(self) -> None:
        self.run = Run(self)

    def _kill(self) -> None:
        if self.run:
            self.run.kill(self)
            self.past.append(self.run)
            self.run = None
            self.loop.call_later(self.rng.uniform(0.05, 15), self._start)

    def _lock(self) -> float:
        """Plan the long stalls; returns when the last of them is over, and a minute more."""
        w, rng, at = self.weather, self.rng, 0.0
        for _ in range(w.locks):
            seconds = rng.uniform(w.lock_shortest, w.lock_longest)
            at += rng.expovariate(1 / 200)
            self.loop.call_later(at, partial(self.server.lock, seconds, all_writes=rng.random() < 0.5))
            at += seconds
        return at + 60 if w.locks else 0.0

    def _every(self, mean: float, stop: float, fn: Callable[[], None]) -> None:
        if not mean:
            return
        at = self.rng.expovariate(1 / mean)
        while at < stop:
            self.loop.call_later(at, fn)
            at += self.rng.expovariate(1 / mean)

    def _open(self) -> int:
        query = "SELECT sum(events) FROM tally WHERE state NOT IN ('verified', 'unstored', 'dead')"
        return int(self.conn.execute(query).fetchone()[0])

    def _later(self) -> int:
        """Labels that are still to be read again: those reads show the doubles that nothing else would."""
        return int(self.conn.execute("SELECT count(*) FROM later_reads").fetchone()[0])

    def _judge(self, settled: float) -> Result:
        result = Result(events=self.weather.events, settled_after=settled)
        runs = [*self.past, *([self.run] if self.run else [])]
        result.posts, result.reads = sum(run.sink.posts for run in runs), sum(run.sink.reads for run in runs)
        server = self.server
        never_shown = not self.weather.rows_shown and not server.inserted
        for event_id, state, recipient in self.conn.execute("SELECT event_id, state, recipient FROM outbox"):
            result.states[state] += 1
            if event_id in server.beside and event_id not in server.deleted:
                result.wrong["posted beside its row"] += 1
            rows, person = server.inserted[event_id], server.people[recipient]
            if rows > 1 and event_id not in server.deleted:
                result.wrong["doubled"] += 1
                if delivery.get_meta(self.conn, f"doubled:{event_id}") is None:
                    result.wrong["hidden"] += 1
            elif state not in FINAL and not never_shown and not self._excused(state, event_id, person):
                result.wrong[f"stuck: {state}"] += 1
            elif state == "unstored" and rows and event_id not in server.deleted:
                result.wrong["mislabelled"] += 1
            elif not rows and event_id not in server.refused and not server.refusal(person) and not never_shown:
                result.wrong["lost" if self.weather.lookup else "lost without look-up"] += 1
        if sum(result.states.values()) != self.weather.events:
            result.wrong["missing from the outbox"] += 1
        return result

    def _excused(self, state: str, event_id: str, person: Person) -> bool:
        """Without a boot id no absence counts: what Listmonk does not store ends as a dead letter."""
        refused = event_id in self.server.refused or bool(self.server.refusal(person))
        return state == "dead" and not self.weather.boot_shown and refused


def play(seed: int, sabotage: Sabotage | None = None, **changes: Any) -> Result:
    """One schedule from its seed; `changes` override what was drawn for its weather."""
    loop = VirtualLoop()
    try:
        asyncio.set_event_loop(loop)
        game = Game(seed, sabotage or Sabotage(), changes)
        result = loop.run_until_complete(game.play())
        for run in [*game.past, *([game.run] if game.run else [])]:
            run.task.cancel()
        pending = asyncio.all_tasks(loop)
        for task in pending:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
        game.conn.close()
        return result
    finally:
        asyncio.set_event_loop(None)
        loop.close()
