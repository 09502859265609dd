# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m tests.e2e.wrapped run …`: the real program with times shortened, or one promise broken on purpose.

BOUNCESTREAM_TEST_TTL: seconds that a lease lasts. BOUNCESTREAM_TEST_GAP: seconds between two absences that count.
BOUNCESTREAM_TEST_MIN_FREE: bytes that must stay free on the disk. BOUNCESTREAM_TEST_SABOTAGE: `early`: acknowledge
before the commit.

BOUNCESTREAM_TEST_STEP: a step of the schema on PostgreSQL that this program, as a newer version, knows more.

BOUNCESTREAM_TEST_BUG: `writer`: the outbox's writer ends with a bug at the first event; `relay`: each turn of the
relay is a bug; `upkeep`, `rejudge`: that task is.

BOUNCESTREAM_TEST_KILL: `fetched`, `committed`, `placed`: kill -9 of itself when mails have come to that step:
they were fetched; their events were committed; they were flagged or moved, but that is not noted yet. `handed
over`, `written`, `stored`, `answered`: when a mail of a listener has: it was read to its end; its rows were
written, and the transaction is not committed; it is, for its first recipient; he was answered 250.

BOUNCESTREAM_TEST_AT: `posting:19`: that signal to itself at that step of `tests.relay.steps`.
BOUNCESTREAM_TEST_SILENT: seconds that a database may be silent.
BOUNCESTREAM_TEST_CLOCK: seconds by which its clock is ahead of the machine's.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from datetime import timedelta
from typing import Any

from bouncestream import lease
from bouncestream.__main__ import main
from bouncestream.folders import MailBatch
from bouncestream.outbox import intake
from bouncestream.ports import Receipt, Submission

if ttl := float(os.environ.get("BOUNCESTREAM_TEST_TTL", 0)):
    # Before anything else takes these names. A busy machine delays a renewal by seconds, and work that is cut off
    # each time before it is renewed delivers nothing: so these are renewed the more often.
    lease.TTL, lease.RENEW, lease.GUARD, lease.FROZEN = ttl, ttl / 10, ttl / 5, max(1.0, ttl / 3)  # type: ignore[misc]

if sql := os.environ.get("BOUNCESTREAM_TEST_STEP"):
    from bouncestream.outbox.postgres import steps

    _more = (*steps.steps(), steps.step(steps.newest() + 1, sql))
    steps.steps = lambda: _more  # type: ignore[assignment]

from bouncestream.relay import context, ledger, loop

_background: set[asyncio.Task[Receipt]] = set()


class EarlyIntake(intake.Intake):
    """Sabotage: the answer does not wait for the disk."""

    async def __call__(self, submission: Submission) -> Receipt:
        task = asyncio.create_task(super().__call__(submission))
        _background.add(task)
        task.add_done_callback(_background.discard)
        return Receipt(accepted=len(submission.events))


ledger.GAP = float(os.environ.get("BOUNCESTREAM_TEST_GAP", ledger.GAP))
context.CAPABILITIES_EVERY = 2.0
intake.Intake.__init__.__defaults__ = tuple(
    int(os.environ.get("BOUNCESTREAM_TEST_MIN_FREE", given)) if given == intake.MIN_FREE else given
    for given in intake.Intake.__init__.__defaults__ or ()
)
if os.environ.get("BOUNCESTREAM_TEST_SABOTAGE") == "early":
    import bouncestream.app

    bouncestream.app.Intake = EarlyIntake  # type: ignore[misc]


if told := os.environ.get("BOUNCESTREAM_TEST_AT"):
    from tests.relay.steps import place

    place(told.rpartition(":")[0], int(told.rpartition(":")[2]))
if silent := float(os.environ.get("BOUNCESTREAM_TEST_SILENT", 0)):
    from bouncestream.outbox.postgres import db, session

    db.STALLED, session.SILENT = silent / 2, silent
if ahead := timedelta(seconds=float(os.environ.get("BOUNCESTREAM_TEST_CLOCK", 0))):
    from bouncestream.clock import SystemClock

    right = SystemClock.now
    SystemClock.now = lambda self: right(self) + ahead  # type: ignore[method-assign]


def bug(*_: Any, **__: Any) -> Any:
    """A bug of ours."""
    raise ZeroDivisionError("a bug on purpose")


match os.environ.get("BOUNCESTREAM_TEST_BUG"):
    case "writer":
        from bouncestream.outbox.db import Database

        resolve = Database._resolve

        def resolved(self: Database, jobs: Any, outcomes: Any) -> None:
            if any(job.many for job in jobs):
                bug()
            resolve(self, jobs, outcomes)

        Database._resolve = resolved  # type: ignore[method-assign]
    case "relay":
        loop.Relay._turn = bug  # type: ignore[method-assign]
    case "upkeep":
        from bouncestream.maintenance.upkeep import Upkeep

        Upkeep.renew_gauges = bug  # type: ignore[method-assign]
    case "rejudge":
        from bouncestream.maintenance.rejudge import Rejudge

        Rejudge._run = bug  # type: ignore[method-assign]


def kill_after(owner: type[Any], name: str) -> None:
    """End like in a power cut, right after this call has succeeded."""
    real = getattr(owner, name)

    async def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        found = await real(self, *args, **kwargs)
        if found or name != "fetch":
            os.kill(os.getpid(), signal.SIGKILL)
        return found

    setattr(owner, name, call)


def die(*_: Any, **__: Any) -> Any:
    """End like in a power cut."""
    os.kill(os.getpid(), signal.SIGKILL)


step = os.environ.get("BOUNCESTREAM_TEST_KILL")
if step == "committed":

    class KilledIntake(intake.Intake):
        """Dies when a batch with events of mails is committed."""

        async def mails(self, batch: MailBatch) -> list[Receipt]:
            found = await super().mails(batch)
            if found:
                os.kill(os.getpid(), signal.SIGKILL)
            return found

    import bouncestream.app

    bouncestream.app.Intake = KilledIntake  # type: ignore[misc]
elif step == "handed over":
    from bouncestream.sources.smtp.storing import Storing

    Storing.take = die  # type: ignore[method-assign]
elif step == "written":
    store = intake.store_letter
    intake.store_letter = lambda *args, **more: die(store(*args, **more))
elif step == "stored":
    kill_after(intake.Intake, "letter")
elif step == "answered":
    from bouncestream.sources.smtp import answers
    from bouncestream.sources.smtp.session import SmtpSession

    push = SmtpSession.push

    async def answered(self: SmtpSession, status: Any) -> None:
        await push(self, status)
        if status == answers.TAKEN.line:
            die()

    SmtpSession.push = answered  # type: ignore[assignment,method-assign]
elif step:
    from bouncestream.sources.imap.session import Session

    kill_after(Session, {"fetched": "fetch", "placed": "move"}[step])

if __name__ == "__main__":
    sys.exit(main())
