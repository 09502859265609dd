# SPDX-License-Identifier: GPL-3.0-or-later
"""The watching task beside the relay: gathers a snapshot, applies the rules, hands notices to the courier, and
sends the heartbeat and the summary. Whatever goes wrong here is logged, and delays no event.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from bouncestream.alert import AlertState, Delivery, Key, Notice, What
from bouncestream.alerts import summary
from bouncestream.alerts.baseline import REACH, Sources
from bouncestream.alerts.channels import Channel, SendFailed, beat, channels
from bouncestream.alerts.courier import Courier
from bouncestream.alerts.engine import Judgement, Told, judge
from bouncestream.alerts.lately import Lately
from bouncestream.alerts.memory import Memory
from bouncestream.alerts.rules import RULES
from bouncestream.alerts.snapshot import FindingLike, Numbers, Snapshot
from bouncestream.config.model import Config
from bouncestream.errors import BouncestreamError, StoreError
from bouncestream.health import Health, Status
from bouncestream.judging.refusal import CAUSES, EVERYBODY, MANY
from bouncestream.metrics import (
    ALERT_ACTIVE,
    ALERT_WAITING,
    HEARTBEATS,
    LOST,
    REQUESTS,
    SENDING_FAILED,
    Metrics,
)
from bouncestream.outbox import alerts, delivery, missed
from bouncestream.outbox.acknowledged import GONE
from bouncestream.outbox.bridges import at_work
from bouncestream.outbox.db import Database
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.files import beside, free_beside, size_of
from bouncestream.outbox.latecomers import Latecomers
from bouncestream.ports import Clock
from bouncestream.supervisor import Bugs, Supervisor

log = logging.getLogger("bouncestream.alerts")

#: Rows that are counted in one look, and looks in one turn.
ROWS, LOOKS = 5000, 20
#: Right after the start nothing is called resolved: what is not bad may only be not known yet; seconds, or turns.
SETTLING, SETTLING_TURNS = 60.0, 4
#: The doctor's checks may take so long altogether; seconds.
CHECKS_PATIENCE = 60.0
#: The comparison with Listmonk may take so long; seconds.
NUMBERS_PATIENCE = 60.0
#: In `meta`: when the last summary was told, or watching began.
SUMMARY_AT = "summary_at"

#: The doctor's cheap checks.
Quick = Callable[[Config], Awaitable[Sequence[FindingLike]]]


@dataclass(eq=False)
class Watch:
    """`run` until cancelled, then `stop`. `paused` says what a person has to do before anything is delivered."""

    db: Database
    clock: Clock
    health: Health
    metrics: Metrics
    config: Config
    paused: Callable[[], str] = lambda: ""
    quick: Quick | None = None
    #: The comparison of outbox and Listmonk since a time, in words; for the weekly summary.
    numbers: Callable[[datetime], Awaitable[str]] | None = None
    channels: Callable[[Config], Sequence[Channel]] = lambda config: channels(config.alerts)

    def __post_init__(self) -> None:
        self._side = Supervisor(self.health)
        self._memory = Memory(self.db)
        self._courier = Courier(self._keep, self.clock, self.metrics, self._side)
        self._states: dict[Key, AlertState] = {}
        self._running = False
        self._summed: datetime | None = None  # when the summary that was told last was due
        self._findings: Sequence[FindingLike] | None = None
        self._sources = Sources()
        self._lately = Lately()
        self._latecomers = Latecomers(self.db)
        self._counted = -1  # the newest row that was counted
        # what was counted before, while this bridge told people the last time, is no news
        self._lost = self.metrics.get(LOST)
        self._requests = dict(self.metrics.of(REQUESTS))
        self._began = self.clock.monotonic()
        self._turned_at = float("-inf")  # when the newest turn ended well
        self._readable = False
        self.turned = asyncio.Event()  #: set after each turn, for whoever waits for one

    async def run(self) -> None:
        """Watch, for ever: the rules, the heartbeat and the doctor's checks, each at its own pace."""
        for rule in RULES:
            self.metrics.set(ALERT_ACTIVE, 0, rule.id)
        self._memory.note(self._courier.serve(self.channels(self.config)))
        self._running = True
        self._side.keep("heartbeats", self._heartbeats, status=Status.YELLOW)
        if self.quick is not None:
            self._side.keep("checks", partial(self._checks, self.quick), status=Status.YELLOW)
        try:
            bugs = Bugs("watching")
            while True:
                rest = self.config.alerts.every
                try:
                    await self.turn()
                except Exception as error:  # a bug of ours must not stop the watching
                    rest = max(rest, bugs.note(error, self.clock.monotonic()))
                    self.health.set("alerts", Status.RED, f"{bugs.why}: alerts may be late")
                await asyncio.sleep(rest)
        finally:
            self._running = False
            await self._courier.stop()
            await self._side.stop()
            self.metrics.forget(ALERT_ACTIVE, ALERT_WAITING)  # of several bridges another knows from now on
            with suppress(Exception):
                # what was sent a moment ago is not sent again by the next run
                await self._memory.save(self._states)

    def reload(self, config: Config) -> None:
        """Take over changed settings. Channels that stay as they are go on with what they do."""
        before, self.config = self.config.alerts, config
        after = config.alerts
        changed = (before.apprise, before.email, before.webhook) != (after.apprise, after.email, after.webhook)
        if changed and self._running:
            self._memory.note(self._courier.serve(self.channels(config)))

    async def turn(self) -> None:
        """Look once."""
        now = self.clock.now()
        await self._load()
        snapshot = await self._snapshot(now)
        judgement = judge(snapshot, self._states, self.config.alerts, now)
        if not self._memory.known and not snapshot.settled:
            # What fires may have been told already, as the outbox may say in a moment.
            judgement = Judgement({key: state for key, state in judgement.states.items() if not state.active})
        self._states = judgement.states
        for rule in RULES:
            active = sum(s.active for s in self._states.values() if s.rule == rule.id)
            self.metrics.set(ALERT_ACTIVE, active, rule.id)
        for told in judgement.told:
            self._tell(told, now)
        await self._summary(snapshot, now)
        await self._memory.save(self._states)
        trouble = self._courier.trouble
        self.health.set("alerts", Status.YELLOW if trouble else Status.GREEN, trouble)
        self._readable = snapshot.numbers is not None
        self._turned_at = self.clock.monotonic()
        self.turned.set()

    # -- what is looked at ----------------------------------------------------------------------------------

    async def _snapshot(self, now: datetime) -> Snapshot:
        numbers: Numbers | None = None
        try:
            numbers = await self.db.read(partial(_numbers, now=now))
            await self._count_arrivals(now)
        except StoreError as error:
            log.debug("the alert rules run without the outbox: %s", error)
        names = [*self.config.webhooks, *self.config.mailed]
        for name in names:
            accepted = self.metrics.get(REQUESTS, name, "200") - self._requests.get((name, "200"), 0)
            self._sources.requests(name, accepted, now)
        running = self.clock.monotonic() - self._began
        return Snapshot(
            # Its own part: whether alerts get through is a rule of its own.
            parts={name: part for name, part in self.health.parts.items() if name != "alerts"},
            now=now,
            paused=self.paused(),
            lost=int(self.metrics.get(LOST) - self._lost),
            numbers=numbers,
            unproven_hour=self._lately.grown("unproven", numbers.unproven, now) if numbers else 0,
            unknown_hour=self._lately.grown("unknown", numbers.unknown_uuids, now) if numbers else 0,
            sending_hour={
                cause: self._lately.grown(f"sending {cause}", int(self.metrics.get(SENDING_FAILED, cause)), now)
                for cause in (*CAUSES, EVERYBODY, MANY)
            },
            disk_free=free_beside(self.db.path),
            wal=size_of(beside(self.db.path, "-wal")),
            sources=[self._sources.seen(name, now) for name in names],
            findings=self._findings,
            unsent=self._courier.unsent(now),
            settled=running >= min(SETTLING, SETTLING_TURNS * self.config.alerts.every),
        )

    def usual_peak(self, source: str) -> int | None:
        """Events in the busiest usual hour of a source; None: too little is known."""
        return self._sources.seen(source, self.clock.now()).usual_peak

    async def _count_arrivals(self, now: datetime) -> None:
        """Count what came in since the last turn. Read first, so that the writer has only the sums to write."""
        if not self._sources.known:
            since = alerts.hour_of(now) - REACH
            self._sources.add(await self.db.read(partial(alerts.hours, since=since)))
            self._sources.known = True
        upto = await self._latecomers.upto(self.clock.monotonic())
        for _ in range(LOOKS):
            newest, counted = await self.db.read(partial(alerts.new_arrivals, now=now, limit=ROWS, upto=upto))
            if newest == self._counted:
                return
            self._counted = newest
            await self.db.write(partial(alerts.count_arrivals, newest=newest, counted=counted))
            self._sources.add((*key, events) for key, events in counted.items())

    async def _checks(self, quick: Quick) -> None:
        """The doctor's cheap checks, again and again."""
        while True:
            try:
                async with asyncio.timeout(CHECKS_PATIENCE):
                    self._findings = tuple(await quick(self.config))
            except TimeoutError:
                log.warning("the doctor's checks took longer than %g s and were abandoned", CHECKS_PATIENCE)
            except Exception:
                log.exception("the doctor's checks failed")
            await asyncio.sleep(self.config.alerts.checks)

    # -- what is told ---------------------------------------------------------------------------------------

    async def _load(self) -> None:
        """Take over what an earlier run left, once the outbox can be read. What is told after a minute without it
        is told as if there had been nothing before."""
        if (earlier := await self._memory.load()) is not None:
            states, deliveries = earlier
            told = {key: state for key, state in self._states.items() if state.active}
            self._states = self._states | states | told
            self._memory.note(self._courier.resume(deliveries))

    async def _keep(self, deliveries: Iterable[Delivery]) -> None:
        """Write down how deliveries went."""
        self._memory.note(deliveries)
        await self._memory.save(self._states)

    def _tell(self, told: Told, now: datetime) -> None:
        state = told.state
        over = told.what is What.RESOLVED
        level = logging.INFO if over or state.level == "info" else logging.WARNING
        log.log(level, "%s (%s, %s): %s", told.title, state.rule, told.what, told.text)
        notice = Notice(
            self._memory.number(),
            now,
            told.what,
            state.level,
            told.title,
            told.text,
            state.fix,
            state.rule,
            state.subject,
            state.fired_at,
        )
        self._send(notice, None if told.sent else ())

    def _send(self, notice: Notice, names: Iterable[str] | None = None) -> None:
        self._memory.notice(notice)
        self._memory.note(self._courier.add(notice, names))

    async def _summary(self, snapshot: Snapshot, now: datetime) -> None:
        settings = self.config.alerts.summary
        due = summary.last_due(settings, now)
        if due is None or snapshot.numbers is None or not self._memory.known:
            return
        try:
            mark = await self.db.read(partial(delivery.get_meta, name=SUMMARY_AT))
            told = datetime.fromisoformat(mark) if mark is not None else None
            if told is not None and told > now:
                told = None  # by a clock that was ahead: watching begins now
            if told is not None and not summary.is_due(settings, told, now):
                return
            if told is not None and due != self._summed:
                since = alerts.hour_of(due - timedelta(days=summary.DAYS[settings.every]))
                hours = await self.db.read(partial(alerts.hours, since=since))
                text = summary.text(
                    [row for row in hours if row[0] < alerts.hour_of(due)],
                    snapshot.numbers.tally,
                    snapshot.numbers.quarantine,
                    self._states.values(),
                )
                if settings.every == "weekly":
                    text += await self._compared(due - timedelta(days=summary.DAYS[settings.every]))
                names = [n for n in self._courier.names if settings.channels in ("all", n.partition(":")[0])]
                title = summary.title(settings, due)
                self._send(Notice(self._memory.number(), now, What.SUMMARY, "info", title, text), names)
                self._summed = due  # also while that cannot be written down
            await self.db.write(partial(delivery.set_meta, name=SUMMARY_AT, value=now.isoformat()))
        except StoreError as error:
            log.debug("the summary is delayed: %s", error)

    async def _compared(self, since: datetime) -> str:
        """Whether the numbers of the outbox and of Listmonk add up, or why that is not known."""
        if self.numbers is None:
            return ""
        try:
            async with asyncio.timeout(NUMBERS_PATIENCE):
                told = await self.numbers(since)
        except (BouncestreamError, TimeoutError) as error:
            told = f"  could not be compared: {error or 'Listmonk took too long'}"
        return f"\nOutbox and Listmonk (`bouncestream reconcile`):\n{told}"

    async def _heartbeats(self) -> None:
        """While all is well, and this task can say so."""
        failing = False
        await self.turned.wait()
        while True:
            settings = self.config.alerts.heartbeat
            if settings.url is not None and self._well(settings.when):
                try:
                    await beat(settings.url.reveal())
                except SendFailed as error:
                    self.metrics.add(HEARTBEATS, "failed")
                    level = logging.DEBUG if failing else logging.WARNING
                    log.log(level, "the heartbeat could not be sent: %s", error)
                    failing = True
                else:
                    self.metrics.add(HEARTBEATS, "sent")
                    failing = False
            await asyncio.sleep(settings.every)

    def _well(self, when: str) -> bool:
        age = self.clock.monotonic() - self._turned_at
        alive = self._readable and age <= 60 + 3 * self.config.alerts.every
        return alive and (when == "alive" or self.health.ready)


def _numbers(conn: Conn, now: datetime) -> Numbers:
    return Numbers(
        tally=delivery.tally(conn),
        oldest=delivery.oldest_pending(conn, now),
        quarantine=delivery.quarantine_count(conn),
        doubled=int(delivery.get_meta(conn, "doubled") or 0),
        backfilled=int(delivery.get_meta(conn, missed.FOUND) or 0),
        unproven=int(delivery.get_meta(conn, delivery.UNPROVEN) or 0),
        excess=int(delivery.get_meta(conn, delivery.EXCESS) or 0),
        unknown_uuids=int(delivery.get_meta(conn, delivery.UNKNOWN_UUIDS) or 0),
        forgotten=int(delivery.get_meta(conn, GONE) or 0),
        bridges={one.bridge.name: one.bridge.seen for one in at_work(conn)},
    )
