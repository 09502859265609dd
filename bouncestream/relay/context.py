# SPDX-License-Identifier: GPL-3.0-or-later
"""The context that the parts of the relay share: outbox, sink, ledger of unsettled events, breaker, boards."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from bouncestream.backoff import backoff
from bouncestream.errors import SinkError
from bouncestream.health import Health
from bouncestream.metrics import DELIVERED, LOST, READ_BACKS, RESTARTS, RETRIES, Metrics
from bouncestream.outbox import caused, delivery, reposts
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.leasing import Store
from bouncestream.outbox.state import FINAL
from bouncestream.policy import Rules
from bouncestream.ports import Capabilities, Clock, ListedRow, Move, Sink, State
from bouncestream.relay.breaker import Breaker
from bouncestream.relay.ledger import Ledger, Times
from bouncestream.relay.schedule import LaterReads

log = logging.getLogger("bouncestream.relay")

#: How often the token's permissions and Listmonk's settings are asked for; seconds.
CAPABILITIES_EVERY = 300.0
#: After a failed call the permissions and settings of Listmonk are asked for again this soon; seconds.
CAPABILITIES_AFTER_FAILURE = 5.0
#: After a failed read none is made for so long, at first and at most; seconds.
READ_REST, READ_REST_LIMIT = 0.3, 30.0

#: First failures of events that are told in a minute, each in a line.
FAILURES_TOLD = 20


@dataclass(frozen=True, slots=True)
class RelaySettings:
    """How fast and how patiently; `[relay]` of the configuration. Times in seconds."""

    batch_size: int = 200
    linger: float = 0.02
    connections: int = 4
    pulse: float = 2.0
    settle: float = 60.0  #: without read-back: how long a 200 must stand
    #: with several bridges: how much later a request of the one before may have left than this one knows
    late: float = 0.0
    unsubscribe: str = "campaign"  #: `campaign`, `lists`, `blocklist` or `ignore`
    rules: Rules = field(default_factory=Rules)  #: the policy on reasons
    dry_run: bool = False


@dataclass(eq=False)
class RelayContext:
    """The context of one run of the relay."""

    db: Store
    sink: Sink
    clock: Clock
    settings: RelaySettings
    times: Times
    health: Health
    metrics: Metrics
    chance: Callable[[], float]
    #: whether something may begin at Listmonk now: with several bridges, only one of them may
    may_send: Callable[[], bool] = lambda: True

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.times)
        self.later = LaterReads(self.times.margin)
        self.looked: dict[str, float] = {}  #: label → when the look at it before the batch in hand was answered
        self.reposts = True  #: False: no event waits to be posted again, as the newest look at the outbox showed
        self.breaker = Breaker(self.chance)
        self.capabilities: Capabilities | None = None  #: None: not known yet, so nothing is posted
        self.capabilities_due = float("-inf")  #: when they are asked for (again)
        self.read_due = float("-inf")  #: no label is read before that: the last reads failed
        self.read_trouble = ""  #: why they failed; posting may work all the same
        self._failed_reads = 0
        self.known: set[str] = set()  #: events whose subscriber's UUID was looked up in this run, and is known
        self.stopping = False
        self.doubtful: set[str] = set()  #: labels of what was posted when another bridge had taken over
        self._failed: set[int] = set()  # rows whose first failure was told
        self._warned: deque[float] = deque(maxlen=FAILURES_TOLD)  # when that was

    def trouble(self, why: str, retry_after: float | None = None) -> None:
        """Something of the sink failed that passes by itself."""
        log.debug("suspended: %s", why)
        self.breaker.trouble(self.clock.monotonic(), why, retry_after)

    def not_now(self) -> str:
        """Why nothing may be sent now, in words; empty: it may."""
        if self.stopping:
            return "not sent: bouncestream is shutting down"
        if not self.may_send():
            return "not sent: another bridge may deliver by now"
        if self.breaker.paused or self.clock.monotonic() < self.breaker.until:
            return f"not sent: {self.breaker.why}"
        return ""

    def read_failed(self, why: str) -> None:
        """Its database may be away, and then its 200 means nothing: stop posting for a while, and reading too."""
        now = self.clock.monotonic()
        self.ledger.read_failed(now)
        self.metrics.add(READ_BACKS, "failed")
        self.read_trouble = f"reading back failed: {why}"
        self.trouble(self.read_trouble)
        self.capabilities_due = min(
            self.capabilities_due, now + CAPABILITIES_AFTER_FAILURE
        )  # may the token still read?
        self._failed_reads += 1
        rest = backoff(self._failed_reads, base=READ_REST, cap=READ_REST_LIMIT, jitter=self.chance())
        self.read_due = now + rest

    def round_ended(self) -> None:
        """A round of reading back, with its look-ups, ended well."""
        self.read_due, self.read_trouble, self._failed_reads = float("-inf"), "", 0

    async def learn(self, now: float, patience: float | None = None) -> Capabilities | None:
        """What the token may do, and how Listmonk is set up; None: it did not answer, within so many seconds."""
        try:
            async with asyncio.timeout(patience):
                found = await self.sink.capabilities()
        except (SinkError, TimeoutError) as error:
            self.trouble(str(error) or f"Listmonk did not answer within {patience:g} s")
            return None
        if self.capabilities is None or self.capabilities.version != found.version:
            name = f"rows_shown:{found.version}"
            self.ledger.rows_shown = bool(await self.db.read(partial(delivery.get_meta, name=name)))
        self.capabilities, self.capabilities_due = found, now + CAPABILITIES_EVERY
        return found

    def boot_read(self, boot: str, asked_at: float) -> None:
        """A boot id was read; tell when it is a new one."""
        if self.ledger.boot_read(boot, asked_at):
            self.metrics.add(RESTARTS)
            self.capabilities_due = float("-inf")
            log.warning(
                "Listmonk restarted; events that it had not recorded are found by reading back and posted again"
            )

    async def settle(self, moves: Sequence[Move], seen: Sequence[ListedRow] = ()) -> bool:
        """Write decided moves down, and what the rows that were `seen` caused; log lines and counters come after
        the commit. False: there were none."""
        if not moves:
            return False
        again = self.later.plan({move.again for move in moves if move.again}, self.clock.monotonic())

        def write(conn: Conn) -> None:
            delivery.settle(conn, moves, now)
            caused.note(conn, seen, actions, now)
            reposts.plan_reads(conn, again, now)

        now = self.clock.now()
        actions = self.capabilities.actions if self.capabilities is not None else {}
        self.reposts = self.reposts or any(move.to is State.PENDING for move in moves)
        await self.db.write(write, rows=len(moves))
        self.moved(moves)
        return True

    def moved(self, moves: Sequence[Move]) -> None:
        """Tell moves that are written down: log lines and counters."""
        for move in moves:
            if move.to in FINAL or move.final:
                self.metrics.add(DELIVERED, move.to.value)
                level = logging.WARNING if move.to is State.DEAD else logging.DEBUG
                log.log(level, "event %d is %s: %s", move.row, move.to.value, move.why)
            elif move.to is State.PENDING:
                if move.lost:
                    self.metrics.add(LOST)
                self.metrics.add(RETRIES, "failure" if move.failed else "absent" if move.absent else "sink")
                if move.failed:
                    self._first_failure(move)

    def _first_failure(self, move: Move) -> None:
        """Warn of an event's first failure in this run; of very many at once only of some, as all are counted."""
        now = self.clock.monotonic()
        full = len(self._warned) == FAILURES_TOLD and now - self._warned[0] < 60
        if full or move.row in self._failed:
            return
        if len(self._failed) > 10_000:
            self._failed.clear()
        self._failed.add(move.row)
        self._warned.append(now)
        log.warning("event %d failed and will be tried again: %s", move.row, move.why)
