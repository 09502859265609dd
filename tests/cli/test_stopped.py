# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import signal

import pytest

from bouncestream.cli.stopped import until_stopped


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_sets_the_event(number: signal.Signals) -> None:
    async with until_stopped() as stopped:
        assert not stopped.is_set()
        os.kill(os.getpid(), number)
        await stopped.wait()
