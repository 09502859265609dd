# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal of what our bounces caused in Listmonk, and of what an undo made of it.

A bounce's row in Listmonk proves that the subscriber was not blocklisted before it; its read-back, which delivery
makes anyway, tells whose row it is and how the subscriber stands after it. So a line here costs Listmonk no call.
Only what had an effect is noted. An event that was undone is `dropped`, and its line says `restored`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from bouncestream.event import Kind, person_key
from bouncestream.outbox import codec
from bouncestream.outbox.delivery import settle
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.people import secret_of
from bouncestream.outbox.queries import QUERIES
from bouncestream.ports import Cause, ListedRow, Move, State, Subscriber
from bouncestream.record import record

#: How the reason of an undone event begins.
UNDONE = "undone"


@record(frozen=True, slots=True)
class Scope:
    """What is to be undone: all that is given must fit."""

    since: datetime | None = None  #: caused then or later
    campaign_uuid: str = ""
    domain: str = ""  #: of the recipient, or one above it
    kinds: Collection[Kind] = (Kind.HARD, Kind.SOFT)

    def bounds(self) -> dict[str, object]:
        """As the queries take it."""
        return {
            "since": codec.stamp(self.since) if self.since else "",
            "campaign": self.campaign_uuid,
            "domain": self.domain,
            "kinds": f",{','.join(sorted(self.kinds))},",
        }


def note(
    conn: Conn,
    rows: Iterable[ListedRow],
    actions: Mapping[str, str],
    now: datetime,
    *,
    without_effect: bool = False,
    known: Mapping[str, tuple[int, str]] = MappingProxyType({}),
) -> None:
    """Note what these rows, as they were read back, caused. `actions`: what Listmonk does, by kind of bounce;
    `without_effect`: those that caused nothing too; `known`: event id → outbox row and kind, of those that need not
    be looked up."""
    caused = []
    for seen in rows:
        if not (seen.ours and seen.number and seen.subscriber_id and seen.subscriber_uuid):
            continue
        blocks = without_effect or seen.status in ("blocklisted", "")
        if not blocks and "unsubscribe" not in actions.values():
            continue
        found = known.get(seen.event_id)
        if found is None:
            found = conn.execute(QUERIES["kind_by_event_id"], (seen.event_id,)).fetchone()
        if found is None:
            continue
        row, kind = found
        action = actions.get(kind, "")
        if blocks or action == "unsubscribe":
            person = seen.subscriber_id, person_key(seen.subscriber_uuid, secret_of(conn))
            caused.append((row, codec.stamp(now), seen.number, seen.attempt, *person, seen.status, action))
    conn.executemany(QUERIES["note_caused"], caused)


def note_lists(conn: Conn, looked: Mapping[int, Subscriber], now: datetime) -> None:
    """Note on which lists people are before a bounce is posted that will take them off: by outbox row."""
    told = []
    for row, person in looked.items():
        lists = {number: status for number, status in person.lists.items() if status != "unsubscribed"}
        digest = person_key(person.uuid, secret_of(conn))
        left = json.dumps(lists, sort_keys=True)
        told.append((row, codec.stamp(now), person.id, digest, person.status, left))
    conn.executemany(QUERIES["note_lists"], told)


def causes(conn: Conn, scope: Scope, *, after_row: int = 0, limit: int = 1000) -> list[Cause]:
    """What our bounces caused within a scope and nobody has undone, in the order of arrival."""
    bounds = {**scope.bounds(), "after": after_row, "limit": limit}
    return [_cause(conn, values) for values in conn.execute(QUERIES["causes"], bounds).fetchall()]


def begun(conn: Conn) -> list[Cause]:
    """What an undo has begun with, and not ended."""
    return [_cause(conn, values) for values in conn.execute(QUERIES["causes_begun"]).fetchall()]


def unread_labels(conn: Conn, scope: Scope) -> list[str]:
    """The labels of verified events within a scope of which no effect is noted: from before there was this journal,
    or without any."""
    return [label for (label,) in conn.execute(QUERIES["unread_labels"], scope.bounds())]


