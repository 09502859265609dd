# SPDX-License-Identifier: GPL-3.0-or-later
"""A million stored events against an empty outbox: insert, claim, and durable ingest.

The stored events are verified ones with four moves of history each and with their identity keys, written by SQL;
raw bodies are left out, as they are gone after 30 days. The keys and the persons are put in at random, as they
come in life: theirs are the pages that are spread over the whole file.
"""

from __future__ import annotations

import asyncio
import sqlite3
import statistics
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import orjson

from benchmarks.bridge import Bridge
from benchmarks.figures import Effort, Figure, Run, notes_of, ratios, told
from benchmarks.ingest import A_SECOND, measure, through_bridge
from benchmarks.machine import SERVER_CORE, on_core, scratch
from benchmarks.prepared import generic, generic_body
from bouncestream.outbox import arrivals, codec, connection, delivery
from bouncestream.outbox.db import Database
from bouncestream.ports import Submission
from bouncestream.providers.generic import _event

#: As in `[relay] batch_size`, and as the 64 connections bring at once.
CLAIM, INSERT = 200, 64

_FILL = """
INSERT INTO outbox (event_id, state, kind, recipient, source, provider, received_at, occurred_at, reason,
                    reply_code, enhanced_status, diagnostic, message_id, evidence, label, attempt, finished_at, why,
                    person, domain, sure)
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :number)
SELECT printf('%s-7000-8000-%012x', :id, i), 'verified', 'hard',
       printf('old%07d@example.org', i), 'generic', 'generic', :at, :at, 'unknown_user', '550', '5.1.1',
       'smtp; 550 5.1.1 User unknown in virtual mailbox table, in reply to the RCPT TO command of ' || i,
       printf('<old.%012x@news.example.org>', i), 'generic says hard', 'generic 2026-01-01', 1, :at,
       'its row was seen in Listmonk', randomblob(16), 'example.org', 1
FROM n
"""
_HISTORY = """
INSERT INTO history (outbox_id, at, from_state, to_state, why)
SELECT id, :at, moves.was, moves.became, 'as it happened'
FROM outbox CROSS JOIN (SELECT '' AS was, 'pending' AS became UNION ALL SELECT 'pending', 'claimed'
                        UNION ALL SELECT 'claimed', 'posted' UNION ALL SELECT 'posted', 'verified') AS moves
WHERE id <= :number
"""
_KEYS = "INSERT INTO seen SELECT randomblob(16), id, :day FROM outbox WHERE id <= :number"


@dataclass
class Times:
    """Seconds an event, and a claim."""

    insert: float
    claim: float


def million(effort: Effort) -> list[Figure]:
    """At 1,000,000 stored events against empty: insert, claim, durable ingest; one, two and three identity keys."""
    figures = []
    with scratch() as directory:
        path = directory / "big.db"
        filled = _fill(path, effort.stored)
        name = f"{effort.stored:,} stored events"
        first = 0
        for keys in effort.keys:
            _more_keys(path, effort.stored)
            small: list[Times] = []
            big: list[Times] = []
            for rep in range(effort.reps):
                empty = directory / f"empty-{keys}-{rep}.db"
                asyncio.run(_create(empty))
                submissions = submissions_of(min(6400, effort.stored), keys, first := first + 6400)
                with on_core(SERVER_CORE):
                    small.append(_times(empty, submissions))
                    big.append(_times(path, submissions))
                empty.unlink()
            figures += _compared(name, keys, small, big)
            ingest, first = _ingest(directory, path, effort, keys, first + 6400)
            ingest.what = f"{name}, {_keys(keys)}: durable ingest, time an event"
            figures.append(ingest)
        figures[0].notes.append(f"filled in {filled:.0f} s, {path.stat().st_size / 1e6:,.0f} MB at the end")
    return figures


def _keys(keys: int) -> str:
    return "1 key" if keys == 1 else f"{keys} keys"


