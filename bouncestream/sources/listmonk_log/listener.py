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
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from bouncestream.backoff import backoff
from bouncestream.config.model import ListmonkLog
from bouncestream.errors import SinkError, SinkRefused, StoreError
from bouncestream.health import Health, Status
from bouncestream.judging.refusal import LISTMONK_LOG, Refusal
from bouncestream.metrics import LOG_GAPS, SENDING_FAILED, Metrics
from bouncestream.policy import Rules
from bouncestream.ports import Campaign, Clock, Emit, Subscriber
from bouncestream.sources.listmonk_log.entry import Entry, Unsent, begun, entry, unsent
from bouncestream.sources.listmonk_log.flood import MINUTE, Sent
from bouncestream.sources.listmonk_log.reading import BEGUN, Lines, LogClock, mark, named, sent_at
from bouncestream.sources.listmonk_log.weighing import Waiting, Weighing

log = logging.getLogger("bouncestream.listmonk_log")

#: Seconds between two looks while nothing is sent; after a refused look; at most after failed ones.
IDLE, REFUSED, LONGEST = 60.0, 300.0, 300.0
#: So long lines of the stream are gathered; seconds.
GATHER = 0.2
#: Lines of the stream that wait; what is more is found by the next look.
QUEUE = 500
#: So many refusals are judged at a time.
PAUSE = 50
#: A campaign's name that is not known is asked for once in so many seconds.
NAMES_AGAIN = 30.0
#: Where the log has no new line, what is known of campaigns is good for so many seconds; while one is sent.
GOOD, GOOD_SENDING = 300.0, 30.0
#: … and for so many where a line is about one that was not sent then.
RECENT = 2.0

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

    async def log_place(self) -> str | None:
        """The mark of the line up to which all is worked off, empty: of none; None: there was no contact yet."""

    async def set_log_place(self, mark: str) -> None: ...


