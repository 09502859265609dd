# SPDX-License-Identifier: GPL-3.0-or-later
"""The parser of `bouncestream doctor` and what stands behind it. Imports nearly nothing, see `cli`."""

from __future__ import annotations

import argparse
import copy
from typing import Any

from bouncestream.cli.parser_base import add
from bouncestream.cli.parser_doctor_files import doctor_files


def doctor(commands: Any, *parents: Any) -> None:
    """`doctor` alone examines the installation; a word behind it is another examination."""
    parser = add(
        commands,
        "doctor",
        "find out why opens, clicks and bounces are not counted",
        *parents,
        does="doctor",
        more="Looks at Listmonk, its settings and campaigns, the public address (DNS, ports, TLS, pixel, links,\n"
        "through the proxy), and at bouncestream itself, within 15 seconds. Each finding says what was seen, why\n"
        "it matters, and the fix. It changes nothing; the token goes to [listmonk] url only.\n\n"
        "Exit codes: 0 fine, 1 warnings, 2 errors, 3 something could not be examined. With --json:\n"
        '{"findings": [{"id", "level": ok|info|warning|error, "topic", "seen", "why", "fix", "evidence"}]}',
    )
    parser.add_argument("--json", action="store_true", help="one JSON object, for machines")
    parser.add_argument("--write", action="store_true", help="also do what writes: send a test event")
    parser.add_argument(
        "--outside",
        metavar="URL",
        help="only what is seen from outside: needs no configuration, run it on a laptop",
    )
    parser.add_argument(
        "--webhook-url", metavar="URL", help="with --outside: try the way to this webhook of bouncestream too"
    )
    inner = parser.add_subparsers(
        title="commands", metavar="COMMAND", required=False, help="another examination, of files"
    )
    doctor_files(inner, *map(_silent, parents))
    for sub in inner.choices.values():
        for action in sub._actions:
            if action.dest == "json":
                action.default = argparse.SUPPRESS


def _silent(parent: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """The same options without defaults, so that what stands before the inner command counts too."""
    made = argparse.ArgumentParser(add_help=False)
    for action in parent._actions:
        same = copy.copy(action)
        same.default = argparse.SUPPRESS
        made._add_action(same)
    return made
