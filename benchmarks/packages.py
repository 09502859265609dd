# SPDX-License-Identifier: GPL-3.0-or-later
"""What a package costs beside the source: $BOUNCESTREAM_PROGRAM, else the single file that `deploy/build` made."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.bridge import Bridge, Sink
from benchmarks.figures import Effort, Figure, ratios
from benchmarks.machine import HERE, SERVER_CORE, Broken, Process, scratch

NAME = f"dist/bouncestream-linux-{os.uname().machine}"


def packages(effort: Effort) -> list[Figure]:
    """Size of the single file; its start, its memory and its `version`, beside the source's."""
    file = Path(os.environ.get("BOUNCESTREAM_PROGRAM") or HERE.parent / NAME).absolute()
    if not file.is_file():
        raise Broken(f"there is no {NAME}. Next: deploy/build file, better with --release")
    forms = ([sys.executable, "-m", "bouncestream"], [str(file)])
    starts: list[list[float]] = [[], []]
    memory: list[list[float]] = [[], []]
    versions: list[list[float]] = [[], []]
    _version(forms[1])  # unpacks it
    with scratch() as directory, Sink(directory, 10) as sink:
        for _ in range(effort.reps):
            for number, program in enumerate(forms):
                with Bridge(directory, sink=sink.port, program=program) as bridge:
                    starts[number].append(bridge.started)
                    time.sleep(effort.seconds)  # it has asked Listmonk its questions by then
                    memory[number].append(bridge.process.memory())
                versions[number].append(_version(program))
    more = [packed - plain for plain, packed in zip(*memory, strict=True)]
    notes = [f"{_middle(memory[1]):.1f} MB against {_middle(memory[0]):.1f} MB"]
    return [
        Figure("size of the single file", [file.stat().st_size / 1e6], 25.0, at_least=False, unit="MB",
               counts_reps=False),
        _ratio("single file, listening after start, against the source", starts, 1.3),
        Figure("single file, idle memory beyond the source's", more, 2.0, at_least=False, unit="MB", notes=notes,
               counts_reps=False),
        _ratio("single file, `version`, against the source", versions, None),
    ]  # fmt: skip


def _middle(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2]


def _ratio(what: str, pair: list[list[float]], target: float | None) -> Figure:
    plain, packed = pair
    notes = [f"{_middle(packed) * 1000:.0f} ms against {_middle(plain) * 1000:.0f} ms"]
    return Figure(what, ratios(packed, plain), target, at_least=False, unit="x", notes=notes, counts_reps=False)


def _version(program: list[str]) -> float:
    began = time.monotonic()
    with Process([*program, "version"], SERVER_CORE) as process:
        if process.wait():
            raise Broken(f"{program[0]} version failed")
    return time.monotonic() - began
