# SPDX-License-Identifier: GPL-3.0-or-later
"""What the first page shows: the status, what came in on the last days, and the newest events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from bouncestream.config.model import Config
from bouncestream.dashboard.parts import Bars
from bouncestream.dashboard.reader import Pages
from bouncestream.outbox import alerts, codec, operator
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.operator import Listed
from bouncestream.outbox.queries import QUERIES
from bouncestream.survey.running import Running
from bouncestream.survey.status import status, troubles, waiting

#: Days of the bars, and events of the list.
DAYS, LATEST = 30, 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """The first page. What could not be read in time is None."""

    found: Mapping[str, Any]  #: as `survey.status` has it
    troubles: tuple[str, ...]
    waiting: tuple[tuple[str, str, str], ...]  #: what waits for a person: sign, words, command
    listmonk_at: datetime | None  #: when an event was last read back from Listmonk
    bars: Mapping[str, Bars]  #: source → its days
    events: tuple[Listed, ...] | None


def read_now(pages: Pages, config: Config, running: Running, now: datetime) -> Now:
    """Read it. Raises StoreError."""
    found = pages.read_status(partial(status, config=config, running=running, now=now))
    days = pages.if_in_time(partial(_bars, now=now))
    events = pages.if_in_time(partial(operator.list_rows, limit=LATEST))
    return Now(
        found=found,
        troubles=tuple(troubles(found)),
        waiting=tuple(waiting(found)),
        listmonk_at=pages.if_in_time(newest_verified),
        bars=days or {},
        events=None if events is None else tuple(events),
    )


def newest_verified(conn: Conn) -> datetime | None:
    """When an event was last read back from Listmonk; None: not among the newest moves."""
    found = conn.execute(QUERIES["newest_verified"]).fetchone()
    return codec.moment(found[0]) if found else None


def _bars(conn: Conn, now: datetime) -> dict[str, Bars]:
    """Source → its events of the last days, today's last."""
    hour = alerts.hour_of(now)
    today = hour // 24
    _, uncounted = alerts.new_arrivals(conn, now)
    known = alerts.hours(conn, (today - DAYS + 1) * 24)
    days: dict[str, list[Counter[str]]] = {}
    for at, source, kind, events in [*known, *((*key, events) for key, events in uncounted.items())]:
        place = at // 24 - (today - DAYS + 1)
        if 0 <= place < DAYS:
            days.setdefault(source, [Counter() for _ in range(DAYS)])[place][kind] += events
    return {source: Bars(counted) for source, counted in days.items()}
