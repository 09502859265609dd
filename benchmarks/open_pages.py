# SPDX-License-Identifier: GPL-3.0-or-later
"""Durable ingest while five pages of the dashboard are open and refresh, against the same bridge with none open.

The outbox has a million events of the last month, so that the pages have something to read. In a run each page is
loaded once; at full effort that is every 30 seconds, as often as a page refreshes by itself.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.bridge import Bridge
from benchmarks.figures import Effort, Figure, Run, compare
from benchmarks.filled import fill
from benchmarks.ingest import A_SECOND, measure
from benchmarks.machine import LOAD_CORE, Broken, Process, free_port, python, scratch
from benchmarks.prepared import Prepared, generic
from benchmarks.tabs import OPEN

TOKEN = "a-token-of-the-benchmarks"
_CONFIG = """
[dashboard]
listen = "127.0.0.1:{port}"
token = "{token}"
"""
#: Seconds of a run for each second of the effort; requests prepared for each that a first short run got answered.
LONGER, SPARE = 15, 2.0


def open_pages(effort: Effort) -> list[Figure]:
    """Durable ingest with five pages of the dashboard open and refreshing, against none open."""
    seconds, port = effort.seconds * LONGER, free_port()
    took: list[float] = []
    alone: list[Run] = []
    beside: list[Run] = []
    with scratch() as directory:
        path = directory / "big.db"
        fill(path, effort.stored, datetime.now(UTC))
        with Bridge(directory, outbox=path, extra=_CONFIG.format(port=port, token=TOKEN)) as bridge:
            bridge.until_quiet(180)
            first = 0

            def prepared(number: float) -> Prepared:
                nonlocal first
                made = generic(directory / "requests", int(number), first=first)
                first += made.number
                return made

            short = max(1.0, effort.seconds)
            rate = measure(bridge, prepared(A_SECOND * short), 64, short).rate
            for _ in range(effort.reps):
                alone.append(measure(bridge, prepared(rate * seconds * SPARE), 64, seconds))
                requests = prepared(rate * seconds * SPARE)
                with _browser(directory, port, seconds, took):
                    beside.append(measure(bridge, requests, 64, seconds))
    figure = compare(
        "durable ingest with five pages of the dashboard open", beside, alone, 0.95, ("five pages open", "none")
    )
    figure.notes.append(
        f"each page every {seconds:g} s; a page took {statistics.median(took):.0f} ms, at most {max(took):.0f} ms"
    )
    return [figure]


@contextmanager
def _browser(directory: Path, port: int, seconds: float, took: list[float]) -> Iterator[None]:
    """A browser that loads the pages meanwhile; `took` gets the milliseconds of each."""
    said = directory / "tabs"
    said.unlink(missing_ok=True)
    with Process(python("benchmarks.tabs", port, TOKEN, seconds), LOAD_CORE, output=said):
        until = time.monotonic() + 30
        while not said.read_text().startswith("ready"):
            if time.monotonic() > until:
                raise Broken(f"the browser did not log in. {said.read_text()[-500:]}")
            time.sleep(0.05)
        yield
    loaded = [line.split() for line in said.read_text().splitlines()[1:]]
    if len(loaded) < len(OPEN) or any(status != "200" for _, status, _ in loaded):
        raise Broken(f"not every page was loaded: {loaded}")
    took += [float(ms) for *_, ms in loaded]
