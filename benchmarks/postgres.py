# SPDX-License-Identifier: GPL-3.0-or-later
"""The outbox on PostgreSQL: what the store takes in, against SQLite on the same disk; ten million stored events
against none; and a sealed outbox against one in the open.

The server is one of the tests', with PostgreSQL's own defaults but for what is named here, and with fsync. It has
the core of the load, as it would have a machine of its own; whoever stores has the other one, on either engine. The
SQLite file lies in the server's folder.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from benchmarks.figures import Effort, Figure, Run, compare, interleave, ratios
from benchmarks.ingest import sealing, through_bridge
from benchmarks.machine import SERVER_CORE, Broken, on_core, scratch
from benchmarks.prepared import generic
from benchmarks.volume import CLAIM, INSERT, Times, submissions_of
from bouncestream.clock import SystemClock
from bouncestream.health import Health
from bouncestream.metrics import Metrics
from bouncestream.outbox import arrivals, codec, delivery
from bouncestream.outbox.db import Database
from bouncestream.outbox.intake import Intake
from bouncestream.outbox.place import Place, Server
from bouncestream.ports import Submission
from tests.postgres.cluster import Cluster, programs

#: Who waits for the store at a time, and how many each second are made for a run.
AT_ONCE, A_SECOND = 64, 6000
#: As PostgreSQL has them, where the server of the tests has less; and room, so that no run pays for a checkpoint
#: of the filling.
SETTINGS = ("shared_buffers = 128MB", "max_wal_size = 16GB", "checkpoint_timeout = 30min", "autovacuum = on")
FILLING = ("fsync = off", "full_page_writes = off", "maintenance_work_mem = 512MB")

_FILL = """
INSERT INTO outbox (event_id, state, kind, recipient, source, provider, received_at, occurred_at, reason,
                    reply_code, enhanced_status, diagnostic, message_id, evidence, label, attempt, finished_at, why,
                    person, domain, sure)
SELECT '{id}-7000-8000-' || lpad(to_hex(i), 12, '0'), 'verified', 'hard',
       'old' || lpad(i::text, 8, '0') || '@example.org', 'generic', 'generic', '{at}', '{at}', 'unknown_user',
       '550', '5.1.1', 'smtp; 550 5.1.1 User unknown in virtual mailbox table, in reply to the RCPT TO command of '
       || i,
       '<old.' || lpad(to_hex(i), 12, '0') || '@news.example.org>', 'generic says hard', 'generic 2026-01-01', 1,
       '{at}', 'its row was seen in Listmonk', decode(md5('p' || i), 'hex'), 'example.org', 1
FROM generate_series(1, {number}) AS i;
INSERT INTO seen (key, outbox_id, day) SELECT decode(md5('k' || i), 'hex'), i, {day}
FROM generate_series(1, {number}) AS i;
INSERT INTO history (outbox_id, at, from_state, to_state, why)
SELECT i, '{at}', was, became, 'as it happened'
FROM generate_series({number} - {number} / 10 + 1, {number}) AS i CROSS JOIN (VALUES
     ('', 'pending'), ('pending', 'claimed'), ('claimed', 'posted'), ('posted', 'verified')) AS moves (was, became);
