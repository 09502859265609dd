# SPDX-License-Identifier: GPL-3.0-or-later
"""What a backfill found, and what it waits for, is told."""

from __future__ import annotations

from bouncestream.alerts.missed import MISSED
from bouncestream.alerts.reading import Reading, Verdict
from bouncestream.alerts.snapshot import Numbers, Snapshot
from bouncestream.config.alerting import Alerts
from bouncestream.health import Part, Status

FOUND, WAITS = MISSED


def test_the_number_that_was_found_counts() -> None:
    numbers = Numbers({}, 0.0, 0, 0, backfilled=7)
    (reading,) = FOUND.look(Snapshot({}, numbers=numbers), Alerts()) or ()
    assert (reading.value, reading.level) == (7, "")
    assert "{n}" in reading.seen
    assert FOUND.look(Snapshot({}), Alerts()) is None


def test_what_waits_for_a_person_is_told_by_webhook() -> None:
    parts = {
        "backfill:news": Part(Status.YELLOW, "3 events wait to be stored. Next: start it with `bouncestream …`."),
        "backfill:shop": Part(Status.GREEN, ""),
        "webhook:news": Part(Status.YELLOW, "quiet"),
    }
    assert WAITS.look(Snapshot(parts), Alerts()) == [
        Reading(Verdict.BAD, "news", "3 events wait to be stored.", "Start it with `bouncestream …`."),
        Reading(Verdict.FINE, "shop"),
    ]