@dataclass(eq=False)
class LogListener:
    """The one task."""

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
    _campaigns: dict[str, list[Campaign]] | None = field(default=None, init=False)
    _asked_at: float = field(default=float("-inf"), init=False)
    _sent: dict[int, Sent] = field(default_factory=dict, init=False)
    _running: tuple[str, ...] = field(default=(), init=False)
    _place: str | None = field(default=None, init=False)
    _missed: int = field(default=0, init=False)
    _gap: str = field(default="", init=False)
    _looked_at: float = field(default=float("-inf"), init=False)
    _weighing: Weighing = field(init=False)

    def __post_init__(self) -> None:
        self._weighing = Weighing(self.emit, self.rules, self.clock, self.metrics, self._sent_in)

    def set_rules(self, rules: Rules) -> None:
        """Judge by these from now on."""
        self._weighing.rules = rules

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
                    self.health.set(LISTMONK_LOG, Status.GREEN, self._noted())
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
                await self._wait(heard, min(rest, self.settings.poll) if self._weighing.waiting else rest)
        finally:
            if stream is not None:
                stream.cancel()
                await asyncio.gather(stream, return_exceptions=True)

    async def look(self) -> None:
        """Read the whole log once. Raises SinkError, StoreError."""
        if self._weighing.full:
            await self._weighing.settle()
            return
        lines = await self.sending.log_lines()
        if self._place is None:
            self._place = await self._begin(lines)
        fresh = self._lines.new(lines)
        if self._lines.gap(lines):
            self._note_gap(f"while it sent {', '.join(self._running)}" if self._running else "")
        if fresh or self._weighing.waiting or self._asked_before(GOOD_SENDING if self._running else GOOD):
            await self._learn_campaigns()  # Listmonk writes a line when it begins or ends one
        young = self.clock.monotonic() - self._looked_at <= 2 * self.settings.poll
        missed = await self._read(fresh, young=young and self._lines.looked)
        self.metrics.add(SENDING_FAILED, NOT_UNDERSTOOD, by=len(missed))
        self._missed += len(missed)
        self._lines.looked_at(lines)
        self._looked_at = self.clock.monotonic()
        await self._weighing.settle()
        if not self._weighing.waiting:
            await self._note_place(lines)

    async def _begin(self, lines: Sequence[str]) -> str:
        """Where the log begins for us: behind what an earlier run has worked off; at the first contact ever behind
        what is there, unless `start = "all"`."""
        place = await self.memory.log_place()
        if place is None:
            place = mark(lines[-1]) if lines and self.settings.start == "now" else ""
            await self.memory.set_log_place(place)
        if place and not self._lines.begin(lines, place):
            self._note_gap("since its log was last read")
        return place

    async def _note_place(self, lines: Sequence[str]) -> None:
        """All lines are worked off, and none waits: a later run goes on behind them. Raises StoreError."""
        place = mark(lines[-1]) if lines else self._place
        if place and place != self._place:
            await self.memory.set_log_place(place)
            self._place = place

    def _note_gap(self, when: str) -> None:
        """`when` lines may be missing; empty: while nothing was sent."""
        self.metrics.add(LOG_GAPS)
        if when:
            self._gap = f"Listmonk was restarted {when}, seen at {self.clock.now():%Y-%m-%d %H:%M} UTC"
            log.warning(
                "Listmonk was restarted, or wrote more than the 5,000 lines that it keeps, %s: some refusals may "
                "be missing",
                when,
            )

    def _noted(self) -> str:
        """What of the log could not be told since the start, for who asks how it is."""
        some = f"lines not understood: {self._missed}" if self._missed else ""
        gap = f"some lines may be missing: {self._gap}" if self._gap else ""
        return "; ".join(filter(None, (some, gap)))

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
                left_over = await self._read(self._lines.new(lines), young=True)
                for line in lines:
                    if line not in left_over:
                        self._lines.streamed(line)
                await self._weighing.settle()
            except (SinkError, StoreError) as error:
                log.debug("lines of Listmonk's stream are left to the next look: %s", error)
                return

    # -- lines to events --------------------------------------------------------------------------------------

    async def _read(self, lines: Sequence[str], *, young: bool) -> set[str]:
        """Weigh what lines tell, each once; those that do not tell whom they are about. `young`: they were written
        just now. Raises SinkError, and then it has done nothing."""
        now = self.clock.now()
        found = [(one, line) for line in lines if (one := entry(line)) is not None]
        if young and found:
            self._time.learn(found[-1][0].at, now)
        elif self._time.ahead is None:
            self._learn_time(lines)
        told, missed = await self._named([pair for pair in found if pair[0].of_campaign])
        if any(who.campaign not in self._running for _, who in told) and self._asked_before(RECENT):
            await self._learn_campaigns()  # one that has begun since may have the name of an older one
        people = await self.sending.people(sorted({who.subscriber for _, who in told})) if told else {}
        self.metrics.add(SENDING_FAILED, TRANSACTIONAL, by=sum(not one.of_campaign for one, _ in found))
        for number, (shown, who) in enumerate(told):
            if number % PAUSE == PAUSE - 1:
                await asyncio.sleep(0)  # judging takes a while, and others wait
            person = people.get(who.subscriber)
            if person is None:
                self.metrics.add(SENDING_FAILED, NOBODY)
                continue
            at = self._time.utc(shown, now)
            campaign = sent_at(self._campaigns or {}, who.campaign, at)
            refusal = Refusal(
                who.subscriber,
                who.words,
                who.campaign,
                campaign.uuid if campaign else "",
                person.uuid,
                person.email,
                at,
                f"{shown:%Y-%m-%d}",
            )
            self._weighing.add(refusal, shown)
        return missed

    def _learn_time(self, lines: Sequence[str]) -> None:
        """How far the log's clock is ahead, from when campaigns were begun: Listmonk tells that with a zone."""
        for shown, name in filter(None, map(begun, lines)):
            for one in (self._campaigns or {}).get(name, ()):
                if one.started_at is not None:
                    self._time.learn(shown, one.started_at, BEGUN)

    async def _named(self, found: Sequence[tuple[Entry, str]]) -> tuple[list[tuple[datetime, Unsent]], set[str]]:
        """Whom the entries are about, and the lines that do not tell."""
        told: list[tuple[datetime, Unsent]] = []
        missed: list[tuple[Entry, str]] = []
        for again in (False, True):
            if again and not (missed and await self._learn_campaigns(again=True)):
                break
            found, missed = missed if again else found, []
            for one, line in found:
                if (who := unsent(one, self._names)) is not None:
                    told.append((one.at, who))
                else:
                    missed.append((one, line))
        return told, {line for _, line in missed}

    @property
    def _names(self) -> Collection[str] | None:
        return None if self._campaigns is None else self._campaigns.keys()

    def _asked_before(self, seconds: float) -> bool:
        return self.clock.monotonic() - self._asked_at >= seconds

    async def _learn_campaigns(self, *, again: bool = False) -> bool:
        """Ask which campaigns there are, and which are being sent; whether it was asked. `again`: for a name that
        is not known, now and then."""
        if again and not self._asked_before(NAMES_AGAIN):
            return False
        now = self.clock.monotonic()
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

    def _sent_in(self, one: Waiting, now: float) -> float | None:
        """The messages that got through in that minute: as they were seen to, else on the average; None: its
        campaign is not known."""
        campaign = sent_at(self._campaigns or {}, one.refusal.campaign, one.refusal.at)
        if campaign is None:
            return None
        seen = self._sent.get(campaign.id)
        lately = seen.lately(now) if seen is not None else None
        if lately is not None and now - one.since < MINUTE:
            return lately
        begun, ended = campaign.started_at, campaign.updated_at
        if begun is None or ended is None:
            return 0.0
        return campaign.sent / max(1.0, (ended - begun) / timedelta(minutes=1))
