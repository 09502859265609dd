# SPDX-License-Identifier: GPL-3.0-or-later
"""The lease: which of several bridges on one database does a job that only one of them may do. Pure.

A lease is a row (name, holder, epoch, when it ends), and it ends by the clock of the *database*: those of the
bridges may differ by minutes. A holder renews it long before it ends. Whoever finds it ended takes it over, and
with it the next epoch. Each change that a holder makes in the outbox proves its epoch in the same transaction, so
that a former holder changes nothing there, however late it wakes up.

Listmonk knows no epoch. So a holder reckons by its own monotonic clock, which it reads *before* it asks for the
lease: its own reckoning ends before that of the database does. It begins nothing outside of the database in the
last seconds of a lease, and cuts off then what it has begun.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from bouncestream.record import record

#: How long a lease lasts, and how often it is renewed; seconds.
TTL, RENEW = 15.0, 5.0
#: How soon the database is asked again after it did not answer, and how long an answer may take; seconds.
AGAIN, PATIENCE = 1.0, 5.0
#: So long before a lease may end, its holder has ended what it does outside of the database; seconds.
GUARD = 3.0
#: Seconds after which the database ends a change whose bridge is frozen or gone: another one may wait for the same
#: row, key or lease.
FROZEN = 5.0
#: The job that delivers: the one holder of this lease posts to Listmonk.
RELAY = "relay"


@record(frozen=True)
class Lease:
    """A lease as the database has it."""

    name: str
    holder: str  #: the bridge, see `holder_of`
    epoch: int  #: goes up by one with each new holder, and with each lease that had ended before it was renewed
    left: float  #: seconds until it ends by the database's clock; 0 or less: it has ended


@record(frozen=True)
class Bridge:
    """A bridge as the others see it in the database."""

    name: str  #: `[bridge] name`
    run: str  #: a mark of this run of it
    version: str
    age: float  #: seconds since it was started
    seen: float  #: seconds since it was last seen
    board: str = ""  #: its health board as it was then: JSON, part → its state and why

    @property
    def alive(self) -> bool:
        """Whether it may be running."""
        return self.seen < TTL

    @property
    def parts(self) -> dict[str, dict[str, str]]:
        """The parts of its health board; empty where it has none, or one that a newer version wrote otherwise."""
        try:
            told = json.loads(self.board or "{}")
            return {str(name): {"state": str(state), "why": str(why)} for name, (state, why) in told.items()}
        except (ValueError, TypeError, AttributeError):
            return {}


@dataclass(slots=True)
class Tenure:
    """What this process knows of one lease that it wants. Times are its monotonic clock, in seconds."""

    name: str
    epoch: int = 0  #: that it holds, or held last; 0: it never held it
    until: float = float("-inf")  #: it holds the lease at least until then

    def granted(self, epoch: int, asked_at: float) -> bool:
        """Note that the database has granted or renewed it; `asked_at`: before it was asked. True: this is a new
        epoch, so nothing that was known before holds any more."""
        new = epoch != self.epoch
        self.epoch, self.until = epoch, asked_at + TTL
        return new

    def refused(self) -> None:
        """Note that another holds it."""
        self.until = float("-inf")

    def held(self, now: float) -> bool:
        """Whether this process may change what the lease is about: the database asks for the epoch once more."""
        return now < self.until

    def safe(self, now: float) -> bool:
        """Whether something may begin, or go on, outside of the database."""
        return now < self.until - GUARD

    def safe_for(self, now: float) -> float:
        """For how many seconds more that is so; 0 when it is not."""
        return max(0.0, self.until - GUARD - now)


def holder_of(bridge: str, run: str) -> str:
    """The holder of leases: the name of a bridge, and a mark of this run of it. Two runs of one name are two
    holders: the second is a restart, or somebody has given two bridges one name."""
    return f"{bridge}:{run}"


def bridge_of(holder: str) -> str:
    """The name of the bridge in a holder."""
    return holder.rpartition(":")[0]
