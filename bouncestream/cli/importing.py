# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream import PATH…`: old bounce mails from files into the outbox, by the way of a mailbox's mails."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from bouncestream.cli import out
from bouncestream.cli.exits import FINE, INTERRUPTED, NOT_WELL
from bouncestream.cli.opened import configuration, has_outbox, since_when, storing
from bouncestream.cli.outbox_change import confirm_batch
from bouncestream.cli.parser import Parser, command
from bouncestream.cli.stopped import until_stopped
from bouncestream.clock import SystemClock
from bouncestream.config.model import Config
from bouncestream.errors import StoreError, StoreUnavailable, UsageError
from bouncestream.event import Kind
from bouncestream.health import Health
from bouncestream.judging.mail import Judging, judging_for
from bouncestream.metrics import EVENTS_DUPLICATE, EVENTS_RECEIVED, QUARANTINED, UNIDENTIFIED, Metrics
from bouncestream.outbox.dry_run import Rehearsal
from bouncestream.outbox.intake import Intake
from bouncestream.outbox.marker import lost_of
from bouncestream.outbox.place import place_of
from bouncestream.outbox.view import View, view
from bouncestream.ports import Emit, Receipt, Submission
from bouncestream.printable import printable
from bouncestream.sources.mailfiles import NO_MAILBOX
from bouncestream.sources.mailfiles.backfill import Backfilled, backfill
from bouncestream.sources.mailfiles.reader import extent, files, read_mails

_KINDS = (Kind.HARD, Kind.SOFT, Kind.COMPLAINT, Kind.UNSUBSCRIBE)
_Told = Callable[[Backfilled], None]


def options(parser: Parser) -> None:
    """The options of `bouncestream import`."""
    command(
        parser,
        run,
        "Processes older mails as those of a mailbox are. It may be repeated, interrupted, and run\nwhile "
        "`bouncestream run` is up: known reports count as duplicates. The files are only read.\n\n--json: "
        '{"mails", "hard", "soft", "complaint", "unsubscribe", "ignored", "unidentified", '
        '"duplicates",\n"too_old", "unreadable", "quarantined", "source", "since", "seconds", '
        '"dry_run", "interrupted"}.',
    )
    parser.add_argument(
        "path",
        nargs="+",
        metavar="PATH",
        help="a mail, an mbox, or a folder of these: *.eml, *.mbox, or a Maildir with its sub folders",
    )
    parser.add_argument(
        "--since",
        default="30d",
        metavar="WHEN",
        help="only mails that arrived since: a time such as 90d, a date, all, or now (default: %(default)s)",
    )
    parser.add_argument(
        "--mailbox",
        default="",
        metavar="NAME",
        help=(
            'judge mails as this mailbox does (default: the only one configured; otherwise none, source "import")'
        ),
    )
    parser.add_argument("--yes", action="store_true", help="do not ask, however many hard bounces these are")
    parser.add_argument("--dry-run", action="store_true", help="store nothing, show what would be stored")
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")


def run(args: argparse.Namespace) -> int:
    """Import, and tell what became of the mails."""
    config = configuration(args, with_secrets=False, judging=True, sealing=True)
    judging = judging_for(config, _source(config, args.mailbox))
    since = since_when(args)
    paths = [Path(name) for name in args.path]
    _look(paths)
    threshold = config.brake.hard
    if threshold is not None and not (args.yes or args.dry_run):
        confirm_batch(config, _hards(config, judging, since, paths, threshold.count), "import", yes=False)
    importing = _Importing(config, judging, since, dry_run=args.dry_run)
    try:
        with _progress(paths) as told:
            asyncio.run(importing.run(paths, told))
    except StoreError:
        if importing.done.mails:
            _tell(args, importing)
        print("Next: fix it and import again; stored mails are not stored twice.", file=sys.stderr)
        raise
    _tell(args, importing)
    if importing.done.interrupted:
        return INTERRUPTED
    return NOT_WELL if importing.done.unreadable or importing.count(QUARANTINED) else FINE


def _hards(config: Config, judging: Judging, since: datetime | None, paths: list[Path], most: int) -> int:
    """How many hard bounces would be new: the mails are read once before, until there are more than `most`."""
    looking = _Importing(config, judging, since, dry_run=True, most=most)
    with suppress(_Enough):
        asyncio.run(looking.run(paths, lambda done: None))
    return looking.count(EVENTS_RECEIVED, Kind.HARD.value)


class _Enough(Exception):
    """More is not asked."""


def _source(config: Config, wanted: str) -> str:
    """The name of the mailbox whose settings count."""
    names = list(config.mailed)
    if not wanted:
        return names[0] if len(names) == 1 else NO_MAILBOX
    if wanted not in names:
        known = f"there are: {', '.join(names)}" if names else "none is configured"
        raise UsageError(
            f"There is no mailbox {wanted!r}; {known}. Next: check the sections [mailboxes.<name>] and "
            "[smtp.<name>]."
        )
    return wanted


def _look(paths: list[Path]) -> None:
    """Refuse what is not there or holds no mails, before anything is begun."""
    for path in paths:
        if not path.is_dir() and not path.is_file():
            raise UsageError(f"{path} is neither a file nor a folder. Next: check the path.")
        if path.is_dir() and next(files(path), None) is None:
            raise UsageError(
                f"{path} contains no mails. Next: name a Maildir (a folder with `cur` and `new`), a folder with "
                "files *.eml or *.mbox, or the files themselves."
            )


