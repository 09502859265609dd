# SPDX-License-Identifier: GPL-3.0-or-later
"""The memory of the watching task over restarts: how alerts stand, notices, and their way to a person. What cannot
be written down yet is kept here, and tried again.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from bouncestream.alert import AlertState, Delivery, Key, Notice
from bouncestream.errors import StoreError
from bouncestream.outbox import alerts
from bouncestream.outbox.db import Database
from bouncestream.outbox.engine import Conn

log = logging.getLogger("bouncestream.alerts")

T = TypeVar("T")

#: So much is kept in memory while the outbox cannot be written.
UNKEPT = 500
#: The number of a notice that is only sent and never written down: it is not known which an earlier run gave.
UNNUMBERED = 0


class Memory:
    """The memory in an outbox. Until `load` has worked nothing is written down: it would go over what is there."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.known = False  #: whether `load` has worked
        self._told = False
        self._next = 1
        self._saved: dict[Key, AlertState] = {}
        # what is not written down yet, or cannot be
        self._notices: dict[int, Notice] = {}
        self._deliveries: dict[tuple[int, str], Delivery] = {}

    async def load(self) -> tuple[dict[Key, AlertState], list[Delivery]] | None:
        """What an earlier run left: how its alerts stood, and what it could not send. None: that is known already,
        or the outbox cannot be read."""
        if self.known:
            return None
        try:
            states, newest, waiting = await self._db.read(_earlier)
        except Exception as error:
            if not self._told:
                bug = None if isinstance(error, StoreError) else error
                log.warning("earlier alerts are not known yet: %s", error, exc_info=bug)
            self._told = True
            return None
        self.known, self._next, self._saved = True, newest + 1, dict(states)
        return states, waiting

    def number(self) -> int:
        """The number of the next notice."""
        if not self.known:
            return UNNUMBERED
        self._next += 1
        return self._next - 1

    def notice(self, notice: Notice) -> None:
        """Have a notice written down with the next `save`."""
        if notice.id != UNNUMBERED:
            self._notices[notice.id] = notice
            _shorten(self._notices)

    def note(self, deliveries: Iterable[Delivery]) -> None:
        """Have it written down how deliveries went."""
        self._deliveries.update(((d.notice.id, d.channel), d) for d in deliveries if d.notice.id != UNNUMBERED)
        _shorten(self._deliveries)

    async def save(self, states: Mapping[Key, AlertState]) -> None:
        """Write down what changed since the last time. What fails is tried again by the next one."""
        changed = [s for key, s in states.items() if _kept(self._saved.get(key)) != _kept(s)]
        notices, deliveries = dict(self._notices), dict(self._deliveries)
        if not self.known or not (changed or notices or deliveries):
            return
        job = partial(
            alerts.save,
            changed=changed,
            notices=list(notices.values()),
            deliveries=list(deliveries.values()),
        )
        try:
            await self._db.write(job)
        except (StoreError, sqlite3.Error) as error:
            log.debug("alerts are not saved yet: %s", error)
            return
        self._saved.update((s.key, s) for s in changed)
        for number in notices:
            self._notices.pop(number, None)
        for key, saved in deliveries.items():
            if self._deliveries.get(key) is saved:  # else it went on meanwhile
                del self._deliveries[key]


def _earlier(conn: Conn) -> tuple[dict[Key, AlertState], int, list[Delivery]]:
    return alerts.states(conn), alerts.newest_notice(conn), alerts.waiting(conn)


def _shorten(pile: dict[T, Any]) -> None:
    while len(pile) > UNKEPT:
        del pile[next(iter(pile))]


def _kept(state: AlertState | None) -> AlertState | None:
    """The part of a state that is worth a commit: `bad_at` to the minute, and nothing of this run only."""
    if state is None:
        return None
    bad_at = state.bad_at.replace(second=0, microsecond=0) if state.bad_at else None
    return replace(state, bad_at=bad_at, bad_since=None)
