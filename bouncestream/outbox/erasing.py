# SPDX-License-Identifier: GPL-3.0-or-later
"""Erasing a person from the outbox. Of an event its tombstone stays (event id, kind, day, state), so that counts
and verification hold, and its identity keys, so that a report that is repeated later is not counted again.

An erasure is noted first, with the names, and the note goes last: cut off at any step, it is done again from the
start, and what is gone already changes nothing. Events that are on their way to Listmonk (pending, claimed, posted)
are erased once they are settled: by the next call for this person, or by `run` itself. Synchronous functions on one
connection, each a job of the writer; `traces` finds what there is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bouncestream.event import person_key
from bouncestream.mail.spellings import Spellings
from bouncestream.outbox import codec, people, suppression
from bouncestream.outbox.delivery import add_meta, settle
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.queries import QUERIES
from bouncestream.outbox.retention import unblock
from bouncestream.outbox.traces import Traces, words_of
from bouncestream.ports import Move, State

#: In `meta`, counted: events whose person was erased.
ERASED = "erased"

#: Why a held event is dropped: nobody is left to be told of.
WHY = "its person was erased"


@dataclass(frozen=True, slots=True)
class Erasure:
    """An erasure that is not at its end."""

    person: bytes
    asked_at: datetime
    names: tuple[str, ...]
    waiting: tuple[int, ...] | None  #: rows that are on their way; None: not all was looked at


@dataclass(frozen=True, slots=True)
class Wiped:
    """The result of a step: what is gone, and the rows that have to wait."""

    events: int = 0
    dropped: int = 0  #: of them: they were held, and are not delivered
    texts: int = 0  #: words about others, in which the name is replaced
    raw: int = 0
    quarantine: int = 0
    waiting: tuple[int, ...] = ()

    def __add__(self, other: Wiped) -> Wiped:
        return Wiped(
            self.events + other.events,
            self.dropped + other.dropped,
            self.texts + other.texts,
            self.raw + other.raw,
            self.quarantine + other.quarantine,
            (*self.waiting, *other.waiting),
        )


def ask(conn: Conn, names: Sequence[str], now: datetime, *, suppress: bool) -> None:
    """Note that a person is to be erased, and perhaps that nothing more is to be stored of them."""
    if suppress:
        suppression.suppress(conn, names, now)
    conn.execute(QUERIES["ask_erasure"], (_key(conn, names), codec.stamp(now), json.dumps(list(names))))


def erasures(conn: Conn) -> list[Erasure]:
    """The erasures that are not at their end, the oldest first."""
    return [
        Erasure(person, codec.moment(at), tuple(json.loads(names)), tuple(json.loads(waiting)) if waiting else None)
        for person, at, names, waiting in conn.execute(QUERIES["erasures"])
    ]


def looked(conn: Conn, names: Sequence[str], waiting: Iterable[int]) -> None:
    """All was looked at, and only these rows are left; without any the erasure is at its end."""
    person, rows = _key(conn, names), sorted(set(waiting))
    if rows:
        conn.execute(QUERIES["erasure_waits"], (json.dumps(rows), person))
    else:
        conn.execute(QUERIES["end_erasure"], (person,))


def wipe(conn: Conn, who: Spellings, traces: Traces, now: datetime) -> Wiped:
    """Erase some traces of a person."""
    done = _bury(conn, traces.events, now)
    texts = _reword(conn, who, traces)
    raw = sum(_erase_raw(conn, number, now) for number in traces.raw)
    quarantine = sum(_erase_quarantined(conn, item, now) for item in traces.quarantine)
    return done + Wiped(texts=texts, raw=raw, quarantine=quarantine)


def _on_its_way(state: State, finished_at: str | None) -> bool:
    return state in (State.PENDING, State.CLAIMED) or (state is State.POSTED and finished_at is None)


def _bury(conn: Conn, rows: Iterable[int], now: datetime) -> Wiped:
    events = dropped = raw = 0
    waiting = []
    for row in rows:
        found = conn.execute(QUERIES["row"], (row,)).fetchone()
        if found is None:
            continue
        kept = codec.row(found)
        if _on_its_way(State(kept.state), kept.finished_at):
            waiting.append(row)
            continue
        if kept.state == State.HELD:
            dropped += not settle(conn, [Move(row, State.DROPPED, WHY)], now)
        events += conn.execute(QUERIES["bury"], (row,)).rowcount
        conn.execute(QUERIES["bury_history"], (row,))
        conn.execute(QUERIES["forget_caused"], (row,))
        if kept.raw_id is not None:
            raw += _erase_raw(conn, kept.raw_id, now)
    if events:
        add_meta(conn, ERASED, events)
    return Wiped(events, dropped, raw=raw, waiting=tuple(waiting))


def _reword(conn: Conn, who: Spellings, traces: Traces) -> int:
    """Replace the names in the words of what is about others."""
    for row in traces.mentions:
        if (found := conn.execute(QUERIES["row"], (row,)).fetchone()) is not None:
            words = map(who.without, words_of(codec.row(found)))
            conn.execute(QUERIES["reword_event"], (*words, row))
    lines = dict.fromkeys(traces.history)
    for number in lines:
        for _, _, why in conn.execute(QUERIES["history_after"], {"after": number - 1, "limit": 1}).fetchall():
            conn.execute(QUERIES["reword_history"], (who.without(why), number))
    _reword_told(conn, who, traces)
    return sum(map(len, (traces.mentions, lines, traces.alerts, traces.notices, traces.deliveries, traces.tries)))


def _reword_told(conn: Conn, who: Spellings, traces: Traces) -> None:
    for rule, subject, *texts in conn.execute(QUERIES["alert_texts"]).fetchall():
        if (rule, subject) in traces.alerts:
            if who.in_text(subject):
                conn.execute(QUERIES["forget_alert"], (rule, subject))
            else:
                conn.execute(QUERIES["reword_alert"], (*map(who.without, texts), rule, subject))
    for number, *texts in conn.execute(QUERIES["notice_texts"]).fetchall():
        if number in traces.notices:
            conn.execute(QUERIES["reword_notice"], (*map(who.without, texts), number))
    for notice, channel, error in conn.execute(QUERIES["delivery_texts"]).fetchall():
        if (notice, channel) in traces.deliveries:
            conn.execute(QUERIES["reword_delivery"], (who.without(error), notice, channel))
    for *mail, why in conn.execute(QUERIES["try_texts"]).fetchall():
        if tuple(mail) in traces.tries:
            conn.execute(QUERIES["reword_try"], (who.without(why), *mail))


def _erase_raw(conn: Conn, number: int, now: datetime) -> int:
    """Remove a raw body as a whole, however many people it is about; its neighbours in a block stay."""
    block = conn.execute(QUERIES["block_of"], (number,)).fetchone()
    if number == conn.execute(QUERIES["newest_raw"]).fetchone()[0]:
        conn.execute(QUERIES["raw_stands_in"], (codec.stamp(now),))
    gone = conn.execute(QUERIES["erase_raw"], (number,)).rowcount
    if gone and block is not None:
        unblock(conn, *block)
    return gone


def _erase_quarantined(conn: Conn, item: int, now: datetime) -> int:
    if conn.execute(QUERIES["erase_quarantined"], (item,)).rowcount:
        return 1
    return conn.execute(QUERIES["bury_quarantined"], (codec.stamp(now), item)).rowcount


def _key(conn: Conn, names: Sequence[str]) -> bytes:
    return person_key(names[0], people.secret_of(conn))
