# SPDX-License-Identifier: GPL-3.0-or-later
"""The memory of watching: how alerts stand, notices and their way to a person, and what came in by the hour.

Synchronous functions on one connection, like `delivery`. All of it is bounded, and no event ever waits for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from bouncestream.alert import AlertState, Delivery, Notice, What
from bouncestream.outbox import codec
from bouncestream.outbox.delivery import get_meta, set_meta
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.people import LAST
from bouncestream.outbox.queries import QUERIES

#: So many notices are kept to look back on, and so many alerts of things that come and go.
KEEP_NOTICES, KEEP_ALERTS = 200, 300

#: Hours that are kept: nine weeks, for a summary and for what is usual.
KEEP_HOURS = 9 * 7 * 24

#: Events that come in within a millisecond.
MOST_AT_ONCE = 10_000

_CURSOR = "watch_row"  # the newest row that was counted


def states(conn: Conn) -> dict[tuple[str, str], AlertState]:
    """How each alert stood when it was last saved."""
    return {(row[0], row[1]): _state(*row) for row in conn.execute(QUERIES["alerts"])}


def _state(rule: str, subject: str, level: str, active: int, *rest: Any) -> AlertState:
    fired_at, bad_at, told_at, resolved_at = map(_moment, rest[:4])
    value, base, told, text, fix = rest[4:]
    return AlertState(
        rule, subject, level, bool(active), fired_at, bad_at, told_at, resolved_at, value, base, told, text, fix
    )


def save(
    conn: Conn,
    changed: Iterable[AlertState] = (),
    notices: Iterable[Notice] = (),
    deliveries: Iterable[Delivery] = (),
) -> None:
    """Write down what changed, and forget what is too old."""
    for s in changed:
        times = [_stamp(at) for at in (s.fired_at, s.bad_at, s.told_at, s.resolved_at)]
        conn.execute(
            QUERIES["save_alert"],
            (s.rule, s.subject, s.level, int(s.active), *times, s.value, s.base, s.told, s.text, s.fix),
        )
    for n in notices:
        conn.execute(
            QUERIES["save_notice"],
            (n.id, _stamp(n.at), n.what, n.level, n.title, n.text, n.fix, n.rule, n.subject, _stamp(n.since)),
        )
    for d in deliveries:
        conn.execute(
            QUERIES["save_delivery"],
            (d.notice.id, d.channel, d.tries, _stamp(d.due_at), _stamp(d.ended_at), int(d.sent), d.error),
        )
    conn.execute(QUERIES["delete_old_alerts"], {"keep": KEEP_ALERTS})
    conn.execute(QUERIES["delete_old_deliveries"], {"keep": KEEP_NOTICES})
    conn.execute(QUERIES["delete_old_notices"], {"keep": KEEP_NOTICES})


def waiting(conn: Conn) -> list[Delivery]:
    """The notices that were not sent yet, the oldest first."""
    return [_delivery(row) for row in conn.execute(QUERIES["deliveries"], {"all": 0})]


def deliveries(conn: Conn) -> list[Delivery]:
    """The deliveries that are remembered, the oldest first."""
    return [_delivery(row) for row in conn.execute(QUERIES["deliveries"], {"all": 1})]


def recent(conn: Conn, limit: int) -> list[Notice]:
    """The newest notices, the newest first."""
    return [_notice(row) for row in conn.execute(QUERIES["recent_notices"], (limit,))]


def newest_notice(conn: Conn) -> int:
    """The number of the newest notice; 0: there is none."""
    number: int = conn.execute(QUERIES["newest_notice"]).fetchone()[0]
    return number


def new_arrivals(
    conn: Conn, now: datetime, limit: int = 5000, upto: int = LAST
) -> tuple[int, Mapping[tuple[int, str, str], int]]:
    """(Newest row, events by hour, source and kind) of up to `limit` rows that were not counted yet, none of them
    later than row `upto`; read only."""
    oldest = hour_of(now) - KEEP_HOURS
    found = get_meta(conn, _CURSOR)
    if found is None:
        since = codec.id_bound(datetime.fromtimestamp(oldest * 3600, UTC))
        first = conn.execute(QUERIES["first_row_since"], (since,)).fetchone()
        # Within a millisecond event ids are in no order, so it may not be the first row of its request.
        after = max(0, first[0] - MOST_AT_ONCE) if first else 0
    else:
        after = int(found)
    counted: Counter[tuple[int, str, str]] = Counter()
    for row, source, kind, at in conn.execute(QUERIES["arrivals_after"], {"after": after, "limit": limit}):
        if row > upto:
            break
        if (hour := hour_of(codec.moment(at))) >= oldest:
            counted[hour, source, kind] += 1
        after = row
    return after, counted


def count_arrivals(conn: Conn, newest: int, counted: Mapping[tuple[int, str, str], int]) -> None:
    """Write down what `new_arrivals` found."""
    conn.executemany(QUERIES["add_hour"], [(*key, events) for key, events in counted.items()])
    set_meta(conn, _CURSOR, str(newest))


def forget_hours(conn: Conn, now: datetime) -> None:
    """Forget what came in by the hour, after nine weeks. A part of retention: `now` must be believed."""
    conn.execute(QUERIES["delete_old_hours"], (hour_of(now) - KEEP_HOURS,))


def hours(conn: Conn, since: int) -> list[tuple[int, str, str, int]]:
    """(Hour, source, kind, events) from an hour on, in order."""
    return conn.execute(QUERIES["hours_since"], (since,)).fetchall()


def hour_of(at: datetime) -> int:
    """The hour that a time is in, counted from 1970."""
    return int(at.timestamp() // 3600)


def _stamp(at: datetime | None) -> str | None:
    return codec.stamp(at) if at else None


def _moment(text: str | None) -> datetime | None:
    return codec.moment(text) if text else None


def _notice(row: tuple[Any, ...]) -> Notice:
    number, at, what, level, title, text, fix, rule, subject, since = row
    return Notice(number, codec.moment(at), What(what), level, title, text, fix, rule, subject, _moment(since))


def _delivery(row: tuple[Any, ...]) -> Delivery:
    channel, tries, due_at, ended_at, sent, error = row[10:]
    return Delivery(_notice(row[:10]), channel, tries, _moment(due_at), _moment(ended_at), bool(sent), error)
