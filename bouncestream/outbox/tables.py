# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows that a batch adds to the outbox: noted row by row while it is decided, then written table by table.

A row that the database refuses goes to quarantine, and its neighbours are stored: of the statements only the one
that adds an event carries the event's own text, and SQLite undoes a statement that fails, so a guilty row leaves
nothing behind, and no savepoint (6 us) is needed around each.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from bouncestream.event import MAILBOX, BounceEvent, Kind, new_id
from bouncestream.missed import LIST
from bouncestream.outbox import codec
from bouncestream.outbox.delivery import WHY_LIMIT, count
from bouncestream.outbox.engine import Conn, Refused, reserve
from bouncestream.outbox.queries import QUERIES
from bouncestream.ports import Receipt, Submission, Unreadable
from bouncestream.printable import printable

#: What a row can do wrong when it is read, bound or stored: a lone surrogate, a CHECK, a value too big or of no
#: type of SQLite's.
ROW_FAULTS = (
    sqlite3.IntegrityError,
    sqlite3.DataError,
    sqlite3.InterfaceError,
    sqlite3.ProgrammingError,
    ArithmeticError,
    AttributeError,
    TypeError,
    ValueError,
)

#: With fewer bodies than that a block spares nothing.
A_BLOCK = 3

_INSERT = QUERIES["insert_event"]
_RAW = QUERIES["insert_raw"]
_BLOCK = QUERIES["insert_block"]
_HISTORY = QUERIES["insert_history"]
_KEY = QUERIES["insert_key"]


@dataclass(slots=True)
class Stored:
    """The result of storing a submission: its receipt, and what its counters and the relay want to know."""

    kinds: list[Kind] = field(default_factory=list)  #: of each new row
    rows: list[int] = field(default_factory=list)  #: their numbers
    ids: list[str] = field(default_factory=list, compare=False)  #: their event ids
    unsure: list[Kind] = field(default_factory=list)  #: as what each new row is told that rests on words alone
    duplicates: int = 0
    suppressed: int = 0  #: about people of whom nothing is stored
    quarantined: int = 0
    unidentified: int = 0
    changed: bool = False  #: there is something new for the relay
    shortened: bool = False  #: of its mail less than all is kept

    @property
    def receipt(self) -> Receipt:
        return Receipt(len(self.kinds), self.duplicates, self.quarantined, self.unidentified)


class Body:
    """A raw body; it has its number once it is written."""

    __slots__ = ("at", "data", "number", "submission")

    def __init__(self, submission: Submission, at: str, data: bytes) -> None:
        self.submission = submission
        self.at = at
        self.data = data
        self.number: int | None = None


