# SPDX-License-Identifier: GPL-3.0-or-later
"""The soft bounces of a person, as `decay` counts them, and an event that is told as hard because of them: a
new one, which supersedes the soft one, as Listmonk counts by type. Synchronous functions on one connection.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from bouncestream.decay import CLASSES, Bounce
from bouncestream.event import NO_PROOF, Kind, Proof
from bouncestream.outbox import codec
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.people import LAST, MOST, secret_of
from bouncestream.outbox.queries import QUERIES
from bouncestream.outbox.tables import Arrival, Report, Tables
from bouncestream.policy import KEPT_SOFT, Rules
from bouncestream.ports import State, Submission


def soft_bounces(
    conn: Conn, person: bytes, rules: Rules, unproven: Collection[str] = (), upto: int = LAST
) -> list[Bounce]:
    """The soft bounces of a person that count, up to a row, by the digest in their rows. `unproven`: sources to
    which anybody may post."""
    found = []
    for values in conn.execute(QUERIES["soft_of_person"], {"person": person, "most": MOST, "upto": upto}):
        row = codec.row(values)
        event = codec.event(row)
        if NO_PROOF in event.evidence:
            continue
        if row.state == State.DROPPED and row.why != KEPT_SOFT:
            continue  # an operator did not believe it
        if event.reason in CLASSES and event.source not in unproven and not rules.word(event):
            found.append(Bounce(row.event_id, codec.moment(row.event.occurred_at), event.reason))
    return found


def counted_with(
    conn: Conn, row: int, rules: Rules, unproven: Collection[str] = (), *, later: bool = True
) -> tuple[bool, list[Bounce]]:
    """Whether a row counts itself, and the soft bounces of its person that count; without those that came in
    `later`, unless they are asked for."""
    found = conn.execute(QUERIES["row"], (row,)).fetchone()
    if found is None:
        return False, []
    kept = codec.row(found)
    bounces = soft_bounces(conn, kept.event.person, rules, unproven, LAST if later else row)
    return kept.event_id in {one.event_id for one in bounces}, bounces


def is_counted(conn: Conn, row: int) -> bool:
    """Whether a soft bounce belongs to a count that has ended: something graver was told in its place, or in that
    of a newer one."""
    found = conn.execute(QUERIES["row"], (row,)).fetchone()
    if found is None:
        return False
    began: int = conn.execute(QUERIES["count_began"], (codec.row(found).event.person,)).fetchone()[0]
    return row <= began


def soft_after(conn: Conn, after: int, limit: int, upto: int = LAST) -> tuple[list[codec.Row], int]:
    """The soft bounces among the next rows, up to a row, and the last of these rows."""
    read = (codec.row(values) for values in conn.execute(QUERIES["rows_after"], {"after": after, "limit": limit}))
    rows = [row for row in read if row.id <= upto]
    return [row for row in rows if row.event.kind == Kind.SOFT and row.event.reason in CLASSES], (
        rows[-1].id if rows else after
    )


def told_as_hard(conn: Conn, row: int, evidence: str, now: datetime) -> bool:
    """Tell a soft bounce as hard, by a new event in its place. False: that was done before, or its person is
    erased."""
    found = conn.execute(QUERIES["row"], (row,)).fetchone()
    if found is None:
        return False
    kept = codec.row(found)
    told = kept.event
    if told.kind != Kind.SOFT or kept.superseded_by is not None or told.person == b"\x00":
        return False
    event = replace(
        codec.event(kept),
        kind=Kind.HARD,
        evidence=f"{told.evidence}; {evidence}".removeprefix("; "),
        hold="",
        proof=Proof.UUID if told.address_form == "uuid" else "",
        sure=True,
        confirms=False,  # it is no report that the mailbox is not there
    )
    arrival = Arrival(Submission(event.source, event.provider), now)
    columns = codec.columns(event, now, arrival.at, secret_of(conn))
    report = Report(arrival, event, (), columns, f"soft → hard: {evidence}", kept.event_id)
    tables = Tables(conn)
    tables.event(report)
    tables.close()
    if report.row is None:
        return False
    conn.execute(QUERIES["supersede"], (report.row, row))
    return True
