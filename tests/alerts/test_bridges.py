# SPDX-License-Identifier: GPL-3.0-or-later
"""A bridge that is not seen any more is told of; one that was seen a moment ago is not."""

from __future__ import annotations

from bouncestream.alerts.bridges import BRIDGES, GONE
from bouncestream.alerts.reading import Verdict
from bouncestream.alerts.snapshot import Numbers, Snapshot
from bouncestream.config.alerting import Alerts


def verdicts(**seen: float) -> dict[str, Verdict]:
    _, rule = BRIDGES
    numbers = Numbers(tally={}, oldest=0, quarantine=0, doubled=0, bridges=seen)
    return {
        reading.subject: reading.verdict for reading in rule.look(Snapshot({}, numbers=numbers), Alerts()) or ()
    }


def test_a_bridge_that_is_gone_is_told_and_the_others_are_not() -> None:
    assert verdicts(one=1, two=GONE + 1) == {"one": Verdict.FINE, "two": Verdict.BAD}


def test_nothing_is_said_while_the_outbox_cannot_be_read() -> None:
    assert [rule.look(Snapshot({}), Alerts()) for rule in BRIDGES] == [None, None]
    assert verdicts() == {}


def test_events_that_postgresql_has_lost_are_counted() -> None:
    numbers = Numbers(tally={}, oldest=0, quarantine=0, doubled=0, forgotten=7)
    (reading,) = BRIDGES[0].look(Snapshot({}, numbers=numbers), Alerts()) or ()
    assert reading.value == 7 and "synchronous" in reading.fix
