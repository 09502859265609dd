# SPDX-License-Identifier: GPL-3.0-or-later
"""Retention: what leaves the outbox, raw bodies first, then finished events with their history, last the identity
keys.

Small steps, each one job of the writer, so that intake never waits long; `Database.vacuum_step` gives the space
back. Only finished events go: what is pending, held or on its way stays, however old. Whether the clock is to be
believed is for the caller to know (`maintenance.believed`): one that is wrong would let everything go at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bouncestream.outbox import alerts, codec
from bouncestream.outbox.delivery import count, get_meta, set_meta
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.queries import QUERIES

#: What each table of the outbox keeps, and for how long; docs/operate/retention.md shows it.
KEPT: Mapping[str, tuple[str, str]] = {
    "outbox": (
        "events: address, UUID, the server's words, where they stand",
        "`events`, from when they are finished",
    ),
    "history": ("each event's moves, and why", "as long as their event"),
    "raw": ("requests and mails as they came in", "`raw`; longer while quarantined, or while the event is held"),
    "block": ("the same, compressed together", "as long as its requests and mails"),
    "quarantine": ("input that could not be read, and unidentified mails", "`events`, or until you drop them"),
    "let_go": ("numbers of events that the brake holds no more", "as long as their event"),
    "caused": ("what a bounce caused in Listmonk, by numbers and keyed hashes", "as long as its event"),
    "seen": ("identity keys: keyed hashes, no addresses", "`dedupe`"),
    "suppressed": ("keyed hashes of whom you suppressed", "until `person ADDRESS unsuppress`"),
    "erasures": ("names of whom you erased", "until nothing of them is on its way any more"),
    "alerts": ("how each alert stands; addresses are masked", "as long as it holds, then the newest 300"),
    "notices": ("what you were told; addresses are masked", "the newest 200"),
    "notice_deliveries": ("over which channel you were told", "as long as their notice"),
    "tries": ("mails that could not be read, by number, and why", "until they are read or set aside"),
    "marks": ("numbers of mails that are still to be moved or flagged", "until that is done"),
    "passed_over": ("numbers of mails that were not read again", "until the folder gets new numbers"),
    "folders": ("how far each folder was read", "for ever"),
    "labels": ("how many events each label of Listmonk has", "`events`"),
    "later_reads": ("labels that are read again", "until they are read"),
    "source_hours": ("how many events each source brought, by the hour", "nine weeks"),
    "tally": ("how many events are in each state", "for ever"),
    "data_keys": ("of a sealed outbox: the keys of its values, wrapped by your key", "until `bouncestream unseal`"),
    "meta": ("counters, and the secret of the hashes", "for ever"),
}

#: Where the walk over the identity keys stands, as hex.
_CURSOR = "retention_key"
#: In `meta`: when the clock was believed the last time.
_TIME = "clock_believed_at"


@dataclass(frozen=True, slots=True)
class Purged:
    """The rows that one step removed; `more` when another step has something to do."""

    events: int = 0
    raw: int = 0
    quarantine: int = 0
    keys: int = 0
    more: bool = False


def purge(
    conn: Conn,
    *,
    raw_before: datetime,
    events_before: datetime,
    dedupe_before_day: int,
    now: datetime,
    limit: int = 500,
) -> Purged:
    """Run one step: up to `limit` rows of each table. Keys are of `dedupe_before_day` (days since 1970) or older
    days; they are in no order of time, so a step looks at ten times `limit` of them, and `more` says that not all
    were seen yet.
    """
    quarantine = _quarantine(conn, events_before, limit)
    raw = _raw(conn, raw_before, limit)
    events = _events(conn, events_before, limit)
    keys, keys_left = _keys(conn, dedupe_before_day, limit * 10)
    conn.execute(QUERIES["delete_labels"], {"day": codec.stamp(events_before)[:10]})
    alerts.forget_hours(conn, now)
    return Purged(events, raw, quarantine, keys, keys_left or limit in (events, raw, quarantine))


def last_time(conn: Conn) -> datetime | None:
    """The newest time that is known to be right: when the clock was last believed, else when the newest row of any
    kind came in; None when nothing ever did."""
    if noted := get_meta(conn, _TIME):
        return codec.moment(noted)
    newest = [at for (at,) in conn.execute(QUERIES["newest_times"])]
    return codec.moment(max(newest)) if newest else None


def note_time(conn: Conn, at: datetime) -> None:
    """The clock was believed then."""
    set_meta(conn, _TIME, codec.stamp(at))


def _events(conn: Conn, before: datetime, limit: int) -> int:
    bounds = {"before_id": codec.id_bound(before), "before": codec.stamp(before), "limit": limit}
    found = conn.execute(QUERIES["old_events"], bounds).fetchall()
    rows = [(row,) for row, _ in found]
    conn.executemany(QUERIES["delete_history"], rows)
    conn.executemany(QUERIES["forget_caused"], rows)
    conn.executemany(QUERIES["forget_let_go"], rows)
    conn.executemany(QUERIES["delete_event"], rows)
    gone = Counter(state for _, state in found)
    count(conn, {state: -events for state, events in gone.items()})
    return len(rows)


def _raw(conn: Conn, before: datetime, limit: int) -> int:
    at = codec.stamp(before)
    below = _first_young(conn, QUERIES["raw_ends"], QUERIES["raw_from"], at)
    gone = conn.execute(QUERIES["delete_raw"], {"below": below, "before": at, "limit": limit}).fetchall()
    _blocks(conn, max(gone)[0] if len(gone) == limit else below - 1, at, limit)
    return len(gone)


def _blocks(conn: Conn, passed: int, at: str, limit: int) -> None:
    """Of the blocks up to the raw body `passed`: what is kept gets a body of its own, so that nothing of its
    neighbours is kept with it."""
    blocks = conn.execute(QUERIES["passed_blocks"], {"passed": passed, "before": at, "limit": limit}).fetchall()
    for block, last in blocks:
        unblock(conn, block, last)


def unblock(conn: Conn, block: int, last: int) -> None:
    """Give each raw body that is left of a block a body of its own, and remove the block. `last`: its last one."""
    for (kept,) in conn.execute(QUERIES["kept_of_block"], (block, last, block)).fetchall():
        body = codec.unpack(*conn.execute(QUERIES["raw"], (kept,)).fetchone())
        conn.execute(QUERIES["unblock"], (*codec.pack(body), kept))
    conn.execute(QUERIES["delete_block"], (block,))


def _quarantine(conn: Conn, before: datetime, limit: int) -> int:
    """Their raw bodies go with the next steps, as nothing holds them any more."""
    at = codec.stamp(before)
    below = _first_young(conn, QUERIES["quarantine_ends"], QUERIES["quarantine_from"], at)
    return conn.execute(QUERIES["delete_quarantine"], {"below": below, "before": at, "limit": limit}).rowcount


def _first_young(conn: Conn, ends: str, first_from: str, at: str) -> int:
    """The number of the first row that came in at a time or later, or of the newest row, which stays in any case:
    its number must not come again. Numbers and times grow together, so it is found by halving, without an index
    that each arrival would pay for. Where the clock once jumped, a row goes late, but never early."""
    low, high = conn.execute(ends).fetchone()
    while low < high:
        middle = (low + high) // 2
        if conn.execute(first_from, (middle,)).fetchone()[0] < at:
            low = middle + 1
        else:
            high = middle
    return int(low)


def _keys(conn: Conn, before_day: int, limit: int) -> tuple[int, bool]:
    try:
        after = bytes.fromhex(get_meta(conn, _CURSOR) or "")
    except ValueError:
        after = b""  # from the beginning, then
    found = conn.execute(QUERIES["keys_from"], {"after": after, "limit": limit}).fetchall()
    old = [(key,) for key, day in found if day < before_day]
    conn.executemany(QUERIES["delete_key"], old)
    left = len(found) == limit
    set_meta(conn, _CURSOR, found[-1][0].hex() if left else "")
    return len(old), left
