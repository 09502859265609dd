# SPDX-License-Identifier: GPL-3.0-or-later
"""Medians, paired ratios with their range, what is to be reached, and the table."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.machine import BUSY_LIMIT, TWO_CORES, Watch


@dataclass(frozen=True)
class Effort:
    """How much is done: `FULL` for figures, `QUICK` to look, `TINY` to prove that the harness works."""

    reps: int
    seconds: float  #: of load in one run
    events: int  #: of one delivery
    stored: int  #: what "a million stored events" is
    keys: tuple[int, ...] = (1, 2, 3)  #: identity keys an event, one after the other


FULL = Effort(5, 2.0, 5000, 1_000_000)
QUICK = Effort(3, 1.0, 2000, 100_000)
TINY = Effort(1, 0.3, 60, 2000, (1,))


@dataclass(frozen=True)
class Run:
    """One run of one contestant."""

    rate: float  #: events a second
    cpu: float = 0.0  #: processor seconds an event
    busy: float = 0.0  #: of the load's core
    foreign: float = 0.0  #: what others took of the server's core
    note: str = ""
    p99: float = 0.0

    @classmethod
    def of(cls, events: int, seconds: float, watched: Watch, note: str = "", p99: float = 0.0) -> Run:
        cpu = watched.server / events if events else 0.0
        return cls(events / seconds, cpu, watched.busy, watched.foreign, note, p99)


@dataclass
class Figure:
    """One line of the table."""

    what: str
    values: list[float]  #: of each repetition
    target: float | None = None  #: None: told, but without a bar
    at_least: bool = True
    unit: str = ""
    busy: float = 0.0  #: the busiest that the load's core was
    notes: list[str] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)
    counts_reps: bool = True  #: False: no load core to be too busy

    @property
    def value(self) -> float:
        return statistics.median(self.values)

    @property
    def counts(self) -> bool:
        return not self.counts_reps or (TWO_CORES and self.busy < BUSY_LIMIT)

    @property
    def verdict(self) -> str:
        if self.target is None:
            return ""
        if not self.counts:
            return "no count"
        return "yes" if (self.value >= self.target if self.at_least else self.value <= self.target) else "NO"

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "value": self.value, "verdict": self.verdict}


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Of each repetition: both were run within seconds of each other."""
    return [a / b if b else 0.0 for a, b in zip(ours, theirs, strict=True)]


def compare(
    what: str,
    ours: Sequence[Run],
    theirs: Sequence[Run],
    target: float | None,
    names: tuple[str, str],
    unit: str = "x",
) -> Figure:
    """The rate of ours against that of theirs."""
    return Figure(
        what,
        ratios([run.rate for run in ours], [run.rate for run in theirs]),
        target,
        unit=unit,
        busy=max(run.busy for run in (*ours, *theirs)),
        notes=[f"{names[0]}: {told(ours)}", f"{names[1]}: {told(theirs)}", *notes_of(ours)],
        details={names[0]: [asdict(run) for run in ours], names[1]: [asdict(run) for run in theirs]},
    )


def told(runs: Sequence[Run]) -> str:
    """Rate, processor time and disturbance of some runs, in words."""
    rate, cpu, foreign = (
        statistics.median(getattr(run, name) for run in runs) for name in ("rate", "cpu", "foreign")
    )
    text = f"{rate:,.0f}/s, {cpu * 1e6:,.0f} us CPU an event"
    return text + (f", others took {foreign:.0%} of its core" if foreign > 0.02 else "")


def notes_of(runs: Sequence[Run]) -> list[str]:
    return sorted({run.note for run in runs if run.note})


def interleave(reps: int, *contestants: Callable[[], Run]) -> list[list[Run]]:
    """Each contestant in turn, `reps` times; the runs of each."""
    runs: list[list[Run]] = [[] for _ in contestants]
    for _ in range(reps):
        for found, contestant in zip(runs, contestants, strict=True):
            found.append(contestant())
    return runs


def table(figures: Sequence[Figure]) -> str:
    """All lines, with their notes below each."""
    lines = [f"{'':58} {'median':>11} {'[min - max]':>19}  {'to reach':>11}  reached  load core"]
    for figure in figures:
        target = "" if figure.target is None else f"{'>=' if figure.at_least else '<='} {shown(figure.target)}"
        span = f"[{shown(min(figure.values))} - {shown(max(figure.values))}]"
        busy = f"{figure.busy:.0%}" if figure.counts_reps else ""
        value = f"{shown(figure.value)} {figure.unit}".rstrip()
        lines.append(f"{figure.what:58} {value:>11} {span:>19}  {target:>11}  {figure.verdict:8} {busy:>8}")
        lines += [f"    {note}" for note in figure.notes]
    return "\n".join(lines)


def shown(value: float) -> str:
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
