# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream person ADDRESS|UUID show|export|erase|unsuppress`: what the outbox has of a person, and its end."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from bouncestream.cli import out
from bouncestream.cli.exits import FINE, NOT_EXAMINED, TEMPORARY
from bouncestream.cli.opened import Changing, changing, configuration, looking
from bouncestream.cli.outbox_change import confirm
from bouncestream.cli.parser import Parser, command
from bouncestream.cli.person_told import Told, as_json, collected, summary, tell_not_covered
from bouncestream.config.model import Config
from bouncestream.errors import SinkError, UsageError
from bouncestream.event import BounceEvent, Kind, clean_uuid
from bouncestream.mail.spellings import Spellings, names_of
from bouncestream.outbox import erasing, suppression, traces
from bouncestream.outbox.erasing import Wiped
from bouncestream.outbox.files import beside, size_of
from bouncestream.outbox.view import View
from bouncestream.ports import Subscriber

#: How long Listmonk may take to say who a person is; seconds.
_PATIENCE = 30


def options(parser: Parser) -> None:
    """The options of `bouncestream person`."""
    command(
        parser,
        run,
        "show lists what the outbox has about a person; export prints all of it as JSON;\nerase removes it and "
        "keeps of each event only its id, kind, day and state. An\naddress is found in every spelling, and "
        "Listmonk is queried for the UUID. Events on\ntheir way to Listmonk are erased once they are settled.",
    )
    parser.add_argument("person", metavar="ADDRESS|UUID", help="an address, or a subscriber's UUID")
    parser.add_argument(
        "action",
        nargs="?",
        default="show",
        choices=("show", "export", "erase", "unsuppress"),
        metavar="ACTION",
        help="show (default), export, erase, or unsuppress, which ends what --also-suppress began",
    )
    parser.add_argument(
        "--also-suppress",
        action="store_true",
        help="with erase: store nothing about this person in future; only a keyed hash of the names is kept",
    )
    parser.add_argument("--offline", action="store_true", help="do not query Listmonk for the UUID or the address")
    parser.add_argument("--yes", action="store_true", help="with erase: do not ask for confirmation")
    parser.add_argument("--reveal", action="store_true", help="with show: show addresses in full")


@dataclass(frozen=True, slots=True)
class Known:
    """The names of a person, and who that is in Listmonk."""

    names: tuple[str, ...]
    subscriber: Subscriber | None = None
    trouble: str = ""  #: why Listmonk could not tell


def run(args: argparse.Namespace) -> int:
    """Do what is asked for one person."""
    names = names_of(args.person)
    if not names:
        raise UsageError(
            f"{args.person!r} is neither an e-mail address nor a UUID. Next: write it as reader@example.com."
        )
    if args.also_suppress and args.action != "erase":
        raise UsageError(
            "--also-suppress belongs to erase. Next: `bouncestream person ADDRESS erase --also-suppress`."
        )
    config = configuration(args, with_secrets=not args.offline, sealing=True)
    known = Known(names) if args.offline else asyncio.run(_ask(config, names))
    if args.action == "erase":
        return _erase(args, config, known)
    if args.action == "unsuppress":
        return _unsuppress(config, known)
    with looking(config, reveal=True) as outbox:
        told = _look(outbox, known)
    if args.action == "export":
        out.json_line(as_json(told, config))
    else:
        summary(told, config, args)
    return NOT_EXAMINED if known.trouble else FINE


