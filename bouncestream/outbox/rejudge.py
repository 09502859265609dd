# SPDX-License-Identifier: GPL-3.0-or-later
"""A stored event gets another judgement. Synchronous functions on one connection, each one job of the writer.

Only what nobody was told of may change in place: it is pending or held, and was never claimed (an earlier attempt
may have counted as what the event was then). Its identity stays, so the kind changes within its group only.
"""

from __future__ import annotations

import sqlite3
from datetime import datetime

from bouncestream.event import BounceEvent, Kind
from bouncestream.outbox import codec
from bouncestream.outbox import operator as browse
from bouncestream.outbox.delivery import WHY_LIMIT
from bouncestream.outbox.queries import QUERIES
from bouncestream.ports import State


def untold(state: State, attempt: int) -> bool:
    """Whether nobody can have been told of an event that stands so."""
    return attempt == 0 and state in (State.PENDING, State.HELD)


def rejudge(conn: sqlite3.Connection, row: int, event: BounceEvent | None, now: datetime, why: str) -> bool:
    """Give a row the kind, the reason and the words of `event`, or drop it (None: it is no bounce). False when it
    has gone on meanwhile, or when the new kind is of another group: then nothing is changed."""
    found = conn.execute(QUERIES["standing_kind"], (row,)).fetchone()
    if found is None or not untold(State(found[0]), found[1]):
        return False
    if event is None:
        return bool(browse.drop(conn, [row], now, why).done)
    if event.kind.group != Kind(found[2]).group:
        return False
    why = codec.visible(why, WHY_LIMIT)
    values = codec.values(event, now, codec.stamp(now))
    conn.execute(QUERIES["rejudge_event"], (*values[:4], *values[8:12], *values[14:], why, row))
    conn.execute(QUERIES["insert_history"], (row, codec.stamp(now), found[0], found[0], why))
    return True