def in_scope(conn: Conn, event_ids: Iterable[str], scope: Scope) -> dict[str, int]:
    """Event id → outbox row, for those within a scope."""
    bounds = {**scope.bounds(), "event_ids": json.dumps(list(event_ids))}
    return dict(conn.execute(QUERIES["events_in_scope"], bounds).fetchall())


def waiting(conn: Conn, scope: Scope) -> dict[str, int]:
    """How many bounces within a scope are still to be told, by what they are held for; empty: they are not held."""
    return dict(conn.execute(QUERIES["waiting_in_scope"], scope.bounds()).fetchall())


def begin(
    conn: Conn,
    causes: Iterable[Cause],
    rows: Iterable[ListedRow],
    found: str,
    actions: Mapping[str, str],
    now: datetime,
) -> str:
    """Write down that these rows of one subscriber, last changed at `found`, are about to be undone, and return
    when it began, as `finish` and `leave` want it. Empty, and nothing is written: since `causes` were read another
    undo has begun with the subscriber, or ended."""
    rows = list(rows)
    read = {one.event_id: one.begun for one in causes if one.begun}
    wanted = sorted(read.keys() | {seen.event_id for seen in rows})
    for event_id in wanted:
        stands = conn.execute(QUERIES["undo_of_event"], (event_id,)).fetchone()
        before = read.get(event_id, "")
        if stands not in (None, ("begun" if before else "", before or None)):
            return ""
    note(conn, rows, actions, now, without_effect=True)
    began = codec.stamp(now)
    conn.executemany(QUERIES["begin_undo"], [(began, found, event_id) for event_id in wanted])
    return began


def finish(conn: Conn, subscriber_id: int, began: str, now: datetime, why: str) -> list[int]:
    """A subscriber is as it was before: its events are undone. Returns their outbox rows; none where another undo
    has gone on with what began then."""
    rows = [row for (row,) in conn.execute(QUERIES["begun_of"], (subscriber_id, began))]
    settle(conn, [Move(row, State.DROPPED, f"{UNDONE}: {why}") for row in rows], now)
    conn.execute(QUERIES["finish_undo"], (codec.stamp(now), subscriber_id, began))
    return rows


def leave(conn: Conn, row: int, subscriber_id: int, began: str, now: datetime, why: str) -> None:
    """An undo leaves a subscriber alone, with whom one may have begun: written down with the event, once for each
    reason."""
    if began:
        conn.execute(QUERIES["leave_undo"], (subscriber_id, began))
    why = codec.visible(f"an undo left it alone: {why}")
    found = conn.execute(QUERIES["standing"], (row,)).fetchone()
    if found is not None and _last_why(conn, row) != why:
        conn.execute(QUERIES["insert_history"], (row, codec.stamp(now), found[0], found[0], why))


def undone(conn: Conn, row: int) -> datetime | None:
    """When an event was undone; None: it was not."""
    found = conn.execute(QUERIES["undone_at"], (row,)).fetchone()
    return codec.moment(found[0]) if found is not None else None


def again(conn: Conn, rows: Sequence[int]) -> None:
    """Forget what these undone events caused: they are told again."""
    conn.executemany(QUERIES["forget_caused"], [(row,) for row in rows])


def _last_why(conn: Conn, row: int) -> str:
    steps = conn.execute(QUERIES["history"], (row,)).fetchall()
    return str(steps[-1][3]) if steps else ""


def _cause(conn: Conn, values: Sequence[Any]) -> Cause:
    row, event_id, kind, bounce_id, attempt, person, digest, status, action, lists, undo, found, seen_at = values
    claimed = conn.execute(QUERIES["claimed_at"], (row, max(0, attempt - 1))).fetchone()
    told_at = codec.moment(claimed[0] if claimed is not None else seen_at)
    before = {int(number): str(of) for number, of in json.loads(lists or "{}").items()}
    return Cause(
        row, event_id, Kind(kind), bounce_id, person, digest, status, action, before,
        undo, found, told_at,
    )  # fmt: skip
