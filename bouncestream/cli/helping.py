# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream help COMMAND`: what `bouncestream COMMAND --help` shows."""

from __future__ import annotations

import argparse

from bouncestream.cli.parser import Parser, build_parser, command


def options(parser: Parser) -> None:
    """The options of `bouncestream help`."""
    command(parser, run, config=False)
    parser.add_argument("words", nargs="*", metavar="COMMAND", help="the command, such as: outbox list")


def run(args: argparse.Namespace) -> int:
    """Show it; a command that there is not ends as wrong usage."""
    build_parser(args.words).parse_args([*args.words, "--help"])
    raise AssertionError("--help ends it")
