# SPDX-License-Identifier: GPL-3.0-or-later
"""What the outbox has of a person, in all of its tables. Only looks.

The digest in each row finds the events that were told about a name (an index). But a name stands in more places: in
the address of an event that is told by the UUID, in the words of a server about somebody else, in a request about
many people, in the quarantine, in an alert. So all of it is walked, in steps, between which others get their turn.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, fields
from functools import partial
from typing import Any, Protocol, TypeVar

from bouncestream.event import MAILBOX, person_key
from bouncestream.mail.spellings import Spellings, names_of
from bouncestream.outbox import codec
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.people import secret_of
from bouncestream.outbox.quarantine import Quarantined, quarantine_items
from bouncestream.outbox.queries import QUERIES

#: Rows of a step; and raw bodies, which are large.
ROWS, BODIES = 2000, 100

T = TypeVar("T")
#: The names of a person, the usual one first.
Names = tuple[str, ...]


class Read(Protocol):
    """Reads on one consistent view."""

    def __call__(self, fn: Callable[[Conn], T], /) -> T: ...


@dataclass(frozen=True, slots=True)
class Traces:
    """The traces of a person, by the numbers of rows; each list without repeats, in order."""

    events: tuple[int, ...] = ()  #: about the person
    mentions: tuple[int, ...] = ()  #: events about others whose words name the person
    history: tuple[int, ...] = ()  #: lines of history of any event
    raw: tuple[int, ...] = ()  #: requests and mails
    shared: tuple[int, ...] = ()  #: those of `raw` that brought events about others too
    quarantine: tuple[int, ...] = ()
    alerts: tuple[tuple[str, str], ...] = ()  #: rule and subject
    notices: tuple[int, ...] = ()
    deliveries: tuple[tuple[int, str], ...] = ()  #: notice and channel
    tries: tuple[tuple[str, str, int, int], ...] = ()  #: mailbox, folder, UIDVALIDITY, UID

    def __bool__(self) -> bool:
        return any(getattr(self, one.name) for one in fields(self))

    def __add__(self, other: Traces) -> Traces:
        pairs = ((one.name, (*getattr(self, one.name), *getattr(other, one.name))) for one in fields(self))
        return Traces(**{name: tuple(sorted(set(values))) for name, values in pairs})

    def pieces(self, size: int = 100) -> Iterator[Traces]:
        """The same in pieces of so many rows of each table, for one transaction each."""
        longest = max(len(getattr(self, one.name)) for one in fields(self))
        for at in range(0, longest, size):
            yield Traces(**{one.name: getattr(self, one.name)[at : at + size] for one in fields(self)})


@dataclass(slots=True)
class Cursor:
    """How far a walk is: which table, and the last row of it."""

    table: int = 0
    after: int = 0
    #: Raw bodies that brought an event about the person, or about somebody else; None: nobody asks for the latter,
    #: of which there may be a million.
    own: set[int] = field(default_factory=set)
    others: set[int] | None = field(default_factory=set)
    block: tuple[int, bytes] = (0, b"")  #: the block that was unpacked last

    @property
    def ended(self) -> bool:
        return self.table == len(_TABLES)


def search(read: Read, names: Iterable[str]) -> tuple[Names, Traces]:
    """All names and all traces of a person of whom some names are known. `read` gives one consistent view for each
    step. An event may lead to a further name, so it is walked again then."""
    known = read(partial(also_known, names=tuple(names)))
    while True:
        who, cursor, found = Spellings(known), Cursor(), Traces()
        while not cursor.ended:
            found += read(partial(look, who=who, cursor=cursor))
        more = read(partial(also_known, names=known, rows=found.events))
        if more == known:
            return known, found
        known = more


def also_known(conn: Conn, names: Iterable[str], rows: Iterable[int] = ()) -> Names:
    """The names, and those that their events, or the events `rows`, prove to be the same person's: a webhook proves
    the address and the UUID that it tells together, a mail proves none of what it says beside the one that is
    told."""
    known, seen = dict.fromkeys(names), set[int]()
    waiting = [*rows, *rows_of(conn, known)]
    while waiting:
        if (row := waiting.pop()) in seen or (found := conn.execute(QUERIES["row"], (row,)).fetchone()) is None:
            continue
        seen.add(row)
        told = codec.row(found).event
        if told.provider != MAILBOX and told.recipient and told.subscriber_uuid:
            fresh = [n for n in (*names_of(told.recipient), *names_of(told.subscriber_uuid)) if n not in known]
            known.update(dict.fromkeys(fresh))
            waiting += rows_of(conn, fresh)
    return tuple(known)


def rows_of(conn: Conn, names: Iterable[str]) -> list[int]:
    """The events that are told about one of the names, by their digest."""
    secret = secret_of(conn)
    found = {
        row for name in names for (row,) in conn.execute(QUERIES["rows_of_person"], (person_key(name, secret),))
    }
    return sorted(found)


def keys_of(conn: Conn, events: Iterable[int]) -> list[tuple[str, int]]:
    """The identity keys of some events, as hex, each with its day. Reads all keys."""
    return conn.execute(QUERIES["keys_of"], {"rows": json.dumps(list(events))}).fetchall()


def look(conn: Conn, who: Spellings, cursor: Cursor) -> Traces:
    """The traces in the next rows, on which `cursor` goes on; to be called until it has ended."""
    return _TABLES[cursor.table](conn, who, cursor)


def _page(conn: Conn, query: str, cursor: Cursor, limit: int) -> list[tuple[Any, ...]]:
    found = conn.execute(QUERIES[query], {"after": cursor.after, "limit": limit}).fetchall()
    if len(found) < limit:
        cursor.table, cursor.after = cursor.table + 1, 0
    else:
        cursor.after = found[-1][0]
    return found


def _events(conn: Conn, who: Spellings, cursor: Cursor) -> Traces:
    about, mentions = [], []
    for values in _page(conn, "rows_after", cursor, ROWS):
        row = codec.row(values)
        told = row.event
        own = told.recipient in who or (told.subscriber_uuid and told.subscriber_uuid in who)
        if row.raw_id is not None and own:
            cursor.own.add(row.raw_id)
        elif row.raw_id is not None and cursor.others is not None:
            cursor.others.add(row.raw_id)
        if own:
            about.append(row.id)
        elif who.in_text("\n".join(words_of(row))):
            mentions.append(row.id)
    return Traces(tuple(about), tuple(mentions))


def words_of(row: codec.Row) -> tuple[str, str, str, str, str, str]:
    """The texts of a row that may name somebody, in the order of the query that rewords them."""
    told = row.event
    return told.reported, told.diagnostic, told.message_id, told.provider_event_id, told.evidence, row.why


def _history(conn: Conn, who: Spellings, cursor: Cursor) -> Traces:
    found = _page(conn, "history_after", cursor, ROWS * 5)
    return Traces(history=tuple(number for number, _, why in found if who.in_text(why)))


def _raw(conn: Conn, who: Spellings, cursor: Cursor) -> Traces:
    found, shared = [], []
    for number, _, body in bodies(conn, cursor):
        if number in cursor.own or who.in_body(*body):
            found.append(number)
            if cursor.others is not None and number in cursor.others:
                shared.append(number)
    return Traces(raw=tuple(found), shared=tuple(shared))


def bodies(conn: Conn, cursor: Cursor) -> Iterator[tuple[int, str, tuple[bytes, str]]]:
    """The next raw bodies: number, source, and body with content type. Neighbours share a block, which is unpacked
    once. What its request's headers say is put before the body."""
    for number, _, source, kind, headers, encoding, body, block, start, size in _page(
        conn, "raw_after", cursor, BODIES
    ):
        if block is None:
            whole = codec.unpack(encoding, body)
        else:
            if cursor.block[0] != block:
                packed = conn.execute(QUERIES["block"], (block,)).fetchone()[0]
                cursor.block = (block, codec.unpack("zlib", packed))
            whole = cursor.block[1][start : start + size]
        yield number, source, (whole, f"{kind} {headers}")


