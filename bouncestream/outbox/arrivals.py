# SPDX-License-Identifier: GPL-3.0-or-later
"""What a submission becomes: new rows, duplicates of known ones, graver reports, and quarantine
(docs/delivery.md#identity).

An event is known when one of its identity keys is in `seen`. Its keys may lead to several rows (a webhook report
and a mail that had nothing in common, until a third report shares a key with each): the gravest of them counts, of
equals the newest, since whatever Listmonk was told for that one covers this report. The keys that were new then
lead to it. A key whose row retention took away still makes a duplicate: that the event was handled is all that is
left to know.

A graver report changes a row in place only when nobody can have been told of it: it is pending or held, and was
never claimed. One that was claimed before (attempt > 0) may have been posted as what it was, and what counted
against it must not count against the graver one, which is therefore a new event. The same while a restored backup
has not been compared with Listmonk: what was never claimed here may have been posted after the backup.

A row that is told by a UUID speaks for the person whose UUID it is, and for nobody else (`outbox.known`): a
stranger who knows a Message-ID would else have a true report taken for a duplicate of his forgery.

An unsubscription that comes again once its earlier event is finished is a new event: people subscribe again and
leave again, and where it is only an echo, doing it twice does no harm.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache

from bouncestream.event import BounceEvent, Kind, Proof, identity_keys, new_id
from bouncestream.outbox import codec
from bouncestream.outbox import delivery as store
from bouncestream.outbox.connection import Connection, damaged
from bouncestream.outbox.delivery import WHY_LIMIT, add_meta, count, get_meta, take_restored
from bouncestream.outbox.known import UNPROVEN, Known, covers, gravest, named_alone, same_person, takes
from bouncestream.outbox.queries import QUERIES
from bouncestream.outbox.state import FINAL
from bouncestream.ports import Receipt, State, Submission, Unreadable
from bouncestream.printable import printable

#: So many of each unknown event type of a source are kept raw on one UTC day, the rest is only counted.
UNKNOWN_KEPT = 20

#: The key of the identity keys, see `migrate`.
SECRET_BYTES = 32

#: What a row can do wrong when it is read, bound or stored: a lone surrogate, a CHECK, a value too big or of no
#: type of SQLite's. That is its own fault: it goes to quarantine, and its neighbours are stored.
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

_PROBE = QUERIES["probe"]
_KNOWN = QUERIES["known"]
_INSERT = QUERIES["insert_event"]
_UPGRADE = QUERIES["upgrade_event"]
_KEY = QUERIES["insert_key"]
_LEAD = QUERIES["lead_key"]
_HISTORY = QUERIES["insert_history"]
_RAW = QUERIES["insert_raw"]
_QUARANTINE = QUERIES["insert_quarantine"]


@dataclass(slots=True)
class Stored:
    """What became of a submission: its receipt, and what its counters and the relay want to know."""

    kinds: list[Kind] = field(default_factory=list)  #: of each new row
    duplicates: int = 0
    quarantined: int = 0
    unidentified: int = 0
    changed: bool = False  #: there is something new for the relay
    shortened: bool = False  #: of its mail less than all is kept

    @property
    def receipt(self) -> Receipt:
        return Receipt(len(self.kinds), self.duplicates, self.quarantined, self.unidentified)


def submit(conn: sqlite3.Connection, submission: Submission, now: datetime) -> Receipt:
    """Store a submission, within the transaction of the caller."""
    return take(conn, submission, now).receipt


def take(conn: sqlite3.Connection, submission: Submission, now: datetime) -> Stored:
    """`submit`, with the details."""
    arrival = _Arrival(conn, submission, now)
    for event in submission.events:
        arrival.event(event)
    for unreadable in submission.unreadable:
        arrival.unreadable(unreadable)
    count(conn, arrival.counts)
    count_unproven(conn, (submission,))
    if arrival.taken.duplicates:
        add_meta(conn, "duplicates", arrival.taken.duplicates)
    return arrival.taken


def count_unproven(conn: sqlite3.Connection, submissions: Iterable[Submission]) -> None:
    """Count the mails among these that name people without proof, and the people beyond what is allowed: a flood of
    them is told once."""
    mails = excess = 0
    for submission in submissions:
        doubted = [event.proof for event in submission.events if event.proof in UNPROVEN]
        mails += bool(doubted)
        excess += doubted.count(Proof.EXCESS)
    if mails:
        add_meta(conn, store.UNPROVEN, mails)
    if excess:
        add_meta(conn, store.EXCESS, excess)


def secret_of(conn: sqlite3.Connection) -> bytes:
    """The key of the identity keys of this database."""
    if isinstance(conn, Connection) and conn.identity_secret:
        return conn.identity_secret
    try:
        secret = bytes.fromhex(get_meta(conn, "identity_secret") or "")
    except ValueError:
        secret = b""
    if len(secret) != SECRET_BYTES:
        raise damaged("it has no identity_secret")
    if isinstance(conn, Connection):
        conn.identity_secret = secret
    return secret


def way_of(submission: Submission) -> str:
    """By which way it came in, in words."""
    return _way(submission.provider, submission.source)


@lru_cache(maxsize=100)
def _way(provider: str, source: str) -> str:
    return f"{'mailbox' if provider == 'mailbox' else 'webhook'} {printable(source)}"


class _Arrival:
    """One submission on its way into the tables."""

    __slots__ = ("at", "conn", "counts", "day", "ms", "now", "raw_id", "secret", "submission", "taken", "way")

    def __init__(self, conn: sqlite3.Connection, submission: Submission, now: datetime) -> None:
        seconds = now.timestamp()
        self.conn = conn
        self.submission = submission
        self.now = now
        self.at = codec.stamp(now)
        self.ms = int(seconds * 1000)
        self.day = int(seconds // 86400)
        self.secret = secret_of(conn)
        self.raw_id: int | None = None
        self.counts: dict[str, int] = {}
        self.taken = Stored()
        self.way = way_of(submission)

    def event(self, event: BounceEvent) -> None:
        """Store one event, or find that it is known, or put it into quarantine.

        Of the statements that follow only the first carries the event's own text. SQLite undoes a statement that
        fails, so a guilty row leaves nothing behind, and no savepoint (6 us) is needed around each event.
        """
        try:
            keys = identity_keys(event, self.secret)
            values = codec.values(event, self.now, self.at)
        except ROW_FAULTS as error:
            self.quarantine(_guilty(error))
            return
        hits = [hit for hit in map(self.probe, keys) if hit is not None]
        if not hits:
            row = self.insert(event, values, f"came in by {self.way}")
            if row is not None:
                for key in keys:
                    self.conn.execute(_KEY, (key, row, self.day))
            return
        found = self.known(set(hits))
        known = gravest(one for one in found if covers(one, event))
        again = event.kind is Kind.UNSUBSCRIBE and (known is None or known.state in FINAL)
        if again:
            row = self.insert(event, values, f"came in by {self.way} again, after an earlier one was finished")
        elif known is not None:
            row = self.compare(event, values, known)
        elif found:
            row = self.insert(event, values, f"came in by {self.way}; a report about somebody else is like it")
        else:
            self.taken.duplicates += 1
            return
        if row is None:
            return
        lead = _LEAD if takes(event, row, known, found) else _KEY
        if known is not None and row == known.row and event.by_uuid and event.recipient != known.recipient:
            return  # of the same UUID, and yet its other keys are about whatever address this mail names
        for key in keys:
            if lead is _LEAD or self.probe(key) is None:
                self.conn.execute(lead, (key, row, self.day))

    def probe(self, key: bytes) -> int | None:
        found = self.conn.execute(_PROBE, (key,)).fetchone()
        return found[0] if found else None

    def known(self, rows: set[int]) -> list[Known]:
        """The rows that keys lead to, and the graver ones in their places; none when retention has taken them."""
        found: dict[int, Known] = {}
        while rows:
            values = self.conn.execute(_KNOWN, (rows.pop(),)).fetchone()
            if values is None:
                continue
            known = Known(*values)
            if known.superseded_by is not None and known.superseded_by not in found:
                rows.add(known.superseded_by)
            found[known.row] = known
        return list(found.values())

    def compare(self, event: BounceEvent, values: codec.Values, known: Known) -> int | None:
        """The row that the keys of a known event lead to from now on; None when the event went to quarantine."""
        row, old_id, state, old_kind, held_for, _, attempt, recipient, *_ = known
        graver = event.kind.gravity > known.gravity
        # Nobody but the person who was proven may be told: another one's report changes no row in place.
        same = same_person(event, known)
        # a report with proof frees what was held for the want of one
        proven = event.proof not in UNPROVEN
        believed = not event.hold and (proven or event.kind.gravity >= known.gravity)
        freed = known.doubted and believed
        how = ", with proof" if freed and proven else ""
        if freed and not same:
            return self.replace(event, values, row, old_id, how)
        # what is pending is not made graver by a report that has no proof: each for itself
        untold = same and attempt == 0 and (state == State.HELD or (state == State.PENDING and not event.hold))
        if graver and not (untold and take_restored(self.conn) is None):
            new = self.insert(event, values, f"{old_kind} → {event.kind}: came in by {self.way}", old_id)
            if new is not None:
                self.conn.execute(QUERIES["supersede"], (new, row))
            return new
        if graver:
            why = f"{old_kind} → {event.kind}: {self.way} reports it graver{how}"
            also = event.reported if event.recipient == recipient else event.recipient
            how_told = ("uuid", also) if event.by_uuid else (None, None)
            to = State.PENDING if freed else State(state)
            if not self.upgrade(event, values, row, to, held_for, why, how_told):
                return None
            self.record(row, state, State.PENDING if freed else state, why)
            self.taken.changed = True
        elif freed:
            why = f"{self.way} reports it too{how}"
            form = "uuid" if event.by_uuid else None
            due = (State.PENDING.value, why, "", self.at, None, 1, 0, 1, 0, form, 0, row)
            self.conn.execute(QUERIES["move"], due)
            self.record(row, state, State.PENDING, why)
            self.taken.changed = True
        elif named_alone(known, event):
            why = f"{self.way} reports it too, which proves the address: told by that"
            self.conn.execute(QUERIES["tell_by_address"], (why, row))
            self.record(row, state, state, why)
        self.taken.duplicates += 1
        return row

    def replace(self, event: BounceEvent, values: codec.Values, row: int, old_id: str, how: str) -> int | None:
        """A new row for an event that is believed, in the place of one that was held for the want of a proof."""
        new = self.insert(event, values, f"{self.way} reports it{how}", old_id)
        if new is not None:
            why = f"{self.way} reports it{how}: that has taken its place"
            self.conn.execute(QUERIES["supersede"], (new, row))
            dropped = (State.DROPPED.value, why, "", None, self.at, 1, 0, 1, 0, None, 0, row)
            self.conn.execute(QUERIES["move"], dropped)
            self.record(row, State.HELD, State.DROPPED, why)
        return new

    def insert(
        self, event: BounceEvent, values: codec.Values, why: str, supersedes: str | None = None
    ) -> int | None:
        """A new row; None when the database refuses it."""
        state, due = ("held", None) if event.hold else ("pending", self.at)
        head = (None, new_id(self.ms), state, event.hold, due, self.keep_raw(), supersedes, why)
        try:
            row = self.conn.execute(_INSERT, head + values).lastrowid
        except ROW_FAULTS as error:
            self.quarantine(_guilty(error))
            return None
        assert row is not None
        self.record(row, "", state, why)
        self.taken.kinds.append(event.kind)
        self.taken.changed = True
        return row

    def upgrade(
        self,
        event: BounceEvent,
        values: codec.Values,
        row: int,
        to: State,
        held_for: str,
        why: str,
        how_told: tuple[str | None, str | None],
    ) -> bool:
        """Make a row graver in place; False when the database refuses it. `how_told`: the new `address_form` and
        `reported`."""
        due = self.at if to is State.PENDING and held_for else None
        told = (values[0], *values[8:12], values[14], *how_told)
        held = "" if to is State.PENDING else held_for
        try:
            self.conn.execute(_UPGRADE, (*told, to.value, held, due, self.keep_raw(), why, row))
        except ROW_FAULTS as error:
            self.quarantine(_guilty(error))
            return False
        return True

    def record(self, row: int, before: str, after: str, why: str) -> None:
        self.conn.execute(_HISTORY, (row, self.at, before, after, why))
        if before != after:
            self.counts[after] = self.counts.get(after, 0) + 1
            if before:
                self.counts[before] = self.counts.get(before, 0) - 1

    def keep_raw(self) -> int | None:
        """The raw body of this submission, stored at the first need of it: a pure duplicate leaves none."""
        if self.raw_id is None and self.submission.raw:
            self.raw_id = self.store_raw(self.submission.raw)
        return self.raw_id

    def store_raw(self, body: bytes) -> int:
        number = self.conn.execute(_RAW, (None, *codec.raw_values(self.submission, self.at, body))).lastrowid
        assert number is not None
        return number

    def unreadable(self, unreadable: Unreadable) -> None:
        """Keep what could not be read; of an unknown type only the first ones of a day, of a mail that comes again
        none."""
        if unreadable.fingerprint and self.kept(unreadable.fingerprint):
            self.taken.duplicates += 1
            return
        event_type = codec.visible(unreadable.event_type, 200)
        if event_type:
            midnight = self.now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
            kept = self.conn.execute(
                QUERIES["unknown_type_today"],
                {
                    "source": self.submission.source,
                    "event_type": event_type,
                    "since": codec.stamp(midnight),
                    "most": UNKNOWN_KEPT,
                },
            ).fetchone()[0]
            if kept >= UNKNOWN_KEPT:
                self.taken.quarantined += 1
                return
        self.quarantine(unreadable.why, event_type, unreadable.part, unreadable)

    def kept(self, fingerprint: bytes) -> bool:
        found = self.conn.execute(QUERIES["kept_mail"], (self.submission.source, fingerprint))
        return found.fetchone() is not None

    def quarantine(
        self, why: str, event_type: str = "", part: bytes = b"", unreadable: Unreadable | None = None
    ) -> None:
        raw_id = self.store_raw(part) if part else self.keep_raw()
        if raw_id is None:
            raw_id = self.raw_id = self.store_raw(b"")
        source, provider = self.submission.source, self.submission.provider
        why = codec.visible(why, WHY_LIMIT)
        unidentified = unreadable is not None and unreadable.unidentified
        fingerprint = unreadable.fingerprint or None if unreadable is not None else None
        row = (self.at, source, provider, why, event_type, raw_id, int(unidentified), fingerprint)
        self.conn.execute(_QUARANTINE, row)
        if unidentified:
            self.taken.unidentified += 1
        else:
            self.taken.quarantined += 1


def _guilty(error: Exception) -> str:
    """Why a row was refused, in words. Never the value itself: it may be an address."""
    if isinstance(error, UnicodeError):
        return "a text of the event has characters that cannot be stored (lone surrogates)"
    if isinstance(error, sqlite3.Error):
        return f"the database refused the event: {error}"
    return f"the event cannot be stored: {type(error).__name__}"
