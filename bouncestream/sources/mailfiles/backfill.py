# SPDX-License-Identifier: GPL-3.0-or-later
"""Old mails, from files into the outbox: what is not too old goes through `read_mail` and `Emit`, some at a time.

It may be repeated, cut off at any point, and run beside `bouncestream run`: each mail is stored with its identity
keys, so what is known stays a duplicate; and a batch is a transaction of milliseconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from bouncestream.judging.mail import Judging, read_mail
from bouncestream.ports import Emit, Submission
from bouncestream.sources.mailfiles.reader import FileMail

#: A batch is stored when it has so many events, or bytes.
BATCH_EVENTS, BATCH_BYTES = 200, 4 << 20

#: After so many mails everything else has its turn: the progress bar, Ctrl-C.
BREATH = 25

#: So many mails that could not be read are named.
NAMED = 20


@dataclass(slots=True)
class Backfilled:
    """The results of the mails so far. What was stored is counted by the outbox."""

    mails: int = 0
    bytes: int = 0
    ignored: int = 0  #: no bounce
    too_old: int = 0
    unreadable: int = 0
    named: list[tuple[str, str]] = field(default_factory=list)  #: unreadable ones: where, and why
    interrupted: bool = False


async def backfill(
    mails: Iterable[FileMail],
    emit: Emit,
    judging: Judging,
    since: datetime | None,
    stopped: asyncio.Event,
    told: Callable[[Backfilled], None] = lambda done: None,
    done: Backfilled | None = None,
) -> Backfilled:
    """Feed mails to `emit` until they end or `stopped` is set. `since`: mails that arrived earlier are only
    counted; of some nothing tells when they arrived: these are read. `told` is called from time to time; `done` is
    counted on.

    Raises StoreBusy or StoreUnavailable when mails cannot be stored; `done` says how far it came.
    """
    done = Backfilled() if done is None else done
    batch: list[Submission] = []
    events = size = 0
    for mail in mails:
        submission = _judged(mail, judging, since, done)
        if submission is not None:
            batch.append(submission)
            events += len(submission.events) + len(submission.unreadable)
            size += len(submission.raw)
            if events >= BATCH_EVENTS or size >= BATCH_BYTES:
                await _store(batch, emit)
                batch, events, size = [], 0, 0
        if done.mails % BREATH == 0:
            told(done)
            await asyncio.sleep(0)
            if stopped.is_set():
                done.interrupted = True
                break
    await _store(batch, emit)
    told(done)
    return done


def _judged(mail: FileMail, judging: Judging, since: datetime | None, done: Backfilled) -> Submission | None:
    done.mails += 1
    done.bytes += mail.size
    if mail.raw is None:
        done.unreadable += 1
        _name(done, mail.where, mail.why)
        return None
    if since is not None and mail.arrived_at is not None and mail.arrived_at < since:
        done.too_old += 1
        return None
    returned = read_mail(mail.raw, judging, mail.arrived_at)
    if returned.bug:  # stored in quarantine, and counted by the outbox
        _name(done, mail.where, f"{returned.why}; it is kept in quarantine")
    if returned.submission is None:
        done.ignored += 1
    return returned.submission


def _name(done: Backfilled, where: str, why: str) -> None:
    if len(done.named) < NAMED:
        done.named.append((where, why))


async def _store(batch: list[Submission], emit: Emit) -> None:
    """Store a batch, in one transaction or a few."""
    for answer in await asyncio.gather(*map(emit, batch), return_exceptions=True):
        if isinstance(answer, BaseException):
            raise answer
