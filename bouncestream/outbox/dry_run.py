# SPDX-License-Identifier: GPL-3.0-or-later
"""A dry run of arrivals: what a submission would become, without storing anything."""

from __future__ import annotations

from itertools import chain

from bouncestream.event import UNPROVEN, BounceEvent, Kind, identity_keys
from bouncestream.judging.unsure import Report, is_unsure, weighed
from bouncestream.outbox import people
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.people import secret_of
from bouncestream.outbox.queries import QUERIES
from bouncestream.outbox.suppression import any_suppressed, is_suppressed
from bouncestream.outbox.tables import Stored
from bouncestream.ports import Submission


class Rehearsal:
    """Remembers the marks of what it was shown, so that of two reports of one event the second is a duplicate. A
    graver report of a known event, which may become an event of its own, counts as a duplicate here."""

    def __init__(self) -> None:
        self._shown: set[bytes] = set()
        self._hard: dict[str, list[Report]] = {}

    def take(self, conn: Conn | None, submission: Submission) -> Stored:
        """The result that `arrivals.take` would have; without a connection, in an outbox that is empty."""
        taken = Stored()
        secret = secret_of(conn) if conn is not None else b"none"
        suppressing = conn is not None and any_suppressed(conn)
        for event in submission.events:
            if suppressing and conn is not None and is_suppressed(conn, event, secret):
                taken.suppressed += 1
                continue
            keys = identity_keys(event, secret)
            if self._known(conn, "probe", [(key,) for key in keys]) | self._shown_before(keys):
                taken.duplicates += 1
            else:
                taken.kinds.append(self._told(conn, event))
        for unreadable in submission.unreadable:
            mark = unreadable.fingerprint
            if mark and (self._known(conn, "kept_mail", [(submission.source, mark)]) | self._shown_before((mark,))):
                taken.duplicates += 1
            elif unreadable.unidentified:
                taken.unidentified += 1
            else:
                taken.quarantined += 1
        return taken

    def _told(self, conn: Conn | None, event: BounceEvent) -> Kind:
        """The kind that an event is told as. One that tells no time confirms nothing, and nothing confirms it."""
        kind, at = event.kind, event.occurred_at
        if is_unsure(event):
            shown = [one for name in (event.recipient, event.subscriber_uuid) for one in self._hard.get(name, ())]
            stored = people.earlier(conn, event) if conn is not None else ()
            kind = weighed(event, at, chain(shown, stored)).kind if at is not None else Kind.SOFT
        if at is not None and (kind is Kind.HARD or not event.sure) and event.proof not in UNPROVEN:
            report = Report(
                "", at, event.campaign_uuid, event.recipient, event.subscriber_uuid, event.provider, event.by_uuid
            )
            for name in report.names:
                self._hard.setdefault(name, []).append(report)
        return kind

    @staticmethod
    def _known(conn: Conn | None, query: str, values: list[tuple[object, ...]]) -> bool:
        return conn is not None and any(conn.execute(QUERIES[query], one).fetchone() for one in values)

    def _shown_before(self, keys: tuple[bytes, ...]) -> bool:
        before = not self._shown.isdisjoint(keys)
        self._shown.update(keys)
        return before
