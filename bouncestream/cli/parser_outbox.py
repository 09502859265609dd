# SPDX-License-Identifier: GPL-3.0-or-later
"""The parser of `bouncestream outbox …`."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from bouncestream.cli import outbox_change, outbox_look
from bouncestream.cli.parser import Commands, Parser, add, command, count, group

STATES = ("pending", "claimed", "posted", "verified", "unstored", "dead", "held", "dropped")
KINDS = ("hard", "soft", "complaint", "unsubscribe")
HELD_FOR = ("unproven", "permission", "brake", "operator")


def options(parser: Parser) -> None:
    """The commands behind `bouncestream outbox`."""
    inner = group(
        parser,
        "Look into the outbox, and change what waits in it; also while `bouncestream run` is up.\n"
        "An event is named by its number, its id, or the first 8 or more characters of its id.",
    )
    listing = _add(inner, "list", "list events, newest first", outbox_look.listing)
    _reveal(listing)
    listing.add_argument(
        "--state", action="append", choices=STATES, metavar="STATE", help=f"only of this state: {', '.join(STATES)}"
    )
    listing.add_argument("--source", default="", metavar="NAME", help="only of this webhook or mailbox")
    listing.add_argument(
        "--kind", action="append", choices=KINDS, metavar="KIND", help=f"only of this kind: {', '.join(KINDS)}"
    )
    listing.add_argument("--recipient", default="", metavar="ADDRESS", help="only about this address")
    listing.add_argument(
        "--limit", type=count, default=50, metavar="N", help="at most so many, 0: all (default: 50)"
    )
    instead = listing.add_mutually_exclusive_group()
    instead.add_argument(
        "--quarantine", action="store_true", help="instead: what could not be read, oldest first, kept as it came"
    )
    instead.add_argument(
        "--unidentified", action="store_true", help="instead: bounce mails that do not tell whose they are"
    )

    show = _add(inner, "show", "show an event and its history", outbox_look.show)
    _reveal(show)
    show.add_argument("event", metavar="EVENT", help="number, id, or first characters of the id")
    show.add_argument("--raw", action="store_true", help="print the request or mail as it came, and nothing else")
    show.add_argument("--quarantine", action="store_true", help="EVENT is the number of an item in quarantine")

    _add(
        inner,
        "stats",
        "count the events",
        outbox_look.stats,
        '--json: {"states": {"pending": n, … every state}, "duplicates": n, "doubled": n, "quarantine": n,\n'
        '"unidentified": n}',
    )
    _changes(inner)


def _add(inner: Commands, name: str, text: str, run: Callable[[argparse.Namespace], int], more: str = "") -> Parser:
    made = add(inner, name, text)
    command(made, run, more)
    made.add_argument("--json", action="store_true", help="JSON, for programs")
    return made


def _reveal(parser: Parser) -> None:
    parser.add_argument("--reveal", action="store_true", help="show addresses in full")


def _changes(inner: Commands) -> None:
    replay = _add(
        inner,
        "replay",
        "deliver events again, or read again what is in quarantine",
        outbox_change.replay,
        "An event that may be in Listmonk already is looked for there before it is posted.",
    )
    replay.add_argument("event", nargs="*", metavar="EVENT", help="number, id, or first characters of the id")
    many = replay.add_mutually_exclusive_group()
    many.add_argument("--dead", action="store_true", help="all dead letters")
    many.add_argument("--unstored", action="store_true", help="all that Listmonk did not keep")
    many.add_argument("--from-dry-run", action="store_true", help="all that a dry run dropped")
    many.add_argument("--quarantine", action="store_true", help="items of the quarantine: the given ones, or all")
    many.add_argument(
        "--unidentified",
        action="store_true",
        help="bounce mails that did not tell whose they are: the given ones, or all",
    )

    drop = _add(inner, "drop", "never deliver events that wait or are held", outbox_change.drop)
    drop.add_argument("event", nargs="*", metavar="EVENT", help="number, id, or first characters of the id")
    drop.add_argument("--held", action="store_true", help="all that are held back")
    drop.add_argument("--pending", action="store_true", help="all that wait for delivery")
    drop.add_argument("--yes", action="store_true", help="do not ask before many are dropped")

    release = _add(inner, "release", "let held events go", outbox_change.release)
    release.add_argument("event", nargs="*", metavar="EVENT", help="number, id, or first characters of the id")
    release.add_argument("--all", action="store_true", help="all that are held back")
    release.add_argument(
        "--held-for",
        default="",
        choices=HELD_FOR,
        metavar="REASON",
        help=f"all that are held for this: {', '.join(HELD_FOR)}",
    )
