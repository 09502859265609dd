# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream doctor`: the examination, for a person or as JSON."""

from __future__ import annotations

import argparse
import asyncio
import json
import textwrap
from collections.abc import Sequence
from itertools import groupby

from bouncestream.cli import show as out
from bouncestream.cli.exits import ERRORS_FOUND, NOT_EXAMINED
from bouncestream.cli.opened import configuration
from bouncestream.doctor.catalogue import TOPICS, UNEXAMINED
from bouncestream.doctor.finding import Finding, Level, as_dict, exit_code
from bouncestream.doctor.target import Target
from bouncestream.errors import UsageError
from bouncestream.printable import printable

_WIDTH = 100
_SIGNS = {Level.OK: "✔", Level.INFO: "·", Level.WARNING: "⚠", Level.ERROR: "✘"}


def run(args: argparse.Namespace) -> int:
    """Examine, tell, and say by the exit code how it is."""
    from bouncestream.doctor import engine

    if args.webhook_url and not args.outside:
        raise UsageError("--webhook-url belongs to --outside; else the configuration names the webhooks")
    if args.outside:
        if args.write:
            raise UsageError("--outside only looks, so there is nothing for --write")
        for name, url in (("--outside", args.outside), ("--webhook-url", args.webhook_url)):
            if url and Target.read(url) is None:
                raise UsageError(f"{name} takes an http or https URL, such as https://news.example.com")
        found = asyncio.run(engine.examine_outside(args.outside, args.webhook_url or ""))
    else:
        found = asyncio.run(engine.examine(configuration(args), write=args.write))
    return report(found, as_json=args.json)


def report(found: Sequence[Finding], *, as_json: bool, nothing: str = "All is well.") -> int:
    """Print the findings; returns the exit code."""
    if as_json:
        print(json.dumps({"findings": [as_dict(one) for one in found]}, indent=2, default=str))
    else:
        _tell(found, nothing)
    code = exit_code(found)
    if code != ERRORS_FOUND and any(one.id == UNEXAMINED for one in found):
        return NOT_EXAMINED
    return code


def _tell(found: Sequence[Finding], nothing: str) -> None:
    for topic, group in groupby(found, key=lambda one: one.topic):
        out.heading(TOPICS.get(topic, topic))
        for one in group:
            _one(one)
        print()
    counts = {level: sum(one.level is level for one in found) for level in Level}
    if counts[Level.ERROR] or counts[Level.WARNING]:
        text = ", ".join(
            f"{count} {word}{'' if count == 1 else 's'}"
            for word, count in (("error", counts[Level.ERROR]), ("warning", counts[Level.WARNING]))
            if count
        )
        out.heading(f"{text}. Begin with the first ✘: later ones often have the same cause.")
    else:
        out.heading(nothing)


def _one(one: Finding) -> None:
    sign = _SIGNS[one.level]
    bad = one.level in (Level.WARNING, Level.ERROR)
    first, *more = _wrapped(one.seen + (f" [{one.id}]" if bad else ""), "")
    print(f"{out.coloured(sign, out.MARKS[sign])} {first.strip()}")
    for line in more:
        print(line)
    if one.why:
        print(*_wrapped(one.why, "why: " if bad else ""), sep="\n")
    if one.fix:
        words = "fix: "
        for line in one.fix.splitlines():
            if line.startswith("    ") or not line:
                print(f"  {printable(line)}".rstrip())
            else:
                print(*_wrapped(line, words), sep="\n")
            words = ""


def _wrapped(text: str, label: str) -> list[str]:
    """Prose below its sign, in lines that can be read; what has no spaces is not broken."""
    return textwrap.wrap(
        printable(text),
        _WIDTH,
        initial_indent=f"  {label}",
        subsequent_indent="  " + " " * len(label),
        break_long_words=False,
        break_on_hyphens=False,
    ) or [""]
