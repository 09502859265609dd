# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream doctor`: the examination of an installation, for a person or as JSON."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence

from bouncestream.cli.findings import tell
from bouncestream.cli.opened import configuration
from bouncestream.doctor import engine
from bouncestream.doctor.catalogue import TOPICS, UNEXAMINED
from bouncestream.doctor.finding import Finding, Level
from bouncestream.doctor.probe.target import Target
from bouncestream.errors import UsageError


def run(args: argparse.Namespace) -> int:
    """Examine, tell, and say by the exit code how it is."""
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


def report(found: Sequence[Finding], *, as_json: bool) -> int:
    """Print the findings. An error outweighs a part that could not be examined."""
    errors = any(one.level is Level.ERROR for one in found)
    examined = errors or not any(one.id == UNEXAMINED for one in found)
    return tell(found, as_json=as_json, examined=examined, headings=TOPICS)
