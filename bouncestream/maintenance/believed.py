# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the wall clock may be believed by who deletes by it. Pure.

A machine without a battery for its clock starts with a wrong time, until NTP sets it; what would be deleted by that
time does not come again. So the time is compared with the newest that is known to be right, and with the clock that
only counts: far from both it is not believed, until it has stood its ground for a day.
"""

from __future__ import annotations

from datetime import datetime

#: An outbox is seldom at rest for longer: from so far away from it on, at a start, a clock is doubted; seconds.
FAR = 86400.0
#: So far it may go astray within a run.
JUMP = 3600.0
#: A doubted clock that goes on evenly for so long is believed: NTP would have set it right by then.
STEADY = 86400.0


class Believed:
    """The wall clock, seen against `last`: the newest time that was stored while the clock was believed; None:
    nothing is stored."""

    def __init__(self, last: datetime | None, now: datetime, monotonic: float) -> None:
        self._wall = last or now
        self._monotonic = monotonic
        self._limit = FAR
        self._doubted: tuple[float, float] | None = None  # since when, and how far from the counting one
        self.why = ""  #: why it is not believed, with the next step; empty: it is

    def judge(self, now: datetime, monotonic: float) -> bool:
        """Whether it is believed now."""
        ahead = (now - self._wall).total_seconds() - (monotonic - self._monotonic)
        if abs(ahead) > self._limit and not self._stood(now.timestamp() - monotonic, monotonic):
            days, how = abs(ahead) / 86400, "ahead of" if ahead > 0 else "behind"
            self.why = (
                f"the clock says {now:%Y-%m-%d %H:%M} UTC, {days:.1f} days {how} the outbox's last use: retention "
                "is paused, as a wrong clock would delete everything. Next: if the clock is wrong, set it "
                "(`timedatectl set-ntp true`); if bouncestream was off that long, do nothing: retention resumes "
                "in a day."
            )
            return False
        self._wall, self._monotonic, self._limit = now, monotonic, JUMP
        self._doubted, self.why = None, ""
        return True

    def _stood(self, offset: float, monotonic: float) -> bool:
        """Whether a clock in doubt has gone on evenly for long."""
        if self._doubted is None or abs(offset - self._doubted[1]) > JUMP:
            self._doubted = monotonic, offset
        return monotonic - self._doubted[0] >= STEADY
