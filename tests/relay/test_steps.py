# SPDX-License-Identifier: GPL-3.0-or-later
"""The relay is killed, or stopped for longer than its lease, at each step of its life: another one goes on, each
event is recorded once, and who wakes up changes nothing. `make chaos` has them fall one after the other."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator, Sequence

import pytest

from tests.postgres.cluster import Cluster
from tests.relay.forge import Forge
from tests.relay.stage import FALLS, RECORDING_FALLS, TTL, Stage, TablesStage, play
from tests.running import running

pytestmark = pytest.mark.process

#: So many play at once, each of which mostly waits for a lease to end.
AT_ONCE = 10


@pytest.fixture
def forge() -> Iterator[Forge]:
    yield from running(Forge(TTL))


@pytest.fixture
def recording_forge() -> Iterator[Forge]:
    yield from running(Forge(TTL, records=True))


@pytest.mark.timeout(300)
async def test_another_relay_goes_on_wherever_one_falls(cluster: Cluster, forge: Forge) -> None:
    await all_fall(FALLS, cluster, forge, Stage)


@pytest.mark.timeout(300)
async def test_another_relay_goes_on_wherever_one_falls_that_records(
    cluster: Cluster, recording_forge: Forge
) -> None:
    await all_fall(RECORDING_FALLS, cluster, recording_forge, TablesStage)


async def all_fall(
    falls: Sequence[tuple[str, signal.Signals]], cluster: Cluster, forge: Forge, made: type[Stage]
) -> None:
    """Play all of them. Raises AssertionError."""
    places = asyncio.Semaphore(AT_ONCE)
    told: dict[str, float] = {}
    wrong: dict[str, BaseException] = {}

    async def fall(step: str, how: signal.Signals) -> None:
        name = f"{how.name} {step}"
        async with places:
            try:
                told[name] = await play(step, how, cluster, forge, made)
            except Exception as error:
                wrong[name] = error

    await asyncio.gather(*(fall(*one) for one in falls))
    for name, seconds in told.items():
        print(f"{name}: {seconds:.1f} s")
    assert not wrong
