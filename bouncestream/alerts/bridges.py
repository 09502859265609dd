# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules about an outbox on PostgreSQL: one of its bridges is missing, or the server has lost events. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from bouncestream.alerts.reading import DAY, MINUTE, Reading, Rule, Verdict, counting, span
from bouncestream.alerts.snapshot import Snapshot
from bouncestream.config.alerting import Alerts

#: Bridges are seen every few seconds; an update of one takes less than this.
GONE = 2 * MINUTE


def _missing(s: Snapshot, _: Alerts) -> Sequence[Reading] | None:
    if s.numbers is None:
        return None
    return [
        Reading(
            Verdict.BAD if seen > GONE else Verdict.FINE,
            name,
            f'The bridge "{name}" was last seen {span(seen)} ago, and was not stopped cleanly. The others go on.',
            "See whether its machine runs and reaches PostgreSQL. If it is gone, this alert ends by itself "
            "after a week.",
        )
        for name, seen in s.numbers.bridges.items()
    ]


_forgotten = counting(
    lambda numbers: numbers.forgotten,
    "Events that were acknowledged and that PostgreSQL has lost, as the server that took over had not received "
    "them: {n}.",
    "Make replication synchronous (synchronous_standby_names). Have your providers send the last minutes "
    "again, or wait for the backfill.",
)


BRIDGES: tuple[Rule, ...] = (
    Rule(
        "acknowledged-lost",
        "error",
        "PostgreSQL lost events",
        "a PostgreSQL that took over lacks events that were acknowledged",
        _forgotten,
        calm=DAY,
    ),
    Rule(
        "bridge-missing",
        "error",
        "A bridge is missing",
        "one of several bridges on an outbox has not been seen for 2 min, and was not stopped cleanly",
        _missing,
        calm=MINUTE,
    ),
)
