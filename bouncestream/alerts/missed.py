# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules about missed webhooks, which a backfill finds out of a provider's lists. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from bouncestream.alerts.reading import DAY, HOUR, Reading, Rule, Verdict, counting
from bouncestream.alerts.snapshot import Snapshot
from bouncestream.config.alerting import Alerts
from bouncestream.health import Status

_found = counting(
    lambda numbers: numbers.backfilled,
    "Webhooks were missed; a backfill found their events in the provider's lists and stored them: {n}.",
    "Find out why the webhooks did not arrive: the provider's webhook log, `bouncestream doctor`, and the log. "
    "See the events: `bouncestream outbox list --limit 20`.",
)


def _backfills(s: Snapshot, _alerts: Alerts) -> Sequence[Reading]:
    """Of each webhook that is asked for at intervals: what waits for a person."""
    found = []
    for name, part in s.parts.items():
        kind, _, hook = name.partition(":")
        if kind == "backfill":
            what, _, step = part.why.partition(" Next: ")
            bad = part.state is not Status.GREEN
            found.append(Reading(Verdict.BAD if bad else Verdict.FINE, hook, what, step[:1].upper() + step[1:]))
    return found


MISSED: tuple[Rule, ...] = (
    Rule(
        "webhooks-missed",
        "warning",
        "Webhooks were missed",
        "a backfill found events that no webhook had brought, and stored them",
        _found,
        calm=DAY,
    ),
    Rule(
        "backfill-waits",
        "warning",
        "A backfill waits for you",
        "a first backfill found missed events and stored none, or the provider's API could not be asked",
        _backfills,
        calm=HOUR,
    ),
)
