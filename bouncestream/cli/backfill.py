# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream backfill NAME`: what a provider knows and no webhook brought, out of its API into the outbox."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from bouncestream import providers
from bouncestream.cli import out
from bouncestream.cli.exits import FINE, INTERRUPTED, NOT_WELL
from bouncestream.cli.opened import configuration, has_outbox, since_when, storing
from bouncestream.cli.outbox_change import confirm, confirm_batch
from bouncestream.cli.parser import Parser, command
from bouncestream.config.model import Config
from bouncestream.errors import ApiError, SinkError, StoreError, UsageError
from bouncestream.event import Kind
from bouncestream.providers._settings import Webhook

if TYPE_CHECKING:
    from bouncestream.sources.backfill.run import Counts

_KINDS = ("hard", "complaint", "unsubscribe")

#: What the lines of the summary are called, and what they mean.
_LINES = {
    "duplicates": "already known",
    "strangers": "addresses that Listmonk does not have",
    "blocklisted": "already blocklisted in Listmonk",
    "too_old": "older than --since",
    "too_new": "too recent: the webhook may still come",
    "soft": "soft bounces, which are not taken from a list",
    "ignored": "of another sort, or ignored by `classes`",
    "unreadable": "unreadable",
}


def options(parser: Parser) -> None:
    """The options of `bouncestream backfill`."""
    command(
        parser,
        run,
        "Asks the provider of a webhook for bounces, complaints and unsubscriptions, with the webhook's api_key, "
        "and stores those that no webhook has brought. It counts them first, and asks. It may be repeated, "
        "interrupted, and run while `bouncestream run` is up.\n\n--json: "
        '{"hard", "complaint", "unsubscribe", "duplicates", "strangers", "blocklisted", "too_old",\n'
        '"too_new", "soft", "ignored", "unreadable", "items", "pages", "source", "since", "dry_run",\n'
        '"interrupted", "notes"}.',
    )
    parser.add_argument("name", metavar="NAME", help="the webhook, as in [webhooks.NAME]")
    parser.add_argument(
        "--since",
        default="30d",
        metavar="WHEN",
        help="only what happened since: a time such as 90d, a date, or all (default: %(default)s)",
    )
    parser.add_argument("--dry-run", action="store_true", help="only count; store nothing")
    parser.add_argument("--yes", action="store_true", help="store without asking")
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")


def run(args: argparse.Namespace) -> int:
    """Count, ask, store; the exit code says whether all could be read."""
    logging.getLogger("bouncestream").setLevel(logging.ERROR)  # each line of a run is told here
    config = configuration(args)
    hook = _hook(config, args.name)
    wanted = since_when(args)
    with asyncio.Runner() as runner:
        by_hand = _ByHand(config, hook, wanted)
        if args.dry_run or not args.yes:
            counted = runner.run(by_hand.go(dry_run=True))
            if args.dry_run or counted.interrupted or not counted.new:
                if not args.dry_run and not counted.interrupted:
                    runner.run(by_hand.start())
                return _end(args, by_hand, counted, dry_run=True)
            if not args.json:
                _tell(by_hand, counted, dry_run=True)
            if not confirm_batch(config, counted.found[Kind.HARD.value], "backfill", yes=False):
                confirm(f"Store {counted.new} missed events of {hook.name}, to be delivered to Listmonk?")
        return _end(args, by_hand, runner.run(by_hand.go(dry_run=False)), dry_run=False)


def _hook(config: Config, name: str) -> Webhook:
    """The webhook of that name, if it can be asked. Raises UsageError."""
    hook = config.webhooks.get(name)
    if hook is None:
        known = f"there are: {', '.join(config.webhooks)}" if config.webhooks else "none is configured"
        raise UsageError(f"There is no webhook {name!r}; {known}. Next: check the sections [webhooks.<name>].")
    if providers.get(hook.provider).backfill is None:
        could = ", ".join(one for one in providers.names() if providers.get(one).backfill is not None)
        raise UsageError(
            f"{providers.get(hook.provider).title} cannot be asked for missed webhooks. These can: {could}."
        )
    if hook.api_key is None:
        api = providers.get(hook.provider).backfill
        assert api is not None
        raise UsageError(f"webhooks.{name}.api_key is not set. Next: set it. {api.key}")
    return hook


