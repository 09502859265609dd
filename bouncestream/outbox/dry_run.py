# SPDX-License-Identifier: GPL-3.0-or-later
"""A dry run of arrivals: what a submission would become, without storing anything."""

from __future__ import annotations

import sqlite3

from bouncestream.event import identity_keys
from bouncestream.outbox.arrivals import secret_of
from bouncestream.outbox.queries import QUERIES
from bouncestream.outbox.tables import Stored
from bouncestream.ports import Submission


class Rehearsal:
    """Remembers the marks of what it was shown, so that of two reports of one event the second is a duplicate. A
    graver report of a known event, which may become an event of its own, counts as a duplicate here."""

    def __init__(self) -> None:
        self._shown: set[bytes] = set()

    def take(self, conn: sqlite3.Connection | None, submission: Submission) -> Stored:
        """The result that `arrivals.take` would have; without a connection, in an outbox that is empty."""
        taken = Stored()
        secret = secret_of(conn) if conn is not None else b"none"
        for event in submission.events:
            keys = identity_keys(event, secret)
            if self._known(conn, "probe", [(key,) for key in keys]) | self._shown_before(keys):
                taken.duplicates += 1
            else:
                taken.kinds.append(event.kind)
        for unreadable in submission.unreadable:
            mark = unreadable.fingerprint
            if mark and (self._known(conn, "kept_mail", [(submission.source, mark)]) | self._shown_before((mark,))):
                taken.duplicates += 1
            elif unreadable.unidentified:
                taken.unidentified += 1
            else:
                taken.quarantined += 1
        return taken

    @staticmethod
    def _known(conn: sqlite3.Connection | None, query: str, values: list[tuple[object, ...]]) -> bool:
        return conn is not None and any(conn.execute(QUERIES[query], one).fetchone() for one in values)

    def _shown_before(self, keys: tuple[bytes, ...]) -> bool:
        before = not self._shown.isdisjoint(keys)
        self._shown.update(keys)
        return before
