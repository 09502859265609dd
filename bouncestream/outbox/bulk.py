# SPDX-License-Identifier: GPL-3.0-or-later
"""The fast way in for many submissions at once: what is new and well-formed is inserted table by table, the rest
goes the way of `arrivals`, one by one. The result is the same (a test compares them); it spares a sixth of the
price of an event, and most of the times at which the thread of the writer and that of the event loop wait for each
other.

Nothing is decided here. A submission is *plain* when all of its events can be read, when none of its keys is known
or occurs twice among those that come with it, and when it brings no trouble. That a row is refused by the database
all the same is known only when it is inserted: then the exception makes `batch` undo everything and go one by one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import datetime

from bouncestream.event import identity_keys, new_id
from bouncestream.outbox import codec
from bouncestream.outbox.arrivals import ROW_FAULTS, Stored, count_unproven, secret_of, take, way_of
from bouncestream.outbox.delivery import count
from bouncestream.outbox.queries import QUERIES
from bouncestream.ports import Submission

#: A submission and when it came in.
Item = tuple[Submission, datetime]

#: Below that, going one by one is as fast.
ENOUGH = 3

#: So many keys are looked up by one statement.
PROBED = 32

_PROBE_MANY = QUERIES["probe_many"].replace("(?)", f"({', '.join('?' * PROBED)})")
_INSERT = QUERIES["insert_event"]
_RAW = QUERIES["insert_raw"]
_BLOCK = QUERIES["insert_block"]
_HISTORY = QUERIES["insert_history"]
_KEY = QUERIES["insert_key"]


def take_many(conn: sqlite3.Connection, items: Sequence[Item]) -> list[Stored]:
    """`arrivals.take` for each item; the results are in the order of the items."""
    if len(items) < ENOUGH:
        return [take(conn, submission, now) for submission, now in items]
    tables = _Tables(conn)
    plain = tables.read(items, secret_of(conn))
    results = [
        tables.add(*item, read) if read is not None else None for item, read in zip(items, plain, strict=True)
    ]
    tables.insert()
    count_unproven(
        conn, (submission for (submission, _), read in zip(items, plain, strict=True) if read is not None)
    )
    return [
        result if result is not None else take(conn, *item) for item, result in zip(items, results, strict=True)
    ]


#: When a submission came in, as it is stored; and for each of its events the keys and the columns.
_Read = tuple[str, list[tuple[tuple[bytes, ...], codec.Values]]]


class _Tables:
    """The rows of one batch, table by table."""

    __slots__ = ("conn", "counts", "events", "history", "keys", "next_raw", "next_row", "raw", "shared")

    def __init__(self, conn: sqlite3.Connection) -> None:
        self.conn = conn
        self.next_row, self.next_raw = (newest + 1 for newest in conn.execute(QUERIES["newest_rows"]).fetchone())
        self.events: list[tuple[object, ...]] = []
        self.raw: list[tuple[object, ...]] = []
        self.shared: list[tuple[int, str, Submission]] = []  # raw bodies for one block: number, when, whose
        self.history: list[tuple[int, str, str, str, str]] = []
        self.keys: list[tuple[bytes, int, int]] = []
        self.counts = {"pending": 0, "held": 0}

    def read(self, items: Sequence[Item], secret: bytes) -> list[_Read | None]:
        """What each plain item is made of; None for one that is not plain. Of two that share a key the later one is
        never plain, so that they are taken in their order; after one that cannot be read, none is."""
        owners: dict[bytes, int] = {}
        plain: list[_Read | None] = [None] * len(items)
        try:
            for number, (submission, now) in enumerate(items):
                at = codec.stamp(now)
                read = [(identity_keys(event, secret), codec.values(event, now, at)) for event in submission.events]
                fresh = not submission.unreadable
                for keys, _ in read:
                    for key in keys:
                        if key in owners:
                            fresh = False
                        else:
                            owners[key] = number
                if fresh:
                    plain[number] = at, read
        except ROW_FAULTS:
            pass  # `arrivals` finds out whose fault it is
        for key in self.known(list(owners)):
            plain[owners[key]] = None
        return plain

    def known(self, keys: list[bytes]) -> Iterator[bytes]:
        """Those of the keys that are in `seen`."""
        for start in range(0, len(keys), PROBED):
            some = keys[start : start + PROBED]
            some += some[-1:] * (PROBED - len(some))  # one statement for any number
            for (key,) in self.conn.execute(_PROBE_MANY, some):
                yield key

    def add(self, submission: Submission, now: datetime, read: _Read) -> Stored:
        """Note the rows of a plain submission."""
        at, events = read
        seconds = now.timestamp()
        ms, day = int(seconds * 1000), int(seconds // 86400)
        raw_id = None
        if submission.raw and events:
            raw_id = self.next_raw
            self.next_raw += 1
            if len(submission.raw) <= codec.SHARED:
                self.shared.append((raw_id, at, submission))
            else:
                self.raw.append((raw_id, *codec.raw_values(submission, at)))
        why = f"came in by {way_of(submission)}"
        for event, (keys, values) in zip(submission.events, events, strict=True):
            row = self.next_row
            self.next_row += 1
            state, due = ("held", None) if event.hold else ("pending", at)
            self.events.append((row, new_id(ms), state, event.hold, due, raw_id, None, why, *values))
            self.history.append((row, at, "", state, why))
            self.counts[state] += 1
            for key in keys:
                self.keys.append((key, row, day))
        return Stored([event.kind for event in submission.events], changed=bool(events))

    def share(self) -> None:
        """Compress the raw bodies of this commit together, where there are some."""
        if len(self.shared) < ENOUGH:
            self.raw += [(raw_id, *codec.raw_values(submission, at)) for raw_id, at, submission in self.shared]
            return
        block, start = self.shared[0][0], 0
        for raw_id, at, submission in self.shared:
            self.raw.append((raw_id, *codec.shared_values(submission, at, block, start)))
            start += len(submission.raw)
        body = codec.pack_together([submission.raw for _, _, submission in self.shared])
        self.conn.execute(_BLOCK, (block, self.shared[-1][0], body))

    def insert(self) -> None:
        """Write all that was noted."""
        conn = self.conn
        self.share()
        conn.executemany(_RAW, self.raw)
        conn.executemany(_INSERT, self.events)
        conn.executemany(_HISTORY, self.history)
        conn.executemany(_KEY, sorted(self.keys))  # in the order of the table: neighbours share a page
        count(conn, self.counts)
