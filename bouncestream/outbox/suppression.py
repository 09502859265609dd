# SPDX-License-Identifier: GPL-3.0-or-later
"""Of whom nothing is stored any more (`bouncestream person … erase --also-suppress`): a keyed digest of each of
their names, and nothing else of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from bouncestream.event import BounceEvent, person_key
from bouncestream.outbox import people
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.queries import QUERIES

#: In `meta`, counted: events that were not stored.
SUPPRESSED = "suppressed"

_IS = QUERIES["suppressed_since"]


def suppress(conn: Conn, names: Iterable[str], now: datetime) -> None:
    """Store nothing of a person from now on."""
    day = int(now.timestamp() // 86400)
    conn.executemany(QUERIES["suppress"], [(key, day) for key in _keys(conn, names)])


def unsuppress(conn: Conn, names: Iterable[str]) -> bool:
    """Store what comes in about a person again; False: it was stored all along."""
    gone = [conn.execute(QUERIES["unsuppress"], (key,)).rowcount for key in _keys(conn, names)]
    return any(gone)


def suppressed_since(conn: Conn, names: Iterable[str]) -> date | None:
    """The day from which on nothing is stored of a person; None: it is stored."""
    found = [conn.execute(_IS, (key,)).fetchone() for key in _keys(conn, names)]
    days = [row[0] for row in found if row is not None]
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=min(days))).date() if days else None


def any_suppressed(conn: Conn) -> bool:
    """Whether there is anybody of whom nothing is stored: asked once for many events."""
    return conn.execute(QUERIES["any_suppressed"]).fetchone() is not None


def is_suppressed(conn: Conn, event: BounceEvent, secret: bytes) -> bool:
    """Whether an event is about such a person, by any name that it has."""
    return any(conn.execute(_IS, (key,)).fetchone() is not None for key in people.keys(event, secret))


def _keys(conn: Conn, names: Iterable[str]) -> list[bytes]:
    secret = people.secret_of(conn)
    return [person_key(name, secret) for name in names]
