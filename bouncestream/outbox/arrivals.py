# SPDX-License-Identifier: GPL-3.0-or-later
"""Arrivals: what a submission becomes: new rows, duplicates of known ones, graver reports, and quarantine
(docs/develop/identity.md#identity).

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
leave again, and where it is only an echo, doing it twice does no harm. A mail is one for good, so one that is not
newer than the event which was finished is a duplicate of that, also once retention has taken its row.

One way for one event and for ten thousand: all are read, all of their keys are looked up, each is decided against
what is known and what came before it in the batch, and what is new is written table by table (`tables`). An event
that meets a row of its own batch has the batch written so far, and is compared with that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from bouncestream.event import UNPROVEN, Kind, Proof, identity_keys
from bouncestream.judging.unsure import Report as Proven
from bouncestream.judging.unsure import is_unsure, weighed
from bouncestream.outbox import codec, delivery, people
from bouncestream.outbox.delivery import add_meta, take_restored
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.known import Known, covers, gravest, named_alone, same_person, takes
from bouncestream.outbox.people import secret_of
from bouncestream.outbox.queries import QUERIES
from bouncestream.outbox.state import FINAL
from bouncestream.outbox.suppression import SUPPRESSED, any_suppressed, is_suppressed
from bouncestream.outbox.tables import ROW_FAULTS, Arrival, Report, Stored, Tables
from bouncestream.ports import State, Submission, Unreadable

#: So many of each unknown event type of a source are kept raw on one UTC day, the rest is only counted.
UNKNOWN_KEPT = 20

#: So many keys are looked up by one statement, and from so many on.
PROBED, PROBED_FROM = 32, 8

_PROBE = QUERIES["probe"]
_PROBE_MANY = QUERIES["probe_many"].replace("(?)", f"({', '.join('?' * PROBED)})")
_KNOWN = QUERIES["known"]
_UPGRADE = QUERIES["upgrade_event"]
_LEAD = QUERIES["lead_key"]

#: A submission and when it came in.
Item = tuple[Submission, datetime]


def take(conn: Conn, submission: Submission, now: datetime) -> Stored:
    """Store a submission that came in `now`, within the transaction of the caller."""
    return take_many(conn, [(submission, now)])[0]


def take_many(conn: Conn, items: Sequence[Item]) -> list[Stored]:
    """`take` for each item, in their order."""
    return _Batch(conn, items).take()


class _Batch:
    """Submissions that are stored together, each event decided in its turn."""

    __slots__ = ("arrivals", "conn", "leads", "people", "secret", "tables")

    def __init__(self, conn: Conn, items: Sequence[Item]) -> None:
        self.conn = conn
        self.tables = Tables(conn)
        self.arrivals = [Arrival(submission, now) for submission, now in items]
        #: The row that a key leads to, or the event that is noted and will be one.
        self.leads: dict[bytes, int | Report] = {}
        self.secret = secret_of(conn)
        #: Whom the batch says for sure, or by words alone, that their mailbox is not there.
        self.people: set[bytes] = set()

    def take(self) -> list[Stored]:
        """Read all, look up all keys, decide each, write what is new."""
        reports = iter(self.read())
        taken = []
        duplicates = suppressed = 0
        for arrival in self.arrivals:
            for _ in arrival.submission.events:
                if isinstance(report := next(reports), Report):
                    self.event(report)
                elif report is not None:
                    self.tables.refuse(arrival, report)
            for unreadable in arrival.submission.unreadable:
                self.unreadable(arrival, unreadable)
            taken.append(arrival.stored)
            duplicates += arrival.stored.duplicates
            suppressed += arrival.stored.suppressed
        self.tables.close()
        if duplicates:
            add_meta(self.conn, "duplicates", duplicates)
        if suppressed:
            add_meta(self.conn, SUPPRESSED, suppressed)
        return taken

    def read(self) -> list[Report | Exception | None]:
        """The events of all submissions, each with its keys and its columns, or why it cannot be stored; None for
        one about a person of whom nothing is stored, and then its raw body is not either.

        Mails that name people without proof are counted, and the people beyond what is allowed: a flood of them is
        told once."""
        secret = self.secret
        read: list[Report | Exception | None] = []
        suppressing = any_suppressed(self.conn)
        keys: list[bytes] = []
        mails = excess = 0
        for arrival in self.arrivals:
            doubted = False
            for event in arrival.submission.events:
                if suppressing and is_suppressed(self.conn, event, secret):
                    arrival.stored.suppressed += 1
                    read.append(None)
                    continue
                if event.proof in UNPROVEN:
                    doubted = True
                    excess += event.proof == Proof.EXCESS
                try:
                    told = codec.columns(event, arrival.now, arrival.at, secret)
                    report = Report(arrival, event, identity_keys(event, secret), told)
                except ROW_FAULTS as error:
                    read.append(error)
                else:
                    read.append(report)
                    keys += report.keys
            mails += doubted
        if mails:
            add_meta(self.conn, delivery.UNPROVEN, mails)
        if excess:
            add_meta(self.conn, delivery.EXCESS, excess)
        self.probe(keys)
        return read

    def probe(self, keys: Sequence[bytes]) -> None:
        """Look up the rows that keys lead to, of those that are in `seen`."""
        if len(keys) < PROBED_FROM:
            cursor = self.conn.cursor()
            for key in keys:
                if (found := cursor.execute(_PROBE, (key,)).fetchone()) is not None:
                    self.leads[key] = found[0]
            return
        for start in range(0, len(keys), PROBED):
            some = list(keys[start : start + PROBED])
            some += some[-1:] * (PROBED - len(some))  # one statement for any number
            self.leads.update(self.conn.execute(_PROBE_MANY, some))

    def event(self, report: Report) -> None:
        """Note one event, or find that it is known."""
        leads, keys, arrival = self.leads, report.keys, report.arrival
        hits = [leads[key] for key in keys if key in leads]
        if hits and not all(isinstance(hit, int) for hit in hits):
            self.write()
            hits = [leads[key] for key in keys if key in leads]
        found = self.known({hit for hit in hits if isinstance(hit, int)}) if hits else []
        if is_unsure(report.event):
            self.weigh(report, found)
        if report.columns.sure is not None:
            self.people.add(report.columns.person)
        if not hits:
            report.why = f"received from {arrival.way}"
            self.tables.event(report)
            for key in keys:
                leads[key] = report
            return
        event = report.event
        known = gravest(one for one in found if covers(one, event))
        again = event.kind is Kind.UNSUBSCRIBE and (known is None or known.state in FINAL)
        timed = event.occurred_at is not None or bool(event.proof)
        if again and timed and report.columns.occurred_at <= self.finished(keys, found, known):
            again = False  # it is read or sent anew, and the person may have come back since
        if again:
            row = self.insert(report, f"reported by {arrival.way} again, after an earlier one was finished")
        elif known is not None:
            row = self.compare(report, known)
        elif found:
            row = self.insert(report, f"received from {arrival.way}; a similar report is about someone else")
        else:
            arrival.stored.duplicates += 1
            return
        if row is None:
            return
        if known is not None and row == known.row and event.by_uuid and event.recipient != known.recipient:
            return  # of the same UUID, and yet its other keys are about whatever address this mail names
        all_lead = takes(event, row, known, found)
        for key in keys:
            if all_lead or key not in leads:
                self.conn.execute(_LEAD, (key, row, arrival.day))
                leads[key] = row

    def finished(self, keys: Iterable[bytes], found: Sequence[Known], known: Known | None) -> str:
        """The time up to which a mail's wish was carried out; where retention has taken its row, the end of the day
        on which it was last heard of."""
        if known is not None or found:
            return known.occurred_at if known is not None else ""
        days = [day for key in keys for (day,) in self.conn.execute(QUERIES["day_of_key"], (key,))]
        return codec.stamp(datetime.fromtimestamp((max(days) + 1) * 86400, UTC)) if days else ""

    def weigh(self, report: Report, found: Sequence[Known]) -> None:
        """Tell a hard that rests on words alone as hard if an earlier report confirms it, else as soft. `found`:
        the rows of the event itself; what was weighed with one of them is so for good."""
        told = report.columns
        event = replace(report.event, evidence=told.evidence)
        if not self.people.isdisjoint(people.keys(event, self.secret)):
            self.write()
        earlier: Iterable[Proven] = ()
        if not any(one.sure is not None and same_person(event, one) for one in found):
            earlier = people.earlier(self.conn, event)
        report.event = event = weighed(event, codec.moment(told.occurred_at), earlier)
        report.columns = told._replace(kind=event.kind.value, evidence=event.evidence)

    def write(self) -> None:
        """Write what is noted so far; the keys of its events lead to their rows from now on."""
        for report in self.tables.write():
            for key in report.keys:
                if report.row is None:
                    self.leads.pop(key, None)
                else:
                    self.leads[key] = report.row

    def known(self, rows: set[int]) -> list[Known]:
        """The rows that keys lead to, and the graver ones in their places; none when retention has taken them."""
        found: dict[int, Known] = {}
        while rows:
            values = self.conn.execute(_KNOWN, (rows.pop(),)).fetchone()
            if values is None:
                continue
            known = Known.of(values)
            if known.superseded_by is not None and known.superseded_by not in found:
                rows.add(known.superseded_by)
            found[known.row] = known
        return list(found.values())

    def compare(self, report: Report, known: Known) -> int | None:
        """The row that the keys of a known event lead to from now on; None when the event went to quarantine."""
        event, arrival = report.event, report.arrival
        row, state, way = known.row, known.state, arrival.way
        graver = event.kind.gravity > known.gravity
        # Nobody but the person who was proven may be told: another one's report changes no row in place.
        same = same_person(event, known)
        # a report with proof frees what was held for the want of one
        proven = event.proof not in UNPROVEN
        believed = not event.hold and (proven or event.kind.gravity >= known.gravity)
        freed = known.doubted and believed
        how = ", with proof" if freed and proven else ""
        if freed and not same:
            return self.replace(report, known, how)
        # what is pending is not made graver by a report that has no proof: each for itself
        untold = same and known.attempt == 0
        untold = untold and (state == State.HELD or (state == State.PENDING and not event.hold))
        if graver and not (untold and take_restored(self.conn) is None):
            return self.insert(report, f"{known.kind} → {event.kind}: received from {way}", known)
        if graver:
            why = f"{known.kind} → {event.kind}: {way} reports it as more severe{how}"
            to = State.PENDING if freed else State(state)
            if not self.upgrade(report, known, to, why):
                return None
            self.tables.move(row, arrival.at, state, to, why)
            arrival.stored.changed = True
        elif freed:
            why = f"also reported by {way}{how}"
            self.move(arrival, known, State.PENDING, why, "uuid" if event.by_uuid else None)
            arrival.stored.changed = True
        elif named_alone(known, event):
            why = f"{way} also reports it, which proves the address: sent by address"
            self.conn.execute(QUERIES["tell_by_address"], (report.columns.person, why, row))
            self.tables.move(row, arrival.at, state, state, why)
        elif report.columns.sure == 0 and same and known.sure is None and not known.unproven:
            self.conn.execute(QUERIES["rests_on_words"], (row,))
        arrival.stored.duplicates += 1
        return row

    def replace(self, report: Report, known: Known, how: str) -> int | None:
        """A new row for an event that is believed, in the place of one that was held for the want of a proof."""
        arrival = report.arrival
        why = f"{arrival.way} reports it{how}"
        new = self.insert(report, why, known)
        if new is not None:
            self.move(arrival, known, State.DROPPED, f"{why}: replaced by that")
        return new

    def move(self, arrival: Arrival, known: Known, to: State, why: str, address_form: str | None = None) -> None:
        """Let a held row go, or drop it. What was counted of its attempts stays."""
        due, finished = (arrival.at, None) if to is State.PENDING else (None, arrival.at)
        values = (to.value, why, "", due, finished, 1, 0, 1, 0, address_form, 0, known.row)
        self.conn.execute(QUERIES["move"], values)
        self.tables.move(known.row, arrival.at, known.state, to, why)

    def insert(self, report: Report, why: str, instead_of: Known | None = None) -> int | None:
        """A new row at once, which no key leads to yet; None when the database refuses it."""
        report.why, report.keys = why, ()
        report.supersedes = instead_of.event_id if instead_of is not None else None
        self.tables.event(report)
        self.write()
        if instead_of is not None and report.row is not None:
            self.conn.execute(QUERIES["supersede"], (report.row, instead_of.row))
        return report.row

    def upgrade(self, report: Report, known: Known, to: State, why: str) -> bool:
        """Make a row graver in place; False when the database refuses it."""
        event, new = report.event, report.columns
        body = self.tables.body(report.arrival)
        self.write()  # the body has its number
        due = report.arrival.at if to is State.PENDING and known.held_for else None
        also = event.reported if event.recipient == known.recipient else event.recipient
        how_told = ("uuid", also, new.person) if event.by_uuid else (None, None, None)
        held = "" if to is State.PENDING else known.held_for
        number = body.number if body is not None else None
        try:
            self.conn.execute(
                _UPGRADE, (new.kind, *new.words, new.sure, *how_told, to.value, held, due, number, why, known.row)
            )
        except ROW_FAULTS as error:
            self.tables.refuse(report.arrival, error)
            return False
        return True

    def unreadable(self, arrival: Arrival, unreadable: Unreadable) -> None:
        """Note what could not be read; of an unknown type only the first ones of a day, of a mail that comes again
        none."""
        if (unreadable.fingerprint or unreadable.event_type) and self.tables.quarantined:
            self.write()  # to be counted, and found
        source = arrival.submission.source
        mark = (source, unreadable.fingerprint)
        if unreadable.fingerprint and self.conn.execute(QUERIES["kept_mail"], mark).fetchone() is not None:
            arrival.stored.duplicates += 1
            return
        event_type = codec.visible(unreadable.event_type, 200)
        if event_type:
            midnight = arrival.now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
            today = {
                "source": source,
                "event_type": event_type,
                "since": codec.stamp(midnight),
                "most": UNKNOWN_KEPT,
            }
            if self.conn.execute(QUERIES["unknown_type_today"], today).fetchone()[0] >= UNKNOWN_KEPT:
                arrival.stored.quarantined += 1
                return
        self.tables.quarantine(arrival, unreadable)
