# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream backup FILE`: a checked copy of the outbox, made while it is in use."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

from bouncestream.cli.opened import configuration
from bouncestream.cli.parser import Parser, command
from bouncestream.errors import UsageError
from bouncestream.outbox.backup import backup


def options(parser: Parser) -> None:
    """The options of `bouncestream backup`."""
    command(parser, run, "The copy is checked. It holds addresses: its mode is 0600.")
    parser.add_argument("file", metavar="FILE", help="the file to make; it must not exist")


def run(args: argparse.Namespace) -> int:
    """Make the copy."""
    source = Path(configuration(args, with_secrets=False).outbox.path)
    target = Path(args.file)
    if target.exists():
        raise UsageError(f"{target} exists already, and a backup overwrites nothing. Next: give another name.")
    backup(source, target, datetime.now(UTC))
    size = target.stat().st_size
    print(f"{target}: a checked copy of {source}, {size / 2**20:.1f} MiB. Restore it by putting it in its place.")
    return 0
