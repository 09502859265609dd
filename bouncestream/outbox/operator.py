# SPDX-License-Identifier: GPL-3.0-or-later
"""The operator's view of the outbox, and the operator's actions: list, show, stats; replay, drop, release, rejudge.

The commands run beside `bouncestream run` on a database of their own, with the same moves. They never touch a row
that is `claimed`, or `posted` and not finished: the relay holds it, and what it knows of it is in its memory.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bouncestream.errors import UsageError
from bouncestream.event import BounceEvent, Kind, person_key
from bouncestream.outbox import braking, caused, codec, people
from bouncestream.outbox.delivery import HORIZON, WHY_LIMIT, settle
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.quarantine import Quarantined
from bouncestream.outbox.queries import QUERIES
from bouncestream.ports import Claimed, Move, RawInput, State
from bouncestream.record import record

#: Comes after every row.
_LAST = (1 << 63) - 1
#: Rows that are read at once where not all of them are wanted.
_PIECE = 5000


@record(frozen=True, slots=True, kw_only=True)
class Listed(Claimed):
    """A row with all that is known of it but its history and its raw body, whatever its state."""

    held_for: str
    next_attempt_at: datetime | None
    finished_at: datetime | None
    why: str
    raw_id: int | None
    supersedes: str
    superseded_by: int | None

    @property
    def source(self) -> str:
        return self.event.source

    @property
    def provider(self) -> str:
        return self.event.provider


@dataclass(frozen=True, slots=True)
class Step:
    """A line of a history; `before` is empty where the event came in."""

    at: datetime
    before: str
    after: State
    why: str


@dataclass(frozen=True, slots=True)
class Stats:
    """Numbers of the events since a time."""

    days: Sequence[tuple[str, int, int, int, int]]  #: day, hard, soft, complaints, unsubscribes; the newest first
    #: campaign UUID (empty: not told), hard, soft, complaints, unsubscribes, newest; the one last heard of first
    campaigns: Sequence[tuple[str, int, int, int, int, datetime]]
    sources: Sequence[tuple[str, str, int, datetime]]  #: source, kind, events, newest
    reasons: Sequence[tuple[str, str, int]]  #: kind, reason, events
    domains: Sequence[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Changed:
    """The result of a command: the rows that it changed, and for each other row the reason, in words."""

    done: Sequence[int]
    refused: Mapping[int, str]


def list_rows(
    conn: Conn,
    *,
    states: Iterable[State] = (),
    kinds: Iterable[str] = (),
    source: str = "",
    provider: str = "",
    recipient: str = "",
    since: datetime | None = None,
    before_row: int = 0,
    limit: int = 50,
) -> list[Listed]:
    """Rows that pass every filter that is given, newest first; `before_row` goes on from an earlier list."""
    wanted = list(states)
    aside = bool(wanted) and set(wanted) <= {State.HELD, State.DEAD}
    person = person_key(recipient, people.secret_of(conn)) if recipient else b""
    piece = max(limit, _PIECE) if recipient else limit
    bounds = {
        "states": json.dumps(wanted, separators=(",", ":")),
        "kinds": json.dumps(list(kinds), separators=(",", ":")),
        "source": source,
        "provider": provider,
        "recipient": recipient,
        "person": person,
        "since_id": codec.id_bound(since) if since else "",
        "limit": piece,
    }
    found: list[Listed] = []
    while len(found) < limit:
        bounds["before_row"] = before_row or _LAST
        rows = conn.execute(QUERIES["list_set_aside" if aside else "list_rows"], bounds).fetchall()
        for values in rows:
            told = codec.row(values).event
            # told by the UUID, or of an earlier version: the address is not what `person` is made of
            if not recipient or told.person == person or told.recipient == recipient:
                found.append(listed(values))
        if len(rows) < piece:
            break
        before_row = rows[-1][0]
    return found[:limit]


def find(conn: Conn, ref: str) -> int:
    """The row that a person means: its number, its event id, or the first characters of that (8 or more; event ids
    of our time begin with 0, numbers never do). UsageError when there is none, or more than one."""
    text = ref.strip().lower()
    if text.isascii() and text.isdigit() and not text.startswith("0") and len(text) < 19:
        if conn.execute(QUERIES["standing"], (int(text),)).fetchone():
            return int(text)
    elif len(text) >= 8 and not set(text) - set("0123456789abcdef-"):
        found = conn.execute(QUERIES["rows_by_prefix"], {"prefix": text}).fetchall()
        if len(found) == 1:
            return int(found[0][0])
        if found:
            raise UsageError(f"More than one event id begins with {text}. Next: give more of its characters.")
    raise UsageError(
        f"No event {ref!r} is in the outbox. Next: `bouncestream outbox list` shows them; an event is named by its "
        "number, its id, or the first 8 or more characters of its id."
    )


def show(conn: Conn, row: int) -> tuple[Listed, list[Step]]:
    """A row and its history."""
    found = conn.execute(QUERIES["row"], (row,)).fetchone()
    if found is None:
        raise UsageError(f"No event {row} is in the outbox.")
    steps = conn.execute(QUERIES["history"], (row,))
    return listed(found), [Step(codec.moment(at), before, State(after), why) for at, before, after, why in steps]


def stats(conn: Conn, since: datetime, *, limit: int = 20) -> Stats:
    """Numbers for a person, for the events received since a time: it reads all of those."""
    bounds = {"since_id": codec.id_bound(since), "limit": limit}
    sources = conn.execute(QUERIES["stats_sources"], bounds).fetchall()
    return Stats(
        days=conn.execute(QUERIES["stats_days"], bounds).fetchall(),
        campaigns=[
            (*row[:5], codec.moment(row[5])) for row in conn.execute(QUERIES["stats_campaigns"], bounds).fetchall()
        ],
        sources=[(source, kind, count, codec.moment(newest)) for source, kind, count, newest in sources],
        reasons=conn.execute(QUERIES["stats_reasons"], bounds).fetchall(),
        domains=conn.execute(QUERIES["stats_domains"], bounds).fetchall(),
    )


def rows_in(
    conn: Conn,
    state: State,
    *,
    held_for: str = "",
    why_begins: str = "",
    since: datetime | None = None,
    limit: int = 100_000,
) -> list[int]:
    """The rows for a command about many: all dead ones, what a dry run dropped (by how its reason begins) …
    `since`: only those that are finished, and then or later."""
    query = "set_aside_in_state" if state in (State.HELD, State.DEAD) else "rows_in_state"
    found: list[int] = []
    after = 0
    while len(found) < limit:
        bounds = {
            "state": state,
            "held_for": held_for,
            "since": codec.stamp(since) if since else "",
            "after": after,
            "limit": _PIECE,
        }
        rows = conn.execute(QUERIES[query], bounds).fetchall()
        found += [row for row, why in rows if why.startswith(why_begins)]
        if len(rows) < _PIECE:
            break
        after = rows[-1][0]
    return found[:limit]


def replay(
    conn: Conn,
    rows: Sequence[int],
    now: datetime,
    why: str = "replayed",
    *,
    again: bool = False,
    verified: bool = False,
) -> Changed:
    """Deliver finished rows again; with `again` also those that were undone, with `verified` also those whose rows
    were seen, as a Listmonk that was restored from a backup has lost them. One that was ever claimed for posting
    may be in Listmonk already: it becomes `claimed`, and `run` reads it back before it posts anything. Its failures
    are forgiven."""

    def move(row: int, state: State, attempt: int) -> Move | str:
        if state is State.VERIFIED and not verified:
            return "it is already in Listmonk (verified): use `replay --verified`, if Listmonk was restored since"
        if state is State.PENDING:
            return "it is already waiting for delivery (pending)"
        if state is State.HELD:
            return "it is held: use `release`"
        if state is State.DROPPED and caused.undone(conn, row):
            if not again:
                return "it was undone: use `replay --again`, if it is to be delivered all the same"
            caused.again(conn, [row])
        if state is State.VERIFIED:
            caused.again(conn, [row])  # what it caused is gone with its row, or is seen again
        conn.execute(QUERIES["fresh_start"], (row,))
        return Move(row, State.CLAIMED if attempt else State.PENDING, why)

    changed = _change(conn, rows, now, move)
    braking.let_go(conn, changed.done, now)
    return changed


def drop(conn: Conn, rows: Sequence[int], now: datetime, why: str = "dropped by an operator") -> Changed:
    """Never deliver rows that wait or are held."""

    def move(row: int, state: State, _: int) -> Move | str:
        if state not in (State.PENDING, State.HELD):
            return f"it is already finished ({state})"
        return Move(row, State.DROPPED, why)

    return _change(conn, rows, now, move)


def release(conn: Conn, rows: Sequence[int], now: datetime, why: str = "released by an operator") -> Changed:
    """Let held rows go."""

    def move(row: int, state: State, _: int) -> Move | str:
        if state is not State.HELD:
            return f"it is not held, but {state}"
        return Move(row, State.PENDING, why)

    changed = _change(conn, rows, now, move)
    braking.let_go(conn, changed.done, now)
    return changed


def untold(state: State, attempt: int) -> bool:
    """Whether nobody can have been told of an event that stands so."""
    return attempt == 0 and state in (State.PENDING, State.HELD)


def rejudge(conn: Conn, row: int, event: BounceEvent | None, now: datetime, why: str) -> bool:
    """Give a row the kind, the reason and the words of `event`, or drop it (None: it is no bounce). False when
    somebody may have been told of it meanwhile (an earlier attempt may have counted as what the event was then), or
    when the new kind is of another group, as its identity stays: then nothing is changed. What is unsure is told as
    it was, or would have been, when it came in: by what came before."""
    found = conn.execute(QUERIES["standing_kind"], (row,)).fetchone()
    if found is None or not untold(State(found[0]), found[1]):
        return False
    if event is None:
        return bool(drop(conn, [row], now, why).done)
    if event.kind.group != Kind(found[2]).group:
        return False
    why = codec.visible(why, WHY_LIMIT)
    event = people.judged_again(conn, event, row, codec.moment(found[3]))
    new = codec.columns(event, now, codec.stamp(now), people.secret_of(conn))
    person = (
        new.recipient, new.subscriber_uuid, new.campaign_uuid, new.address_form, new.reported,
        new.person, new.domain, new.sure,
    )  # fmt: skip
    conn.execute(QUERIES["rejudge_event"], (new.kind, *new.words, *person, why, row))
    conn.execute(QUERIES["insert_history"], (row, codec.stamp(now), found[0], found[0], why))
    return True


def release_permission(conn: Conn, now: datetime, limit: int = 100_000) -> int:
    """The token may do now what it could not (or one row goes ahead to see): let go what was held for that, the
    oldest first. Returns how many."""
    rows = rows_in(conn, State.HELD, held_for="permission", limit=limit)
    return len(release(conn, rows, now, "retried: the token may have the permission now").done)


def drop_due(conn: Conn, now: datetime, limit: int, why: str, after_row: int = 0) -> int:
    """A dry run: what came in after a row and is due is dropped instead of claimed, so that a later replay need not
    read it back."""
    bounds = {"now": codec.stamp(now), "limit": limit, "after": after_row}
    due = conn.execute(QUERIES["due_rows"], bounds).fetchall()
    if len(due) < limit:
        bounds = {"horizon": codec.stamp(now + HORIZON), "limit": limit - len(due), "after": after_row}
        due += conn.execute(QUERIES["absurd_rows"], bounds).fetchall()
    return len(drop(conn, [row for (row,) in due], now, why).done)


def raw_input(conn: Conn, item: Listed | Quarantined) -> RawInput:
    """The request or mail that an event or an item of the quarantine came by. UsageError when there is none, or
    retention has taken it away."""
    if item.raw_id is None:
        raise UsageError("It has no raw body.")
    body = raw_body(conn, item.raw_id)
    content_type, headers = conn.execute(QUERIES["raw_request"], (item.raw_id,)).fetchone()
    return RawInput(item.source, item.provider, item.received_at, body, content_type, codec.headers(headers))


def raw_body(conn: Conn, raw_id: int) -> bytes:
    """The raw body of an event, byte for byte. UsageError when retention has taken it away."""
    found = conn.execute(QUERIES["raw"], (raw_id,)).fetchone()
    if found is None:
        raise UsageError(
            "The raw body has expired: [retention] raw keeps raw bodies for a shorter time than events."
        )
    return codec.unpack(*found)


def raw_head(conn: Conn, raw_id: int) -> tuple[datetime, str, int] | None:
    """When a raw body came in, its content type and its size; None when it is gone."""
    found = conn.execute(QUERIES["raw_head"], (raw_id,)).fetchone()
    return (codec.moment(found[0]), found[1], found[2]) if found else None


def _change(
    conn: Conn, rows: Sequence[int], now: datetime, decide: Callable[[int, State, int], Move | str]
) -> Changed:
    moves: list[Move] = []
    refused: dict[int, str] = {}
    for row in dict.fromkeys(rows):
        found = conn.execute(QUERIES["standing"], (row,)).fetchone()
        if found is None:
            refused[row] = "there is no such event"
            continue
        state = State(found[0])
        if found[3]:
            refused[row] = "its person was erased: nothing is left to deliver"
        elif state is State.CLAIMED:
            refused[row] = "it is being delivered (claimed): wait until that is confirmed"
        elif state is State.POSTED and found[2] is None:
            refused[row] = "it is in Listmonk's queue (posted): wait until that is confirmed"
        else:
            verdict = decide(row, state, found[1])
            if isinstance(verdict, str):
                refused[row] = verdict
            else:
                moves.append(verdict)
    skipped = settle(conn, moves, now)
    assert not skipped, "decided on the same snapshot"
    return Changed([move.row for move in moves], refused)


def listed(values: Sequence[Any]) -> Listed:
    """A row of the table, by the columns of `codec.ROW`."""
    row = codec.row(values)
    return Listed(
        row.id, row.event_id, State(row.state), codec.event(row), codec.moment(row.event.received_at), row.label,
        row.attempt, row.failures, row.absences, row.event.address_form, row.unsent,
        held_for=row.held_for,
        next_attempt_at=codec.moment(row.next_attempt_at) if row.next_attempt_at else None,
        finished_at=codec.moment(row.finished_at) if row.finished_at else None,
        why=row.why,
        raw_id=row.raw_id,
        supersedes=row.supersedes or "",
        superseded_by=row.superseded_by,
    )  # fmt: skip
