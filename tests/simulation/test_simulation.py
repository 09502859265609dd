# SPDX-License-Identifier: GPL-3.0-or-later
"""The real relay through 1,000 schedules of crashes, stalls, late requests and outages; `make chaos` plays 50,000.

Through some with stalls longer than the grace time, where a few doubles are what no rule can prevent. And through
some with one rule taken away: each must go wrong, or the simulation could not find a mistake.
"""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import pytest

from tests.simulation.play import Result, Sabotage, play

pytestmark = pytest.mark.process

SCHEDULES = 1000


#: Twice nothing is written for one to three times the grace time; or once, for a little longer than it.
LONG_STALLS = {"locks": 2}
ONE_STALL = {"locks": 1, "lock_shortest": 650.0, "lock_longest": 650.0}
#: What a long stall may do: a row appears after its event was posted again; or what a restart in it took along
#: looks like what Listmonk does not keep, where no look-up tells the reason.
NAMED = {"doubled", "lost without look-up"}


def _chunk(arguments: tuple[int, int, Sabotage, dict[str, Any]]) -> list[tuple[int, Result]]:
    first, last, sabotage, changes = arguments
    logging.disable(logging.CRITICAL)
    return [(seed, play(seed, sabotage, **changes)) for seed in range(first, last)]


def simulate(
    seeds: range, sabotage: Sabotage | None = None, **changes: Any
) -> tuple[Counter[str], list[int], Counter[str]]:
    """What went wrong in all schedules, the guilty seeds, and the final states."""
    size = 10
    jobs = [
        (first, min(first + size, seeds.stop), sabotage or Sabotage(), changes)
        for first in range(seeds.start, seeds.stop, size)
    ]
    wrong: Counter[str] = Counter()
    states: Counter[str] = Counter()
    guilty: list[int] = []
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        results: Iterable[list[tuple[int, Result]]] = pool.map(_chunk, jobs)
        for part in results:
            for seed, result in part:
                wrong += result.wrong
                states += result.states
                if result.wrong:
                    guilty.append(seed)
    return wrong, guilty, states


@pytest.mark.timeout(1500)
def test_a_thousand_schedules_lose_double_and_stick_nothing() -> None:
    wrong, guilty, states = simulate(range(SCHEDULES))
    assert not wrong, f"seeds {guilty[:5]}"
    assert states["verified"] > 10_000
    assert states["unstored"] > 5_000


@pytest.mark.timeout(1500)
@pytest.mark.parametrize("lookup", [True, False])
def test_what_a_mail_proves_by_a_uuid_is_delivered_as_surely(lookup: bool) -> None:
    wrong, guilty, states = simulate(range(2000, 2100), mails=True, lookup=lookup)
    assert not wrong, f"seeds {guilty[:5]}"
    assert states["verified"] > 1000
    assert states["unstored"] > 500


@pytest.mark.timeout(1500)
@pytest.mark.parametrize(
    ("weather", "count", "doubles"),
    [
        pytest.param(LONG_STALLS, 60, 12, id="two of 10 to 30 min"),
        pytest.param(ONE_STALL, 90, 2, id="one of 650 s"),
    ],
)
def test_long_stalls_double_what_cannot_be_foreseen_and_hide_nothing(
    weather: dict[str, Any], count: int, doubles: int
) -> None:
    wrong, guilty, states = simulate(range(count), **weather)
    assert set(wrong) <= NAMED, f"seeds {guilty[:5]}"
    assert wrong["doubled"] <= doubles, f"seeds {guilty[:5]}"
    assert states["verified"] > 10 * count


#: A Listmonk that stalls and crashes all the time, so that statements outlive it.
STORM = {
    "proxy": False,
    "lookup": False,
    "boot_shown": True,
    "crash": 3,
    "orphans": True,
    "stall": 0.1,
    "stall_longest": 60.0,
    "queue": 50,
    "kill": 0,
    "database": 0,
    "freeze": 0,
    "events": 150,
    "unknown": 0,
    "blocked": 0,
    "span": 60,
    "faults": 200,
}


#: One whose worker stalls for minutes: less than the grace time, more than the pause after a counted absence.
STALLS = {**STORM, "crash": 0, "stall": 0.02, "stall_longest": 400.0, "events": 60}


@pytest.mark.parametrize(
    ("sabotage", "changes", "seeds"),
    [
        pytest.param(Sabotage(claim_not_committed=True), {}, range(13, 23), id="no claim commit before the POST"),
        pytest.param(Sabotage(grace=3.0), STALLS, range(20, 40), id="a short grace"),
        pytest.param(
            Sabotage(constant_boot=True),
            STORM,
            range(50, 75),
            id="no boot id",
        ),
        pytest.param(
            Sabotage(unsafe_refusal=True),
            {"late": 0.05, "gateway_timeout": 4.0, "proxy": True, "stall": 0.04, "queue": 3},
            range(20),
            id="a 5xx or a time-out taken for a refusal",
        ),
    ],
)
def test_a_rule_taken_away_is_noticed(sabotage: Sabotage, changes: dict[str, Any], seeds: range) -> None:
    wrong, _, _ = simulate(seeds, sabotage, **changes)
    assert wrong["doubled"] + wrong["lost"] > 0
