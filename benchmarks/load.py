# SPDX-License-Identifier: GPL-3.0-or-later
"""Closed-loop load by wrk, on the load's core: as many requests as the connections get answered."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass

from benchmarks.machine import HERE, LOAD_CORE, Broken
from benchmarks.prepared import Prepared


@dataclass(frozen=True)
class Load:
    """What wrk saw."""

    requests: int  #: answered, with whatever status
    seconds: float
    bad: int  #: answered with another status than 2xx or 3xx
    broken: int  #: connections refused or broken, time-outs
    wraps: int  #: how often the prepared requests began anew
    p50: float  #: microseconds
    p99: float

    @property
    def answered(self) -> int:
        return self.requests - self.bad

    @property
    def rate(self) -> float:
        return self.answered / self.seconds


def wrk(port: int, prepared: Prepared, connections: int, seconds: float) -> Load:
    """Send prepared requests for some seconds."""
    program = shutil.which("wrk")
    if program is None:
        raise Broken("wrk is not installed: apt install wrk")
    command = [program, "-t1", f"-c{connections}", f"-d{seconds:.3f}s", "--timeout", "10s"]
    command += ["-s", str(HERE / "wrk.lua"), f"http://127.0.0.1:{port}/", "--", str(prepared.path)]
    # wrk takes whole seconds only
    command[3] = f"-d{max(1, round(seconds))}s"
    done = subprocess.run(
        [*command, str(prepared.size)],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: os.sched_setaffinity(0, {LOAD_CORE}),
    )
    for line in done.stdout.splitlines():
        if line.startswith("RESULT "):
            return Load(**json.loads(line.removeprefix("RESULT ")))
    raise Broken(f"wrk failed: {done.stdout[-500:]} {done.stderr[-500:]}")
