# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream outbox replay|drop|release`: what an operator does to events, also beside a running bridge.

Changes are made by the store's own code in short transactions; `run` notices them within a second. Events that it
holds (claimed, posted) are refused.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial

from bouncestream.cli import out
from bouncestream.cli.opened import Changing, changing, configuration, since_when
from bouncestream.cli.parser import Commands, Parser, add, command
from bouncestream.config.model import Config
from bouncestream.errors import UsageError
from bouncestream.event import Kind
from bouncestream.outbox import braking, operator
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.operator import Changed
from bouncestream.outbox.quarantine import Quarantined, drop_items, quarantine_items, store_again
from bouncestream.outbox.state import HELD_FOR
from bouncestream.ports import RawInput, State, Submission

#: Rows changed in one transaction: milliseconds, so that the bridge hardly waits.
_STEP = 500
#: Items of the quarantine that are judged and stored in one.
_ITEMS = 50

_Change = Callable[[Conn, Sequence[int], datetime], Changed]


def options(inner: Commands) -> None:
    """The commands of `outbox` that change it."""
    again = as_command(
        inner,
        "replay",
        "deliver events again, or parse quarantined items again",
        replay,
        "An event that may already be in Listmonk is looked up there before it is posted.",
    )
    again.usage = "%(prog)s [options] [EVENT ...]"  # the options that exclude each other have no room in one line
    again.add_argument("event", nargs="*", metavar="EVENT", help="number, id, or start of the id")
    many = again.add_mutually_exclusive_group()
    many.add_argument("--dead", action="store_true", help="all dead letters")
    many.add_argument("--unstored", action="store_true", help="all that Listmonk did not store")
    many.add_argument(
        "--verified",
        action="store_true",
        help="all that Listmonk had recorded: it was restored from a backup since (needs --since)",
    )
    many.add_argument("--from-dry-run", action="store_true", help="all that a dry run dropped")
    many.add_argument("--quarantine", action="store_true", help="quarantined items: the given ones, or all")
    many.add_argument(
        "--unidentified",
        action="store_true",
        help="unidentified bounce mails: the given ones, or all",
    )

    again.add_argument(
        "--since",
        default="all",
        metavar="WHEN",
        help="of many, those that were finished since: 3h, 7d, a date, or all",
    )
    again.add_argument("--yes", action="store_true", help="do not ask, however many hard bounces these are")
    again.add_argument("--again", action="store_true", help="also events that were undone")

    never = as_command(inner, "drop", "drop waiting or held events undelivered, or empty the quarantine", drop)
    never.add_argument("event", nargs="*", metavar="EVENT", help="number, id, or start of the id")
    never.add_argument("--held", action="store_true", help="all held events")
    never.add_argument("--pending", action="store_true", help="all events waiting for delivery")
    _held_for(never)
    lot = never.add_mutually_exclusive_group()
    lot.add_argument("--quarantine", action="store_true", help="quarantined items: the given ones, or all")
    lot.add_argument(
        "--unidentified", action="store_true", help=("unidentified bounce mails: the given ones, or all")
    )
    never.add_argument("--yes", action="store_true", help="do not ask for confirmation")

    go = as_command(inner, "release", "release held events for delivery", release)
    go.add_argument("event", nargs="*", metavar="EVENT", help="number, id, or start of the id")
    go.add_argument("--all", action="store_true", help="all held events")
    _held_for(go)


def _held_for(made: Parser) -> None:
    made.add_argument(
        "--held-for",
        default="",
        choices=sorted(HELD_FOR),
        metavar="REASON",
        help=f"all events held for this: {', '.join(sorted(HELD_FOR))}",
    )


def as_command(
    inner: Commands, name: str, text: str, run: Callable[[argparse.Namespace], int], more: str = ""
) -> Parser:
    """A command of `outbox` that `run` does."""
    made = add(inner, name, text)
    command(made, run, more)
    made.add_argument("--json", action="store_true", help="JSON output")
    return made


