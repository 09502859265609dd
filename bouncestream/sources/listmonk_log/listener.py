# SPDX-License-Identifier: GPL-3.0-or-later
"""The listener to Listmonk's log: polls it, hears its stream while a campaign is sent, and hands on whom an SMTP
server refused.

The poll is the base: it finds whatever Listmonk still has, also what was written while nobody listened. The stream
only makes it quick. What is handed on twice is one event to the outbox, so a crash at any place costs nothing.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol, TypeGuard

from bouncestream.backoff import backoff
from bouncestream.config.model import ListmonkLog
from bouncestream.errors import SinkError, SinkRefused, StoreError
from bouncestream.event import Kind
from bouncestream.health import Health, Status
from bouncestream.judging.refusal import EVERYBODY, LISTMONK_LOG, Refusal, judge
from bouncestream.metrics import LOG_GAPS, SENDING_FAILED, Metrics
from bouncestream.policy import Rules
from bouncestream.ports import Campaign, Clock, Emit, RawInput, Submission, Subscriber
from bouncestream.sources.listmonk_log.entry import Entry, Unsent, entry, unsent
from bouncestream.sources.listmonk_log.flood import MINUTE, Sent, Weight, weigh
from bouncestream.sources.listmonk_log.reading import Lines, LogClock, named

log = logging.getLogger("bouncestream.listmonk_log")

#: Seconds between two looks while nothing is sent; after a refused look; at most after failed ones.
IDLE, REFUSED, LONGEST = 60.0, 300.0, 300.0
#: So long lines of the stream are gathered; seconds.
GATHER = 0.2
#: Lines of the stream that wait; what is more is found by the next look.
QUEUE = 2000
#: So many events are stored at the same time.
BATCH = 200
#: A campaign's name that is not known is asked for once in so many seconds.
NAMES_AGAIN = 30.0
#: Where the log has no new line, what is known of campaigns is good for so many seconds; while one is sent.
GOOD, GOOD_SENDING = 300.0, 30.0
#: Minutes whose refusals are counted.
MINUTES = 3000

#: Causes that are told beside `judging.refusal.CAUSES`.
NOT_UNDERSTOOD, NOBODY, TRANSACTIONAL = "not_understood", "subscriber_gone", "transactional"


class SendingLog(Protocol):
    """Listmonk's own log, and what its lines are about. Each call has a time limit, and raises SinkError when it
    fails, SinkRefused where the token may not."""

    async def log_lines(self) -> Sequence[str]:
        """The lines that it keeps, the oldest first."""

    def log_stream(self) -> AsyncIterator[str]:
        """The lines about errors as they are written. It ends when the connection does, and raises SinkError only
        where there was none."""

    async def campaigns(self) -> Sequence[Campaign]:
        """All campaigns."""

    async def people(self, ids: Sequence[int]) -> Mapping[int, Subscriber]:
        """By id, those of these subscribers that Listmonk has."""

    async def close(self) -> None:
        """Close every connection."""


class LogMemory(Protocol):
    """The memory of the log over a restart."""

    async def log_start(self) -> str | None:
        """The time, by the log's clock, up to which lines are left alone; None: there was no contact yet."""

    async def set_log_start(self, stamp: str) -> None: ...


@dataclass(slots=True)
class _Waiting:
    """A refusal that is weighed or stored yet."""

    refusal: Refusal
    submission: Submission
    minute: tuple[str, str]  #: campaign, minute of the log
    hard: bool
    since: float


