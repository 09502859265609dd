# SPDX-License-Identifier: GPL-3.0-or-later
"""How fast the mail reader is, and how often it is right.

    python -m benchmarks.judgement [FOLDER [TRUTH]] [--wrong] [--without-vendors]

FOLDER holds mails (*.eml; or has them in a folder "mails"), TRUTH says what they mean (default: FOLDER/truth.json):
a list of {"file", "mail_kind", "recipients": [{"address", "kind", "also_ok"?, "kinds_ok"?}]}. Without a FOLDER it
reads the reports of real servers that the tests read, or the folder that BOUNCESTREAM_MAILS names.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.figures import Effort, Figure
from bouncestream.mail.decode import read
from bouncestream.mail.phrases import engine
from bouncestream.mail.phrases.engine import VENDORS
from bouncestream.mail.verdict import Verdict, gravest

OURS = Path(__file__).parent.parent / "tests" / "fixtures" / "mail" / "servers"
TARGET = 3000.0
"""Mails a second on one core."""

REAL = frozenset({"hard", "soft", "complaint"})
NAMES = ("exact", "precision", "kind", "lenient", "hard", "false_hard", "ignored", "complaint")


@dataclass
class Score:
    """Counts of rights and of all, by figure. What each means is said in `of`."""

    right: Counter[str] = field(default_factory=Counter)
    all: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def add(self, figure: str, right: bool) -> None:
        self.all[figure] += 1
        self.right[figure] += right

    def percent(self, figure: str) -> float | None:
        """None where nothing was asked."""
        return 100 * self.right[figure] / self.all[figure] if self.all[figure] else None

    def told(self) -> str:
        """All figures in one line."""
        shown = ((name, self.percent(name)) for name in NAMES)
        return ", ".join(f"{name} {'-' if value is None else f'{value:.1f}'}" for name, value in shown)

    def of(self, truth: dict[str, Any], verdict: Verdict) -> None:
        """Add one mail.

        exact: all addresses of a final failure found, and no other. precision: of the addresses reported, the right
        ones. kind: a recipient's kind as labelled; lenient: any defensible one. hard: hard ones called hard;
        false_hard: others called hard. ignored: mails that are no final feedback. complaint: complaints found.
        """
        found: dict[str, str] = {}
        for recipient in verdict.recipients:
            found[recipient.address] = gravest([recipient.kind, found.get(recipient.address, "ignore")])
        reported = {address for address, kind in found.items() if address and kind in REAL}
        wanted = [r for r in truth["recipients"] if r["address"]]
        known: set[str] = set()
        missing = False
        for label in wanted:
            names = {label["address"], *label.get("also_ok", ())} & found.keys()
            known |= names
            got = gravest([found[name] for name in names])
            there = bool(names)
            right = got == label["kind"] and (there or label["kind"] == "ignore")
            defensible = label.get("kinds_ok", [label["kind"]])
            self.add("kind", right)
            self.add("lenient", got in defensible and (there or "ignore" in defensible))
            self.add("hard" if label["kind"] == "hard" else "false_hard", got == "hard")
            if label["kind"] == "complaint":
                self.add("complaint", right)
            missing |= label["kind"] in REAL and not there
            if not right:
                self.wrong.append(f"{truth['file']}: {label['address']} is {label['kind']}, called {got}")
        for address in reported:
            self.add("precision", address in known)
        self.wrong += [f"{truth['file']}: {address} is nobody" for address in reported - known]
        if any(label["kind"] in REAL for label in wanted):
            self.add("exact", not missing and reported <= known)
        if truth["mail_kind"] == "ignore":
            self.add("ignored", verdict.kind == "ignore")


def mails_of(folder: Path) -> dict[str, bytes]:
    """The mails of a folder by file name."""
    inner = folder / "mails"
    return {path.name: path.read_bytes() for path in sorted((inner if inner.is_dir() else folder).glob("*.eml"))}


def scored(mails: dict[str, bytes], truth: Sequence[dict[str, Any]]) -> Score:
    """The figures of the reader on mails whose meaning is known."""
    score = Score()
    for label in truth:
        if label["file"] in mails:
            score.of(label, read(mails[label["file"]]))
    return score


def timed(mails: Sequence[bytes], seconds: float) -> tuple[float, float, float]:
    """Mails a second of processor time, and the median and 99th percentile for one mail in microseconds."""
    one: list[float] = []
    spent = 0.0
    while spent < seconds:
        for raw in mails:
            started = time.process_time_ns()
            read(raw)
            one.append((time.process_time_ns() - started) / 1000)
        spent = sum(one) / 1e6
    one.sort()
    return len(one) / spent, one[len(one) // 2], one[int(len(one) * 0.99)]


def judgement(effort: Effort) -> list[Figure]:
    """Mails a second of the mail reader on one core, and how often it is right."""
    folder = Path(os.environ.get("BOUNCESTREAM_MAILS", OURS))
    mails = mails_of(folder)
    truth = json.loads((folder / "truth.json").read_text("utf-8"))
    runs = [timed(list(mails.values()), effort.seconds) for _ in range(effort.reps)]
    score = scored(mails, truth)
    half, high = (sorted(run[i] for run in runs)[len(runs) // 2] for i in (1, 2))
    return [
        Figure(
            "mail reader: mails a second on one core",
            [run[0] for run in runs],
            TARGET,
            unit="/s",
            notes=[
                f"{len(mails)} mails of {folder.name}: median {half:,.0f} us, 99 % within {high:,.0f} us",
                score.told(),
            ],
            details={"figures": {name: score.percent(name) for name in NAMES}},
            counts_reps=False,
        )
    ]


def without_vendors(mails: dict[str, bytes], truth: Sequence[dict[str, Any]]) -> None:
    """How much hangs on each vendor's phrases: the figures when they are taken away, one by one and all but the
    common ones."""
    for name, kept in [
        *((vendor.name, [s for s in VENDORS if s is not vendor]) for vendor in VENDORS),
        ("everybody in particular", [s for s in VENDORS if s.name == "common"]),
    ]:
        with engine.using(kept):
            print(f"without {name[:40]:42} {scored(mails, truth).told()}")


def main() -> int:
    """Read, count, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.judgement", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path(os.environ.get("BOUNCESTREAM_MAILS", OURS)))
    parser.add_argument("truth", nargs="?", type=Path)
    parser.add_argument("--wrong", action="store_true", help="list what is wrong")
    parser.add_argument("--without-vendors", action="store_true", help="take vendors' phrases away, one by one")
    args = parser.parse_args()
    mails = mails_of(args.folder)
    truth = json.loads((args.truth or args.folder / "truth.json").read_text("utf-8"))
    score = scored(mails, truth)
    rate, half, high = timed(list(mails.values()), 2.0)
    print(f"{len(mails)} mails: {rate:,.0f}/s on one core, median {half:,.0f} us, 99 % within {high:,.0f} us")
    print(score.told())
    if args.wrong:
        print(*score.wrong, sep="\n")
    if args.without_vendors:
        without_vendors(mails, truth)
    return 0


if __name__ == "__main__":
    sys.exit(main())
