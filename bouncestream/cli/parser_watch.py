# SPDX-License-Identifier: GPL-3.0-or-later
"""The parsers of `bouncestream status` and `bouncestream alert …`."""

from __future__ import annotations

import argparse
from typing import Any

from bouncestream.cli.parser_base import add


def status(commands: Any, *parents: Any) -> None:
    """How everything is, on one screen."""
    parser = add(
        commands,
        "status",
        "show how sources, outbox, Listmonk and alerts are, on one screen",
        *parents,
        does="status",
        more="Reads the outbox, and asks the running bridge on [server] listen. Exit code 1: not all is well, or\n"
        "no bridge runs; 3: the outbox cannot be read. --json has the keys running, ready, parts, sources,\n"
        "outbox, sink and alerts.",
    )
    parser.add_argument("--json", action="store_true", help="JSON, for programs")
    parser.add_argument("--watch", action="store_true", help="show it anew again and again, until Ctrl-C")
    parser.add_argument(
        "--every", type=_seconds, default=2.0, metavar="SECONDS", help="with --watch, how often (default: 2)"
    )


def alert(commands: Any, *parents: Any) -> None:
    """What there is to do about alerts."""
    parser = commands.add_parser(
        "alert",
        help="try the channels of the alerts",
        description="Alerts go out while `bouncestream run` is up; `bouncestream status` shows them.",
    )
    inner = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    test = add(
        inner,
        "test",
        "send a test message over each channel of the alerts, and a heartbeat",
        *parents,
        does="alert",
        more="Needs no running bridge. Exit code 1: one of them failed, or none is configured.\n"
        '--json: {"channels": [{"channel", "sent", "why"}]}.',
    )
    test.add_argument("--json", action="store_true", help="JSON, for programs")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0.1 <= seconds <= 3600:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds from 0.1 to 3600")
    return seconds