@dataclass(eq=False)
class LogListener:
    """The one task. `rules` may change while it runs."""

    sending: SendingLog
    emit: Emit
    memory: LogMemory
    settings: ListmonkLog
    rules: Rules
    clock: Clock
    health: Health
    metrics: Metrics
    chance: Callable[[], float] = random.random
    _lines: Lines = field(default_factory=Lines, init=False)
    _time: LogClock = field(default_factory=LogClock, init=False)
    _campaigns: dict[str, Campaign] | None = field(default=None, init=False)
    _asked_at: float = field(default=float("-inf"), init=False)
    _sent: dict[int, Sent] = field(default_factory=dict, init=False)
    _refused: Counter[tuple[str, str]] = field(default_factory=Counter, init=False)
    _waiting: list[_Waiting] = field(default_factory=list, init=False)
    _running: tuple[str, ...] = field(default=(), init=False)
    _start: str | None = field(default=None, init=False)
    _looked_at: float = field(default=float("-inf"), init=False)

    async def run(self) -> None:
        """Until it is cancelled."""
        log.info("Listmonk's log is read for recipients whom your SMTP server refuses while a campaign is sent")
        failures = 0
        heard: asyncio.Queue[str] = asyncio.Queue(QUEUE)
        stream: asyncio.Task[None] | None = None
        try:
            while True:
                try:
                    await self.look()
                    failures, rest = 0, self.settings.poll if self._running else IDLE
                    self.health.set(LISTMONK_LOG, Status.GREEN)
                except SinkRefused as error:
                    rest = REFUSED
                    why = f"Listmonk's log may not be read ({error}). Next: grant settings:get to the API user"
                    self.health.set(LISTMONK_LOG, Status.YELLOW, why)
                except (SinkError, StoreError) as error:
                    failures += 1
                    rest = backoff(failures, cap=LONGEST, jitter=self.chance())
                    log.debug("Listmonk's log cannot be read: %s", error)
                if self._running and (stream is None or stream.done()):
                    stream = asyncio.create_task(self._hear(heard))
                elif not self._running and stream is not None:
                    stream.cancel()
                    stream = None
                await self._wait(heard, min(rest, self.settings.poll) if self._waiting else rest)
        finally:
            if stream is not None:
                stream.cancel()
                await asyncio.gather(stream, return_exceptions=True)

    async def look(self) -> None:
        """Read the whole log once. Raises SinkError, StoreError."""
        lines = await self.sending.log_lines()
        if self._start is None:
            self._start = await self._began(lines)
        fresh = self._lines.new(lines)
        if self._lines.gap(lines):
            self.metrics.add(LOG_GAPS)
            if self._running:
                log.warning(
                    "Listmonk was restarted, or wrote more than the 5,000 lines that it keeps, while it sent %s: "
                    "some refusals may be missing",
                    ", ".join(self._running),
                )
        if fresh or self._waiting or self._campaigns_old():  # Listmonk writes a line when it begins or ends one
            await self._learn_campaigns()
        young = self.clock.monotonic() - self._looked_at <= 2 * self.settings.poll
        missed = await self._work_off(fresh, young=young and self._lines.looked)
        self.metrics.add(SENDING_FAILED, NOT_UNDERSTOOD, by=len(missed))
        self._lines.looked_at(lines)
        self._looked_at = self.clock.monotonic()

    async def _began(self, lines: Sequence[str]) -> str:
        """Where the log begins for us: at the first contact ever, behind what is there, unless `start = "all"`."""
        known = await self.memory.log_start()
        if known is not None:
            return known
        found = [one.at for one in map(entry, lines) if one is not None] if self.settings.start == "now" else []
        stamp = max(found).isoformat() if found else ""
        await self.memory.set_log_start(stamp)
        return stamp

    async def _hear(self, heard: asyncio.Queue[str]) -> None:
        """Listen to the stream as long as there is one. Whatever ends it: the poll goes on."""
        failures = 0
        while True:
            with suppress(SinkError):
                async for line in self.sending.log_stream():
                    failures = 0
                    with suppress(asyncio.QueueFull):
                        heard.put_nowait(line)
            failures += 1
            await asyncio.sleep(backoff(failures, cap=MINUTE, jitter=self.chance()))

    async def _wait(self, heard: asyncio.Queue[str], seconds: float) -> None:
        """Wait for the next look, and work off what the stream tells meanwhile."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while (left := until - loop.time()) > 0:
            try:
                async with asyncio.timeout(left):
                    lines = [await heard.get()]
            except TimeoutError:
                return
            await asyncio.sleep(GATHER)
            while not heard.empty():
                lines.append(heard.get_nowait())
            try:
                left_over = await self._work_off(self._lines.new(lines), young=True)
            except (SinkError, StoreError) as error:
                log.debug("lines of Listmonk's stream are left to the next look: %s", error)
                return
            for line in lines:
                if line not in left_over:
                    self._lines.streamed(line)

    # -- lines to events --------------------------------------------------------------------------------------

    async def _work_off(self, lines: Sequence[str], *, young: bool) -> set[str]:
        """Hand on what lines tell; those that do not tell whom they are about. `young`: they were written just now.
        Raises SinkError, StoreError."""
        now = self.clock.now()
        found = [(one, line) for line in lines if (one := entry(line)) is not None and self._after_start(one)]
        if young and found:
            self._time.learn(found[-1][0].at, now)
        told, missed = await self._named(found)
        people = await self.sending.people(sorted({who.subscriber for _, who in told})) if told else {}
        for at, who in told:
            person = people.get(who.subscriber)
            if person is None:
                self.metrics.add(SENDING_FAILED, NOBODY)
                continue
            campaign = (self._campaigns or {}).get(who.campaign)
            refusal = Refusal(
                who.subscriber,
                who.words,
                who.campaign,
                campaign.uuid if campaign else "",
                person.uuid,
                person.email,
                self._time.utc(at, now),
                f"{at:%Y-%m-%d}",
            )
            self._judge(refusal, at)
        await self._settle()
        return missed

    def _after_start(self, one: Entry) -> bool:
        return not self._start or one.at > datetime.fromisoformat(self._start)

    async def _named(self, found: Sequence[tuple[Entry, str]]) -> tuple[list[tuple[datetime, Unsent]], set[str]]:
        """Whom the entries are about, and the lines that do not tell."""
        told: list[tuple[datetime, Unsent]] = []
        missed: list[tuple[Entry, str]] = []
        for again in (False, True):
            if again and not (missed and await self._learn_campaigns(again=True)):
                break
            found, missed = missed if again else found, []
            for one, line in found:
                if not one.of_campaign:
                    self.metrics.add(SENDING_FAILED, TRANSACTIONAL)
                elif (who := unsent(one, self._names)) is not None:
                    told.append((one.at, who))
                else:
                    missed.append((one, line))
        return told, {line for _, line in missed}

    @property
    def _names(self) -> Collection[str] | None:
        return None if self._campaigns is None else self._campaigns.keys()

    def _campaigns_old(self) -> bool:
        return self.clock.monotonic() - self._asked_at >= (GOOD_SENDING if self._running else GOOD)

    async def _learn_campaigns(self, *, again: bool = False) -> bool:
        """Ask which campaigns there are, and which are being sent; whether it was asked. `again`: for a name that
        is not known, now and then."""
        now = self.clock.monotonic()
        if again and now - self._asked_at < NAMES_AGAIN:
            return False
        try:
            found = await self.sending.campaigns()
        except SinkRefused:
            self._asked_at, self._campaigns, self._running = now, None, ()
            return False
        self._asked_at = now
        self._campaigns = named(found)
        running = [one for one in found if one.running]
        self._running = tuple(one.name for one in running)
        self._sent = {one.id: self._sent.get(one.id) or Sent() for one in running}
        for one in running:
            self._sent[one.id].note(now, one.sent)
        return True

    def _judge(self, refusal: Refusal, at: datetime) -> None:
        found = self._judged(refusal)
        if isinstance(found, str):
            self.metrics.add(SENDING_FAILED, found)
            return
        minute = (refusal.campaign, f"{at:%Y-%m-%d %H:%M}")
        hard = any(event.kind is Kind.HARD for event in found.events)
        if hard:
            self._refused[minute] += 1
            if len(self._refused) > MINUTES:
                del self._refused[next(iter(self._refused))]
        self._waiting.append(_Waiting(refusal, found, minute, hard, self.clock.monotonic()))

    def _judged(self, refusal: Refusal) -> Submission | str:
        raw = RawInput(LISTMONK_LOG, LISTMONK_LOG, self.clock.now(), refusal.raw(), "application/json")
        return judge(refusal, raw, self.rules)

    async def _settle(self) -> None:
        """Store what was weighed. Raises StoreError; what was not stored is tried again."""
        now = self.clock.monotonic()
        ready: list[_Waiting] = []
        for one in self._waiting:
            weight = self._weight(one, now)
            if weight is Weight.WAIT:
                continue
            ready.append(self._held(one) if weight is Weight.HOLD else one)
        for at in range(0, len(ready), BATCH):
            some = ready[at : at + BATCH]
            answers = await asyncio.gather(*(self.emit(one.submission) for one in some), return_exceptions=True)
            errors = {id(one.refusal): got for one, got in zip(some, answers, strict=True) if _failed(got)}
            stored = {id(one.refusal) for one in some} - errors.keys()
            self._waiting = [one for one in self._waiting if id(one.refusal) not in stored]
            for error in errors.values():
                raise error

    def _weight(self, one: _Waiting, now: float) -> Weight:
        if not one.hard:
            return Weight.GO
        return weigh(self._refused[one.minute], self._sent_in(one, now), over=now - one.since >= MINUTE)

    def _sent_in(self, one: _Waiting, now: float) -> float:
        """The messages that got through in that minute: as they were seen to, else on the average."""
        campaign = (self._campaigns or {}).get(one.refusal.campaign)
        if campaign is None:
            return 0.0
        seen = self._sent.get(campaign.id)
        lately = seen.lately(now) if seen is not None else None
        if lately is not None and now - one.since < MINUTE:
            return lately
        begun, ended = campaign.started_at, campaign.updated_at
        if begun is None or ended is None:
            return 0.0
        return campaign.sent / max(1.0, (ended - begun) / timedelta(minutes=1))

    def _held(self, one: _Waiting) -> _Waiting:
        self.metrics.add(SENDING_FAILED, EVERYBODY)
        found = self._judged(replace(one.refusal, everybody=True))
        assert not isinstance(found, str)
        return replace(one, submission=found)


def _failed(answer: object) -> TypeGuard[BaseException]:
    return isinstance(answer, BaseException)
