# SPDX-License-Identifier: GPL-3.0-or-later
"""What is new in Listmonk's log, how far its clock is from ours, and which campaign a name is of. Pure.

The log is a list of the last 5,000 lines in Listmonk's memory: it is read whole each time, and lost at a restart.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bouncestream.ports import Campaign

#: Lines that Listmonk keeps.
KEPT = 5000
#: Clocks of zones differ by whole quarters of an hour (and by what they go wrong).
QUARTER = timedelta(minutes=15)
#: No zone is further from UTC than this.
FARTHEST = timedelta(hours=14)
#: Listmonk writes that it begins a campaign so soon behind the time that it notes for it.
BEGUN = timedelta(seconds=5)
#: A line that came by the stream, or since the look before, is no older than this.
YOUNG = timedelta(minutes=2)


def mark(line: str) -> str:
    """The mark of a line, by which it is found again without being kept: lines have times to the microsecond."""
    return hashlib.blake2b(line.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


@dataclass(slots=True)
class Lines:
    """The lines that were worked off, of the log and of the stream."""

    last: str = ""  #: the newest of the look before
    _done: set[str] = field(default_factory=set)
    _streamed: set[str] = field(default_factory=set)
    looked: bool = False  #: it was read once

    def begin(self, lines: Sequence[str], place: str) -> bool:
        """All lines up to the one with this mark were worked off in an earlier run; whether it is still there.
        Where not, Listmonk was restarted or has written more than it keeps, and all lines are new."""
        for at in range(len(lines) - 1, -1, -1):
            if mark(lines[at]) == place:
                self._done = set(lines[: at + 1])
                return True
        return False

    def new(self, lines: Sequence[str]) -> list[str]:
        """The lines that were not worked off, in their order."""
        return [line for line in lines if line not in self._done and line not in self._streamed]

    def gap(self, lines: Sequence[str]) -> bool:
        """Whether lines may be missing between the look before and this one: Listmonk was restarted, or wrote more
        than it keeps."""
        return bool(self.last) and self.last not in lines

    def looked_at(self, lines: Sequence[str]) -> None:
        """All lines of a look are worked off; older ones cannot come again, but for those on the stream."""
        self._streamed -= self._done
        self._done = set(lines)
        self.last = lines[-1] if lines else ""
        self.looked = True
        if len(self._streamed) > 2 * KEPT:
            self._streamed.clear()

    def streamed(self, line: str) -> None:
        """A line of the stream is worked off."""
        self._streamed.add(line)


@dataclass(slots=True)
class LogClock:
    """How far the log's clock is from UTC; it shows the server's local time, and no zone."""

    ahead: timedelta | None = None  #: None: not known

    def learn(self, shown: datetime, now: datetime, within: timedelta = YOUNG) -> None:
        """From a line that was written just now, or at a known time, `within` so much of it."""
        ahead = shown.replace(tzinfo=UTC) - now
        whole = round(ahead / QUARTER) * QUARTER
        if abs(ahead - whole) <= within and abs(whole) <= FARTHEST:
            self.ahead = whole

    def utc(self, shown: datetime, now: datetime) -> datetime | None:
        """The time of a line; None: it cannot be told."""
        if self.ahead is None:
            return None
        at = shown.replace(tzinfo=UTC) - self.ahead
        return min(at, now)


def named(campaigns: Iterable[Campaign]) -> dict[str, list[Campaign]]:
    """The campaigns of each name, the newest first."""
    found: dict[str, list[Campaign]] = {}
    for one in sorted(campaigns, key=lambda one: one.id, reverse=True):
        found.setdefault(one.name, []).append(one)
    return found


def sent_at(campaigns: Mapping[str, Sequence[Campaign]], name: str, at: datetime | None) -> Campaign | None:
    """The campaign of a name that was sent at a time (None: it is not known): the running one, else the newest. One
    that had not begun was not sent; people send a "News" each month. None: there is none of the name."""
    those = campaigns.get(name, ())
    begun = [one for one in those if one.started_at and (at is None or one.started_at <= at + YOUNG)]
    some = begun or those
    return next((one for one in some if one.running), some[0] if some else None)
