# SPDX-License-Identifier: GPL-3.0-or-later
"""The baseline of a source: what is usual for it, from its events by the hour. Pure.

Newsletters come in bursts: an hour of many bounces, then days of few or none. So neither an average nor a spread
says anything. The second longest pause and the second busiest hour of the last weeks do: a single one is no habit.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from itertools import pairwise

from bouncestream.alerts.snapshot import SourceSeen

#: How far back a habit reaches; hours.
REACH = 8 * 7 * 24

#: A source must have been known for so many hours, with events in so many of them, before anything is called usual.
PAUSE_KNOWN, PAUSE_HOURS = 14 * 24, 10
PEAK_KNOWN, PEAK_HOURS = 7 * 24, 3

#: The newest hours are what is judged, so they do not count as usual yet.
FRESH = 24


def usual_pause(hours: Collection[int], now: int) -> float | None:
    """Seconds of the second longest pause between hours with events; None: too little is known. `now`: the hour."""
    known = sorted(hour for hour in set(hours) if now - REACH <= hour <= now)
    if len(known) < PAUSE_HOURS or known[-1] - known[0] < PAUSE_KNOWN:
        return None
    pauses = sorted(after - before for before, after in pairwise(known))
    return pauses[-2] * 3600.0


def usual_peak(events: Mapping[int, int], now: int) -> int | None:
    """Events in the second busiest hour, without the newest day; None: too little is known."""
    known = {hour: count for hour, count in events.items() if now - REACH <= hour <= now - FRESH}
    if len(known) < PEAK_HOURS or now - min(known) < PEAK_KNOWN:
        return None
    return sorted(known.values())[-2]


class Sources:
    """The events of the sources by the hour, in memory: read once, then kept up to date by `add`."""

    def __init__(self) -> None:
        self.known = False  #: whether `add` was given what is remembered
        self._hours: dict[str, dict[int, int]] = {}  # source → hour → bounces and complaints in it
        self._alive: dict[str, datetime] = {}
        self._requests: dict[str, float] = {}
        self._usual: dict[str, tuple[int, float | None, int | None]] = {}  # as it was found in an hour

    def add(self, events: Iterable[tuple[int, str, str, int]]) -> None:
        """(Hour, source, kind, events) that came in. An unsubscription is a sign of life, but no bounce."""
        for hour, source, kind, count in events:
            hours = self._hours.setdefault(source, {})
            hours[hour] = hours.get(hour, 0) + (count if kind != "unsubscribe" else 0)

    def requests(self, source: str, total: float, now: datetime) -> None:
        """So many requests of a source were accepted in this run: also one with nothing new is a sign of life."""
        if total > self._requests.get(source, 0):
            self._alive[source] = now
        self._requests[source] = total

    def seen(self, source: str, now: datetime) -> SourceSeen:
        """A source as the rules see it."""
        hour = int(now.timestamp() // 3600)
        hours = self._hours.get(source, {})
        if self._usual.get(source, (None,))[0] != hour:
            for old in [old for old in hours if old < hour - REACH]:
                del hours[old]
            self._usual[source] = (hour, usual_pause(hours, hour), usual_peak(hours, hour))
        _, pause, peak = self._usual[source]
        newest = self._alive.get(source)
        if past := [one for one in hours if one <= hour]:  # not those of a clock that was ahead
            last = min(now, datetime.fromtimestamp((max(past) + 1) * 3600, UTC))
            newest = last if newest is None else max(last, newest)
        return SourceSeen(source, newest, pause, hours.get(hour, 0), peak)