INSERT INTO tally (bridge, state, events) VALUES ('bench', 'verified', {number});
"""
#: Made anew once the rows are there, as keys and persons come in no order.
_WITHOUT = "DROP INDEX outbox_person; ALTER TABLE seen DROP CONSTRAINT seen_pkey"
_WITH = "CREATE INDEX outbox_person ON outbox (person); ALTER TABLE seen ADD PRIMARY KEY (key)"


@contextmanager
def _running(*settings: str) -> Iterator[Cluster]:
    """A server with fsync, on a disk. Raises Broken where it cannot be had."""
    if programs() is None:
        raise Broken("PostgreSQL is not installed here. Next: apt-get install postgresql")
    server = Cluster(*SETTINGS, *settings, quick=False)
    try:
        if _in_memory(server.folder):
            raise Broken(f"{server.folder} is in memory, where an fsync costs nothing. Next: mount a disk there")
        server.start()
        yield server
    finally:
        server.close()


def _in_memory(path: Path) -> bool:
    device = os.stat(path).st_dev
    here = f"{os.major(device)}:{os.minor(device)}"
    mounts = (line.split() for line in Path("/proc/self/mountinfo").read_text().splitlines())
    return any(mount[2] == here and "tmpfs" in mount for mount in mounts)


def postgres(effort: Effort) -> list[Figure]:
    """What the store takes in with group commit, on PostgreSQL against SQLite, on one disk."""
    number = max(200, int(A_SECOND * effort.seconds))
    names = itertools.count()
    with _running() as server:
        version = server.psql("SHOW server_version")

        def run(place: Place, note: str) -> Run:
            submissions = submissions_of(number, 1, next(names) * number)
            with on_core(SERVER_CORE):
                return asyncio.run(_take_in(place, submissions, note))

        def on_postgres() -> Run:
            name = server.database()
            try:
                return run(Server(server.url(name), "bench"), f"PostgreSQL {version}, fsync, its own core")
            finally:
                server.drop(name)

        def on_sqlite() -> Run:
            return run(server.folder / f"outbox-{next(names)}.db", "")

        ours, theirs = interleave(effort.reps, on_postgres, on_sqlite)
    return [compare(f"store's intake, {AT_ONCE} at once", ours, theirs, 0.5, ("PostgreSQL", "SQLite"))]


async def _take_in(place: Place, submissions: Sequence[Submission], note: str) -> Run:
    """Take all of them in, so many at once; each is on the disk before the next one of its place comes."""
    db = await Database.open(place, lock=True)
    try:
        intake = Intake(db, clock=SystemClock(), metrics=Metrics(), health=Health(), min_free=0)
        left = iter(submissions)

        async def one() -> None:
            for submission in left:
                await intake(submission)

        began, cpu = time.perf_counter(), time.process_time()
        await asyncio.gather(*(one() for _ in range(AT_ONCE)))
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
        stored = sum((await db.read(delivery.tally)).values())
    finally:
        await db.close()
    if stored != len(submissions):
        raise Broken(f"{stored} of {len(submissions)} events are stored")
    return Run(len(submissions) / seconds, cpu / len(submissions), note=note)


def sealed(effort: Effort) -> list[Figure]:
    """A sealed outbox on PostgreSQL against one in the open there."""
    number = int(A_SECOND * 2 * max(1, effort.seconds))
    with _running() as server, scratch() as directory:
        prepared = generic(directory / "requests", number)

        def ingest(env: dict[str, str]) -> Run:
            name = server.database()
            try:
                where = {"BOUNCESTREAM__OUTBOX__URL": server.url(name), "BOUNCESTREAM__BRIDGE__NAME": "bench"}
                psql = partial(server.psql, database=name)
                return through_bridge(directory, prepared, AT_ONCE, effort.seconds, env=where | env, psql=psql)
            finally:
                server.drop(name)

        ours, theirs = interleave(effort.reps, partial(ingest, sealing()), partial(ingest, {}))
    what = "PostgreSQL, durable ingest of a sealed outbox, generic 2 KB"
    return [compare(what, ours, theirs, 0.85, ("sealed", "in the open"))]


def ten_million(effort: Effort) -> list[Figure]:
    """At 10,000,000 stored events against none, on PostgreSQL: insert and claim. The newest tenth has a history."""
    number = effort.stored * 10
    small: list[Times] = []
    big: list[Times] = []
    with _running(*FILLING) as server:
        full = server.database()
        filled = _fill(server, full, number)
        size = server.psql(f"SELECT pg_database_size('{full}') / 1000000")
        for rep in range(effort.reps):
            empty = server.database()
            count = min(6400, effort.stored)
            submissions = submissions_of(count, 1, rep * count)
            with on_core(SERVER_CORE):
                small.append(asyncio.run(_times(Server(server.url(empty), "bench"), submissions)))
                big.append(asyncio.run(_times(Server(server.url(full), "bench"), submissions)))
            server.drop(empty)
    figures = []
    for what, unit in (("insert", "us an event"), ("claim", f"us a claim of {CLAIM}")):
        values = [[getattr(times, what) for times in some] for some in (big, small)]
        middle = [statistics.median(some) * 1e6 for some in values]
        note = f"{middle[0]:,.0f} against {middle[1]:,.0f} {unit}"
        name = f"PostgreSQL, {number:,} stored events: {what}"
        figures.append(
            Figure(name, ratios(*values), 1.5, at_least=False, unit="x", notes=[note], counts_reps=False)
        )
    figures[0].notes.append(f"filled in {filled:.0f} s, {int(size):,} MB")
    return figures


def _fill(server: Cluster, database: str, number: int) -> float:
    """Store `number` verified events, without care for a crash; afterwards the server takes that care. Seconds."""
    began = time.monotonic()
    asyncio.run(_create(Server(server.url(database), "bench")))
    now = datetime.now(UTC)
    told = {"id": codec.id_bound(now), "at": codec.stamp(now), "number": number, "day": int(time.time() // 86400)}
    for statement in (_WITHOUT, _FILL.format(**told), _WITH, "VACUUM (FREEZE, ANALYZE)", "CHECKPOINT"):
        server.psql(statement, database, patience=3600)
    for name in ("fsync", "full_page_writes"):
        server.psql(f"ALTER SYSTEM SET {name} = on")
    server.stop()
    os.sync()
    server.start()
    return time.monotonic() - began


async def _create(place: Server) -> None:
    await (await Database.open(place)).close()


async def _times(place: Server, submissions: Sequence[Submission]) -> Times:
    """Insert all of them in transactions of 64, then claim all of them by 200; the commits count."""
    db = await Database.open(place)
    try:
        now = datetime.now(UTC)
        began = time.perf_counter()
        for at in range(0, len(submissions), INSERT):
            some = submissions[at : at + INSERT]
            await asyncio.gather(*(db.write_each(arrivals.take_many, (one, now)) for one in some))
        inserted = time.perf_counter()
        claims = 0
        while await db.write(partial(delivery.claim, now=datetime.now(UTC), limit=CLAIM), rows=CLAIM):
            claims += 1
        ended = time.perf_counter()
    finally:
        await db.close()
    return Times((inserted - began) / len(submissions), (ended - inserted) / claims)
