# SPDX-License-Identifier: GPL-3.0-or-later
"""The search among the events: by what is given, from the newest to the oldest, as far as a moment reaches. Where
it stops, the next page goes on; so it takes as long among ten million events as among a thousand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode

from bouncestream.dashboard.reader import Pages
from bouncestream.errors import SealRefused
from bouncestream.event import Kind, person_key
from bouncestream.mail.address import mailed_to
from bouncestream.outbox import codec, people
from bouncestream.outbox.delivery import tally
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.operator import Listed, listed
from bouncestream.outbox.queries import QUERIES
from bouncestream.ports import State

#: Events of a page, rows that one query looks at, and rows that an index may name.
LIMIT, STEP, _NAMED = 50, 5_000, 2_000
#: Seconds that a search goes on for which has found nothing.
LONGER = 0.6
#: Characters of a filter.
_LONGEST = 320


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What is looked for; empty: whatever it is. Days are in UTC, as 2026-11-30."""

    address: str = ""
    domain: str = ""
    reason: str = ""
    kind: str = ""
    state: str = ""
    source: str = ""
    campaign: str = ""
    since: str = ""
    until: str = ""
    before: int = 0  #: rows below this number; 0: from the newest on

    @property
    def any(self) -> bool:
        """Whether something is looked for."""
        return replace(self, before=0) != Filters()

    def query(self, **changed: str | int) -> str:
        """The query of a URL that looks for the same, but for what is changed."""
        told = replace(self, **changed)  # type: ignore[arg-type]
        pairs = [(one.name, str(getattr(told, one.name))) for one in fields(told) if getattr(told, one.name)]
        return f"?{urlencode(pairs, errors='replace')}" if pairs else ""


def filters_of(query: Mapping[str, str]) -> Filters:
    """The filters of a URL's query; what makes no sense is none."""
    told = {one.name: query.get(one.name, "").strip()[:_LONGEST] for one in fields(Filters)}
    before = told.pop("before")
    found = Filters(**told)  # type: ignore[arg-type]
    return replace(
        found,
        kind=found.kind if found.kind in {*Kind} else "",
        state=found.state if found.state in {*State} else "",
        domain=found.domain.lower(),
        since=found.since if _day(found.since) else "",
        until=found.until if _day(found.until) else "",
        before=int(before) if before.isascii() and before.isdigit() and len(before) < 18 else 0,
    )


def _day(text: str) -> datetime | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    if day == date.max:  # a search until it would end with the next one
        return None
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Events:
    """What was found. `go_on`: the next page is of rows below this number; 0: there is no more."""

    filters: Filters
    rows: tuple[Listed, ...]
    go_on: int
    back_to: datetime | None  #: all down to an event of this time was looked at; None: all there are
    sealed: bool = False  #: nobody can be looked up by address, as there is no key


def read_events(pages: Pages, filters: Filters) -> Events:
    """Look for events. Raises StoreError."""
    high, low = pages.read(lambda conn: _bounds(conn, filters))
    wanted = {name: getattr(filters, name) for name in ("state", "kind", "reason", "source", "domain", "campaign")}
    found: list[Listed] = []
    named: list[int] | None = None
    if filters.address:
        try:
            named = pages.read(lambda conn: _of_person(conn, filters.address, high))
        except SealRefused:
            return Events(filters, (), 0, None, sealed=True)
    elif filters.state:
        named = pages.read(lambda conn: _in_state(conn, State(filters.state), high))
    if named is not None:
        rows = pages.read(lambda conn: _among(conn, named, wanted, low, high))
        if len(rows) == LIMIT:
            return Events(filters, tuple(rows), rows[-1].row, rows[-1].received_at)
        if len(named) < _NAMED or named[-1] <= low:
            return Events(filters, tuple(rows), 0, None)
        return Events(filters, tuple(rows), named[-1], pages.read(lambda conn: received_from(conn, named[-1])))

    def look(conn: Conn, first: int, last: int) -> bool:
        bounds = {"first": first, "last": last, "limit": LIMIT - len(found)}
        found.extend([listed(values) for values in conn.execute(QUERIES["search"], wanted | bounds)])
        return len(found) < LIMIT

    lowest = pages.walk(look, high, low, STEP)
    if not found and lowest > low:  # rather a second than an empty page
        lowest = pages.walk(look, lowest - 1, low, STEP, LONGER)
    if len(found) == LIMIT:
        return Events(filters, tuple(found), found[-1].row, found[-1].received_at)
    if lowest <= low:
        return Events(filters, tuple(found), 0, None)
    return Events(filters, tuple(found), lowest, pages.read(lambda conn: received_from(conn, lowest)))


def _bounds(conn: Conn, filters: Filters) -> tuple[int, int]:
    """The highest and the lowest row that may fit."""
    high: int = conn.execute(QUERIES["newest_row"]).fetchone()[0]
    if filters.before:
        high = min(high, filters.before - 1)
    since, until = _day(filters.since), _day(filters.until)
    low = row_at(conn, since) if since else 1
    if until and (after := row_at(conn, until + timedelta(days=1))) <= high:
        high = after - 1
    return high, low


def row_at(conn: Conn, at: datetime) -> int:
    """The first row that came in at a time or later; one more than the newest, where there is none."""
    found: int | None = conn.execute(QUERIES["row_since"], {"since": codec.id_bound(at)}).fetchone()[0]
    if found is not None:
        return found
    newest: int = conn.execute(QUERIES["newest_row"]).fetchone()[0]
    return newest + 1


def received_from(conn: Conn, row: int) -> datetime | None:
    """When a row came in, or the next one that is kept; None: there is none."""
    found = conn.execute(QUERIES["received_from"], (row,)).fetchone()
    return codec.moment(found[0]) if found else None


def _of_person(conn: Conn, address: str, last: int) -> list[int]:
    person = person_key(mailed_to(address) or address, people.secret_of(conn))
    return _numbers(conn, "person_below", {"person": person, "last": last})


def _in_state(conn: Conn, state: State, last: int) -> list[int] | None:
    """The rows in a state, where an index has them, or there are none; None: they are to be looked for."""
    number = tally(conn).get(state, 0)
    if not number:
        return []
    if state in (State.HELD, State.DEAD):
        return _numbers(conn, "set_aside_below", {"state": state, "last": last})
    return _numbers(conn, "pending_below", {"last": last}) if state is State.PENDING and number <= _NAMED else None


def _numbers(conn: Conn, query: str, values: dict[str, object]) -> list[int]:
    return [row for (row,) in conn.execute(QUERIES[query], values | {"limit": _NAMED})]


def _among(conn: Conn, named: list[int], wanted: Mapping[str, str], low: int, high: int) -> list[Listed]:
    bounds = {"rows": json.dumps(named), "first": low, "last": high, "limit": LIMIT}
    return [listed(values) for values in conn.execute(QUERIES["search_among"], {**wanted, **bounds})]
