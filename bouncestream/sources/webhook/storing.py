# SPDX-License-Identifier: GPL-3.0-or-later
"""Storing what a request brought, within the time that its sender waits for the answer.

A provider that gives up after three seconds would take a slow answer for none; it is told in time that nothing was
stored yet. One that stops at any HTTP error is not told that at all: it is tried for as long as a proxy may wait,
and then the connection ends without an answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

from bouncestream.backoff import backoff
from bouncestream.errors import StoreBusy, StoreError
from bouncestream.ports import Emit, Receipt, Submission
from bouncestream.providers._contract import Provider

#: Of the time that a provider waits, so much is ours; the rest is the way.
OURS = 0.75

#: Seconds for which storing is tried where no error may be told. nginx waits for 60 (proxy_read_timeout).
SILENT = 50.0

#: Seconds before the second attempt.
FIRST = 0.5


def stored(
    emit: Emit, submission: Submission, provider: Provider[Any], spent: float, jitter: float
) -> Awaitable[Receipt]:
    """Store it; `spent`: the seconds since its request began, `jitter`: 0 to 1. Raises StoreError: it was not
    stored, or not in time; what is stored late is a duplicate when it comes again."""
    patience = SILENT if not provider.busy else provider.deadline * OURS
    return _within(patience, emit, submission, provider, spent, jitter) if patience else emit(submission)


async def _within(
    patience: float, emit: Emit, submission: Submission, provider: Provider[Any], spent: float, jitter: float
) -> Receipt:
    try:
        async with asyncio.timeout(max(0.0, patience - spent)):
            return await (emit(submission) if provider.busy else _persistently(emit, submission, jitter))
    except TimeoutError:
        raise StoreBusy(
            f"{provider.title} waits for its answer, and after {patience:g} s it was not stored"
        ) from None


async def _persistently(emit: Emit, submission: Submission, jitter: float) -> Receipt:
    failures = 0
    while True:
        try:
            return await emit(submission)
        except StoreError:
            failures += 1
            await asyncio.sleep(backoff(failures, base=FIRST, cap=8.0, jitter=jitter))