class Arrival:
    """A submission on its way into the tables, and when it came in."""

    __slots__ = ("at", "body", "day", "ms", "now", "stored", "submission", "way")

    def __init__(self, submission: Submission, now: datetime) -> None:
        seconds = now.timestamp()
        self.submission = submission
        self.now = now
        self.at = codec.stamp(now)
        self.ms = int(seconds * 1000)
        self.day = int(seconds // 86400)
        self.way = submission.way or _way(submission.provider, submission.source, LIST in submission.headers)
        self.body: Body | None = None
        self.stored = Stored()


@lru_cache(maxsize=100)
def _way(provider: str, source: str, listed: bool = False) -> str:
    """By which way it came in, in words."""
    if listed:
        return f"backfill of webhook {printable(source)}"
    return f"{'mailbox' if provider == MAILBOX else 'webhook'} {printable(source)}"


@dataclass(slots=True)
class Report:
    """An event of a submission, with its identity keys and its columns; `why` and the rest once it gets a row of
    its own, to which `keys` lead from then on."""

    arrival: Arrival
    event: BounceEvent
    keys: Sequence[bytes]
    columns: codec.Columns
    why: str = ""
    supersedes: str | None = None
    body: Body | None = None
    row: int | None = None  #: once it is written; None: the database refused it


class Tables:
    """The rows that are noted and not yet written."""

    __slots__ = ("_bodies", "_conn", "_counts", "_cursor", "_history", "_new", "_quarantine")

    def __init__(self, conn: Conn) -> None:
        self._conn = conn
        self._cursor = conn.cursor()
        self._bodies: list[Body] = []
        self._new: list[Report] = []
        self._history: list[tuple[int, str, str, str, str]] = []
        self._quarantine: list[tuple[Arrival, Body, tuple[object, ...]]] = []
        self._counts = {"pending": 0, "held": 0}

    @property
    def quarantined(self) -> bool:
        """Whether something is noted for quarantine."""
        return bool(self._quarantine)

    def event(self, report: Report) -> None:
        """Note an event."""
        report.body = report.arrival.body or self.body(report.arrival)
        self._new.append(report)

    def body(self, arrival: Arrival) -> Body | None:
        """The raw body of a submission, noted at the first need of it: a pure duplicate leaves none."""
        if arrival.body is None and arrival.submission.raw and not arrival.stored.suppressed:
            arrival.body = self._note(arrival, arrival.submission.raw)
        return arrival.body

    def move(self, row: int, at: str, before: str, after: str, why: str) -> None:
        """Note a move of a row that is written."""
        self._history.append((row, at, before, after, why))
        if before != after:
            self._counts[after] = self._counts.get(after, 0) + 1
            self._counts[before] = self._counts.get(before, 0) - 1

    def quarantine(self, arrival: Arrival, unreadable: Unreadable) -> None:
        """Note a part of a submission that could not become an event."""
        body = self._note(arrival, unreadable.part) if unreadable.part else self.body(arrival)
        if body is None:
            body = arrival.body = self._note(arrival, b"")
        why, event_type = codec.visible(unreadable.why, WHY_LIMIT), codec.visible(unreadable.event_type, 200)
        row = (why, event_type, int(unreadable.unidentified), unreadable.fingerprint or None)
        self._quarantine.append((arrival, body, row))
        if unreadable.unidentified:
            arrival.stored.unidentified += 1
        else:
            arrival.stored.quarantined += 1

    def write(self) -> list[Report]:
        """Write what was noted; returns the events, each with its row."""
        written, self._new = self._new, []
        if self._bodies:
            self._write_bodies()
        cursor, history = self._cursor, self._history
        if written:
            reserve(self._conn, "outbox", len(written))
        pending = held = 0
        keys: list[tuple[bytes, int, int]] = []
        for report in written:
            arrival, event, body = report.arrival, report.event, report.body
            state, due = ("held", None) if event.hold else ("pending", arrival.at)
            number = body.number if body is not None else None
            head = (new_id(arrival.ms), state, event.hold, due, number, report.supersedes, report.why)
            try:
                row = report.row = cursor.execute(_INSERT, head + report.columns).lastrowid
            except ROW_FAULTS as error:
                self.refuse(arrival, error)
                continue
            assert row is not None
            history.append((row, arrival.at, "", state, report.why))
            if event.hold:
                held += 1
            else:
                pending += 1
            arrival.stored.kinds.append(event.kind)
            arrival.stored.rows.append(row)
            arrival.stored.ids.append(head[0])
            if not event.sure:
                arrival.stored.unsure.append(event.kind)
            arrival.stored.changed = True
            for key in report.keys:
                keys.append((key, row, arrival.day))
        if keys:
            keys.sort()  # the order of the table: neighbours share a page
            cursor.executemany(_KEY, keys)
        if history:
            cursor.executemany(_HISTORY, history)
            history.clear()
        self._counts["pending"] += pending
        self._counts["held"] += held
        if self._quarantine:
            self._write_bodies()
            for arrival, body, (why, event_type, *rest) in self._quarantine:
                told = arrival.submission
                values = (arrival.at, told.source, told.provider, why, event_type, body.number, *rest)
                cursor.execute(QUERIES["insert_quarantine"], values)
            self._quarantine.clear()
        return written

    def close(self) -> None:
        """Write the rest, and by how much the number of events in each state has changed."""
        self.write()
        count(self._conn, self._counts)

    def refuse(self, arrival: Arrival, error: Exception) -> None:
        """Put the submission of a guilty event into quarantine."""
        self.quarantine(arrival, Unreadable(_guilty(error)))

    def _note(self, arrival: Arrival, data: bytes) -> Body:
        body = Body(arrival.submission, arrival.at, data)
        self._bodies.append(body)
        return body

    def _write_bodies(self) -> None:
        """Write the raw bodies. Those of one commit resemble each other, and are compressed together where there
        are some. What may go to quarantine stands by itself."""
        bodies, self._bodies = self._bodies, []
        numbers = reserve(self._conn, "raw", len(bodies))
        if not numbers:
            newest: int = self._cursor.execute(QUERIES["newest_raw"]).fetchone()[0]
            numbers = range(newest + 1, newest + 1 + len(bodies))
        for number, body in zip(numbers, bodies, strict=True):
            body.number = number
        shared: list[Body] = []
        if len(bodies) >= A_BLOCK:
            shared = [one for one in bodies if len(one.data) <= codec.SHARED and not one.submission.unreadable]
        if len(shared) >= A_BLOCK:
            self._write_block(bodies, shared)
            return
        for body in bodies:
            row = (body.number, *codec.raw_values(body.submission, body.at, body.data))
            self._cursor.execute(_RAW, row)

    def _write_block(self, bodies: Sequence[Body], shared: Sequence[Body]) -> None:
        first, last, start = shared[0].number, shared[-1].number, 0
        assert first is not None
        places: dict[Body, int] = {}
        for body in shared:
            places[body] = start
            start += len(body.data)
        rows: list[tuple[object, ...]] = []
        for body in bodies:
            if (place := places.get(body)) is None:
                rows.append((body.number, *codec.raw_values(body.submission, body.at, body.data)))
            else:
                rows.append((body.number, *codec.shared_values(body.submission, body.at, first, place)))
        self._cursor.execute(_BLOCK, (first, last, codec.pack_together([body.data for body in shared])))
        self._cursor.executemany(_RAW, rows)


def _guilty(error: Exception) -> str:
    """Why a row was refused, in words. Never the value itself: it may be an address."""
    if isinstance(error, UnicodeError):
        return "a text of the event has characters that cannot be stored (lone surrogates)"
    if isinstance(error, (sqlite3.Error, Refused)):
        return f"the database refused the event: {error}"
    return f"the event cannot be stored: {type(error).__name__}"