@dataclass
class _ByHand:
    """A backfill by hand."""

    config: Config
    hook: Webhook
    wanted: datetime | None
    since: datetime = field(init=False)
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        from bouncestream.clock import SystemClock
        from bouncestream.maintenance.backfill import reach

        self.clock = SystemClock()
        earliest = reach(self.config, self.clock.now())
        self._is_outbox = has_outbox(self.config)
        self.since = max(self.wanted or earliest, earliest)
        if self.wanted is not None and self.wanted < earliest:
            self.notes.append(
                f"older items are left: the outbox remembers events since {earliest:%Y-%m-%d} ([retention] events)"
            )

    async def go(self, *, dry_run: bool) -> Counts:
        """One run. Raises ApiError, SinkError and StoreError."""
        from bouncestream.cli.stopped import until_stopped
        from bouncestream.maintenance.backfill import OneRun
        from bouncestream.sinks.listmonk.client import ListmonkClient
        from bouncestream.sources.backfill.run import Counts

        counts = Counts()
        try:
            with _progress() as (told, waits):
                people = ListmonkClient(*self.config.listmonk.login, instance="")
                async with until_stopped() as stopped, people:
                    one = OneRun(
                        self.hook,
                        self.config,
                        self.clock,
                        people,
                        told=told,
                        waits=waits,
                        sleep=partial(_sleep, stopped),
                    )
                    if dry_run:
                        async with self._rehearsing() as keep:
                            await one.go(keep, self.since, stopped, counts=counts)
                    else:
                        await self._store(one, counts, stopped)
        except (ApiError, SinkError, StoreError):
            if counts.new and not dry_run:
                print(
                    f"{counts.new} events were stored before that. Next: fix it and run it again; nothing is "
                    "stored twice.",
                    file=sys.stderr,
                )
            raise
        counts.notes[:0] = self.notes
        return counts

    async def _store(self, one: Any, counts: Counts, stopped: asyncio.Event) -> None:
        from bouncestream.health import Health
        from bouncestream.maintenance.backfill import backfill_state, keeper, note
        from bouncestream.metrics import Metrics
        from bouncestream.outbox.intake import Intake

        async with storing(self.config) as db:
            keep = Intake(db, clock=self.clock, metrics=Metrics(), health=Health(), asked=True).missed
            found = await db.read(partial(backfill_state, hook=self.hook))
            bookmark = found.resumed(self.since, self.clock.now())
            await db.write(partial(note, hook=self.hook, started=True, waiting=0))
            if bookmark is not None:
                self.notes.append("it went on where a run was cut off")
            await one.go(
                keep,
                self.since,
                stopped,
                bookmark=bookmark,
                keep_bookmark=keeper(db, self.hook, self.clock),
                counts=counts,
            )
            if not counts.interrupted:
                now = self.clock.now().isoformat()
                await db.write(partial(note, hook=self.hook, place=None, through_at=now))

    async def start(self) -> None:
        """Nothing was to be stored: from now on runs at intervals may store."""
        from bouncestream.maintenance.backfill import note

        if self._is_outbox:
            async with storing(self.config) as db:
                await db.write(partial(note, hook=self.hook, started=True, waiting=0))

    @asynccontextmanager
    async def _rehearsing(self) -> AsyncIterator[Any]:
        from bouncestream.maintenance.backfill import Rehearsing
        from bouncestream.outbox.place import place_of
        from bouncestream.outbox.view import view

        if not self._is_outbox:
            yield Rehearsing(_of_nothing)
            return
        with view(place_of(self.config), key=self.config.privacy.key, reveal=True) as outbox:

            async def read(job: Callable[[Any], Any]) -> Any:
                return outbox.read(job)

            yield Rehearsing(read)


async def _of_nothing(job: Callable[[Any], Any]) -> Any:
    """A job on an outbox that is not there yet."""
    return job(None)


async def _sleep(stopped: asyncio.Event, seconds: float) -> None:
    """Sleep, or less on Ctrl-C."""
    try:
        async with asyncio.timeout(seconds):
            await stopped.wait()
    except TimeoutError:
        pass


_Told = Callable[["Counts", str], None]


@contextmanager
def _progress() -> Iterator[tuple[_Told, Callable[[str], None]]]:
    """What goes on, on standard error: a line that changes, if that is a terminal; else only what it waits for."""
    if not sys.stderr.isatty():
        yield lambda counts, listing: None, lambda words: print(f"bouncestream: {words}", file=sys.stderr)
        return
    from rich.console import Console
    from rich.markup import escape

    console = Console(stderr=True)
    with console.status("asking …") as status:
        yield (
            lambda counts, listing: status.update(
                f"{escape(listing)}: {counts.items:,} items on {counts.pages:,} pages, {counts.new:,} new"
            ),
            lambda words: status.update(escape(words)),
        )


def _summary(by_hand: _ByHand, counts: Counts, *, dry_run: bool) -> dict[str, Any]:
    return {
        **{kind: counts.found[kind] for kind in _KINDS},
        **{name: getattr(counts, name) for name in _LINES},
        "items": counts.items,
        "pages": counts.pages,
        "source": by_hand.hook.name,
        "since": out.time(by_hand.since),
        "dry_run": dry_run,
        "interrupted": counts.interrupted,
        "notes": counts.notes,
    }


def _end(args: argparse.Namespace, by_hand: _ByHand, counts: Counts, *, dry_run: bool) -> int:
    if args.json:
        out.json_line(_summary(by_hand, counts, dry_run=dry_run))
    else:
        _tell(by_hand, counts, dry_run=dry_run)
    if counts.interrupted:
        return INTERRUPTED
    return NOT_WELL if counts.unreadable or counts.cut else FINE


def _tell(by_hand: _ByHand, counts: Counts, *, dry_run: bool) -> None:
    title = providers.get(by_hand.hook.provider).title
    verb = "would be stored" if dry_run else "were stored"
    since = f"since {by_hand.since:%Y-%m-%d}"
    out.heading(f"{counts.items:,} items of {title} {since}; as source {by_hand.hook.name} {verb}:")
    shown = [(f"{counts.found[kind]:,}", kind) for kind in _KINDS if counts.found[kind]]
    shown = shown or [("0", "nothing was missed")]
    rest = [(f"{number:,}", words) for name, words in _LINES.items() if (number := getattr(counts, name))]
    width = max(len(number) for number, _ in (*shown, *rest))
    for number, words in shown:
        print(f"  {number.rjust(width)}  {words}")
    if rest:
        print("The others:")
    for number, words in rest:
        print(f"  {number.rjust(width)}  {words}")
    for words in counts.notes:
        out.mark("⚠", words)
    if counts.interrupted:
        out.mark("⚠", "interrupted. Next: run it again; nothing is stored twice")
