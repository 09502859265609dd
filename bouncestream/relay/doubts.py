# SPDX-License-Identifier: GPL-3.0-or-later
"""The doubts of a bridge that was relieved, where several work on one outbox.

It may have been frozen between its look at the lease and the write of a request, for longer than the lease: then
it sends that request when it wakes up, and the other bridge may have told Listmonk the same. It cannot take it
back. But it knows under which labels, and has them read again: so the double is counted and alerted, however late
it comes.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection
from functools import partial

from bouncestream.backoff import backoff
from bouncestream.errors import StoreError
from bouncestream.outbox import reposts
from bouncestream.relay.context import RelayContext

log = logging.getLogger("bouncestream.relay")

#: Seconds between two attempts to write it down, at most.
LONGEST = 30.0


def in_doubt(context: RelayContext) -> set[str]:
    """The labels of what a relay that was cut off may have posted when another bridge had taken over."""
    if context.stopping:
        return set()
    return context.doubtful | {one.claimed.label for one in context.ledger.entries.values() if one.sent is not None}


async def read_later(context: RelayContext) -> None:
    """Take over which labels are to be read again later."""
    kept = await context.db.read(partial(reposts.later_reads, now=context.clock.now()))
    context.later.restore(kept, context.clock.monotonic())


async def tell_doubts(context: RelayContext, labels: Collection[str]) -> None:
    """Have the bridge that delivers now read these labels again, as rule 6c has it. Until it is written down; not
    under the lease, which has ended."""
    plan = dict.fromkeys(sorted(labels), (0, context.times.margin))
    failures = 0
    while True:
        try:
            now = context.clock.now()
            await context.db.write(partial(reposts.plan_reads, steps=plan, now=now), rows=len(plan))
        except StoreError as error:
            failures += 1
            log.debug("labels are read again later: %s", error)
            await asyncio.sleep(backoff(failures, cap=LONGEST, jitter=context.chance()))
        else:
            return
