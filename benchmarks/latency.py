# SPDX-License-Identifier: GPL-3.0-or-later
"""What a sender and an operator feel at 1,000 events a second: the acknowledgement, and the row in the sink."""

from __future__ import annotations

import json
import os
import statistics
from pathlib import Path

from benchmarks.bridge import Bridge, Other, Sink
from benchmarks.figures import Effort, Figure
from benchmarks.machine import Broken, fdatasync_p99, scratch, watch
from benchmarks.openloop import percentile, send
from benchmarks.prepared import address, generic

RATE = 1000.0


def latency(effort: Effort) -> list[Figure]:
    """1,000/s, open loop, 64 connections, into a fast sink: p99 of the acknowledgement and of the recorded row."""
    number = max(50, int(RATE * effort.seconds * 2))
    above: list[float] = []
    recorded: list[float] = []
    told: dict[str, list[float]] = {"ours": [], "nothing": [], "disk": [], "ours_p50": [], "recorded_p50": []}
    busy = 0.0
    with scratch() as directory:
        for _ in range(effort.reps):
            requests = generic(directory / "requests", number).requests()
            with Other(directory, "nothing") as other:
                nothing = percentile(send(other.port, requests, RATE).latencies, 0.99)
            disk = fdatasync_p99(directory)
            ack, rows, used = _through(directory, requests)
            disk = (disk + fdatasync_p99(directory)) / 2
            ours = percentile(ack, 0.99)
            above.append((ours - nothing) * 1000)
            recorded.append(percentile(rows, 0.99) * 1000)
            busy = max(busy, used)
            medians = (ours, nothing, disk, percentile(ack, 0.5), percentile(rows, 0.5))
            for values, value in zip(told.values(), medians, strict=True):
                values.append(value * 1000)
    ms = {name: statistics.median(values) for name, values in told.items()}
    return [
        Figure(
            "1,000/s: p99 of the answer above do-nothing's",
            above,
            10.0,
            at_least=False,
            unit="ms",
            busy=busy,
            notes=[
                f"p99: bouncestream {ms['ours']:.1f} ms (median {ms['ours_p50']:.1f}), do-nothing"
                f" {ms['nothing']:.1f} ms, 4 KB append and fdatasync {ms['disk']:.1f} ms"
            ],
            details=dict(told),
        ),
        Figure(
            "1,000/s: p99 until the row is in the sink",
            recorded,
            100.0,
            at_least=False,
            unit="ms",
            busy=busy,
            notes=[f"median {ms['recorded_p50']:.1f} ms, of which 20 ms are the relay's linger"],
        ),
    ]


def _through(directory: Path, requests: list[bytes]) -> tuple[list[float], list[float], float]:
    """Latencies of the answers and of the rows, and how busy the load's core was."""
    times = directory / "times"
    with Bridge(directory, sink=(sink := Sink(directory, len(requests), times=times)).port) as bridge, sink:
        # the same second of idling as an operator's machine has: the relay has asked its questions by then
        bridge.until_quiet()
        with watch(bridge.process, sink) as watched:
            answered = send(bridge.port, requests, RATE)
        bridge.until_verified(len(requests), 60)
    os.sync()
    rows = json.loads(times.read_text())
    if len(rows) != len(requests):
        raise Broken(f"{len(rows)} rows of {len(requests)} were recorded")
    return answered.latencies, [rows[address(i)] - due for i, due in enumerate(answered.due)], watched.busy
