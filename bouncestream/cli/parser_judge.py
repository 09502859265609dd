# SPDX-License-Identifier: GPL-3.0-or-later
"""The parsers of the commands about the judgement: `parse`, `explain`, `rejudge`."""

from __future__ import annotations

from bouncestream.cli import explain as explaining
from bouncestream.cli import parse as parsing
from bouncestream.cli import rejudge as rejudging
from bouncestream.cli.parser import Parser, command


def parse(parser: Parser) -> None:
    """Judge mails in files."""
    command(
        parser,
        parsing.run,
        "With --json one object a mail:\n"
        '{"file", "kind": hard|soft|complaint|ignore, "recipients": [{"address", "kind", "reason", "status",\n'
        '"reply_code", "diagnostic", "evidence"}], "original": {…}}. A file that cannot be read has "error", then\n'
        "the exit code is 1.",
        config=False,
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="a raw mail; - is standard input")
    parser.add_argument("--json", action="store_true", help="one JSON object for each mail, a line each")


def explain(parser: Parser) -> None:
    """The way to a verdict."""
    command(
        parser,
        explaining.run,
        "Of a mail: what it is made of, where the address came from and what else it could have been, which\n"
        "words or code decided, and what Listmonk will be told. Of an event also what was sent to Listmonk, what\n"
        "it kept, and the history. Exit code 3: Listmonk could not be asked.",
    )
    parser.add_argument(
        "target", metavar="FILE|EVENT", help="a raw mail (- is standard input), or number or id of an event"
    )
    parser.add_argument("--mailbox", default="", metavar="NAME", help="judge as a mail of this mailbox is")
    parser.add_argument("--offline", action="store_true", help="do not ask Listmonk what it kept")
    parser.add_argument("--json", action="store_true", help="JSON, for programs")
    parser.add_argument("--reveal", action="store_true", help="show addresses in full")


def rejudge(parser: Parser) -> None:
    """Judge stored events again."""
    command(
        parser,
        rejudging.run,
        "Lists what this version, with the present configuration, would judge otherwise. Only what nobody\n"
        "was told of yet can be changed; also while `bouncestream run` is up.",
    )
    parser.add_argument(
        "--since", default="all", metavar="WHEN", help="only what came in since: 7d, a date, or all (default: all)"
    )
    parser.add_argument("--apply", action="store_true", help="change what is not delivered yet")
    parser.add_argument("--json", action="store_true", help="one JSON object for each change, a line each")
    parser.add_argument("--reveal", action="store_true", help="show addresses in full")
