# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream outbox replay --quarantine`: what could not be read is read again, by this version's providers.

Its raw body goes through the same provider's file and the same arrivals as a request, so that what is known already
stays a duplicate; event and mark (replayed) are stored in one transaction. No proof is asked for: it was checked
when the request came in.
"""

from __future__ import annotations

import argparse
import sqlite3
from datetime import UTC, datetime
from functools import partial

from bouncestream.cli.opened import reading, writing
from bouncestream.cli.outbox_look import item_number
from bouncestream.cli.reread import Stored, Unreadable, reread
from bouncestream.cli.show import tell
from bouncestream.config.model import Config
from bouncestream.errors import UsageError
from bouncestream.outbox import browse
from bouncestream.outbox.arrivals import submit
from bouncestream.outbox.browse import Quarantined
from bouncestream.ports import Receipt, Submission


def requeue(args: argparse.Namespace, config: Config) -> int:
    """Read the named items, or all that wait."""
    path = config.outbox.path
    waiting = {item.id: item for item in reading(path, partial(browse.quarantine_items, limit=-1))}
    numbers = [item_number(text) for text in args.event] or list(waiting)
    missing = [number for number in numbers if number not in waiting]
    if missing:
        raise UsageError(
            f"No item {missing[0]} waits in quarantine. Next: `bouncestream outbox list --quarantine` shows them."
        )
    done: list[int] = []
    refused: dict[int, str] = {}
    for number in dict.fromkeys(numbers):
        try:
            submission = _submission(waiting[number], config, path)
            receipt = writing(path, partial(_store, item=number, submission=submission))
        except Unreadable as unread:
            refused[number] = str(unread)
            continue
        if receipt is None:
            refused[number] = "someone else replayed it just now"
        else:
            done.append(number)
    return tell(args.json, done, refused, "replayed", "item")


def _submission(item: Quarantined, config: Config, path: str) -> Submission:
    """What the item says, as if it had come in anew. Raises Unreadable."""
    try:
        body = reading(path, partial(browse.raw_body, raw_id=item.raw_id))
        head = reading(path, partial(browse.raw_head, raw_id=item.raw_id))
    except UsageError as error:
        raise Unreadable(str(error)) from None
    return reread(Stored(item.source, item.provider, item.received_at, body, head[1] if head else ""), config)


def _store(conn: sqlite3.Connection, item: int, submission: Submission) -> Receipt | None:
    """Mark and submit in one transaction; None when it was marked before."""
    now = datetime.now(UTC)
    if not browse.mark_replayed(conn, item, now):
        return None
    return submit(conn, submission, now)
