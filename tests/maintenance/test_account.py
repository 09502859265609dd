# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import asyncio
import logging

import pytest

from bouncestream.maintenance import account
from bouncestream.maintenance.account import Account, Counts, counts, line
from bouncestream.metrics import DELIVERED, EVENTS_DUPLICATE, EVENTS_RECEIVED, LOST, RETRIES, Metrics


def told(metrics: Metrics) -> str:
    return line(counts(metrics) - Counts())


def test_what_came_in_and_what_became_of_it() -> None:
    metrics = Metrics()
    assert told(metrics) == ""
    metrics.add(EVENTS_RECEIVED, "sendamatic", "hard", by=10)
    metrics.add(EVENTS_RECEIVED, "sendamatic", "soft", by=2)
    metrics.add(DELIVERED, "verified", by=12)
    assert told(metrics) == "12 in by sendamatic (10 hard, 2 soft), 12 recorded"
    metrics.add(EVENTS_RECEIVED, "bounces", "complaint")
    metrics.add(EVENTS_DUPLICATE, "bounces", by=3)
    metrics.add(RETRIES, "failure")
    metrics.add(RETRIES, "sink", by=9)
    metrics.add(LOST, by=2)
    assert told(metrics) == (
        "12 in by sendamatic (10 hard, 2 soft), 1 in by bounces (1 complaint), 3 known already, 12 recorded, "
        "1 failed, to be tried again, 2 lost by Listmonk, to be posted again"
    )


async def test_a_line_a_minute_when_something_happened(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO)
    metrics, minutes = Metrics(), asyncio.Queue[None]()
    monkeypatch.setattr(account.asyncio, "sleep", lambda _: minutes.get())
    task = asyncio.create_task(Account(metrics).run())
    for number in (2, 0, 3):
        if number:
            metrics.add(EVENTS_RECEIVED, "ses", "hard", by=number)
        minutes.put_nowait(None)
        while not minutes.empty():
            await asyncio.wait([task], timeout=0.01)
    task.cancel()
    await asyncio.wait([task])
    lines = [record.getMessage() for record in caplog.records if record.name.endswith("account")]
    assert lines == ["2 in by ses (2 hard)", "3 in by ses (3 hard)"]
