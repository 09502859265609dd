# SPDX-License-Identifier: GPL-3.0-or-later
"""The quarantine: what came in proven and could not become an event, kept raw until it is read again.

Synchronous functions on one connection, each one job of the writer or of a reader.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bouncestream.outbox import codec
from bouncestream.outbox.braking import take_let_go
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.queries import QUERIES
from bouncestream.outbox.tables import Stored
from bouncestream.ports import Submission


@dataclass(frozen=True, slots=True)
class Quarantined:
    """An item of the quarantine, without its raw body."""

    id: int
    received_at: datetime
    source: str
    provider: str
    why: str
    event_type: str
    raw_id: int
    replayed_at: datetime | None
    unidentified: bool = False  #: a bounce mail that does not tell whose it is


def quarantine_items(
    conn: Conn,
    *,
    after: int = 0,
    limit: int = 50,
    replayed: bool = False,
    unidentified: bool = False,
) -> list[Quarantined]:
    """The items that wait in quarantine, oldest first, or the bounces `unidentified`; with `replayed` all there
    ever was."""
    query = "quarantine_all" if replayed else "quarantine_items"
    found = conn.execute(QUERIES[query], {"after": after, "limit": limit, "unidentified": int(unidentified)})
    return [
        Quarantined(
            number, codec.moment(at), source, provider, why, event_type, raw_id,
            codec.moment(done) if done else None, bool(nobody),
        )
        for number, at, source, provider, why, event_type, raw_id, done, nobody in found
    ]  # fmt: skip


def mark_replayed(conn: Conn, item: int, now: datetime) -> bool:
    """Note that an item of the quarantine was read after all; False when it was noted before."""
    return conn.execute(QUERIES["mark_replayed"], (codec.stamp(now), item)).rowcount == 1


def store_again(conn: Conn, item: int, submission: Submission, now: datetime) -> Stored | None:
    """Mark an item as replayed and store what it says now, perhaps nothing, within the transaction of the caller.
    None when it was marked before: then nothing is stored, so that two who read it again at the same time make one
    event."""
    return take_let_go(conn, [(submission, now)])[0] if mark_replayed(conn, item, now) else None


def drop_items(conn: Conn, items: Sequence[int], now: datetime) -> list[int]:
    """Take items out of the quarantine for good; returns those that still waited there. Their raw bodies leave the
    outbox with [retention] raw. The newest one stays, marked as replayed: its number must not come again."""
    return [
        item
        for item in items
        if conn.execute(QUERIES["drop_quarantined"], (item,)).rowcount == 1 or mark_replayed(conn, item, now)
    ]
