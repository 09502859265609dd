# SPDX-License-Identifier: GPL-3.0-or-later
"""The parser of `bouncestream outbox …`."""

from __future__ import annotations

import argparse
from typing import Any

from bouncestream.cli.parser_base import add, count

STATES = ("pending", "claimed", "posted", "verified", "unstored", "dead", "held", "dropped")
KINDS = ("hard", "soft", "complaint", "unsubscribe")
HELD_FOR = ("unproven", "permission", "brake", "operator")


def outbox(commands: Any, *parents: Any) -> None:
    """Look into the outbox, and change what waits in it."""
    outbox = commands.add_parser(
        "outbox",
        help="look into the outbox, and change what waits in it",
        description="Look into the outbox, and change what waits in it; also while `bouncestream run` is up.\n"
        "An event is named by its number, its id, or the first 8 or more characters of its id.",
    )
    inner = outbox.add_subparsers(title="commands", metavar="COMMAND", required=True)
    plain = argparse.ArgumentParser(add_help=False)
    plain.add_argument("--json", action="store_true", help="JSON, for programs")
    reveal = argparse.ArgumentParser(add_help=False)
    reveal.add_argument("--reveal", action="store_true", help="show addresses in full")

    listing = add(inner, "list", "list events, newest first", *parents, plain, reveal, does="outbox_look:listing")
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

    show = add(inner, "show", "show an event and its history", *parents, plain, reveal, does="outbox_look:show")
    show.add_argument("event", metavar="EVENT", help="number, id, or first characters of the id")
    show.add_argument("--raw", action="store_true", help="print the request or mail as it came, and nothing else")
    show.add_argument("--quarantine", action="store_true", help="EVENT is the number of an item in quarantine")

    add(
        inner,
        "stats",
        "count the events",
        *parents,
        plain,
        does="outbox_look:stats",
        more='--json: {"states": {"pending": n, … every state}, "duplicates": n, "doubled": n, "quarantine": n,\n'
        '"unidentified": n}',
    )
    _outbox_changes(inner, plain, *parents)


def _outbox_changes(inner: Any, plain: Any, *parents: Any) -> None:
    replay = add(
        inner,
        "replay",
        "deliver events again, or read again what is in quarantine",
        *parents,
        plain,
        does="outbox_change:replay",
        more="An event that may be in Listmonk already is looked for there before it is posted.",
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

    drop = add(
        inner, "drop", "never deliver events that wait or are held", *parents, plain, does="outbox_change:drop"
    )
    drop.add_argument("event", nargs="*", metavar="EVENT", help="number, id, or first characters of the id")
    drop.add_argument("--held", action="store_true", help="all that are held back")
    drop.add_argument("--pending", action="store_true", help="all that wait for delivery")
    drop.add_argument("--yes", action="store_true", help="do not ask before many are dropped")

    release = add(inner, "release", "let held events go", *parents, plain, does="outbox_change:release")
    release.add_argument("event", nargs="*", metavar="EVENT", help="number, id, or first characters of the id")
    release.add_argument("--all", action="store_true", help="all that are held back")
    release.add_argument(
        "--held-for",
        default="",
        choices=HELD_FOR,
        metavar="REASON",
        help=f"all that are held for this: {', '.join(HELD_FOR)}",
    )
