# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream brake release|drop`: what a person decides about the hard bounces that the brake holds."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial

from bouncestream.cli.opened import changing, configuration, since_when
from bouncestream.cli.outbox_change import apply, confirm
from bouncestream.cli.parser import Commands, Parser, add, command, group
from bouncestream.outbox import braking, operator
from bouncestream.outbox.operator import Changed


def options(parser: Parser) -> None:
    """The commands of `bouncestream brake`."""
    inner = group(parser, "Decide about the hard bounces that the brake holds, all or some of them.")
    _add(inner, "release", "deliver what the brake holds", _release)
    drop = _add(inner, "drop", "never deliver what the brake holds", _drop)
    drop.add_argument("--yes", action="store_true", help="do not ask for confirmation")


def _add(inner: Commands, name: str, text: str, run: Callable[[argparse.Namespace], int]) -> Parser:
    made = add(inner, name, text)
    command(made, run)
    made.add_argument("--domain", default="", metavar="DOMAIN", help="of recipients at this domain or below it")
    made.add_argument("--reason", default="", metavar="REASON", help="with this reason, such as user_unknown")
    made.add_argument("--since", default="all", metavar="WHEN", help="received since: 3h, 7d, a date, or all")
    made.add_argument("--json", action="store_true", help="JSON output")
    return made


def _release(args: argparse.Namespace) -> int:
    return _change(args, operator.release, "released", "")


def _drop(args: argparse.Namespace) -> int:
    question = "" if args.yes else "This drops {n} hard bounces; they will never be sent to Listmonk. Continue?"
    return _change(args, operator.drop, "dropped", question)


def _change(args: argparse.Namespace, change: Callable[..., Changed], done_word: str, question: str) -> int:
    since = since_when(args)
    domain = args.domain.strip().rstrip(".").lower()
    with changing(configuration(args, with_secrets=False, sealing=True)) as outbox:
        find = partial(braking.held_rows, domain=domain, reason=args.reason.strip().lower(), since=since)
        rows = outbox.read(find)
        if rows and question:
            confirm(question.format(n=len(rows)))
        return apply(args, outbox, rows, change, done_word)
