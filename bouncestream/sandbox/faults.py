# SPDX-License-Identifier: GPL-3.0-or-later
"""The faults that a rehearsal may order, each of them seen on a real Listmonk or in front of one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from bouncestream.errors import UsageError

#: name → what it does, for the help text and for the answer to a wrong name
FAULTS = {
    "restart": "the queue is lost, a new boot id; connections stay",
    "db_away": "200, and the bounce is dropped; reads answer 500",
    "stall": "the worker stops; reads work",
    "writes_stall": "writes block until it ends, reads work; blocked writes survive a restart",
    "row_error": "the database refuses one row (the next, or the next of `email`) after the 200",
    "webhooks_off": "bounce webhooks are off: 404 for any credentials",
    "processing_off": "bounce processing is off: 503 (before Listmonk 6 the connection just closes)",
    "freeze": "no answers; requests are handled once it ends",
    "html_200": "another server answers 200 with an HTML page",
    "forbid_one": "a firewall answers 403 to one event (of `email`, or the next one) and lets others pass",
    "clear": "ends all faults",
}


@dataclass(slots=True)
class Fault:
    """A fault that is on; `email` is whom it is for, if for one only."""

    name: str
    email: str = ""
    timer: asyncio.TimerHandle | None = None


class Faults:
    """The faults that are on now."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self.on: dict[str, Fault] = {}
        self._changed = changed
        #: Set while the fault is off.
        self.over = {"freeze": asyncio.Event(), "writes_stall": asyncio.Event()}
        for event in self.over.values():
            event.set()

    def start(self, name: str, seconds: float | None = None, email: str | None = None) -> None:
        """Begin a fault, which ends by itself after `seconds`, else by `clear`; `restart` is not one that lasts."""
        if name not in FAULTS:
            raise UsageError(f"Unknown fault {name!r}; known faults: {', '.join(FAULTS)}.")
        if seconds is not None and not 0 < seconds <= 86_400:
            raise UsageError("`seconds` must be a number above 0, up to 86400.")
        if name == "clear":
            for known in list(self.on):
                self.end(known)
            return
        self.end(name)
        fault = self.on[name] = Fault(name, (email or "").strip().lower())
        if seconds is not None:
            fault.timer = asyncio.get_running_loop().call_later(seconds, self.end, name)
        if name in self.over:
            self.over[name].clear()
        self._changed()

    def end(self, name: str) -> None:
        """End a fault, if it is on."""
        if fault := self.on.pop(name, None):
            if fault.timer:
                fault.timer.cancel()
            if name in self.over:
                self.over[name].set()
            self._changed()

    def forbids(self, body: bytes) -> bool:
        """Whether the firewall dislikes this event; without an address it picks the first that it sees."""
        if not (fault := self.on.get("forbid_one")) or len(body) <= 2:
            return False
        if not fault.email:
            found = body.partition(b'"email":')[2].partition(b'"')[2].partition(b'"')[0]
            fault.email = found.decode("utf-8", "replace").lower()
        return bool(fault.email) and fault.email.encode() in body.lower()

    def breaks_row(self, email: str) -> bool:
        """Whether the database refuses this row; it does so once."""
        fault = self.on.get("row_error")
        if fault is None or (fault.email and fault.email != email):
            return False
        self.end("row_error")
        return True
