# SPDX-License-Identifier: GPL-3.0-or-later
"""A finding of the doctor: what was seen, why it matters, and how it is fixed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bouncestream.printable import printable


class Level(StrEnum):
    """The gravity of a finding."""

    OK = "ok"
    INFO = "info"  #: worth to know; nothing needs to be done
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding: one thing that the doctor saw, good or bad. Its texts are for people; foreign text in them is
    printable."""

    id: str  #: such as `tls-expired`; documented in docs/doctor, never reused for something else
    level: Level
    topic: str  #: the heading that it stands under, such as `tls`
    seen: str  #: what was seen
    why: str = ""  #: why it matters
    fix: str = ""  #: the exact remedy, with a snippet to paste; empty where there is nothing to do
    evidence: Mapping[str, Any] = field(default_factory=dict)  #: for machines: the values behind `seen`


def finding(id: str, level: Level, topic: str, seen: str, why: str = "", fix: str = "", **evidence: Any) -> Finding:
    """A finding about what is foreign: `seen` is made printable."""
    return Finding(id, level, topic, printable(seen), why, fix, evidence)


def exit_code(findings: Iterable[Finding]) -> int:
    """0: fine; 1: warnings; 2: errors."""
    levels = {finding.level for finding in findings}
    return 2 if Level.ERROR in levels else 1 if Level.WARNING in levels else 0


#: What the cheap checks look at: how the ids of its findings begin, and in words.
CHEAP: Mapping[str, str] = {"tls-": "certificate", "pixel-": "pixel", "permission-": "permissions"}


def unexamined(why: str) -> Finding:
    """The finding that the cheap checks could not be made."""
    text = f"certificate, pixel and permissions could not be examined: {why}"
    fix = "run the full examination:\n\n    bouncestream doctor"
    evidence = {"unknown": list(CHEAP)}
    return Finding("not-examined", Level.WARNING, "doctor", text, "Their state is unknown.", fix, evidence)


def partly_examined(unknown: Collection[str]) -> Finding:
    """The finding that some of the cheap checks (keys of CHEAP) could not be made, which others tell why."""
    text = f"could not be examined: {', '.join(words for family, words in CHEAP.items() if family in unknown)}"
    return Finding("not-examined", Level.INFO, "doctor", text, evidence={"unknown": sorted(unknown)})