def _quarantine(conn: Conn, who: Spellings, cursor: Cursor) -> Traces:
    found = [item.id for item in quarantined(conn, who, cursor)]
    return Traces(quarantine=tuple(found))


def quarantined(conn: Conn, who: Spellings, cursor: Cursor) -> list[Quarantined]:
    """The next items of the quarantine that name the person, in words or in their raw body."""
    items = quarantine_items(conn, after=cursor.after, limit=BODIES, replayed=True)
    if len(items) < BODIES:
        cursor.table, cursor.after = cursor.table + 1, 0
    else:
        cursor.after = items[-1].id
    return [item for item in items if who.in_text(f"{item.why}\n{item.event_type}") or _in_raw(conn, who, item)]


def _in_raw(conn: Conn, who: Spellings, item: Quarantined) -> bool:
    head = conn.execute(QUERIES["raw_request"], (item.raw_id,)).fetchone()
    if head is None:
        return False
    return who.in_body(codec.unpack(*conn.execute(QUERIES["raw"], (item.raw_id,)).fetchone()), " ".join(head))


def _told(conn: Conn, who: Spellings, cursor: Cursor) -> Traces:
    """In alerts, notices and what else is told to a person: few."""
    cursor.table, cursor.after = cursor.table + 1, 0

    def those(query: str, keys: int) -> tuple[tuple[Any, ...], ...]:
        rows = conn.execute(QUERIES[query]).fetchall()
        return tuple(row[:keys] for row in rows if who.in_text("\n".join(map(str, row))))

    return Traces(
        alerts=those("alert_texts", 2),
        notices=tuple(row[0] for row in those("notice_texts", 1)),
        deliveries=those("delivery_texts", 2),
        tries=those("try_texts", 4),
    )


#: In their order: which raw bodies are about the person is known once the events were seen.
_TABLES: tuple[Callable[[Conn, Spellings, Cursor], Traces], ...] = (
    _events,
    _history,
    _raw,
    _quarantine,
    _told,
)
