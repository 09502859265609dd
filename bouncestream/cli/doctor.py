# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream doctor`: the examination of an installation, for a person or as JSON."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence

from bouncestream.cli import doctor_files
from bouncestream.cli.findings import tell
from bouncestream.cli.opened import configuration
from bouncestream.cli.parser import Parser, add, command
from bouncestream.doctor.finding import Finding, Level
from bouncestream.doctor.probe.target import Target
from bouncestream.errors import UsageError


def options(parser: Parser) -> None:
    """`doctor` alone examines the installation; a word behind it is another examination, of files."""
    command(
        parser,
        run,
        "Examines Listmonk, its settings and campaigns, the public address (DNS, ports, TLS, pixel, links,\n"
        "through the proxy), and bouncestream itself, within 15 seconds. Each finding says what was seen, why\n"
        "it matters, and how to fix it. It changes nothing; the token goes to [listmonk] url only.\n\n"
        "With --json:\n"
        '{"findings": [{"id", "level": ok|info|warning|error, "topic", "seen", "why", "fix", "evidence"}]}',
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object, for programs")
    parser.add_argument("--write", action="store_true", help="also run the tests that write: send a test event")
    parser.add_argument(
        "--outside",
        metavar="URL",
        help="only examine URL from outside; needs no configuration, run it on a laptop",
    )
    parser.add_argument(
        "--webhook-url", metavar="URL", help="with --outside: also test this webhook of bouncestream"
    )
    inner = parser.add_subparsers(title="commands", metavar="COMMAND", required=False, help="examine files instead")
    doctor_files.mail_options(add(inner, "mail", "examine a campaign mail as it arrived in an inbox"))
    doctor_files.logs_options(add(inner, "logs", "find out from server logs whether opens and clicks arrive"))
    for sub in inner.choices.values():
        for action in sub._actions:
            if action.dest in ("debug", "config", "json"):  # what stands before the inner command counts too
                action.default = argparse.SUPPRESS


def run(args: argparse.Namespace) -> int:
    """Examine, tell, and say by the exit code how it is."""
    from bouncestream.doctor import engine  # `doctor mail` and `doctor logs` need not wait for it

    if args.webhook_url and not args.outside:
        raise UsageError("--webhook-url needs --outside; without it the webhooks come from the configuration")
    if args.outside:
        if args.write:
            raise UsageError("--outside and --write cannot be combined: --outside changes nothing")
        for name, url in (("--outside", args.outside), ("--webhook-url", args.webhook_url)):
            if url and Target.read(url) is None:
                raise UsageError(f"{name} must be an http or https URL, such as https://news.example.com")
        found = asyncio.run(engine.examine_outside(args.outside, args.webhook_url or ""))
    else:
        found = asyncio.run(engine.examine(configuration(args), write=args.write))
    return report(found, as_json=args.json)


def report(found: Sequence[Finding], *, as_json: bool) -> int:
    """Print the findings. An error outweighs a part that could not be examined."""
    from bouncestream.doctor.catalogue import TOPICS, UNEXAMINED

    errors = any(one.level is Level.ERROR for one in found)
    examined = errors or not any(one.id == UNEXAMINED for one in found)
    return tell(found, as_json=as_json, examined=examined, headings=TOPICS)
