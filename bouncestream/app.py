# SPDX-License-Identifier: GPL-3.0-or-later
"""The composition root: puts the rooms together, runs them under one supervisor, and takes them down in order.

Shutdown (SIGTERM, SIGINT): stop accepting webhooks and reading mailboxes, finish what is in hand → let the relay
end what is in flight → close the outbox. It is bounded in time; what is cut off is found by reading back at the
next start.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bouncestream import __version__, descriptors, fitting
from bouncestream.alerts.watch import Watch
from bouncestream.clock import SystemClock
from bouncestream.config.model import Config
from bouncestream.health import Health, Status
from bouncestream.judging.refusal import LISTMONK_LOG
from bouncestream.lease import RELAY
from bouncestream.maintenance.absence import Absence
from bouncestream.maintenance.account import Account
from bouncestream.maintenance.decay import Soft
from bouncestream.maintenance.deletions import PART, Deletions
from bouncestream.maintenance.erasures import Erasures
from bouncestream.maintenance.newcomer import Newcomer
from bouncestream.maintenance.rejudge import Rejudge
from bouncestream.maintenance.upkeep import Upkeep
from bouncestream.metrics import START_TIME, Metrics
from bouncestream.outbox import delivery
from bouncestream.outbox.db import Database
from bouncestream.outbox.intake import Intake
from bouncestream.outbox.leasing import Ended, Work, leasing_of
from bouncestream.outbox.mailboxes import StoredMailMemory
from bouncestream.outbox.marker import Markers
from bouncestream.outbox.place import place_of
from bouncestream.relay.board import PARTS
from bouncestream.relay.doubts import in_doubt, tell_doubts
from bouncestream.relay.loop import Relay
from bouncestream.sinks.listmonk.campaigns import Campaigns
from bouncestream.sources.listening import listening_on
from bouncestream.sources.mails import MailSources
from bouncestream.sources.webhook.server import WebhookServer, bound
from bouncestream.supervisor import Supervisor

if TYPE_CHECKING:
    from bouncestream.dashboard.beside import Beside
    from bouncestream.doctor.finding import Finding
    from bouncestream.maintenance.backfill import Backfilling
    from bouncestream.sources.listmonk_log.listener import LogListener

log = logging.getLogger("bouncestream")

#: Requests and events are freed by their reference counts; each closed connection leaves asyncio's transport as a
#: cycle of 7 objects (2 KB), so that 6 MB of garbage may pile up. Under load the collector then has nothing to do:
#: with 2,000 objects it looked through each larger commit, for a twentieth of the price of an event (perf, November
#: 2026).
GC_THRESHOLD = (20_000, 10, 5)

#: How long requests in hand, then the posts in flight, then an alert on its way, may take at shutdown; seconds.
REQUESTS_GRACE, RELAY_GRACE, WATCH_GRACE = 5.0, 10.0, 3.0

#: The doctor's cheap checks begin so long after the start; seconds.
CHECKS_AFTER = 10.0


class App:
    """The app: one running bridge. `start`, then `wait` until `stop` was called; `reload` exchanges what can be."""

    def __init__(self, config: Config, *, dry_run: bool = False, new_outbox: bool = False) -> None:
        self.config = config
        self.dry_run = dry_run
        self.new_outbox = new_outbox  #: a missing outbox is made anew, though there was one before
        self.missing = ""  #: why the outbox cannot be had yet
        self.health = Health()
        self.metrics = Metrics()
        self.addresses: list[tuple[str, int]] = []
        self._stop = asyncio.Event()
        self.supervisor = Supervisor(self.health, on_lost=self.stop)
        self._instance = ""
        self._checked = False
        self._mails: MailSources | None = None
        self._backfilling: Backfilling | None = None
        self._beside: list[asyncio.Task[None]] = []  # ended before the relay is
        self._log: LogListener | None = None
        self.dashboard: Beside | None = None
        self.pausing: Campaigns | None = None  #: pauses campaigns, where that is wished

    async def run(self, *, ready: Callable[[App], None] | None = None) -> None:
        """Until `stop`. `ready` is called once it listens: with `missing` set while it only waits for the outbox,
        and again later. Raises a BouncestreamError when it cannot start, and TaskLost when it could not go on and
        was taken down in order."""
        self.metrics.set(START_TIME, time.time())
        descriptors.raise_limit()
        clock = SystemClock()
        place = place_of(self.config)
        # A server that is away is no missing outbox, and one that is another is told apart by `newcomer`.
        markers = Markers.of(self.config) if isinstance(place, Path) else None
        if not ((markers and self.new_outbox) or await self._found(markers, ready)):
            return
        privacy = self.config.privacy
        where = place if markers is None else markers.path
        self.db = await Database.open(where, lock=True, metrics=self.metrics, key=privacy.key, seal=privacy.seal)
        try:
            self.leasing = leasing_of(self.db, clock, __version__, self.health, self.metrics)
            await self.leasing.begin()
            await self.db.settle()
            instance: str | None = await self.db.read(partial(delivery.get_meta, name="instance"))
            self._instance = instance or ""
            self.recorder = fitting.recorder(self.config, self.db, self._instance)
            self.sink = fitting.listmonk(self.config, self._instance, self.leasing)
            self.pausing = fitting.pausing(self.config, self._instance)
            try:
                self.relay = self._relay(clock)
                self.intake = Intake(
                    self.db, clock=clock, metrics=self.metrics, health=self.health, on_commit=self._wake
                )
                self.newcomer = Newcomer(self.db, self.sink, self.intake, self._sources)
                safe, term = partial(self.leasing.safe, RELAY), partial(self.leasing.term, RELAY)
                self.upkeep = Upkeep(
                    self.db, self.intake, clock, self.health, self.metrics, self.config.retention, safe, term
                )
                self.rejudge = Rejudge(self.db, clock, self.config, __version__, on_commit=self._wake)
                self.watch = self._watch()
                self.server = WebhookServer(
                    self.config.server,
                    self.config.webhooks,
                    self.intake,
                    self.health,
                    self.metrics,
                    clock,
                    rules=self.config.policy.rules,
                )
                if markers is not None:
                    markers.write(self._instance, clock.now().isoformat())
                await self._settle_in()
                await self._serve(ready)
            finally:
                for calls in (self.sink, self._log.sending if self._log else None, self.pausing):
                    if calls is not None:
                        await calls.close()
        finally:
            await self.db.close()

    async def _found(self, markers: Markers | None, ready: Callable[[App], None] | None) -> bool:
        """Wait for an outbox that cannot be had yet (`absence`); False: `stop` came first."""

        def listening(absence: Absence) -> None:
            self.addresses, self.missing = absence.addresses, absence.why
            log.info("listening on %s; waiting for the outbox", bound(self.addresses))
            if ready is not None:
                ready(self)

        absence = Absence(self.config, markers, SystemClock(), self.health, self.metrics)
        with listening_on(self.config.server.listen):
            found = await absence.over(self._stop, listening)
        self.missing = ""
        return found

    async def _settle_in(self) -> None:
        """See whether a new outbox is the only one of its sources, before anything comes in."""
        if self.new_outbox:
            log.warning(
                "--new-outbox is for a single start: while it is set, a missing outbox goes unnoticed. Next: "
                "remove it"
            )
            await self.newcomer.accept()
        elif not self.dry_run:
            await self.newcomer.before_the_start()

    def _sources(self) -> set[str]:
        return {*self.config.webhooks, *self.config.mailed, LISTMONK_LOG}

    def stop(self) -> None:
        """Begin the shutdown; may be called more than once."""
        self._stop.set()

    @property
    def stopping(self) -> bool:
        return self._stop.is_set()

    def reload(self, config: Config) -> None:
        """Take over what can change while running (webhooks, mailboxes, smtp, retention, policy, log level)."""
        self.server.reload(config.webhooks, config.policy.rules)
        self.upkeep.settings = config.retention
        self.relay.set_policy(config.policy.unsubscribe, config.policy.rules)
        self.watch.reload(config)
        self.config = config
        if not config.privacy.follow_deletions:
            self.health.forget(PART)
        if self._log is not None:
            self._log.set_rules(config.policy.rules)
        if self.dashboard is not None:
            self.dashboard.reload(config)
        if self._mails is not None:
            self._mails.reload(config)
        self._ask_providers()

    def _alone(self, work: Work, ended: Ended = lambda: None) -> Work:
        """The work that one bridge does alone: the one that delivers, as much of it asks what the relay knows, and
        alerts tell what is on its board."""
        return self.leasing.hold(RELAY, work, ended)

    def _wake(self) -> None:
        """There is news for the relay."""
        self.relay.wake()

    def _watch(self) -> Watch:
        return Watch(
            self.db,
            SystemClock(),
            self.health,
            self.metrics,
            self.config,
            paused=lambda: self.relay.paused,
            quick=self._quick,
            numbers=self._numbers,
        )

    async def _deliver(self) -> None:
        """Deliver, for as long as this bridge is the one that does: what an earlier term knew counts no more."""
        if self.leasing.several:
            self.relay = self._relay(SystemClock())
            await self.relay.prepare()
        await self.relay.run()

    def _relieved(self) -> None:
        """Another bridge delivers from now on, or will."""
        self.health.forget(*PARTS)
        if labels := in_doubt(self.relay.context):
            doubts = partial(tell_doubts, self.relay.context, labels)
            self.supervisor.keep("doubts", doubts, finite=True, status=Status.YELLOW)

    async def _tell(self) -> None:
        """Watch, for as long as this bridge is the one that tells people."""
        if self.leasing.several:
            self.watch = self._watch()
        await self.watch.run()

    def _relay(self, clock: SystemClock) -> Relay:
        return fitting.relay(
            self.config,
            self.leasing,
            self.recorder,
            self.sink,
            self.pausing,
            clock,
            self.health,
            self.metrics,
            peak=lambda source: self.watch.usual_peak(source),
            allowed=lambda: self.newcomer.allowed(),
            dry_run=self.dry_run,
        )

    def _soft(self) -> Soft:
        def may_look() -> bool | None:
            capabilities = self.relay.context.capabilities
            return None if capabilities is None else capabilities.lookup

        return Soft(self.db, self.sink, SystemClock(), lambda: self.config, may_look, on_commit=self._wake)

    def _deletions(self) -> Deletions:
        def wanted() -> bool:
            return self.config.privacy.follow_deletions and not self.dry_run

        return Deletions(self.db, self.sink, SystemClock(), self.health, wanted)

    def _read_log(self) -> None:
        if not self.config.listmonk_log.enabled:
            return
        from bouncestream.maintenance.listmonk_log import listener

        self._log = listener(self.config, self.sink.by_ids, self.intake, self.db, self.health, self.metrics)
        work = self._alone(self._log.run, partial(self.health.forget, LISTMONK_LOG))
        self._beside.append(self.supervisor.keep("listmonk_log", work, status=Status.YELLOW))

    def _open_dashboard(self) -> None:
        if self.config.dashboard.listen:
            from bouncestream.dashboard.beside import Beside  # only where there is one

            self.dashboard = Beside(self.config, self.health, self.metrics, self.sink.newest)
            self._beside.append(self.supervisor.keep("dashboard", self.dashboard.run, status=Status.YELLOW))

    def _take_mail(self) -> MailSources:
        clock = SystemClock()
        return MailSources(
            self.intake,
            StoredMailMemory(self.db, clock),
            self.server.budget,
            clock,
            self.health,
            self.metrics,
            outbox=Path(self.config.outbox.path),
            instance=self._instance,
            grace=REQUESTS_GRACE,
            dry_run=self.dry_run,
            hold=self._alone,
        )

    def _ask_providers(self) -> None:
        """Begin to ask providers for what webhooks missed, or take over what has changed about that."""
        if self._backfilling is not None:
            self._backfilling.config = self.config
            return
        if self.dry_run or not any(hook.backfill for hook in self.config.webhooks.values()):
            return
        from bouncestream.maintenance.backfill import Backfilling  # only where it is wanted, as the mailboxes

        self._backfilling = Backfilling(
            self.db, SystemClock(), self.health, self.metrics, self.config, self.sink, self.intake.missed
        )
        work = self._alone(self._backfilling.run, self._backfilling.leave)
        self._beside.append(self.supervisor.keep("backfill", work, status=Status.YELLOW))

    async def _quick(self, config: Config) -> list[Finding]:
        """The doctor's cheap checks; the first time not right away, as a start has enough to do."""
        if not self._checked:
            self._checked = True
            await asyncio.sleep(min(CHECKS_AFTER, config.alerts.checks))
        from bouncestream.doctor.background import quick  # small: the work is done in a process of its own

        return await quick(config)

    async def _numbers(self, since: datetime) -> str:
        """Whether outbox and Listmonk agree since a time, in words."""
        from bouncestream.judging.reconcile import in_words  # once a week
        from bouncestream.maintenance.reconcile import reconcile

        before = SystemClock().now() - timedelta(seconds=self.config.retention.events)
        return in_words(await reconcile(self.db.read, self.sink, since=since, before=before))

    async def _stop_sources(self) -> None:
        """Nothing more comes in; what is in hand is committed and acknowledged."""
        await asyncio.gather(
            self.server.stop(REQUESTS_GRACE),
            *([self._mails.stop(REQUESTS_GRACE)] if self._mails is not None else []),
        )

    async def _serve(self, ready: Callable[[App], None] | None) -> None:
        if not self.leasing.several:
            await self.relay.prepare()
        with listening_on(self.config.server.listen):
            self.addresses = await self.server.start()
        log.info("listening on %s", bound(self.addresses))
        keep, alone, forget = self.supervisor.keep, self._alone, self.health.forget
        keep("outbox", self.db.writing, vital=True)  # without its writer nothing can be acknowledged
        if self.leasing.several:
            keep("leases", self.leasing.run)
        relay = keep("relay", alone(self._deliver, self._relieved), finite=True)
        self._beside += [
            keep("upkeep", self.upkeep.run),
            keep("erasures", alone(Erasures(self.db, SystemClock()).run), status=Status.YELLOW),
            keep("soft bounces", alone(self._soft().run), status=Status.YELLOW),
            keep("deletions", alone(self._deletions().run, partial(forget, PART)), status=Status.YELLOW),
            keep("rejudge", alone(self.rejudge.run), finite=True, status=Status.YELLOW),
        ]
        watch = keep("watch", alone(self._tell, partial(forget, "alerts")))
        account = Account(self.metrics)
        keep("account", account.run, status=Status.YELLOW)
        self._mails = self._take_mail()
        self._mails.reload(self.config)
        self._ask_providers()
        self._read_log()
        self._open_dashboard()
        # What was imported lives as long as the process: the collector need not look at it every few requests.
        gc.collect()
        gc.freeze()
        gc.set_threshold(*GC_THRESHOLD)
        if ready is not None:
            ready(self)
        try:
            await self._stop.wait()
        finally:
            await self._stop_sources()
            self.leasing.stop()
            self.relay.stop()
            if not self.leasing.safe(RELAY):
                relay.cancel()  # it only waits for its turn
            for task in self._beside:
                task.cancel()
            done, _ = await asyncio.wait([relay], timeout=RELAY_GRACE)
            if not done:
                log.warning(
                    "posts were still unanswered after %g s; they will be read back at the next start", RELAY_GRACE
                )
                relay.cancel()
            account.tell()
            watch.cancel()
            await asyncio.wait([watch], timeout=WATCH_GRACE)
            await self.supervisor.stop()
            await self.leasing.end()
        self.supervisor.raise_lost()