def replay(args: argparse.Namespace) -> int:
    """`outbox replay`."""
    config = configuration(args, with_secrets=False, judging=True, sealing=True)
    many = bool(args.dead or args.unstored or args.verified or args.from_dry_run)
    since = since_when(args)
    if args.verified and since is None:
        raise UsageError(
            "--verified needs --since: the day of the backup from which Listmonk was restored. Next: write it as "
            "--since 2026-11-30."
        )
    with changing(config) as outbox:
        if args.quarantine or args.unidentified:
            return _replay_quarantine(args, config, outbox)
        rows = []
        if args.dead:
            rows = _all(outbox, State.DEAD, since=since)
        elif args.unstored:
            rows = _all(outbox, State.UNSTORED, since=since)
        elif args.verified:
            rows = _all(outbox, State.VERIFIED, since=since)
        elif args.from_dry_run:
            rows = _all(outbox, State.DROPPED, why_begins="dry run", since=since)
        other = "--dead, --unstored, --verified, --from-dry-run, --quarantine or --unidentified"
        rows += _named(args, outbox, or_one_of=other, many=many)
        hards = outbox.read(partial(braking.hards_among, rows=rows))
        confirm_batch(config, hards, "replay", yes=args.yes)
        return apply(
            args, outbox, rows, partial(operator.replay, again=args.again, verified=args.verified), "replayed"
        )


def _replay_quarantine(args: argparse.Namespace, config: Config, outbox: Changing) -> int:
    """The raw bodies of the named items, or of all that wait, are judged by this version and the present settings,
    and stored as anything that comes in: what is known already stays a duplicate."""
    from bouncestream.judging.stored import StillUnreadable, identified_again, judge_again  # slow to import

    waiting = _waiting(args, outbox)
    done: list[int] = []
    refused: dict[int, str] = {}
    judged_by = identified_again if args.unidentified else judge_again
    wanted = list(waiting)
    if not args.yes:
        confirm_batch(config, _hards(outbox, config, waiting, judged_by), "replay", yes=False)
    for at in range(0, len(wanted), _ITEMS):
        judged: list[tuple[int, Submission]] = []
        for number in wanted[at : at + _ITEMS]:
            try:
                came = outbox.read(partial(operator.raw_input, item=waiting[number]))
                judged.append((number, judged_by(came, config)))
            except (UsageError, StillUnreadable) as error:
                refused[number] = str(error)
        stored = outbox.write(partial(_store_again, judged=judged)) if judged else []
        done += stored
        refused |= {number: "another command has just replayed it" for number, _ in judged if number not in stored}
    return out.tell(args.json, done, refused, "replayed", "item")


def _hards(
    outbox: Changing,
    config: Config,
    waiting: dict[int, Quarantined],
    judge: Callable[[RawInput, Config], Submission],
) -> int:
    """How many hard bounces these items would become; it stops counting where it is asked about."""
    from bouncestream.judging.stored import StillUnreadable

    most = config.brake.hard.count if config.brake.hard is not None else 0
    hards = 0
    for item in waiting.values():
        if hards > most:
            break
        with suppress(UsageError, StillUnreadable):
            judged = judge(outbox.read(partial(operator.raw_input, item=item)), config)
            hards += sum(event.kind is Kind.HARD for event in judged.events)
    return hards


def _waiting(args: argparse.Namespace, outbox: Changing) -> dict[int, Quarantined]:
    """The items of the quarantine that the command names, or all that wait."""
    unidentified = bool(args.unidentified)
    items = outbox.read(partial(quarantine_items, limit=-1, unidentified=unidentified))
    waiting = {item.id: item for item in items}
    numbers = [item_number(text) for text in args.event] or list(waiting)
    missing = [number for number in numbers if number not in waiting]
    if missing:
        where = "is unidentified" if unidentified else "is in quarantine"
        shows = "--unidentified" if unidentified else "--quarantine"
        raise UsageError(f"No item {missing[0]} {where}. Next: `bouncestream outbox list {shows}` shows them.")
    return {number: waiting[number] for number in numbers}


def _store_again(conn: Conn, judged: list[tuple[int, Submission]]) -> list[int]:
    """Store the submissions of some items in one transaction; returns the items that nobody replayed meanwhile."""
    now = datetime.now(UTC)
    return [number for number, submission in judged if store_again(conn, number, submission, now) is not None]


def item_number(text: str) -> int:
    """The number of an item in quarantine."""
    if not (text.isascii() and text.isdigit()) or len(text) > 18:
        raise UsageError(f"{text!r} is not the number of an item. Next: `bouncestream outbox list --quarantine`.")
    return int(text)


