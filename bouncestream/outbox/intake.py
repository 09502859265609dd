# SPDX-License-Identifier: GPL-3.0-or-later
"""The way into the outbox: bounded, committed before it is answered, and honest about what is wrong.

Sources await an `Intake` with a `Submission`; it returns once all of it is on the disk. What waits for the next
commit is bounded in events and in bytes, by whole submissions: a sender that is told to come back later loses
nothing, one whose request sits in the memory of a process that runs out of it does.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from typing import TypeVar

from bouncestream.errors import MailsWait, StoreBusy, StoreError, StoreUnavailable
from bouncestream.folders import MailBatch
from bouncestream.health import Health, Status
from bouncestream.metrics import (
    ACKNOWLEDGED_LOST,
    EVENTS_DUPLICATE,
    EVENTS_RECEIVED,
    EVENTS_SUPPRESSED,
    EVENTS_UNSURE,
    INTAKE_WAITING,
    QUARANTINED,
    UNIDENTIFIED,
    Metrics,
)
from bouncestream.missed import Found, Missed
from bouncestream.outbox.acknowledged import GONE, Acknowledged, missing
from bouncestream.outbox.arrivals import take_many
from bouncestream.outbox.braking import take_let_go
from bouncestream.outbox.db import Database
from bouncestream.outbox.delivery import add_meta, set_meta
from bouncestream.outbox.mailboxes import store_letter, store_mails
from bouncestream.outbox.missed import take_missed
from bouncestream.outbox.tables import Stored
from bouncestream.ports import Clock, Receipt, Submission

MAX_EVENTS = 10_000
MAX_BYTES = 32 << 20

#: Bytes that must stay free beside what waits: room for the write-ahead log, and for a person to log in and clean
#: up.
MIN_FREE = 64 << 20
#: Of a disk on another machine nothing is known: PostgreSQL says itself when it is full.
ELSEWHERE = 1 << 50
#: Mails leave so many times that to the webhooks.
MAILS_LEAVE = 4

log = logging.getLogger("bouncestream.outbox")

_NOTHING = Receipt()

T = TypeVar("T")


def _extent(submission: Submission) -> tuple[int, int]:
    """Rows and bytes that it stores, about."""
    size = len(submission.raw)
    for unreadable in submission.unreadable:
        size += len(unreadable.part)
    return len(submission.events) + len(submission.unreadable), size


@dataclass(eq=False)
class Intake:
    """Implements `ports.Emit`, `folders.EmitMails` and `ports.EmitLetter`. `on_commit` is called when there is news
    for the relay."""

    db: Database
    clock: Clock
    metrics: Metrics
    health: Health
    on_commit: Callable[[], None] = lambda: None
    max_events: int = MAX_EVENTS
    max_bytes: int = MAX_BYTES
    min_free: int = MIN_FREE
    asked: bool = False  #: a person has decided about all that comes in, so that the brake lets it go
    aside: int = field(default=0, init=False)  #: bytes of mails set aside, about: `maintenance.upkeep` renews it
    closed: str = field(default="", init=False)  #: why nothing may come in; empty: it may
    _events: int = field(default=0, init=False)  # that wait for the next commit
    _bytes: int = field(default=0, init=False)
    _looked_at: float = field(default=float("-inf"), init=False)  # when the disk was last looked at
    _free: int = field(default=0, init=False)
    _disk: int | None = field(default=0, init=False)  # its whole size; None: not known
    _shortened: dict[str, date] = field(default_factory=dict, init=False)
    _troubled: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        #: A file forgets nothing that it has acknowledged; of a server that is replicated another may take over.
        self._acknowledged = None if self.db.server is None else Acknowledged()
        self._succeed()

    def close(self, why: str) -> None:
        """Take nothing in from now on."""
        self.closed = why
        self._fail(StoreUnavailable(why))

    async def __call__(self, submission: Submission) -> Receipt:
        """Store a submission; its receipt once it is on the disk. A StoreError: nothing was stored."""
        rows, size = _extent(submission)
        if not rows:
            return _NOTHING
        item, take = (submission, self.clock.now()), take_let_go if self.asked else take_many
        taken = await self._written(rows, size, lambda: self.db.write_each(take, item, rows=rows, size=size))
        return self._count(submission.source, taken)

    async def mails(self, batch: MailBatch) -> list[Receipt]:
        """Store what a batch of mails brought, and that they are read, in one transaction; the receipt of each mail
        with a submission, once it is on the disk. A StoreError: nothing was stored."""
        submissions = [mail.submission for mail in batch.mails if mail.submission is not None]
        rows, size = len(batch.mails) + 1, 0
        for submission in submissions:
            more, bytes_ = _extent(submission)
            rows += more
            size += bytes_
        now = self.clock.now()

        def write() -> Awaitable[list[Stored]]:
            job = partial(store_mails, batch=batch, now=now, disk=self._disk, aside=self.aside)
            return self.db.write(job, rows=rows, size=size)

        taken = await self._written(rows, size, write, mails=True)
        for submission, one in zip(submissions, taken, strict=True):
            if not submission.events and not one.shortened:
                self.aside += len(submission.raw)
        if any(one.shortened for one in taken):
            self._tell_shortened(batch.key.mailbox, now)
        return [self._count(s.source, one) for s, one in zip(submissions, taken, strict=True)]

    async def letter(self, submission: Submission) -> Receipt:
        """Store what a mail brought that has no other place than here; its receipt once it is on the disk. A
        StoreError: nothing was stored, and its sender is to come again; MailsWait where the room for mails is used
        up."""
        rows, size = _extent(submission)
        now = self.clock.now()

        def write() -> Awaitable[Stored | None]:
            job = partial(store_letter, submission=submission, now=now, disk=self._disk, aside=self.aside)
            return self.db.write(job, rows=rows, size=size)

        taken = await self._written(rows, size, write, mails=True)
        if taken is None:
            raise MailsWait(
                "Today's limit for mails that are no bounces, or tell of nobody, is reached: further ones wait at "
                "their mail server. Next: inspect them: bouncestream outbox list --unidentified"
            )
        if not submission.events and not taken.duplicates:
            self.aside += size
        return self._count(submission.source, taken)

    async def missed(self, items: Sequence[Missed], hard: int) -> Found:
        """Store what of a provider's list nobody has reported yet, in one transaction. A StoreError: nothing was
        stored. Implements `ports.KeepMissed`."""
        if not items:
            return Found()
        rows, size = len(items), sum(len(one.submission.raw) for one in items)
        job = partial(take_missed, items=items, now=self.clock.now(), hard=hard, asked=self.asked)
        taken, held, duplicates = await self._written(rows, size, lambda: self.db.write(job, rows=rows, size=size))
        source = items[0].submission.source
        if duplicates:
            self.metrics.add(EVENTS_DUPLICATE, source, by=duplicates)
        receipts = [self._count(source, one) for one in taken]
        kinds = tuple(kind.value for one in taken for kind in one.kinds)
        return Found(kinds, held, duplicates + sum(one.duplicates for one in receipts))

    async def _written(self, rows: int, size: int, write: Callable[[], Awaitable[T]], *, mails: bool = False) -> T:
        """What `write` returns, which has a place in the queue meanwhile. Raises MailsWait; StoreBusy and
        StoreUnavailable, which the board tells until something is stored again."""
        try:
            self._admit(rows, size)
            if mails:
                self._leave_to_webhooks(size)
            self._add(rows, size)
            try:
                result = await write()
            finally:
                self._add(-rows, -size)
        except MailsWait:
            raise
        except (StoreBusy, StoreUnavailable) as error:
            self._fail(error)
            raise
        if self._troubled:
            self._succeed()
        return result

    def _leave_to_webhooks(self, size: int) -> None:
        """Mails can wait where they are; what a webhook brings is sent again for some hours only. Raises MailsWait,
        which is no trouble of the outbox."""
        reserve = MAILS_LEAVE * self.min_free
        if self._free - self._bytes - size < reserve:
            raise MailsWait(
                f"The disk of the outbox has {self._free >> 20} MiB left, and the last {reserve >> 20} MiB are "
                "reserved for webhooks: mails wait where they are. Next: free up space at "
                f"{self.db.path.parent}; it resumes by itself."
            )

    def _tell_shortened(self, mailbox: str, now: datetime) -> None:
        today = now.date()
        if self._shortened.get(mailbox) != today:
            self._shortened[mailbox] = today
            log.warning(
                "%s: today's limit for raw mails is reached: of further ones only the beginning is kept, or "
                "nothing; the mails stay in the mailbox. Next: inspect them: bouncestream outbox list "
                "--unidentified",
                mailbox,
            )

    def _count(self, source: str, taken: Stored) -> Receipt:
        metrics = self.metrics
        if self._acknowledged is not None:
            self._acknowledged.add(taken.ids, self.clock.monotonic())
        for kind in taken.kinds:
            metrics.add(EVENTS_RECEIVED, source, kind.value)
        for kind in taken.unsure:
            metrics.add(EVENTS_UNSURE, source, kind.value)
        if taken.duplicates:
            metrics.add(EVENTS_DUPLICATE, source, by=taken.duplicates)
        if taken.suppressed:
            metrics.add(EVENTS_SUPPRESSED, source, by=taken.suppressed)
        if taken.quarantined:
            metrics.add(QUARANTINED, source, by=taken.quarantined)
        if taken.unidentified:
            metrics.add(UNIDENTIFIED, source, by=taken.unidentified)
        if taken.changed:
            self.on_commit()
        return taken.receipt

    async def revive(self) -> bool:
        """Whether events can be stored. After trouble it is tried with a real write, so that a bridge that nobody
        sends to, since it was not ready, becomes ready again; without trouble it costs nothing."""
        if self._troubled:
            self._looked_at = float("-inf")
            try:
                self._admit(0, 0)
                await self.db.write(partial(set_meta, name="last_trial", value=self.clock.now().isoformat()))
            except (StoreBusy, StoreUnavailable) as error:
                self._fail(error)
                return False
            self._succeed()
        if self._acknowledged is not None and self._acknowledged.doubtful:
            await self._compare(self._acknowledged)
        return True

    async def _compare(self, acknowledged: Acknowledged) -> None:
        """After trouble: is all there that was acknowledged before it?"""
        ids = acknowledged.ids()
        try:
            lost = await self.db.read(partial(missing, ids=ids))
            if lost:
                await self.db.write(partial(add_meta, name=GONE, by=len(lost)))
        except StoreError as error:
            log.debug("whether all is there that was acknowledged will be seen later: %s", error)
            return
        acknowledged.compared(lost)
        if lost:
            self.metrics.add(ACKNOWLEDGED_LOST, by=len(lost))
            log.error(
                "PostgreSQL has lost %d events that were acknowledged, the first of them %s: the server that took "
                "over had not received them. Next: make replication synchronous (synchronous_standby_names), and "
                "have your providers send the last minutes again, or wait for the backfill",
                len(lost),
                lost[0],
            )

    async def look(self) -> None:
        """Tell the board when the files of the outbox are not there any more: also when nothing comes in."""
        try:
            await self.db.look()
        except StoreUnavailable as error:
            self._fail(error)

    def _admit(self, rows: int, size: int) -> None:
        """Raise when a submission has no place in the queue, or the disk none for it. A submission that is larger
        than the whole queue has its place when the queue is empty; the sources bound what one request may bring."""
        if self.closed:
            raise StoreUnavailable(self.closed)
        if self._events and (self._events + rows > self.max_events or self._bytes + size > self.max_bytes):
            raise StoreBusy(
                f"The intake queue is full: {self._events} events ({self._bytes >> 10} KiB) wait to be stored. "
                "Nothing of this request was stored. Next: if it persists, find out what slows the disk down."
            )
        now = self.clock.monotonic()
        if now - self._looked_at >= 1:
            self._looked_at = now
            try:
                disk = self.db.disk()
            except OSError as error:
                raise StoreUnavailable(
                    f"The outbox's directory cannot be accessed ({error.strerror}). Next: check that "
                    f"{self.db.path.parent} exists."
                ) from error
            self._free, self._disk = disk if disk is not None else (ELSEWHERE, None)
        if self._free - self._bytes - size < self.min_free:
            raise StoreUnavailable(
                f"The disk of the outbox has {self._free >> 20} MiB left, and {self.min_free >> 20} MiB are kept "
                f"in reserve: nothing was stored. Next: free up space at {self.db.path.parent}; bouncestream "
                "resumes by itself."
            )

    def _add(self, rows: int, size: int) -> None:
        self._events += rows
        self._bytes += size
        self.metrics.set(INTAKE_WAITING, self._events)

    def _fail(self, error: StoreBusy | StoreUnavailable) -> None:
        self._troubled = True
        if self._acknowledged is not None and isinstance(error, StoreUnavailable):
            self._acknowledged.doubtful = True
        if isinstance(error, StoreBusy):
            self.health.set("intake", Status.YELLOW, str(error))
        else:
            self.health.set("intake", Status.RED, "nothing can be stored")
            self.health.set("outbox", Status.RED, str(error))

    def _succeed(self) -> None:
        self._troubled = False
        self.health.set("intake", Status.GREEN)
        self.health.set("outbox", Status.GREEN)
