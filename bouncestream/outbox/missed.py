# SPDX-License-Identifier: GPL-3.0-or-later
"""Missed: items of a provider's lists, of which most were reported by a webhook already, under other ids.

Before one is stored, the outbox is asked for any event of that person and group since three days before the item's
own time: one there makes it a duplicate. That is in the transaction that stores it, so nothing comes between. Of a
run that nobody watches no more than `MOST_HARD` hard bounces are delivered: what is beyond waits for an operator,
as a list that is suddenly long is more often a mistake than a truth. By hand, a person is asked about all, once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bouncestream.event import BounceEvent, Kind, identity_keys, person_key
from bouncestream.missed import Missed
from bouncestream.outbox import codec
from bouncestream.outbox.arrivals import take
from bouncestream.outbox.braking import let_go
from bouncestream.outbox.delivery import add_meta
from bouncestream.outbox.dry_run import Rehearsal
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.people import secret_of
from bouncestream.outbox.queries import QUERIES
from bouncestream.outbox.tables import Stored

#: A list may tell a somewhat later time than the webhook did.
NEAR = timedelta(days=3)
#: New hard bounces of one run at an interval that are delivered; the others are held.
MOST_HARD = 100
#: In `meta`, counted: events that were found so.
FOUND = "backfilled"


def take_missed(
    conn: Conn, items: Sequence[Missed], now: datetime, hard: int, *, asked: bool = False
) -> tuple[list[Stored], int, int]:
    """Store what was not reported yet; what became of it, and how many of it are held, and how many were reported
    before. `hard`: so many hard bounces the run has found before; `asked`: a person has decided about the run as a
    whole, so that nothing of it is held."""
    stored: list[Stored] = []
    held = duplicates = 0
    for one in items:
        submission, event = one.submission, one.event
        if is_reported(conn, one):
            duplicates += 1
            continue
        if too_many := not asked and event.kind is Kind.HARD and hard >= MOST_HARD:
            evidence = f"{event.evidence}; held, as one run found more than {MOST_HARD} hard bounces"
            event = replace(event, hold="operator", evidence=evidence)
            submission = replace(submission, events=(event,))
        taken = take(conn, submission, now)
        if asked:
            let_go(conn, taken.rows, now)
        new = len(taken.kinds)
        hard += taken.kinds.count(Kind.HARD)
        held += new if too_many else 0
        stored.append(taken)
    if duplicates:
        add_meta(conn, "duplicates", duplicates)
    if found := sum(len(one.kinds) for one in stored):
        add_meta(conn, FOUND, found)
    return stored, held, duplicates


def rehearse_missed(conn: Conn | None, items: Sequence[Missed], shown: Rehearsal) -> tuple[list[Kind], int]:
    """The kinds that `take_missed` would store, and how many it would call known; in an outbox that is empty
    without a connection. `shown` remembers what it was shown."""
    kinds: list[Kind] = []
    duplicates = 0
    for one in items:
        if conn is not None and is_reported(conn, one):
            duplicates += 1
            continue
        taken = shown.take(conn, one.submission)
        duplicates += taken.duplicates
        kinds += taken.kinds
    return kinds, duplicates


def is_reported(conn: Conn, item: Missed) -> bool:
    """Whether the outbox knows of the item, or of any event of that person and group since shortly before it."""
    event, secret = item.event, secret_of(conn)
    if any(conn.execute(QUERIES["probe"], (key,)).fetchone() for key in identity_keys(event, secret)):
        return True
    bounds = {"since": codec.stamp(_time(event) - NEAR), **_kinds(event)}
    return any(
        conn.execute(QUERIES["reported_since"], {"person": person_key(name, secret), **bounds}).fetchone()
        for name in item.names
    )


def _kinds(event: BounceEvent) -> dict[str, str]:
    """The kinds of its group, of which no group has more than two."""
    kinds = [kind.value for kind in Kind if kind.group == event.kind.group]
    return {"kind": kinds[0], "other": kinds[-1]}


def _time(event: BounceEvent) -> datetime:
    assert event.occurred_at is not None, "an item of a list has its own time"
    return event.occurred_at
