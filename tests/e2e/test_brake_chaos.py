# SPDX-License-Identifier: GPL-3.0-or-later
"""The brake, its release and an undo, while the program is killed and Listmonk fails: nothing is lost, counted
twice, or undone that was not ours. A sealed outbox takes as long again: `make chaos` plays it."""

from __future__ import annotations

import random

import pytest

from bouncestream.sandbox import Sandbox
from tests.e2e.brake_storm import BrakeStorm
from tests.e2e.program import Program


@pytest.mark.process
@pytest.mark.timeout(300)
async def test_braked_nothing_is_lost_doubled_or_undone_of_others(program: Program, sandbox: Sandbox) -> None:
    program.config.write_text(program.config.read_text().replace('hard = "off"', 'hard = "50 in 10m and 5%"'))
    storm = BrakeStorm(program, sandbox, random.Random(2), kills=4, faults=5)
    await storm.blow()
    assert storm.acknowledged > 150
    assert storm.held > 100
    assert not storm.wrong, storm.told
    assert await program.stop() == 0
