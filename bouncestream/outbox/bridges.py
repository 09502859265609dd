# SPDX-License-Identifier: GPL-3.0-or-later
"""The bridges that work on an outbox, and what each of them does: what `status`, the alerts and the dashboard show.
An outbox in a file has one bridge, of which nothing is written down there."""

from __future__ import annotations

import sqlite3

from bouncestream.lease import Bridge, bridge_of
from bouncestream.outbox.engine import Conn
from bouncestream.record import record


@record(frozen=True, slots=True)
class AtWork:
    """A bridge, and the jobs that it alone does just now."""

    bridge: Bridge
    jobs: dict[str, float]  #: name of the job → seconds until its lease ends, unless it is renewed


def at_work(conn: Conn) -> list[AtWork]:
    """The bridges that were seen within a week and have not ended in order, by their names; none for a file."""
    if isinstance(conn, sqlite3.Connection):
        return []
    from bouncestream.outbox.postgres import leases

    held = [lease for lease in leases.leases(conn) if lease.left > 0]
    return [
        AtWork(bridge, {lease.name: lease.left for lease in held if bridge_of(lease.holder) == bridge.name})
        for bridge in leases.bridges(conn)
    ]
