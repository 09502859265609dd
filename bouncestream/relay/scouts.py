# SPDX-License-Identifier: GPL-3.0-or-later
"""Scouts: where only time speaks, few events are posted again at first, since a stalled database may still record
what it holds. Pure; times are the monotonic clock, in seconds.

Their number grows on what shows that the queue moves, and on nothing else: a silence looks the same however long
the stall lasts, and a look-up tells what Listmonk would do, not whether it does anything.
"""

from __future__ import annotations

from collections.abc import Container

LIMIT = 1024
FOR_EVER = float("inf")


class Scouts:
    """The scouts: which events they are, and how many there may be. One per run of bouncestream."""

    def __init__(self) -> None:
        self.allowed = 1
        self._until: dict[str, float] = {}  #: event id → how long it keeps its place while it waits

    def __contains__(self, event_id: str) -> bool:
        return event_id in self._until

    def may_go(self, event_id: str, now: float, unsettled: Container[str]) -> bool:
        """Whether this one may go first; it takes a place if one is free."""
        if event_id in self._until:
            return True
        self._until = {k: until for k, until in self._until.items() if k in unsettled or until > now}
        if len(self._until) >= self.allowed:
            return False
        self._until[event_id] = FOR_EVER
        return True

    def posted(self, event_id: str) -> None:
        """Note that a scout goes out: it keeps its place until it ends."""
        if event_id in self._until:
            self._until[event_id] = FOR_EVER

    def waits(self, event_id: str, until: float) -> None:
        """Note that a scout waits to be posted, and keeps its place until then."""
        if event_id in self._until:
            self._until[event_id] = until

    def ended(self, event_id: str) -> None:
        """Note that a scout is settled: its place is free."""
        self._until.pop(event_id, None)

    def stalled(self) -> None:
        """Note that an attempt was recorded that had been taken for lost: back to one."""
        self.allowed = 1

    def moved(self, event_id: str) -> None:
        """Note that the second posting of this one ended without its older row: if it is a scout, more may go."""
        if event_id in self._until:
            self.allowed = min(self.allowed * 2, LIMIT)
