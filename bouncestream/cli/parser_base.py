# SPDX-License-Identifier: GPL-3.0-or-later
"""What the parsers of all commands share. Imports nearly nothing, see `cli`."""

from __future__ import annotations

import argparse
import sys
from typing import Any, NoReturn

from bouncestream.cli.exits import USAGE
from bouncestream.printable import printable

EXIT_CODES = """\
exit codes: 0 fine; 1 not all is well; 3 could not be examined; 64 wrong usage; 75 temporary (the database is
locked, another run); 78 configuration."""


class Parser(argparse.ArgumentParser):
    """Exit code 64 for wrong usage, no abbreviations, and the exit codes below each help text."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(allow_abbrev=False, epilog=EXIT_CODES, **options)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse does, but what is left over is the error of the command it stands behind, whose help shows
        its options; argparse would have it be that of the program."""
        known, left = super().parse_known_args(args, namespace)
        if left:
            self.error(f"unrecognized arguments: {' '.join(left)}")
        return known, left

    def error(self, message: str) -> NoReturn:
        print(f"{self.prog}: {printable(message)}", file=sys.stderr)
        print(f"Next: `{self.prog} --help` shows how it is called.", file=sys.stderr)
        raise SystemExit(USAGE)


def add(commands: Any, name: str, text: str, *parents: Any, does: str, more: str = "") -> Any:
    """One command: its line in the list, and its own help."""
    description = f"{text[:1].upper()}{text[1:]}." + (f"\n\n{more}" if more else "")
    parser = commands.add_parser(name, help=text, description=description, parents=list(parents))
    parser.set_defaults(does=does)
    return parser


def count(text: str) -> int:
    """A number that is not negative; for `type=`."""
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number")
    return int(text)
