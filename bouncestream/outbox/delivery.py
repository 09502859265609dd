# SPDX-License-Identifier: GPL-3.0-or-later
"""The relay's jobs on rows: claim, settle, and what it asks. Synchronous functions on one connection; each call is
one job of the writer (`db.write`), so it is stored as a whole or not at all, and may run twice.

What comes in is in `arrivals`; what an operator sees and does is in `operator`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from bouncestream.backoff import LONGEST
from bouncestream.event import Kind
from bouncestream.outbox import codec
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.queries import QUERIES
from bouncestream.outbox.state import FINAL, MOVES
from bouncestream.ports import Claimed, Move, State

#: A new label after so many events, since a read-back costs as much as its label has rows.
LABEL_EVENTS = 1000

#: A row due further away than this is due now: no delay of ours is that long (`settle` sees to it), so the clock
#: has jumped back. The slack is for clocks that are only a little off.
HORIZON = timedelta(seconds=LONGEST, minutes=10)

#: Of what was let go, perhaps a hundred thousand events at once, so many are looked at for the oldest.
LET_GO = 1000

#: Bytes of a reason in the history; the whole answer of a server does not belong there.
WHY_LIMIT = 500

#: In `meta`, counted: mails that named people without proof, people beyond `[mail] max_unproven`, and mails with a
#: UUID that Listmonk does not know.
UNPROVEN, EXCESS, UNKNOWN_UUIDS = "unproven_mails", "unproven_excess", "unknown_uuids"

#: In `meta` of a copy that `Database.backup` made: when.
RESTORED = "restored_from"
#: In `meta`: this outbox is the only one of its sources.
SETTLED = "settled_in"

_CLAIM = QUERIES["claim"]
_CLAIM_DUE = QUERIES["claim_due"]
_CLAIM_ABSURD = QUERIES["claim_absurd"]
_COUNT = QUERIES["count"]
_HISTORY = QUERIES["insert_history"]
_MOVE = QUERIES["move"]
_STATES_OF = QUERIES["states_of"]


def claim(conn: Conn, *, now: datetime, limit: int, looked: Container[str] | None = None) -> list[Claimed]:
    """Take the oldest due rows for posting: see `due` and `take`."""
    return take(conn, due(conn, now, limit), now, looked)


def due(conn: Conn, now: datetime, limit: int) -> list[codec.Row]:
    """The oldest rows that are due."""
    found = conn.execute(_CLAIM_DUE, {"now": codec.stamp(now), "limit": limit}).fetchall()
    if len(found) < limit:
        bounds = {"horizon": codec.stamp(now + HORIZON), "limit": limit - len(found)}
        found += conn.execute(_CLAIM_ABSURD, bounds).fetchall()
    return [codec.row(values) for values in found]


def take(
    conn: Conn, rows: Sequence[codec.Row], now: datetime, looked: Container[str] | None = None
) -> list[Claimed]:
    """Take due rows for posting: state `claimed`, the next attempt number, a label for those that have none. What
    is posted again is taken only if its label is in `looked`; None: no label can be looked at."""
    at = codec.stamp(now)
    if looked is not None:
        rows = [row for row in rows if row.attempt <= row.unsent or not row.label or row.label in looked]
    if not rows:
        return []
    new = [row.event.source for row in rows if not row.label and row.event.kind != Kind.UNSUBSCRIBE]
    labels = _new_labels(conn, new, now)
    taken: list[Claimed] = []
    updates: list[tuple[str, str, int]] = []
    history: list[tuple[int, str, str, str, str]] = []
    for row in rows:
        label, attempt = row.label, row.attempt + 1
        if not label and row.event.kind != Kind.UNSUBSCRIBE:
            label = labels[row.event.source].pop()
        why = f"attempt {attempt}"
        updates.append((label, why, row.id))
        history.append((row.id, at, "pending", "claimed", why))
        taken.append(codec.claimed(row, State.CLAIMED, label, attempt))
    conn.executemany(_CLAIM, updates)
    conn.executemany(_HISTORY, history)
    count(conn, {State.PENDING: -len(taken), State.CLAIMED: len(taken)})
    return taken


def _new_labels(conn: Conn, sources: Iterable[str], now: datetime) -> dict[str, list[str]]:
    """The labels for each source, as many as it occurs, popped from the end: `<source> <day>`, then with ` #2` …"""
    day = now.astimezone(UTC).date().isoformat()
    labels: dict[str, list[str]] = {}
    for source, count in Counter(sources).items():
        number, used = conn.execute(QUERIES["newest_label"], (source, day)).fetchone() or (1, 0)
        found: list[str] = []
        while len(found) < count:
            if used >= LABEL_EVENTS:
                number, used = number + 1, 0
            part = min(LABEL_EVENTS - used, count - len(found))
            found += [f"{source} {day}" + (f" #{number}" if number > 1 else "")] * part
            used += part
            conn.execute(QUERIES["count_label"], (source, day, number, used))
        found.reverse()
        labels[source] = found
    return labels


def put_off(conn: Conn, row: int, until: datetime, why: str, now: datetime) -> None:
    """Have a pending row wait, which was not taken for it."""
    conn.execute(QUERIES["put_off"], (codec.stamp(until), why, row))
    conn.execute(_HISTORY, (row, codec.stamp(now), State.PENDING, State.PENDING, why))


def settle(conn: Conn, moves: Sequence[Move], now: datetime) -> list[int]:
    """Apply each move that `MOVES` allows, in order, with its history. Returns the rows whose move is not allowed:
    they were changed by someone else (an operator), and stay as they are.

    A finished row that is `posted` may be claimed (replayed), one that is not belongs to the relay. No delay is
    longer than LONGEST.

    Absences are forgotten when a row goes anywhere but to `posted` without `absent`: then something other than
    Listmonk's design explains what happened. A POST alone explains nothing, so `posted` keeps them.
    """
    at = codec.stamp(now)
    skipped: list[int] = []
    updates: list[tuple[object, ...]] = []
    history: list[tuple[int, str, str, str, str]] = []
    found = conn.execute(_STATES_OF, {"rows": json.dumps(list({move.row for move in moves}))}) if moves else ()
    states = {row: (State(state), bool(finished)) for row, state, finished in found}
    counts: dict[str, int] = {}
    for move in moves:
        row, to = move.row, move.to
        if row not in states:
            skipped.append(row)
            continue
        state, finished = states[row]
        if to not in MOVES[state] or (state is State.POSTED and _misfit(finished, move)):
            skipped.append(row)
            continue
        ends = to in FINAL or (to is State.POSTED and move.final)
        states[row] = to, ends
        counts[state] = counts.get(state, 0) - 1
        counts[to] = counts.get(to, 0) + 1
        why = codec.visible(move.why, WHY_LIMIT)
        updates.append(
            (
                to.value,
                why,
                move.held_for,
                codec.stamp(now + timedelta(seconds=min(move.delay, LONGEST))) if to is State.PENDING else None,
                at if ends else None,
                1,
                int(move.failed),
                int(move.absent or to is State.POSTED),
                int(move.absent),
                move.address_form,
                int(move.unsent and to is State.PENDING),
                row,
            )
        )
        history.append((row, at, state.value, to.value, why))
    conn.executemany(_MOVE, updates)
    conn.executemany(_HISTORY, history)
    count(conn, counts)
    return skipped


def _misfit(finished: bool, move: Move) -> bool:
    """Of a posted row: whether it is ended twice or not at all, or taken from the relay that reads it back."""
    if move.to is State.POSTED:
        return finished or not move.final
    return move.to is State.CLAIMED and not finished


def unsettled(conn: Conn, *, after_row: int = 0, limit: int = 1000) -> list[Claimed]:
    """Rows that are claimed, or posted and not finished, in the order of arrival: what a start, or a replay by
    another process, leaves to be read back."""
    found = conn.execute(QUERIES["unsettled"], {"after_row": after_row, "limit": limit})
    rows = [codec.row(values) for values in found]
    return [codec.claimed(row, State(row.state), row.label, row.attempt) for row in rows]


def newest_row(conn: Conn) -> int:
    """The number of the newest row; 0 where there is none."""
    newest: int = conn.execute(QUERIES["newest_row"]).fetchone()[0]
    return newest


def reset_absences(conn: Conn) -> None:
    """At the start of a run: no absence that an earlier run counted counts (docs/develop/rules.md, rule 6)."""
    conn.execute(QUERIES["reset_absences"])
    conn.execute(QUERIES["reset_absences_unsettled"])


def due_in(conn: Conn, now: datetime) -> float | None:
    """Seconds until a pending row is due, 0 when one is; None when nothing is pending."""
    first = conn.execute(QUERIES["first_due"]).fetchone()
    if first is None:
        return None
    wait = (codec.moment(first[0]) - now).total_seconds()
    if wait > 0:
        last = conn.execute(QUERIES["last_due"]).fetchone()
        if codec.moment(last[0]) - now > HORIZON:
            return 0.0
    return max(0.0, wait)


def oldest_pending(conn: Conn, now: datetime) -> float:
    """Seconds that the oldest event has waited that is neither finished nor held back, since it came in or was last
    let go (released, replayed, proven); 0 when there is none."""
    looks = ("oldest_pending", "more_pending"), ("oldest_unsettled", "more_unsettled")
    since = [_waits_since(conn, first, more) for first, more in looks]
    oldest = min((at for at in since if at is not None), default=now)
    return max(0.0, (now - oldest).total_seconds())


def _waits_since(conn: Conn, first: str, more: str) -> datetime | None:
    """Since when the row waits that waits longest. In the order of arrival: none is older than one that was never
    let go. `first` and `more` are queries, of the first row and of some; None: there is none."""
    rows = conn.execute(QUERIES[first]).fetchall()
    if rows and _let_go_at(conn, rows[0][0]) is not None:
        rows = conn.execute(QUERIES[more], {"limit": LET_GO}).fetchall()
    oldest: datetime | None = None
    for row, received_at in rows:
        freed = _let_go_at(conn, row)
        at = codec.moment(freed or received_at)
        oldest = at if oldest is None else min(oldest, at)
        if freed is None:
            break
    return oldest


def _let_go_at(conn: Conn, row: int) -> str | None:
    found = conn.execute(QUERIES["let_go_at"], (row,)).fetchone()
    return found[0] if found else None


def rows_of(conn: Conn, event_ids: Sequence[str]) -> dict[str, tuple[int, State]]:
    """Event id → row and state, for those that are known: what a read-back of Listmonk showed, such as the row of
    an event called unstored (rule 7)."""
    found = conn.execute(QUERIES["rows_by_event_ids"], {"event_ids": json.dumps(list(event_ids))})
    return {event_id: (row, State(state)) for row, event_id, state in found}


def count(conn: Conn, changes: Mapping[str, int]) -> None:
    """Keep the tally: by how much the number of events in each state has changed."""
    for state, change in changes.items():
        if change:
            conn.execute(_COUNT, (change, str(state)))


def tally(conn: Conn) -> Mapping[str, int]:
    """How many events are in each state."""
    return dict(conn.execute(QUERIES["tally"]).fetchall())


def quarantine_count(conn: Conn, *, unidentified: bool = False) -> int:
    """How much waits in quarantine, or how many bounces whose recipient nobody could tell."""
    count: int = conn.execute(QUERIES["quarantine_count"], {"unidentified": int(unidentified)}).fetchone()[0]
    return count


def get_meta(conn: Conn, name: str) -> str | None:
    """A value that belongs to the database as a whole, such as `instance`."""
    found = conn.execute(QUERIES["get_meta"], (name,)).fetchone()
    return found[0] if found else None


def add_meta(conn: Conn, name: str, by: int) -> None:
    """Count up a number that belongs to the database as a whole: `duplicates`, `doubled`."""
    conn.execute(QUERIES["add_meta"], {"name": name, "by": by})


def note_doubled(conn: Conn, event_ids: Sequence[str], now: datetime) -> list[str]:
    """Events that Listmonk was seen to hold twice; those that were not noted before are counted and returned."""
    new = [event_id for event_id in event_ids if get_meta(conn, f"doubled:{event_id}") is None]
    for event_id in new:
        set_meta(conn, f"doubled:{event_id}", codec.stamp(now))
    if new:
        add_meta(conn, "doubled", len(new))
    return new


def set_meta(conn: Conn, name: str, value: str) -> None:
    """Write such a value."""
    conn.execute(QUERIES["set_meta"], (name, value))


def mark_restored(conn: Conn, at: datetime) -> None:
    """Note in a copy of an outbox that it is one, and from when."""
    set_meta(conn, RESTORED, codec.stamp(at))


def take_restored(conn: Conn) -> datetime | None:
    """From when this outbox is, if it was restored from a backup and `clear_restored` was not called since. What is
    pending in it may have been delivered after that time."""
    found = get_meta(conn, RESTORED)
    return codec.moment(found) if found else None


def clear_restored(conn: Conn) -> None:
    """Listmonk was asked for all that a restored backup could not know."""
    conn.execute(QUERIES["delete_meta"], (RESTORED,))


def is_settled(conn: Conn) -> bool:
    """Whether this outbox is known to be the only one of its sources: it has told Listmonk before, or Listmonk (or
    a person) was asked."""
    return get_meta(conn, SETTLED) is not None or conn.execute(QUERIES["any_label"]).fetchone() is not None


def mark_settled(conn: Conn) -> None:
    """Note that it is. Each start says so again: what is known already costs no write to the disk."""
    if get_meta(conn, SETTLED) is None:
        set_meta(conn, SETTLED, "1")


def unposted_sources(conn: Conn) -> list[str]:
    """The sources of what was never claimed and would go to Listmonk as a bounce: their labels, from the time of
    the backup on, are where a restored outbox finds what it has forgotten."""
    return [source for (source,) in conn.execute(QUERIES["unposted_sources"])]


def newest_label(conn: Conn, source: str, day: str) -> int:
    """The number of the newest label of a source and day; 1 where there is none yet."""
    found = conn.execute(QUERIES["newest_label"], (source, day)).fetchone()
    return found[0] if found else 1


def pending_labels(conn: Conn) -> list[str]:
    """The labels of what waits to be posted once more."""
    return [label for (label,) in conn.execute(QUERIES["pending_labels"])]


def mark_found(conn: Conn, event_ids: Sequence[str], now: datetime) -> int:
    """A restored backup: of these event ids Listmonk has a row already, so those that are pending are verified and
    not posted again. Returns how many; all others stay as they are."""
    why = "found in Listmonk after a backup was restored: already delivered"
    moves = [
        Move(row, State.VERIFIED, why) for row, state in rows_of(conn, event_ids).values() if state is State.PENDING
    ]
    return len(moves) - len(settle(conn, moves, now))
