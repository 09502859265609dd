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
from bouncestream.outbox.place import file_of


def options(parser: Parser) -> None:
    """The options of `bouncestream backup`."""
    command(parser, run, "Verifies the copy. It contains addresses: its mode is 0600.")
    parser.add_argument("file", metavar="FILE", help="the file to create; it must not exist")


def run(args: argparse.Namespace) -> int:
    """Make the copy."""
    source = file_of(
        configuration(args, with_secrets=False), "`bouncestream backup`", "back the database up with pg_dump"
    )
    target = Path(args.file)
    if target.exists():
        raise UsageError(f"{target} already exists, and a backup overwrites nothing. Next: choose another name.")
    backup(source, target, datetime.now(UTC))
    size = target.stat().st_size
    print(
        f"{target}: a verified copy of {source}, {size / 2**20:.1f} MiB. To restore it, move it to that path "
        "while bouncestream is stopped."
    )
    return 0
