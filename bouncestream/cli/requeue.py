# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream outbox replay --quarantine` and `--unidentified`: what could not be read, and bounce mails that did
not tell whose they are, are read again, by this version and the present settings.

The raw body goes through the same provider's file (or, for a mail, the same `read_mail`) and the same arrivals as
when it came in, so that what is known already stays a duplicate; event and mark (replayed) are stored in one
transaction. No secret is asked for: it was checked when the request came in. A mail's proof of origin is.
"""

from __future__ import annotations

import argparse
import sqlite3
from datetime import UTC, datetime
from functools import partial

from bouncestream.cli.opened import Changing
from bouncestream.cli.outbox_look import item_number
from bouncestream.cli.show import tell
from bouncestream.config.model import Config
from bouncestream.errors import UsageError
from bouncestream.judging.stored import StillUnreadable, identified_again, judge_again
from bouncestream.outbox.operator import raw_input
from bouncestream.outbox.quarantine import Quarantined, quarantine_items, store_again
from bouncestream.ports import Submission

#: Items that are stored in one transaction: milliseconds, so that the bridge hardly waits.
_STEP = 50


def requeue(args: argparse.Namespace, config: Config, outbox: Changing) -> int:
    """Read the named items, or all that wait."""
    unidentified = bool(args.unidentified)
    items = outbox.read(partial(quarantine_items, limit=-1, unidentified=unidentified))
    waiting = {item.id: item for item in items}
    numbers = [item_number(text) for text in args.event] or list(waiting)
    missing = [number for number in numbers if number not in waiting]
    if missing:
        where = "is unidentified" if unidentified else "waits in quarantine"
        shows = "--unidentified" if unidentified else "--quarantine"
        raise UsageError(f"No item {missing[0]} {where}. Next: `bouncestream outbox list {shows}` shows them.")
    done: list[int] = []
    refused: dict[int, str] = {}
    wanted = list(dict.fromkeys(numbers))
    for at in range(0, len(wanted), _STEP):
        read: list[tuple[int, Submission]] = []
        for number in wanted[at : at + _STEP]:
            try:
                read.append((number, _submission(waiting[number], config, outbox)))
            except StillUnreadable as unread:
                refused[number] = str(unread)
        stored = outbox.write(partial(_store, read=read)) if read else []
        done += stored
        refused |= {number: "someone else replayed it just now" for number, _ in read if number not in stored}
    return tell(args.json, done, refused, "replayed", "item")


def _store(conn: sqlite3.Connection, read: list[tuple[int, Submission]]) -> list[int]:
    """Store what was read in one transaction; the items that it is true of."""
    now = datetime.now(UTC)
    return [number for number, submission in read if store_again(conn, number, submission, now) is not None]


def _submission(item: Quarantined, config: Config, outbox: Changing) -> Submission:
    """The submission that the item is now, without events when it is no feedback. Raises StillUnreadable."""
    try:
        came = outbox.read(partial(raw_input, item=item))
    except UsageError as error:
        raise StillUnreadable(str(error)) from None
    return identified_again(came, config) if item.unidentified else judge_again(came, config)
