# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream config example`: every key, made from the model. And `bouncestream version`."""

from __future__ import annotations

import argparse

from bouncestream.cli.exits import FINE
from bouncestream.cli.parser import Parser, add, command, group


def options(parser: Parser) -> None:
    """The commands behind `bouncestream config`."""
    inner = group(parser, "")
    example = add(inner, "example", "print a configuration with every key, its default and its meaning")
    command(example, run, config=False)


def version(parser: Parser) -> None:
    """`bouncestream version`, which takes nothing."""
    command(parser, run_version, config=False)


def run(_: argparse.Namespace) -> int:
    """Print the example."""
    from bouncestream.config.example import render  # `version` need not wait for it

    print(render(), end="")
    return FINE


def run_version(_: argparse.Namespace) -> int:
    """Print the version."""
    from bouncestream import __version__

    print(f"bouncestream {__version__}")
    return FINE
