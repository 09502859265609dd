# SPDX-License-Identifier: GPL-3.0-or-later
"""A command that must not run twice at a time on one outbox: it holds a lock beside an outbox in a file, and a
lease of its own in one on PostgreSQL, from whichever machine it is run."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial

from bouncestream.errors import StoreBusy, StoreError, StoreUnavailable
from bouncestream.files import Lock
from bouncestream.lease import AGAIN, GUARD, PATIENCE, RENEW, TTL, bridge_of, holder_of
from bouncestream.outbox import files
from bouncestream.outbox.db import Database
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.postgres import leases
from bouncestream.outbox.postgres.leases import TERM, Term

log = logging.getLogger("bouncestream.leases")


@asynccontextmanager
async def alone(db: Database, job: str) -> AsyncIterator[None]:
    """Within it this process alone does the job, and what it writes proves that. Raises StoreBusy: another one does
    it; StoreUnavailable: it cannot be known, or not any longer, and what is within is cut off; LeaseLost out of a
    write."""
    if db.server is None:
        with _locked(db, job):
            yield
        return
    holder = holder_of(db.server.bridge, f"{job} {secrets.token_hex(4)}")
    asked = asyncio.get_running_loop().time()
    epoch = await db.write(partial(_take, job=job, holder=holder))
    try:
        async with asyncio.timeout_at(asked + TTL - GUARD) as limit:
            renewing = asyncio.create_task(_renew(db, job, holder, limit), name=f"lease of {job}")
            token = TERM.set(Term(job, holder, epoch))
            try:
                yield
            finally:
                TERM.reset(token)
                renewing.cancel()
                await asyncio.wait([renewing])
                await _end(db, holder)
    except TimeoutError:
        if not limit.expired():
            raise
        raise StoreUnavailable(
            f"The database could not be asked any more whether another {job} is at work: this one has stopped. "
            "What was begun is written down. Next: run the same command again."
        ) from None


def _take(conn: Conn, job: str, holder: str) -> int:
    epoch = leases.take(conn, [job], holder).get(job)
    if epoch is None:
        who = next((bridge_of(one.holder) for one in leases.leases(conn) if one.name == job), "")
        raise StoreBusy(
            f'Another {job} (with the configuration of "{who}") is at work on this outbox. Next: wait until it has '
            f"ended; if it was killed, wait for {TTL:.0f} s."
        )
    return epoch


async def _renew(db: Database, job: str, holder: str, limit: asyncio.Timeout) -> None:
    """For ever; who is within goes on for as long as the newest answer allows."""
    loop = asyncio.get_running_loop()
    wait = RENEW
    while True:
        await asyncio.sleep(wait)
        asked, wait = loop.time(), RENEW
        try:
            found = await db.write(partial(leases.take, names=[job], holder=holder))
        except StoreError as error:
            log.debug("the lease of %s was not renewed: %s", job, error)
            wait = AGAIN
            continue
        if limit.expired():
            return
        limit.reschedule(asked + TTL - GUARD if job in found else loop.time())


async def _end(db: Database, holder: str) -> None:
    try:
        async with asyncio.timeout(PATIENCE):
            await db.write(partial(leases.give_up, holder=holder))
    except (TimeoutError, StoreError) as error:
        log.debug("the lease ends by itself: %s", error)


@contextmanager
def _locked(db: Database, job: str) -> Iterator[None]:
    file = files.beside(db.path, f".{job}.lock")
    try:
        lock = Lock(file)
        mine = lock.take()
    except OSError as error:
        raise StoreUnavailable(
            f"The lock {file} cannot be opened: {error.strerror}. Next: run it as bouncestream's user."
        ) from error
    try:
        if not mine:
            who = f" (process {lock.holder})" if lock.holder else ""
            raise StoreBusy(f"Another {job}{who} is at work on {db.path}. Next: wait until it has ended.")
        yield
    finally:
        lock.release()