async def _ask(config: Config, names: Sequence[str]) -> Known:
    """The names, and those that Listmonk has beside them."""
    from bouncestream.sinks.listmonk.client import ListmonkClient  # slow to import

    uuid = clean_uuid(names[0])
    event = BounceEvent(Kind.SOFT, "" if uuid else names[0], "", "", subscriber_uuid=uuid)
    try:
        async with ListmonkClient(*config.listmonk.login, instance="") as sink, asyncio.timeout(_PATIENCE):
            if not (await sink.capabilities()).lookup:
                why = "the API user lacks subscribers:get_all and subscribers:sql_query"
                return Known(tuple(names), trouble=why)
            found = await sink.subscriber(event)
    except (SinkError, TimeoutError) as error:
        return Known(tuple(names), trouble=str(error) or "no answer in time")
    if found is None:
        return Known(tuple(names))
    more = (*names, *names_of(found.email), *names_of(found.uuid))
    return Known(tuple(dict.fromkeys(more)), found)


def _look(outbox: View | Changing, known: Known) -> Told:
    names, found = traces.search(outbox.read, known.names)
    job = partial(collected, names=names, subscriber=known.subscriber, trouble=known.trouble, found=found)
    return outbox.read(job)


def _erase(args: argparse.Namespace, config: Config, known: Known) -> int:
    if known.trouble:
        raise SinkError(
            f"Listmonk cannot be queried for this person's UUID ({known.trouble}), so events that carry only the "
            "UUID would remain; nothing was erased. Next: try again, or add --offline to go by what the outbox has."
        )
    path = Path(config.outbox.path)
    with changing(config) as outbox:
        if not args.yes:
            told = _look(outbox, known)
            summary(told, config, args)
            print()
            shared = len(told.traces.shared)
            also = (
                f" {shared} of the requests hold events about other people, who keep their events."
                if shared
                else ""
            )
            confirm(f"This erases it all; it cannot be undone.{also} Continue?")
        done = _wipe(outbox, known, suppress=args.also_suppress)
    _report(done, args.also_suppress)
    if size := size_of(beside(path, "-wal")):
        out.mark(
            "⚠",
            f"The write-ahead log of the outbox ({size >> 10} KiB) may still hold what was erased, as the running "
            "bridge uses it.",
            "it is emptied when the bridge stops: restart it, or wait for its next checkpoint",
        )
    if args.yes:  # else it was told before
        print()
        tell_not_covered(known.subscriber, config)
    return TEMPORARY if done.waiting else FINE


def _wipe(outbox: Changing, known: Known, *, suppress: bool) -> Wiped:
    """Note the erasure, and do it. Cut off, it is done again by the next call, or by `run`."""
    names, found = traces.search(outbox.read, known.names)
    outbox.write(partial(erasing.ask, names=names, now=datetime.now(UTC), suppress=suppress))
    who, done = Spellings(names), Wiped()
    for piece in found.pieces():
        done += outbox.write(partial(erasing.wipe, who=who, traces=piece, now=datetime.now(UTC)))
    outbox.write(partial(erasing.looked, names=names, waiting=done.waiting))
    return done


def _report(done: Wiped, suppress: bool) -> None:
    parts = [(done.events, "event"), (done.raw, "request or mail"), (done.quarantine, "quarantined item")]
    told = ", ".join(f"{number} {noun}{'' if number == 1 else 's'}" for number, noun in parts)
    told = told.replace("request or mails", "requests or mails")
    out.mark("✔", f"erased {told}" + (f", and the name in {done.texts} texts about others" if done.texts else ""))
    if done.dropped:
        out.mark("·", f"{done.dropped} of the events were held, and are dropped undelivered")
    if suppress:
        out.mark("·", "from now on, nothing about this person is stored or told to Listmonk")
    if done.waiting:
        out.mark(
            "⚠",
            f"{len(done.waiting)} events are on their way to Listmonk: they are erased once they are settled.",
            "leave `bouncestream run` running: it does that by itself; the same command again shows what is left",
        )


def _unsuppress(config: Config, known: Known) -> int:
    with changing(config) as outbox:
        names, _ = traces.search(outbox.read, known.names)
        done = outbox.write(partial(suppression.unsuppress, names=names))
    if done:
        out.mark("✔", "new reports about this person are stored again")
    else:
        out.mark("·", "this person was not suppressed")
    sys.stdout.flush()
    return FINE