def drop(args: argparse.Namespace) -> int:
    """`outbox drop`."""
    many = [state for state, wanted in ((State.HELD, args.held), (State.PENDING, args.pending)) if wanted]
    with changing(configuration(args, with_secrets=False, sealing=True)) as outbox:
        if args.quarantine or args.unidentified:
            return _drop_quarantined(args, outbox)
        rows = [row for state in many for row in _all(outbox, state)]
        if args.held_for and not args.held:
            rows += _all(outbox, State.HELD, held_for=args.held_for)
        if rows and not args.yes:
            confirm(f"This drops {len(rows)} events; they will never be sent to Listmonk. Continue?")
        other = "--held, --held-for, --pending, --quarantine or --unidentified"
        rows += _named(args, outbox, or_one_of=other, many=bool(many or args.held_for))
        return apply(args, outbox, rows, operator.drop, "dropped")


def _drop_quarantined(args: argparse.Namespace, outbox: Changing) -> int:
    """The named items, or all that wait, leave the quarantine for good."""
    items = list(_waiting(args, outbox))
    if items and not args.event and not args.yes:
        what = "unidentified bounce mails" if args.unidentified else "quarantined items"
        confirm(f"This drops {len(items)} {what}; they can no longer be replayed. Continue?")
    done: list[int] = []
    for at in range(0, len(items), _STEP):
        done += outbox.write(partial(drop_items, items=items[at : at + _STEP], now=datetime.now(UTC)))
    refused = {item: "another command has just replayed or dropped it" for item in items if item not in set(done)}
    return out.tell(args.json, done, refused, "dropped", "item")


def release(args: argparse.Namespace) -> int:
    """`outbox release`."""
    many = bool(args.all or args.held_for)
    with changing(configuration(args, with_secrets=False, sealing=True)) as outbox:
        rows = _all(outbox, State.HELD, held_for=args.held_for) if many else []
        rows += _named(args, outbox, or_one_of="--all or --held-for", many=many)
        return apply(args, outbox, rows, operator.release, "released")


def _all(
    outbox: Changing,
    state: State,
    *,
    held_for: str = "",
    why_begins: str = "",
    since: datetime | None = None,
) -> list[int]:
    find = partial(operator.rows_in, state=state, held_for=held_for, why_begins=why_begins, since=since)
    return outbox.read(partial(find, limit=sys.maxsize))


def _named(args: argparse.Namespace, outbox: Changing, *, or_one_of: str, many: bool) -> list[int]:
    """The rows that the command names one by one."""
    if not args.event:
        if not many:
            raise UsageError(
                f"Which events? Next: name them (`bouncestream outbox list` shows them), or {or_one_of}."
            )
        return []
    return outbox.read(lambda conn: [operator.find(conn, ref) for ref in args.event])


def apply(args: argparse.Namespace, outbox: Changing, rows: Sequence[int], change: _Change, done_word: str) -> int:
    """Change the rows, some hundred in a transaction; returns the exit code."""
    done: list[int] = []
    refused: dict[int, str] = {}
    for at in range(0, len(rows), _STEP):
        changed = outbox.write(partial(_step, change=change, rows=rows[at : at + _STEP]))
        done += changed.done
        refused |= changed.refused
    return out.tell(args.json, done, refused, done_word, "event")


def _step(conn: Conn, change: _Change, rows: Sequence[int]) -> Changed:
    return change(conn, rows, datetime.now(UTC))


def confirm(question: str) -> None:
    """Ask on the terminal. Raises UsageError: the answer is no, or there is no terminal."""
    if not sys.stdin.isatty():
        raise UsageError(f"{question} Next: confirm with --yes.")
    print(f"{question} [y/N] ", end="", flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise UsageError("Nothing was changed.")


def confirm_batch(config: Config, hards: int, doing: str, *, yes: bool) -> bool:
    """Ask once for a whole batch of old bounces, which the brake does not judge one by one. `doing`: what is about
    to happen, such as `import`. Whether it had to ask. Raises UsageError as `confirm` does."""
    threshold = config.brake.hard
    if threshold is None or yes or hards <= threshold.count:
        return False
    confirm(
        f"This {doing} tells Listmonk of more than {threshold.count} hard bounces ({hards} or more), for each of "
        "which it blocklists a subscriber by default. Continue?"
    )
    return True
