# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream rejudge`: what this version, with the present configuration, would make of the stored events."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from bouncestream.cli import out
from bouncestream.cli.opened import Changing, changing, configuration, looking, since_when
from bouncestream.cli.outbox_look import pages, who
from bouncestream.cli.parser import Parser, command
from bouncestream.config.model import Config
from bouncestream.errors import UsageError
from bouncestream.event import BounceEvent, Kind
from bouncestream.judging.stored import StillUnreadable, identified_again, same_report
from bouncestream.outbox import operator
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.operator import Listed
from bouncestream.outbox.people import judged_again
from bouncestream.outbox.view import View
from bouncestream.printable import mask, mask_all

_PAGE = 500


@dataclass(frozen=True, slots=True)
class Change:
    """A change of one stored event, as it would be."""

    row: Listed
    event: BounceEvent | None  #: None: it would be no bounce
    fits: bool  #: it may be changed in place

    @property
    def becomes(self) -> str:
        return f"{self.event.kind} ({self.event.reason})" if self.event is not None else "not a bounce"

    @property
    def why(self) -> str:
        """The reason for the history."""
        was = f"{self.row.event.kind} ({self.row.event.reason})"
        return f"judged again: {was} → {self.becomes}"


def options(parser: Parser) -> None:
    """The options of `bouncestream rejudge`."""
    command(
        parser,
        run,
        "Lists events that this version, with the current configuration, would judge differently. Only "
        "undelivered\nevents can be changed; also while `bouncestream run` is up.",
    )
    parser.add_argument(
        "--since",
        default="all",
        metavar="WHEN",
        help=("only events received since: 7d, a date, or all (default: all)"),
    )
    parser.add_argument("--apply", action="store_true", help="change the events that are not delivered yet")
    parser.add_argument("--json", action="store_true", help="one JSON object per change, one per line")
    parser.add_argument("--reveal", action="store_true", help="show addresses in full")


def run(args: argparse.Namespace) -> int:
    """List what would change; with --apply change what may be changed."""
    config = configuration(args, with_secrets=False, judging=True, sealing=True)
    since = since_when(args)
    counts: Counter[str] = Counter()
    told: list[tuple[str, ...]] = []
    looks: AbstractContextManager[View] = looking(config, reveal=True)
    opened: AbstractContextManager[View | Changing] = changing(config) if args.apply else looks
    with opened as outbox:
        for page in _changes(outbox, config, since, counts):
            changed = outbox.write(partial(_apply, changes=page)) if isinstance(outbox, Changing) else None
            for change in page:
                done = _done(change, changed)
                counts[done] += 1
                if args.json:
                    out.json_line(_json(change, done, args))
                else:
                    told.append(_line(change, done, args))
    if args.json:
        return 0
    if told:
        out.table(("no.", "recipient", "was", "becomes", "", "evidence"), told, prose=True)
        print()
    _summary(counts, applied=args.apply)
    return 0


def _changes(
    outbox: View | Changing, config: Config, since: datetime | None, counts: Counter[str]
) -> Iterator[list[Change]]:
    """The changes, newest first, those of some hundred events at a time."""
    raw_id, again = None, None
    for page in pages(outbox, _PAGE, since=since):
        found = []
        for row in page:
            if row.raw_id is None:
                counts["without raw"] += 1
                continue
            if row.raw_id != raw_id:  # events of one request are neighbours
                raw_id, again = row.raw_id, _again(row, config, outbox)
            if again is None:
                counts["unreadable"] += 1
                continue
            counts["read"] += 1
            change = _compare(row, again, outbox)
            if change is not None:
                found.append(change)
        yield found


def _again(row: Listed, config: Config, outbox: View | Changing) -> tuple[BounceEvent, ...] | None:
    """The events of the stored request or mail, as this version reads it; None when it cannot, or retention took it
    away."""
    try:
        return identified_again(outbox.read(partial(operator.raw_input, item=row)), config).events
    except (UsageError, StillUnreadable):
        return None


def _compare(row: Listed, again: tuple[BounceEvent, ...], outbox: View | Changing) -> Change | None:
    """The change of a row; None: nothing, or it cannot be told which of the events it is."""
    old = row.event
    same = same_report(again, old)
    if old.kind is Kind.UNSUBSCRIBE or (again and len(same) != 1):
        return None
    new = same[0] if same else None
    if new is not None and not new.sure:
        new = outbox.read(partial(judged_again, event=new, row=row.row, at=old.occurred_at or row.received_at))
    if new is not None and (new.kind, new.reason) == (old.kind, old.reason):
        return None
    fits = operator.untold(row.state, row.attempt) and (new is None or new.kind.group == old.kind.group)
    return Change(row, new, fits)


def _apply(conn: Conn, changes: Sequence[Change]) -> set[int]:
    """The rows that were changed."""
    now = datetime.now(UTC)
    fit = [change for change in changes if change.fits]
    return {one.row.row for one in fit if operator.rejudge(conn, one.row.row, one.event, now, one.why)}


def _done(change: Change, changed: set[int] | None) -> str:
    """The result of a change; `changed` None: nothing is to be changed."""
    if not change.fits:
        return "of another sort" if operator.untold(change.row.state, change.row.attempt) else "delivered already"
    if changed is None:
        return "would change"
    return "changed" if change.row.row in changed else "delivered meanwhile"


def _line(change: Change, done: str, args: argparse.Namespace) -> tuple[str, ...]:
    old, new = change.row.event, change.event
    return (
        str(change.row.row),
        who(change.row, args),
        f"{old.kind} ({old.reason})",
        change.becomes,
        done,
        mask_all(new.evidence) if new is not None else "",
    )


def _json(change: Change, done: str, args: argparse.Namespace) -> dict[str, Any]:
    old, new = change.row.event, change.event
    return {
        "number": change.row.row,
        "id": change.row.event_id,
        "recipient": old.recipient if args.reveal else mask(old.recipient),
        "state": change.row.state.value,
        "was": {"kind": old.kind.value, "reason": old.reason},
        "becomes": {"kind": new.kind.value, "reason": new.reason} if new is not None else None,
        "evidence": mask_all(new.evidence) if new is not None else "",
        "result": done,
    }


def _summary(counts: Counter[str], *, applied: bool) -> None:
    changes = sum(counts[word] for word in ("would change", "changed"))
    out.mark(
        "✔", f"{counts['read']} events were judged again: {changes} {'changed' if applied else 'would change'}"
    )
    for word, text in (
        ("delivered already", "would be judged differently, but are already delivered: unchanged"),
        ("delivered meanwhile", "were delivered in the meantime"),
        (
            "of another sort",
            "would change between complaint and bounce: unchanged",
        ),
        ("unreadable", "have a raw body that has expired or that this version cannot read"),
        ("without raw", "have no raw body, or [retention] raw deleted it"),
    ):
        if counts[word]:
            out.mark("·", f"{counts[word]} {text}")
    if counts["would change"]:
        print("Next: `bouncestream rejudge --apply` changes them.")
