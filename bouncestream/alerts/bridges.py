# SPDX-License-Identifier: GPL-3.0-or-later
"""The rule about bridges that share an outbox: one that was not stopped in order is not seen any more. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from bouncestream.alerts.reading import MINUTE, Reading, Rule, Verdict, span
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
            f'The bridge "{name}" was last seen {span(seen)} ago, and was not stopped in order. The others go on.',
            "See whether its machine runs and reaches PostgreSQL. If it is gone for good, this ends by itself "
            "after a week.",
        )
        for name, seen in s.numbers.bridges.items()
    ]


BRIDGES: tuple[Rule, ...] = (
    Rule(
        "bridge-missing",
        "error",
        "A bridge is missing",
        "one of several bridges on an outbox has not been seen for 2 min, and was not stopped in order",
        _missing,
        calm=MINUTE,
    ),
)
