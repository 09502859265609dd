# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings the outbox on PostgreSQL to the schema of this program, by the `steps` that it lacks: each in one
transaction with its number, so that whoever is killed leaves all of a step or nothing, and the next one goes on.

A step that older bridges cannot live with waits until none works on the outbox. No bridge of this version is among
those that work while it waits, since a bridge is not met before the schema is its own.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable
from functools import partial

import psycopg

from bouncestream.backoff import backoff
from bouncestream.errors import OutboxCopied, SchemaTooNew, StoreError, StoreUnavailable
from bouncestream.lease import FROZEN
from bouncestream.outbox.copied import require_here
from bouncestream.outbox.place import Server
from bouncestream.outbox.postgres import leases
from bouncestream.outbox.postgres.connection import ON_DISK, ServerConnection, in_short
from bouncestream.outbox.postgres.schema import LOCK, VERSION, gates, others, version
from bouncestream.outbox.postgres.session import SILENT, Session
from bouncestream.outbox.postgres.steps import Step, gate, missing, newest
from bouncestream.outbox.postgres.words import is_conflict, is_trouble

log = logging.getLogger("bouncestream.outbox")

#: So long a step waits for what others have locked, who wait for it meanwhile; and the longest pause after a step
#: that failed; seconds.
LOCKED, PAUSE = 2.0, 60.0


class Upgrade:
    """The upgrade of an outbox at a start of `run`, which looks again and again whether it may go on."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._told = ""
        self._pending = ""
        self._failures = 0
        self._not_before = float("-inf")

    async def look(self) -> str:
        """Why this bridge has to wait; empty: the outbox, if there is one, is of its version. What is to be done is
        told before it is done, as it may take minutes. Raises SchemaTooNew and OutboxCopied, and StoreError the
        first time."""
        session, loop = Session(self._server), asyncio.get_running_loop()
        timer = loop.call_later(SILENT, session.cut)
        try:
            return await asyncio.to_thread(self._look, session, partial(loop.call_soon_threadsafe, timer.cancel))
        except asyncio.CancelledError:
            session.cut()
            raise
        finally:
            timer.cancel()

    def _look(self, session: Session, answered: Callable[[], object]) -> str:
        if time.monotonic() < self._not_before:
            return self._told
        try:
            told = session.run(pending)
            answered()  # a step may take minutes
            if told and told == self._pending:
                told = session.run(upgrade)
                self._failures = 0
            else:
                self._pending = told
        except (OutboxCopied, SchemaTooNew):
            raise
        except StoreError as error:
            if not self._told:
                raise
            told = str(error)
            self._failures += 1
            jitter = random.random()  # noqa: S311
            self._not_before = time.monotonic() + backoff(self._failures, cap=PAUSE, jitter=jitter)
        finally:
            session.drop()
        self._told = told
        return told


def pending(conn: ServerConnection) -> str:
    """What is to be done with the outbox before this program works on it, in words; empty: nothing. Raises what
    `version` raises, and OutboxCopied."""
    found = version(conn)
    if not found or found >= newest():
        return ""
    require_here(conn)
    return _waits(conn, missing(found)) or (
        f"The outbox is upgraded from schema {found} to {newest()}. Next: wait; this bridge then starts by itself."
    )


def upgrade(conn: ServerConnection) -> str:
    """Take the steps that the outbox lacks, as far as they may be taken now; why not all of them, empty: it lacks
    none. Raises what `version` raises, and StoreUnavailable for a step that failed, of which nothing was done."""
    while 0 < (found := version(conn)) < newest():
        if why := _waits(conn, missing(found)[:1]) or _take(conn, missing(found)[0]):
            return why
    return ""


def _waits(conn: ServerConnection, steps: tuple[Step, ...]) -> str:
    if all(step.beside for step in steps) or not (works := others(conn)):
        return ""
    return (
        f"The outbox waits for its upgrade to schema {newest()} until no older bridge works on it: {works}. Next: "
        "stop the older one; this bridge then starts by itself."
    )


def _take(conn: ServerConnection, step: Step) -> str:
    """Take one step; why it may not be taken now. Empty, too, when another bridge has taken it meanwhile."""
    began = time.monotonic()
    conn.execute("BEGIN ISOLATION LEVEL READ COMMITTED")  # each statement sees what others have committed before it
    try:
        _set(conn)
        if not conn.execute("SELECT pg_try_advisory_xact_lock(?)", (LOCK,)).fetchone()[0]:
            return "Another bridge upgrades the outbox just now. Next: wait; this bridge then starts by itself."
        if version(conn) != step.number - 1:
            return ""
        for one in (open_ := gates(conn)):
            conn.execute(leases.QUERIES["end_frozen_in_gate"], {"after": FROZEN, "gate": one}).fetchall()
        if not step.beside:
            shut = ", ".join(open_)
            conn.execute(f"LOCK TABLE {shut} IN ACCESS EXCLUSIVE MODE")
            if why := _waits(conn, (step,)):  # one that has just been started
                return why
            conn.execute(f"DROP TABLE {shut}")
        _change(conn, step)
        conn.execute(f"CREATE TABLE {gate(step.number)} ()")
        conn.execute("UPDATE meta SET value = ? WHERE name = ?", (str(step.number), VERSION))
        conn.execute("COMMIT")
    finally:
        conn.rollback()
    log.warning("the outbox was upgraded to schema %d in %.1f s", step.number, time.monotonic() - began)
    return ""


def _set(conn: ServerConnection) -> None:
    """A statement may take minutes; but one whose bridge is frozen before the next one holds nobody up."""
    told = {"lock_timeout": LOCKED, "statement_timeout": 0.0, "idle_in_transaction_session_timeout": FROZEN}
    settings = ", ".join(f"set_config('{name}', '{round(seconds * 1000)}', true)" for name, seconds in told.items())
    conn.execute(f"SELECT {ON_DISK}, {settings}")


def _change(conn: ServerConnection, step: Step) -> None:
    try:
        conn.conn.execute(step.sql.encode())
    except psycopg.Error as error:
        if is_trouble(error) or is_conflict(error):
            raise
        raise StoreUnavailable(
            f"The upgrade of the outbox to schema {step.number} failed, and nothing of it was done (PostgreSQL: "
            f"{in_short(error)}). Next: go on with the older bouncestream, and report this."
        ) from None