@dataclass
class _Importing:
    """An import that goes on."""

    config: Config
    judging: Judging
    since: datetime | None
    dry_run: bool
    most: int = sys.maxsize  #: of a dry run: it ends above so many hard bounces

    def __post_init__(self) -> None:
        self.done = Backfilled()
        self.metrics = Metrics()
        self.seconds = 0.0
        self._is_outbox = has_outbox(self.config)

    async def run(self, paths: list[Path], told: _Told) -> None:
        """Until the mails end, or Ctrl-C."""
        mails = chain.from_iterable(map(read_mails, paths))
        began = time.monotonic()
        try:
            async with until_stopped() as stopped, self._emit() as emit:
                await backfill(mails, emit, self.judging, self.since, stopped, told, self.done)
        finally:
            self.seconds = time.monotonic() - began

    @asynccontextmanager
    async def _emit(self) -> AsyncIterator[Emit]:
        if self.dry_run and not self._is_outbox:
            yield _DryRun(None, self.metrics, self.most)
            return
        if self.dry_run:
            if lost := lost_of(self.config):
                raise StoreUnavailable(lost)
            with view(place_of(self.config), key=self.config.privacy.key) as outbox:
                yield _DryRun(outbox, self.metrics, self.most)
            return
        async with storing(self.config) as db:
            yield Intake(db, clock=SystemClock(), metrics=self.metrics, health=Health(), asked=True)

    def count(self, metric: Any, *labels: str) -> int:
        """The counts of this import, by the outbox."""
        return int(self.metrics.get(metric, self.judging.source, *labels))

    def summary(self) -> dict[str, Any]:
        """The summary of what became of the mails; a mail about several recipients is as many events."""
        done = self.done
        return {
            "mails": done.mails,
            **{kind.value: self.count(EVENTS_RECEIVED, kind.value) for kind in _KINDS},
            "ignored": done.ignored,
            "unidentified": self.count(UNIDENTIFIED),
            "duplicates": self.count(EVENTS_DUPLICATE),
            "too_old": done.too_old,
            "unreadable": done.unreadable,
            "quarantined": self.count(QUARANTINED),
            "source": self.judging.source,
            "since": out.time(self.since) or None,
            "seconds": round(self.seconds, 3),
            "dry_run": self.dry_run,
            "interrupted": done.interrupted,
        }


class _DryRun:
    """An `Emit` that stores nothing and counts as the intake would."""

    def __init__(self, outbox: View | None, metrics: Metrics, most: int) -> None:
        self._outbox = outbox
        self._most = most
        self._metrics = metrics
        self._rehearsal = Rehearsal()

    async def __call__(self, submission: Submission) -> Receipt:
        take = partial(self._rehearsal.take, submission=submission)
        taken = self._outbox.read(take) if self._outbox is not None else take(None)
        for kind in taken.kinds:
            self._metrics.add(EVENTS_RECEIVED, submission.source, kind.value)
        if self._metrics.get(EVENTS_RECEIVED, submission.source, Kind.HARD.value) > self._most:
            raise _Enough
        self._metrics.add(EVENTS_DUPLICATE, submission.source, by=taken.duplicates)
        self._metrics.add(UNIDENTIFIED, submission.source, by=taken.unidentified)
        return taken.receipt


@contextmanager
def _progress(paths: list[Path]) -> Iterator[_Told]:
    """A progress bar on standard error, if that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda done: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TextColumn("{task.description}"))
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("0 mails", total=extent(paths) or None)
        yield lambda done: bar.update(task, completed=done.bytes, description=f"{done.mails:,} mails")


#: What the lines of the summary are called, and what they mean.
_LINES = {
    "hard": "hard",
    "soft": "soft",
    "complaint": "complaint",
    "unsubscribe": "unsubscribe",
    "duplicates": "already known",
    "unidentified": "unidentified: `bouncestream outbox list --unidentified`",
    "quarantined": "refused by the database: `bouncestream outbox list --quarantine`",
    "ignored": "not bounces",
    "too_old": "older than --since, not read",
    "unreadable": "unreadable",
}


def _tell(args: argparse.Namespace, importing: _Importing) -> None:
    summary, done = importing.summary(), importing.done
    for where, why in done.named:
        print(f"cannot be read: {printable(where)}: {printable(why)}", file=sys.stderr)
    if done.unreadable > len(done.named):
        print(f"cannot be read: {done.unreadable - len(done.named)} more", file=sys.stderr)
    if args.json:
        out.json_line(summary)
        return
    speed = f", {done.mails / importing.seconds:,.0f} a second" if importing.seconds > 0.5 else ""
    verb = "would become" if importing.dry_run else "became"
    took = f"{done.mails:,} mails in {importing.seconds:.1f} s{speed}"
    out.heading(f"{took}; as source {summary['source']} they {verb}:")
    shown = [(f"{summary[name]:,}", words) for name, words in _LINES.items() if summary[name]]
    width = max((len(number) for number, _ in shown), default=0)
    for number, words in shown:
        print(f"  {number.rjust(width)}  {words}")
    if done.interrupted:
        out.mark("⚠", "interrupted. Next: import again; stored mails are not stored twice")
