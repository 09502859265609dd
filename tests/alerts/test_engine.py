# SPDX-License-Identifier: GPL-3.0-or-later
"""Fire, repeat, resolve: on a clock that is a number, as time is an argument here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bouncestream.alert import AlertState, Key, What
from bouncestream.alerts.engine import Told, judge
from bouncestream.alerts.rules import DAY, HOUR, MINUTE, RULES
from bouncestream.alerts.snapshot import Numbers, Snapshot
from bouncestream.config.alerting import Alerts
from bouncestream.doctor.finding import Finding, Level
from bouncestream.health import Part, Status

START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
RED, GREEN = Part(Status.RED, "connection refused"), Part(Status.GREEN, "")


def numbers(dead: int = 0, oldest: float = 0, quarantine: int = 0, doubled: int = 0) -> Numbers:
    return Numbers({"dead": dead}, oldest, quarantine, doubled)


def away() -> Snapshot:
    return Snapshot({"listmonk": RED})


def well() -> Snapshot:
    return Snapshot({"listmonk": GREEN})


class Watcher:
    """The rules, and a clock that goes on with each look."""

    def __init__(self, **settings: object) -> None:
        self.settings = Alerts(**settings)  # type: ignore[arg-type]
        self.now = START
        self.states: dict[Key, AlertState] = {}

    def look(self, snapshot: Snapshot, after: float = 0) -> list[Told]:
        self.now += timedelta(seconds=after)
        judgement = judge(snapshot, self.states, self.settings, self.now)
        self.states = judgement.states
        return judgement.told

    def looks(self, snapshot: Snapshot, seconds: float, step: float = 15) -> list[Told]:
        """Look at the same again and again for so long."""
        told: list[Told] = []
        for _ in range(int(seconds // step)):
            told += self.look(snapshot, step)
        return told


def whats(told: Sequence[Told]) -> list[str]:
    return [f"{t.state.rule} {t.what}" for t in told]


def test_it_fires_once_after_its_time_repeats_and_resolves() -> None:
    watch = Watcher()
    assert watch.looks(away(), 10 * MINUTE) == [], "bad since the first look, so it is not ten minutes yet"
    (fired,) = watch.look(away(), 15)
    assert (fired.what, fired.state.rule, fired.sent) == (What.FIRED, "listmonk-away", True)
    assert fired.title == "Listmonk cannot be reached"
    assert fired.text == "Listmonk cannot be reached. Connection refused."
    assert watch.looks(away(), DAY - 15) == []
    assert whats(watch.look(away(), 15)) == ["listmonk-away repeated"]
    assert watch.looks(well(), MINUTE - 15) == []
    (over,) = watch.look(well(), 15)
    assert over.what is What.RESOLVED
    assert over.text.startswith("Resolved after 24 h.")
    assert watch.looks(well(), DAY) == []


def test_what_flickers_is_told_once() -> None:
    watch = Watcher(sink_down=0.0)
    told = watch.look(away())
    for _ in range(50):
        told += watch.look(well(), 15)
        told += watch.look(away(), 15)
    assert whats(told) == ["listmonk-away fired"]


def test_a_break_begins_the_time_anew() -> None:
    watch = Watcher()
    watch.looks(away(), 9 * MINUTE)
    watch.look(well(), 15)
    assert watch.looks(away(), 9 * MINUTE) == []


def test_between_bad_and_fine_nothing_changes() -> None:
    watch = Watcher(oldest_pending=1800.0)
    old, between, young = (Snapshot({}, numbers=numbers(oldest=age)) for age in (1801, 1000, 900))
    assert watch.looks(between, HOUR) == []
    assert whats(watch.look(old)) == ["oldest-pending fired"]
    assert watch.looks(between, HOUR) == []
    assert whats(watch.looks(young, 2 * MINUTE)) == ["oldest-pending resolved"]


@pytest.mark.parametrize("field", ["dead", "quarantine", "doubled"])
def test_a_counting_rule_fires_when_its_number_grows(field: str) -> None:
    watch = Watcher()
    rule = {"dead": "dead-letters"}.get(field, field)

    def seen(count: int) -> Snapshot:
        return Snapshot({}, numbers=numbers(**{field: count}))

    assert watch.look(seen(0)) == []
    (fired,) = watch.look(seen(3), 15)
    assert (fired.state.rule, fired.what) == (rule, What.FIRED)
    assert fired.text.endswith((": 3.", "): 3."))
    # Nothing more: not repeated, and over after a calm day, though the number has not gone down.
    assert whats(watch.looks(seen(3), 25 * HOUR, 60)) == [f"{rule} resolved"]
    (again,) = watch.look(seen(4), 60)
    assert again.text.endswith((": 1.", "): 1."))


def test_a_counting_rule_is_told_again_when_it_has_become_much_worse() -> None:
    watch = Watcher()

    def seen(dead: int) -> Snapshot:
        return Snapshot({}, numbers=numbers(dead=dead))

    assert whats(watch.look(seen(2))) == ["dead-letters fired"]
    assert watch.look(seen(19), 11 * MINUTE) == []
    assert whats(watch.look(seen(20), 15)) == ["dead-letters repeated"]
    assert watch.look(seen(5000), 15) == [], "not twice within ten minutes"
    assert whats(watch.looks(seen(5000), 11 * MINUTE)) == ["dead-letters repeated"]
    # What grew a little is told with the repeat.
    assert watch.looks(seen(5001), 23 * HOUR, 60) == []
    (told,) = watch.look(seen(5001), HOUR)
    assert told.what is What.REPEATED
    assert "5001" in told.text


def test_what_was_replayed_is_over_at_once() -> None:
    watch = Watcher()
    watch.look(Snapshot({}, numbers=numbers(dead=3)))
    assert whats(watch.look(Snapshot({}, numbers=numbers(dead=0)), 15)) == ["dead-letters resolved"]
    assert whats(watch.look(Snapshot({}, numbers=numbers(dead=1)), 15)) == ["dead-letters fired"]


def test_a_restart_neither_forgets_nor_repeats() -> None:
    watch = Watcher(sink_down=0.0)
    watch.look(Snapshot({"listmonk": RED}, numbers=numbers(dead=2)))
    later = Watcher(sink_down=0.0)
    later.states = {key: replace(s, bad_since=None) for key, s in watch.states.items()}
    later.now = START + timedelta(hours=3)
    unsettled = Snapshot({}, numbers=numbers(dead=2), settled=False)
    assert later.look(unsettled) == [], "right after the start nothing is known to be well"
    assert later.look(Snapshot({"listmonk": RED}, numbers=numbers(dead=2)), 60) == []
    assert whats(later.looks(Snapshot({"listmonk": GREEN}, numbers=numbers(dead=2)), 120)) == [
        "listmonk-away resolved"
    ]


def test_lost_events_are_told_though_the_counter_begins_anew_with_each_run() -> None:
    watch = Watcher()
    (told,) = watch.look(Snapshot({}, lost=300))
    assert (told.state.rule, told.state.level) == ("events-lost", "info")
    assert "300" in told.text
    watch.looks(Snapshot({}, lost=300), 2 * HOUR)
    assert watch.look(Snapshot({}, lost=0), 15) == []
    (told,) = watch.look(Snapshot({}, lost=7), 15)
    assert told.what is What.FIRED
    assert ": 7." in told.text


def test_level_and_mute_are_not_sent_but_stand() -> None:
    watch = Watcher(sink_down=0.0, mute=("listmonk-away", "doctor:tls-expiring"), level="warning")
    findings = [
        Finding("tls-expiring", Level.WARNING, "tls", "it expires in 9 days", fix="renew it"),
        Finding("pixel", Level.ERROR, "tracking", "a login page answers"),
        Finding("root-url", Level.OK, "listmonk", "good"),
    ]
    told = watch.look(Snapshot({"listmonk": RED}, lost=1, findings=findings))
    assert {(t.state.rule, t.state.subject, t.state.level, t.sent) for t in told} == {
        ("listmonk-away", "", "error", False),
        ("events-lost", "", "info", False),
        ("doctor", "tls-expiring", "warning", False),
        ("doctor", "pixel", "error", True),
    }
    assert watch.look(Snapshot({"listmonk": RED}, lost=1, findings=None), 15) == [], "not known is not over"
    over = watch.look(Snapshot({"listmonk": RED}, lost=1, findings=findings[:1]), 15)
    assert [(t.state.subject, t.what) for t in over] == [("pixel", What.RESOLVED)]


def test_a_clock_that_is_set_back_holds_nothing_up() -> None:
    watch = Watcher(sink_down=0.0)
    watch.look(away())
    watch.now -= timedelta(days=3)
    assert watch.look(away()) == []
    assert whats(watch.looks(away(), 25 * HOUR, 60)) == ["listmonk-away repeated"]
    assert whats(watch.looks(well(), 5 * MINUTE)) == ["listmonk-away resolved"]


def test_an_outbox_that_cannot_be_read_ends_nothing() -> None:
    watch = Watcher()
    watch.look(Snapshot({}, numbers=numbers(dead=1)))
    assert watch.looks(Snapshot({}, numbers=None), 2 * DAY, 600) == []


def test_foreign_words_are_harmless() -> None:
    watch = Watcher(sink_down=0.0)
    part = Part(Status.RED, "\x1b[31m evil\u202e person@example.com " + "x" * 5000)
    (told,) = watch.look(Snapshot({"listmonk": part}))
    assert "\x1b" not in told.text
    assert "\u202e" not in told.text
    assert "person@" not in told.text
    assert len(told.text) < 1200


def test_each_rule_has_its_own_words() -> None:
    assert len({rule.id for rule in RULES}) == len({rule.title for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule.level in ("info", "warning", "error")
        assert rule.calm >= 0
