# SPDX-License-Identifier: GPL-3.0-or-later
"""Delivery: from the webhook until the row was seen in Listmonk, and the relay alone against a plain POST loop."""

from __future__ import annotations

import json
import socket
import time
from functools import partial
from pathlib import Path

from benchmarks.bridge import Bridge, Sink
from benchmarks.figures import Effort, Figure, Run, compare, interleave, notes_of, told
from benchmarks.load import wrk
from benchmarks.machine import SERVER_CORE, Broken, Process, python, scratch, watch
from benchmarks.prepared import Prepared, generic, generic_batches, generic_body, sendamatic

#: Requests prepared for each second of load while the relay works too.
A_SECOND = 9_000


def _end_to_end(directory: Path, prepared: Prepared, seconds: float) -> Run:
    """wrk sends for some seconds; the clock stops when all that was answered 200 is verified."""
    with Sink(directory, prepared.number) as sink, Bridge(directory, sink=sink.port) as bridge:
        with watch(bridge.process, sink) as watched:
            began = time.monotonic()
            load = wrk(bridge.port, prepared, 64, seconds)
            events = bridge.taken()
            ended = bridge.until_verified(events, 120)
        if load.bad or load.wraps:
            raise Broken(f"{load.bad} requests were refused, the requests began anew {load.wraps} times")
        bridge.process.kill()
        if bridge.stored() != events:
            raise Broken(f"{bridge.stored()} events are on disk, {events} were answered 200")
    return Run.of(events, ended - began, watched, "each event that was answered 200 was verified")


def end_to_end(effort: Effort) -> list[Figure]:
    """End to end into a fast sink, verified, on one core: rate, and processor time an event."""
    figures = []
    with scratch() as directory:
        for what, make, share, rate, cpu in (
            ("generic 2 KB", generic, 1.0, 2000.0, 500.0),
            ("Sendamatic with a DSN of 4 KB", sendamatic, 0.4, 1000.0, 900.0),
        ):
            number = int(A_SECOND * share * max(1, effort.seconds))
            runs = []
            for _ in range(effort.reps):
                prepared = make(directory / "requests", number)
                runs.append(_end_to_end(directory, prepared, effort.seconds))
            busy, notes = max(run.busy for run in runs), [told(runs), *notes_of(runs)]
            figures.append(
                Figure(f"end to end, {what}", [r.rate for r in runs], rate, unit="/s", busy=busy, notes=notes)
            )
            figures.append(
                Figure(
                    f"CPU an event end to end, {what}",
                    [r.cpu * 1e6 for r in runs],
                    cpu,
                    False,
                    unit="us",
                    busy=busy,
                )
            )
    return figures


def _relay(directory: Path, events: int, row_ms: float) -> Run:
    """bouncestream gets all events at once, in a few requests; the clock stops when all of them are verified."""
    with Sink(directory, events, row_ms=row_ms) as sink, Bridge(directory, sink=sink.port) as bridge:
        requests = generic_batches([generic_body(number) for number in range(events)], 500)
        with watch(bridge.process, sink) as watched, socket.create_connection(("127.0.0.1", bridge.port)) as conn:
            began = time.monotonic()
            for request in requests:
                conn.sendall(request)
                answer = conn.recv(65536)
                if b" 200 " not in answer[:20]:
                    raise Broken(f"a request was refused: {answer[:200]!r}")
            ended = bridge.until_verified(events, 60 + events * row_ms / 200)
    return Run.of(events, ended - began, watched)


def _plain(directory: Path, events: int, row_ms: float) -> Run:
    """The clock stops when the last row is recorded."""
    times, result = directory / "times", directory / "result"
    for path in (times, result):
        path.unlink(missing_ok=True)
    with Sink(directory, events, row_ms=row_ms, times=times) as sink:
        command = python("benchmarks.servers.plain_posts", sink.port, events, result)
        with Process(command, SERVER_CORE, output=directory / "plain") as loop, watch(loop, sink) as watched:
            until = time.monotonic() + 60 + events * row_ms / 200
            while not result.exists():
                if time.monotonic() > until:
                    raise Broken("the plain POST loop did not end")
                time.sleep(0.02)
        time.sleep(1000 * row_ms / 1000 * 1.5 + 0.5)  # at most 1,000 rows wait in its queue
    recorded = json.loads(times.read_text())
    if len(recorded) != events:
        raise Broken(f"only {len(recorded)} of {events} rows of the plain POST loop were recorded")
    seconds = max(recorded.values()) - float(result.read_text())
    return Run.of(events, seconds, watched)


def relay(effort: Effort) -> list[Figure]:
    """The verified relay against a plain POST loop, both into the sandbox at 1 ms a row."""
    with scratch() as directory:
        ours, theirs = interleave(
            effort.reps,
            partial(_relay, directory, effort.events, 1.0),
            partial(_plain, directory, effort.events, 1.0),
        )
    what = "verified relay, 1 ms a row, against a plain POST loop"
    figure = compare(what, ours, theirs, 0.90, ("bouncestream", "plain POST loop"))
    figure.notes.append(
        "bouncestream's time includes intake, commits and the last read-back; the loop's its last row"
    )
    return [figure]
