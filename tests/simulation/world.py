# SPDX-License-Identifier: GPL-3.0-or-later
"""A Listmonk in virtual time, with everything that can go wrong around it, as measured on a real one.

Handlers put bounces into a bounded first-in first-out queue (a full one makes them wait), one worker writes
rows. A restart loses the queue; a statement may outlive it; the database may be away (200, and dropped), or take
no writes for a long time while reads are fine; requests may be lost, come late, or go unanswered; a proxy answers
502 and 504 in Listmonk's place.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter, deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bouncestream.errors import SinkError
from bouncestream.event import BounceEvent
from bouncestream.ports import Answer, Capabilities, Claimed, ListedRow, LookupResult, PostOutcome, Subscriber
from bouncestream.relay.ledger import LOOK_AGE


@dataclass(slots=True)
class Weather:
    """How bad the world is; probabilities, and mean seconds between faults (0: never)."""

    events: int = 100
    queue: int = 1000
    batch: int = 60
    label: int = 1000  #: events a label
    span: float = 60.0
    faults: float = 200.0  #: seconds after the last event for which faults go on
    stall: float = 0.0
    stall_longest: float = 30.0
    crash: float = 0.0
    database: float = 0.0
    database_away: float = 1.0
    kill: float = 0.0
    freeze: float = 0.0
    lost: float = 0.0
    late: float = 0.0
    late_by: float = 20.0
    deaf: float = 0.0
    proxy: bool = False
    gateway_timeout: float = 60.0
    unknown: float = 0.0
    blocked: float = 0.0
    lookup: bool = False
    counts: bool = False
    deletions: float = 0.0
    orphans: bool = False
    wall_steps: bool = False
    rows_shown: bool = True
    boot_shown: bool = True
    mails: bool = False  #: half of the events come as mails, and are told by the UUID that they prove
    locks: int = 0  #: long stalls, one after the other: nothing is written, reads are fine
    lock_shortest: float = 600.0
    lock_longest: float = 1800.0

    @classmethod
    def draw(cls, rng: random.Random) -> Weather:
        def maybe(chance: float, value: Any) -> Any:
            return value if rng.random() < chance else 0

        lookup = rng.random() < 0.4
        return cls(
            events=20 + int(200 * rng.random() ** 3),
            queue=rng.choice([1, 3, 10, 50, 1000]),
            batch=rng.choice([5, 20, 60, 200]),
            label=rng.choice([5, 20, 1000]),
            span=rng.choice([0.1, 5, 60, 300]),
            faults=rng.choice([30, 200, 600]),
            stall=maybe(0.6, rng.choice([0.002, 0.01, 0.04])),
            crash=maybe(0.6, rng.choice([3, 20, 120])),
            database=maybe(0.4, rng.choice([10, 60, 200])),
            database_away=rng.choice([0.02, 1, 30]),
            kill=maybe(0.5, rng.choice([2, 20, 120])),
            freeze=maybe(0.25, rng.choice([20, 100])),
            lost=maybe(0.3, 0.01),
            late=maybe(0.4, 0.03),
            deaf=maybe(0.3, 0.01),
            proxy=rng.random() < 0.35,
            gateway_timeout=rng.choice([4.0, 60.0]),
            unknown=maybe(0.6, rng.choice([0.05, 0.4, 1])),
            blocked=maybe(0.4, 0.1),
            lookup=lookup,
            counts=lookup and rng.random() < 0.7,
            deletions=maybe(0.15, 15),
            orphans=rng.random() < 0.5,
            wall_steps=rng.random() < 0.5,
            rows_shown=rng.random() < 0.85,
            boot_shown=rng.random() < 0.9,
        )

    def calm_down(self, rng: random.Random) -> None:
        """Long stalls leave time for other faults: in some schedules many, in others hardly any."""
        rarer = rng.choice([1, 10, 100])
        for fault in ("crash", "database", "kill", "freeze", "deletions"):
            setattr(self, fault, getattr(self, fault) * rarer)
        self.span *= rng.choice([1, 1, 10])


@dataclass(slots=True)
class Person:
    kind: str
    count: int
    acts: bool
    unknown: bool
    blocked: bool
    rows: int = 0


@dataclass(slots=True)
class Message:
    event_id: str
    person: Person
    label: str
    attempt: int
    given_up: bool = False


class VirtualListmonk:
    """The server. `person_of` maps a recipient to who that is."""

    def __init__(self, weather: Weather, rng: random.Random, people: Mapping[str, Person]) -> None:
        self.w, self.rng, self.people = weather, rng, people
        self.loop = asyncio.get_running_loop()
        self.up, self.boot, self.database = True, 1, True
        self.frozen_until = 0.0
        self.locked_until, self.locked_boot = 0.0, 0
        self.queue: deque[Message] = deque()
        self.waiting: deque[tuple[Message, asyncio.Future[int]]] = deque()
        self.open: set[asyncio.Future[int]] = set()
        self.in_ice: list[tuple[Message, asyncio.Future[int], bool]] = []
        self.working: tuple[Message, float] | None = None
        self.rows: dict[str, list[tuple[str, int]]] = {}
        self.inserted: Counter[str] = Counter()
        self.born: dict[str, float] = {}  #: event id → when its first row was there
        self.beside: set[str] = (
            set()
        )  #: posted again although their row had been there for longer than a look is old
        self.refused: set[str] = set()
        self.deleted: set[str] = set()
        self.calm = False

    # -- what it says about a person -------------------------------------------------------------------------

    def refusal(self, person: Person) -> str:
        if person.unknown:
            return "unknown"
        if person.blocked:
            return "blocklisted"
        return "above the count" if person.rows + 1 > person.count else ""

    # -- a POST ------------------------------------------------------------------------------------------------

    def send(self, message: Message) -> asyncio.Future[int]:
        """The answer will be an HTTP status; 0: refused connection; -1: broken connection."""
        if self.loop.time() > self.born.get(message.event_id, float("inf")) + LOOK_AGE + 0.1:
            self.beside.add(message.event_id)
        answer: asyncio.Future[int] = self.loop.create_future()
        draw = self.rng.random()
        if not self.up:
            self.loop.call_later(0.001, _set, answer, 502 if self.w.proxy else 0)
            return answer
        if self.w.proxy:
            self.loop.call_later(self.w.gateway_timeout, _set, answer, 504)
        if not self.calm and draw < self.w.lost:
            return answer
        near = self.rng.random() < 0.5  # still in our own kernel, so that giving up takes it back
        delay = self.rng.expovariate(3000)
        if not self.calm and draw < self.w.lost + self.w.late:
            delay = self.rng.uniform(0, self.w.late_by)
        self.loop.call_later(delay, self._arrive, message, answer, near)
        return answer

    def _arrive(self, message: Message, answer: asyncio.Future[int], near: bool) -> None:
        if near and message.given_up:
            return
        if self.loop.time() < self.frozen_until:
            self.in_ice.append((message, answer, near))
            return
        if not self.up:
            _set(answer, 502 if self.w.proxy else -1)
            return
        self.open.add(answer)
        if len(self.queue) < self.w.queue:
            self.queue.append(message)
            self._reply(answer)
        else:
            self.waiting.append((message, answer))
        self._work()

    def _reply(self, answer: asyncio.Future[int]) -> None:
        self.open.discard(answer)
        if self.calm or self.rng.random() >= self.w.deaf:
            self.loop.call_later(self.rng.expovariate(4000), _set, answer, 200)

    # -- the worker --------------------------------------------------------------------------------------------

    def _work(self) -> None:
        if self.working or not self.queue or not self.up or self.loop.time() < self.frozen_until:
            return
        message = self.queue.popleft()
        if self.waiting:
            next_one, answer = self.waiting.popleft()
            self.queue.append(next_one)
            self._reply(answer)
        stalls = not self.calm and self.rng.random() < self.w.stall
        takes = self.rng.uniform(1, self.w.stall_longest) if stalls else self.rng.expovariate(1000)
        self.working = (message, self.loop.time() + takes)
        self.loop.call_later(takes, self._worked, self.working)

    def _worked(self, item: tuple[Message, float]) -> None:
        if self.working is not item:
            return
        if self.loop.time() < self.frozen_until:
            self.loop.call_later(self.frozen_until - self.loop.time() + 0.001, self._worked, item)
            return
        if (wait := self._held()) > 0:
            self.loop.call_later(wait, self._worked, item)
            return
        self.working = None
        self._record(item[0])
        self._work()

    def _held(self) -> float:
        """Seconds until a statement of this run of Listmonk gets through; 0: nothing holds it."""
        if self.loop.time() >= self.locked_until or self.locked_boot not in (0, self.boot):
            return 0.0
        return self.locked_until - self.loop.time() + self.rng.expovariate(200)

    def _record(self, message: Message) -> None:
        if not self.database:
            return
        person = message.person
        if self.refusal(person):
            self.refused.add(message.event_id)
            return
        self.rows.setdefault(message.label, []).append((message.event_id, message.attempt))
        person.rows += 1
        self.inserted[message.event_id] += 1
        self.born.setdefault(message.event_id, self.loop.time())
        if person.acts and person.rows >= person.count:
            person.blocked = True

    # -- faults ------------------------------------------------------------------------------------------------

    def crash(self) -> None:
        """kill -9; or a reload, which listens no more for up to a second while the worker goes on."""
        if self.up and self.loop.time() >= self.frozen_until:
            self.up = False
            self.loop.call_later(self.rng.choice([0.0, self.rng.uniform(0, 1)]), self._die)

    def _die(self) -> None:
        if self.working and self.database and self.w.orphans and self.rng.random() < 0.5:
            message, ends = self.working  # its statement goes on inside PostgreSQL
            self.loop.call_later(max(self._held(), ends - self.loop.time(), 0.0), self._record, message)
        self.working = None
        self.queue.clear()
        self.waiting.clear()
        for answer in self.open:
            self.loop.call_later(0.001, _set, answer, 502 if self.w.proxy else -1)
        self.open = set()
        self.loop.call_later(self.rng.uniform(0.2, 2), self._start)

    def _start(self) -> None:
        self.up = True
        self.boot += 1

    def freeze(self) -> None:
        self.frozen_until = self.loop.time() + self.rng.uniform(1, 20)
        self.loop.call_later(self.frozen_until - self.loop.time() + 1e-6, self._thaw)

    def _thaw(self) -> None:
        held, self.in_ice = self.in_ice, []
        self.rng.shuffle(held)
        for item in held:
            self.loop.call_later(self.rng.uniform(0, 0.005), self._arrive, *item)
        self._work()

    def lose_database(self) -> None:
        self.database = False
        self.loop.call_later(self.rng.expovariate(1 / self.w.database_away), self._find_database)

    def _find_database(self) -> None:
        self.database = True

    def lock(self, seconds: float, *, all_writes: bool) -> None:
        """Nothing is written, as behind a locked table or when fsync hangs; or this run's worker alone stands
        still, which a restart ends."""
        self.locked_until = self.loop.time() + seconds
        self.locked_boot = 0 if all_writes else self.boot

    def delete_row(self) -> None:
        """An operator deletes a row by hand."""
        full = [label for label, rows in self.rows.items() if rows]
        if full:
            event_id, _ = self.rows[self.rng.choice(full)].pop()
            self.deleted.add(event_id)

    # -- reads -------------------------------------------------------------------------------------------------

    async def read(self, *, needs_database: bool = True) -> None:
        """The way of one read to its snapshot; raises SinkError where it fails."""
        await asyncio.sleep(self.rng.uniform(0.001, 0.02))
        while self.loop.time() < self.frozen_until:
            await asyncio.sleep(self.frozen_until - self.loop.time() + 0.001)
        if not self.up or (needs_database and not self.database):
            await asyncio.sleep(self.rng.uniform(0.0005, 0.01))
            raise SinkError("500" if self.up else "refused")


@dataclass
class VirtualSink:
    """Our end of it, as one run of bouncestream sees it. A run that was killed never gets another answer."""

    server: VirtualListmonk
    post_timeout: float
    alive: bool = True
    unsafe_refusal: bool = False  #: sabotage: a 5xx or a time-out is taken for a refusal
    constant_boot: bool = False  #: sabotage: restarts cannot be seen
    flying: set[int] = field(default_factory=set)
    messages: list[Message] = field(default_factory=list)
    posts: int = 0
    reads: int = 0  #: of labels

    def kill(self) -> None:
        self.alive = False
        for message in self.messages:
            message.given_up = True

    async def _or_never(self) -> None:
        if not self.alive:
            await asyncio.get_running_loop().create_future()

    async def post(self, claimed: Claimed) -> Answer:
        await self._or_never()
        person = self.server.people[claimed.event.recipient]
        message = Message(claimed.event_id, person, claimed.label, claimed.attempt)
        self.messages.append(message)
        self.posts += 1
        try:
            status = await asyncio.wait_for(self.server.send(message), self.post_timeout)
        except TimeoutError:
            status = -2
        await self._or_never()
        message.given_up = True
        self.messages.remove(message)
        if status == 200:
            return Answer(PostOutcome.ACCEPTED, 200)
        if status == 0 or self.unsafe_refusal:
            return Answer(PostOutcome.NOT_SENT, 0, "refused")
        return Answer(PostOutcome.UNKNOWN, max(status, 0), "gone" if status < 0 else "proxy")

    async def probe(self) -> Answer:
        await self._or_never()
        try:
            await self.server.read(needs_database=False)
        except SinkError:
            return Answer(PostOutcome.NOT_SENT, 0, "refused")
        await self._or_never()
        return Answer(PostOutcome.REFUSED, 400)

    async def _read(self, *, needs_database: bool = True) -> None:
        await self._or_never()
        try:
            async with asyncio.timeout(10):
                await self.server.read(needs_database=needs_database)
        except TimeoutError:
            await self._or_never()
            raise SinkError("no answer in time") from None
        except SinkError:
            await self._or_never()
            raise
        await self._or_never()

    async def _back(self) -> None:
        await asyncio.sleep(self.server.rng.uniform(0.0005, 0.01))
        await self._or_never()

    async def boot_id(self) -> str:
        await self._read(needs_database=False)
        boot = self.server.boot
        await self._back()
        if not self.server.w.boot_shown:
            return ""
        return "same" if self.constant_boot else str(boot)

    async def read_label(self, label: str) -> Sequence[ListedRow]:
        self.reads += 1
        await self._read()
        rows = [ListedRow(event_id, attempt) for event_id, attempt in self.server.rows.get(label, ())]
        await self._back()
        return rows

    async def capabilities(self) -> Capabilities:
        await self._read()
        w = self.server.w
        counts = {"soft": 2} if w.counts else None
        return Capabilities("sim", post=True, read=True, lookup=w.lookup, counts=counts)

    async def look_up(self, claimed: Sequence[Claimed]) -> Mapping[int, LookupResult]:
        await self._read()
        found = {}
        for one in claimed:
            person = self.server.people[one.event.recipient]
            reason = self.server.refusal(person)
            if reason:
                self.server.refused.add(one.event_id)
            if reason == "above the count" and not self.server.w.counts:
                reason = ""
            found[one.row] = LookupResult(reason)
        await self._back()
        return found

    async def owners(self, uuids: Sequence[str]) -> Mapping[str, str]:
        await self._read()
        named = {uuid_of(address): (address, person) for address, person in self.server.people.items()}
        found = {uuid: "" if named[uuid][1].unknown else named[uuid][0] for uuid in uuids}
        await self._back()
        return found

    async def subscriber(self, event: BounceEvent) -> Subscriber | None:
        raise NotImplementedError("no unsubscriptions in this world")

    async def campaign_lists(self, subscriber: Subscriber, campaign_uuid: str) -> frozenset[int]:
        raise NotImplementedError("no unsubscriptions in this world")

    async def blocklist(self, subscriber: Subscriber) -> None:
        raise NotImplementedError("no unsubscriptions in this world")

    async def unsubscribe(self, subscriber: Subscriber, lists: Collection[int]) -> None:
        raise NotImplementedError("no unsubscriptions in this world")


def uuid_of(address: str) -> str:
    """The UUID of the subscriber with an address p<number>@…"""
    return f"00000000-0000-4000-8000-{int(address[1:].partition('@')[0]) + 1:012x}"


def _set(future: asyncio.Future[int], value: int) -> None:
    if not future.done():
        future.set_result(value)
