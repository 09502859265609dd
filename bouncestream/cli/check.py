# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream check`: what the doctor sees of the inside, before a start: settings, outbox, each connection."""

from __future__ import annotations

import argparse
import asyncio

from bouncestream.cli import out
from bouncestream.cli.exits import NOT_EXAMINED
from bouncestream.cli.findings import brief_code, tell_briefly
from bouncestream.cli.opened import configuration
from bouncestream.cli.parser import Parser, command


def options(parser: Parser) -> None:
    """The options of `bouncestream check`."""
    command(
        parser,
        run,
        "Every problem comes with its fix. Changes nothing. The id of a finding is in [brackets], as "
        "in\n`bouncestream doctor`, which also examines the public side and campaigns.",
    )


def run(args: argparse.Namespace) -> int:
    """Look at everything; the exit code says how it is."""
    from bouncestream.doctor.engine import examine_inside

    found = asyncio.run(examine_inside(configuration(args)))
    tell_briefly(found)
    code = brief_code(found)
    bad = "Not everything could be examined" if code == NOT_EXAMINED else "Problems were found"
    out.heading(f"{bad}: see ⚠ and ✘." if code else "All is well.")
    return code
