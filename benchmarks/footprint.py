# SPDX-License-Identifier: GPL-3.0-or-later
"""What it costs to have it there: idle memory, the time to listen, and the command line's start."""

from __future__ import annotations

import sys
import time

from benchmarks import providers
from benchmarks.bridge import Bridge, Other, Sink
from benchmarks.figures import Effort, Figure, ratios
from benchmarks.machine import SERVER_CORE, Process, scratch


def footprint(effort: Effort) -> list[Figure]:
    """Idle memory, time to listen against a do-nothing aiohttp script, `version` against `python -c pass`."""
    memory: list[float] = []
    more: list[float] = []
    starts: list[float] = []
    nothing: list[float] = []
    versions: list[float] = []
    empty: list[float] = []
    with scratch() as directory, Sink(directory, 10) as sink:
        for _ in range(effort.reps):
            with Bridge(directory, sink=sink.port) as bridge:
                starts.append(bridge.started)
                time.sleep(effort.seconds)  # it has asked Listmonk its questions by then
                memory.append(bridge.process.memory())
            with Bridge(directory, sink=sink.port, extra=providers.every()) as bridge:
                time.sleep(effort.seconds)
                more.append(max(0.01, bridge.process.memory() - memory[-1]))
            with Other(directory, "nothing") as other:
                nothing.append(other.started)
            for _ in range(3):
                versions.append(_seconds("-m", "bouncestream", "version"))
                empty.append(_seconds("-c", "pass"))
    return [
        Figure("idle memory", memory, 50.0, at_least=False, unit="MB", counts_reps=False),
        Figure("all providers configured, above that", more, 6.0, at_least=False, unit="MB", counts_reps=False),
        _figure("listening after start, against a do-nothing aiohttp script", starts, nothing, 2.0),
        _figure("bouncestream version, against python -c pass", versions, empty, 6.0),
    ]


def _figure(what: str, ours: list[float], theirs: list[float], target: float) -> Figure:
    middle = [sorted(values)[len(values) // 2] * 1000 for values in (ours, theirs)]
    notes = [f"{middle[0]:.0f} ms against {middle[1]:.0f} ms"]
    return Figure(what, ratios(ours, theirs), target, at_least=False, unit="x", notes=notes, counts_reps=False)


def _seconds(*args: str) -> float:
    began = time.monotonic()
    with Process([sys.executable, *args], SERVER_CORE) as process:
        process.wait()
    return time.monotonic() - began
