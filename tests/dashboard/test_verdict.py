# SPDX-License-Identifier: GPL-3.0-or-later
"""Green is what was proven, and not long ago."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bouncestream.dashboard.verdict import FRESH, Tone, Verdict, tone_of, verdict
from bouncestream.judging.refusal import LOG
from bouncestream.outbox.codec import stamp
from tests.outbox.make import NOW

DAY = timedelta(days=1)


def source(heard: timedelta | None, hour: timedelta | None = None) -> dict[str, Any]:
    return {
        "type": "webhook",
        "last_heard": stamp(NOW - heard) if heard is not None else None,
        "newest_hour": stamp(NOW - hour) if hour is not None else None,
    }


def of(*sources: dict[str, Any], listmonk: timedelta | None = DAY, needs: int = 0, **changed: Any) -> Verdict:
    found: dict[str, Any] = {
        "running": True,
        "parts": {},
        "sources": list(sources),
        "outbox": {"states": {"pending": 2, "claimed": 1, "posted": 4, "verified": 9}},
        "alerts": {"active": []},
    } | changed
    told = ("no bridge is running",) if not found["running"] else ()
    return verdict(found, told, needs, None if listmonk is None else NOW - listmonk, NOW)


def test_all_works_only_if_all_was_proven_of_late() -> None:
    one = of(source(timedelta(minutes=2)), source(FRESH))
    assert one == Verdict(Tone.PROVEN, True, NOW - timedelta(minutes=2), 7, ())
    assert of(source(DAY), source(None)).tone is Tone.CALM
    assert of(source(DAY), source(FRESH + DAY)).tone is Tone.CALM
    assert of(source(DAY), listmonk=None).tone is Tone.CALM
    assert of(source(DAY), listmonk=FRESH + DAY).tone is Tone.CALM
    assert of().tone is Tone.CALM, "no source proves nothing"
    log = source(None) | {"type": LOG}
    assert of(source(DAY), log).tone is Tone.PROVEN, "Listmonk's log is silent as a rule"
    assert of(log).tone is Tone.CALM
    assert of(source(None, hour=DAY)).tone is Tone.PROVEN


def test_silence_of_listmonks_log_is_no_doubt() -> None:
    log = source(None) | {"type": "log"}
    assert of(source(DAY), log).tone is Tone.PROVEN
    assert of(log | source(DAY) | {"type": "log"}).tone is Tone.CALM, "it alone proves nothing"


def test_what_is_wrong_outdoes_what_was_proven() -> None:
    assert of(source(DAY), needs=1).tone is Tone.LOOK
    assert of(source(DAY), running=False).tone is Tone.BAD
    assert of(source(DAY), parts={"relay": {"state": "red"}}).tone is Tone.BAD
    assert of(source(DAY), alerts={"active": [{"level": "error"}]}).tone is Tone.BAD


@pytest.mark.parametrize(
    ("state", "ago", "tone"),
    [
        ("green", DAY, Tone.PROVEN),
        ("green", None, Tone.CALM),
        ("green", FRESH + DAY, Tone.CALM),
        (None, DAY, Tone.PROVEN),
        (None, None, Tone.CALM),
        ("yellow", DAY, Tone.LOOK),
        ("red", DAY, Tone.BAD),
    ],
)
def test_a_part_is_green_by_its_proof(state: str | None, ago: timedelta | None, tone: Tone) -> None:
    assert tone_of(state, NOW - ago if ago else None, NOW) is tone
