# SPDX-License-Identifier: GPL-3.0-or-later
"""The brake's place in the outbox: the hard bounces that it counts, what it holds, and what a person has let go.

What is held and what is claimed is decided in one transaction. A hard bounce that was claimed once may be in
Listmonk, so it is never held.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Container, Iterable, Sequence
from datetime import datetime

from bouncestream.brake import Brake, Braked, Decision, Hard, Mark, Usual, server_of
from bouncestream.event import Kind
from bouncestream.outbox import codec, delivery
from bouncestream.outbox.arrivals import Item, take_many
from bouncestream.outbox.delivery import settle
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.queries import QUERIES
from bouncestream.outbox.tables import Stored
from bouncestream.ports import Claimed, Move, State

#: In `meta`: where the brake is on, as JSON.
BRAKED = "braked"
HELD_FOR = "brake"


def window(conn: Conn, since: datetime, now: datetime) -> list[Hard]:
    """The hard bounces since a time that were judged by the brake: at a start."""
    bounds = {"since_id": codec.id_bound(since), "since": codec.stamp(since), "now": codec.stamp(now)}
    found = conn.execute(QUERIES["hards_since"], bounds)
    return [_hard(row, waits=row.state == State.PENDING) for row in map(codec.row, found)]


def braked(conn: Conn) -> list[Braked]:
    """Where the brake was on."""
    try:
        stored = json.loads(delivery.get_meta(conn, BRAKED) or "[]")
        return [
            Braked(scope, source, codec.moment(at), tuple(Mark(*mark) for mark in marks))
            for scope, source, at, marks in stored
        ]
    except (ValueError, TypeError):
        return []


def campaigns_due(conn: Conn, now: datetime, limit: int) -> bool:
    """Whether a hard bounce of a campaign is among the events that are due."""
    return any(one.campaign for one in _hards(conn, delivery.due(conn, now, limit)))


def claim(
    conn: Conn,
    *,
    brake: Brake,
    usual: Usual,
    now: datetime,
    limit: int,
    looked: Container[str] | None = None,
    ask_sent: bool = False,
    ask_readers: bool = False,
) -> tuple[Decision, list[Claimed] | None]:
    """`delivery.claim`, after what the brake holds of what is due was held. None, and nothing is changed: it would
    begin for a campaign, and `ask_sent` is set, as what is known to be sent is not fresh: a campaign that nobody
    knows yet may have begun since; or `ask_readers` is set, and there are domains whose readers are not known."""
    rows = delivery.due(conn, now, limit)
    decision = brake.judge(_hards(conn, rows), now, usual)
    if ask_sent and any(on.of_campaign for scope, on in decision.braked.items() if scope not in brake.braked):
        return decision, None
    if ask_readers and decision.unknown:
        return decision, None
    if decision.held:
        why = "the brake holds it: too many hard bounces are alike"
        settle(
            conn,
            [Move(row, State.HELD, f"{why}: {mark}", held_for=HELD_FOR) for row, mark in decision.held.items()],
            now,
        )
    for row, until in decision.waits.items():
        why = f"waits until {until:%H:%M:%S} UTC: so many hard bounces come that the brake may be needed"
        delivery.put_off(conn, row, until, why, now)
    if decision.braked != brake.braked:
        stored = [
            [one.scope, one.source, codec.stamp(one.began_at), [[m.kind, m.name, m.reason] for m in one.marks]]
            for one in decision.braked.values()
        ]
        delivery.set_meta(conn, BRAKED, json.dumps(stored))
    rows = [row for row in rows if row.id not in decision.held and row.id not in decision.waits]
    return decision, delivery.take(conn, rows, now, looked)


def held(conn: Conn) -> int:
    """How many events the brake holds."""
    found: dict[str, int] = dict(conn.execute(QUERIES["held_for"]).fetchall())
    return found.get(HELD_FOR, 0)


def held_rows(conn: Conn, *, domain: str = "", reason: str = "", since: datetime | None = None) -> list[int]:
    """The rows that the brake holds, and that pass every filter that is given."""
    bounds = {"domain": domain, "reason": reason, "since": codec.stamp(since) if since else ""}
    return [row for (row,) in conn.execute(QUERIES["braked_rows"], bounds)]


def diagnostics(conn: Conn, limit: int = 200) -> list[str]:
    """What servers said of the newest events that the brake holds."""
    rows = conn.execute(QUERIES["newest_braked"], (limit,))
    return [codec.row(values).event.diagnostic for values in rows]


def let_go(conn: Conn, rows: Iterable[int], now: datetime) -> None:
    """A person has decided about these: the brake does not hold them again."""
    conn.executemany(QUERIES["let_go"], [(row, codec.stamp(now)) for row in rows])


def take_let_go(conn: Conn, items: Sequence[Item]) -> list[Stored]:
    """`arrivals.take_many` for a batch that a person has decided about as a whole."""
    taken = take_many(conn, items)
    for one, (_, now) in zip(taken, items, strict=True):
        let_go(conn, one.rows, now)
    return taken


def hards_among(conn: Conn, rows: Collection[int]) -> int:
    """How many hard bounces are among these rows."""
    return sum(
        found is not None and found[2] == Kind.HARD
        for found in (conn.execute(QUERIES["standing_kind"], (row,)).fetchone() for row in rows)
    )


def _hards(conn: Conn, due: Iterable[codec.Row]) -> list[Hard]:
    """The hard bounces among what is due, as far as they may be held."""
    rows = [row for row in due if row.event.kind == Kind.HARD and row.attempt == 0]
    gone = _gone(conn, [row.id for row in rows])
    return [_hard(row) for row in rows if row.id not in gone]


def _gone(conn: Conn, rows: Sequence[int]) -> set[int]:
    if not rows or conn.execute(QUERIES["any_let_go"]).fetchone() is None:
        return set()
    return {row for row in rows if conn.execute(QUERIES["is_let_go"], (row,)).fetchone() is not None}


def _hard(row: codec.Row, *, waits: bool = False) -> Hard:
    told = row.event
    held = row.state == State.HELD and row.held_for == HELD_FOR
    server = server_of(told.diagnostic) if told.diagnostic else ""
    at = codec.moment(told.received_at)
    return Hard(row.id, at, told.campaign_uuid, told.source, told.domain, told.reason, server, held, waits)