def _compared(name: str, keys: int, small: list[Times], big: list[Times]) -> list[Figure]:
    found = []
    for what, target, unit in (("insert", 2.5, "us an event"), ("claim", 1.5, "us a claim of 200")):
        if what == "claim" and keys > 1:
            continue  # it does not look at the keys
        values = [[getattr(times, what) for times in some] for some in (big, small)]
        middle = [statistics.median(some) * 1e6 for some in values]
        found.append(
            Figure(
                f"{name}, {_keys(keys)}: {what}",
                ratios(*values),
                target if keys == 1 else None,
                at_least=False,
                unit="x",
                counts_reps=False,
                notes=[f"{middle[0]:,.0f} against {middle[1]:,.0f} {unit}"],
            )
        )
    return found


def _ingest(directory: Path, path: Path, effort: Effort, keys: int, first: int) -> tuple[Figure, int]:
    """The full one runs all the time, idle in between: its look for damage after the start takes half a minute."""
    small: list[Run] = []
    big: list[Run] = []
    number = int(A_SECOND * max(1, effort.seconds))
    with Bridge(directory, outbox=path) as full:
        full.until_quiet(180)
        for _ in range(effort.reps if keys == 1 else min(effort.reps, 3)):
            prepared = generic(directory / "requests", number, keys, first)
            first += number
            small.append(through_bridge(directory, prepared, 64, effort.seconds))
            big.append(measure(full, prepared, 64, effort.seconds))
    figure = Figure(
        "",
        ratios([run.rate for run in small], [run.rate for run in big]),
        1.5 if keys == 1 else None,
        at_least=False,
        unit="x",
        busy=max(run.busy for run in (*small, *big)),
        notes=[f"full: {told(big)}", f"empty: {told(small)}", *notes_of(small)],
    )
    return figure, first


async def _create(path: Path) -> None:
    await (await Database.open(path)).close()


def _fill(path: Path, number: int) -> float:
    """Store `number` verified events, without their keys; seconds that it took."""
    began = time.monotonic()
    asyncio.run(_create(path))
    with closing(_fast(path)) as conn:
        now = datetime.now(UTC)
        # ids of now: retention would walk through those that look older than their rows, again and again
        at = {"number": number, "at": codec.stamp(now), "id": codec.id_bound(now)}
        conn.execute("BEGIN")
        conn.execute(_FILL, at)
        conn.execute(_HISTORY, at)
        conn.execute("UPDATE tally SET events = ? WHERE state = 'verified'", (number,))
        conn.execute("COMMIT")
    return time.monotonic() - began


def _more_keys(path: Path, number: int) -> None:
    """One more key for each of the first `number` events."""
    with closing(_fast(path)) as conn:
        conn.execute(_KEYS, {"number": number, "day": int(time.time() // 86400)})


def _fast(path: Path) -> sqlite3.Connection:
    """A connection that takes no care: nothing is lost if this is cut short."""
    conn = sqlite3.connect(path, isolation_level=None)
    conn.execute("PRAGMA journal_mode = MEMORY")
    conn.execute("PRAGMA synchronous = OFF")
    conn.execute("PRAGMA cache_size = -500000")
    return conn


def submissions_of(number: int, keys: int, first: int) -> list[Submission]:
    made = []
    for index in range(first, first + number):
        body = generic_body(5_000_000 + index, keys)
        event = _event(orjson.loads(body), "generic")
        made.append(Submission("generic", "generic", (event,), raw=body, content_type="application/json"))
    return made


def _times(path: Path, submissions: list[Submission]) -> Times:
    """Insert all of them in transactions of 64, then claim all of them by 200; commits and checkpoints count."""
    with closing(sqlite3.connect(**connection.options(path))) as conn:
        connection.prepare_writer(conn)
        now = datetime.now(UTC)
        began = time.perf_counter()
        for at in range(0, len(submissions), INSERT):
            conn.execute("BEGIN IMMEDIATE")
            arrivals.take_many(conn, [(submission, now) for submission in submissions[at : at + INSERT]])
            conn.execute("COMMIT")
        inserted = time.perf_counter()
        claims = 0
        while True:
            conn.execute("BEGIN IMMEDIATE")
            claimed = delivery.claim(conn, now=datetime.now(UTC), limit=CLAIM)
            conn.execute("COMMIT")
            if not claimed:
                break
            claims += 1
        ended = time.perf_counter()
    return Times((inserted - began) / len(submissions), (ended - inserted) / claims)
