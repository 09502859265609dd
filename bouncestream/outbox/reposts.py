# SPDX-License-Identifier: GPL-3.0-or-later
"""Reposts, which are posted again after an attempt that may have reached Listmonk, and the labels that are read
again later since such an attempt may still be recorded (docs/develop/rules.md, rule 6). As in `delivery`, each
function is one job.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from bouncestream.outbox import codec
from bouncestream.outbox.delivery import HORIZON, due_in, rows_of
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.queries import QUERIES
from bouncestream.ports import Move, Repost, State


class Due(NamedTuple):
    """The events that are due to be posted."""

    wait: float | None  #: seconds until a pending row is due, 0 when one is; None when nothing is pending
    labels: list[str]  #: of what the next `claim` would take to post it again, in that order
    again: bool  #: whether anything waits to be posted again, due or not


def due(conn: Conn, *, now: datetime, limit: int) -> Due:
    """The events that are due, as the relay asks before a batch."""
    wait = due_in(conn, now)
    again = wait is not None and conn.execute(QUERIES["any_again"]).fetchone() is not None
    return Due(wait, due_again(conn, now=now, limit=limit) if again and wait == 0 else [], again)


def due_again(conn: Conn, *, now: datetime, limit: int) -> list[str]:
    """The labels of what the next `claim` would take to post it again, in that order."""
    labels = conn.execute(QUERIES["due_again"], {"now": codec.stamp(now), "limit": limit}).fetchall()
    if len(labels) < limit:
        bounds = {"horizon": codec.stamp(now + HORIZON), "limit": limit - len(labels)}
        labels += conn.execute(QUERIES["absurd_again"], bounds).fetchall()
    return list(dict.fromkeys(label for (label,) in labels if label))


def waiting(conn: Conn, labels: Iterable[str]) -> list[Repost]:
    """The reposts that are pending under these labels after attempts that may have reached Listmonk."""
    return [Repost(*row) for label in labels for row in conn.execute(QUERIES["reposts"], (label,))]


def later_reads(conn: Conn, now: datetime) -> dict[str, tuple[int, float]]:
    """Labels that are read again later: which of these reads is next, and seconds until it is due."""
    kept = conn.execute(QUERIES["later_reads"])
    return {label: (step, (codec.moment(at) - now).total_seconds()) for label, step, at in kept}


def plan_reads(conn: Conn, steps: Mapping[str, tuple[int, float] | None], now: datetime) -> None:
    """Keep which read of a label is next, and in how many seconds; None: there is none any more."""
    for label, plan in steps.items():
        if plan is None:
            conn.execute(QUERIES["forget_read"], (label,))
        else:
            conn.execute(QUERIES["plan_read"], (label, plan[0], codec.stamp(now + timedelta(seconds=plan[1]))))


def found_after_all(conn: Conn, event_ids: Sequence[str]) -> list[Move]:
    """Moves for those of these events, seen in Listmonk, that had ended without a row (rule 7)."""
    why = "its row is in Listmonk after all, recorded late"
    ended = (State.UNSTORED, State.DEAD)
    return [Move(row, State.VERIFIED, why) for row, state in rows_of(conn, event_ids).values() if state in ended]
