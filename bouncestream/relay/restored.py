# SPDX-License-Identifier: GPL-3.0-or-later
"""The first run on a restored backup: what waits in it may have been delivered after the backup was made.

Rows that were claimed or posted in the backup are read back like after a crash. Those that were still pending were
perhaps posted later by the outbox that the copy was made from, under labels that this one does not know: so all
labels of their sources since the day of the backup are read, and what is found there is verified.

A server that has forgotten the newest claims is another matter: they are under the newest label that it knows, or a
later one.
"""

from __future__ import annotations

import logging
from datetime import date, timedelta
from functools import partial

from bouncestream.errors import StoreBusy, StoreError
from bouncestream.outbox import delivery
from bouncestream.relay.context import RelayContext

#: No standby lags by more, nor are the clocks of the bridges further apart.
FORGOTTEN = timedelta(hours=1)

log = logging.getLogger("bouncestream.relay")


def may_have_forgotten(context: RelayContext, error: StoreError) -> bool:
    """Whether another server may have taken over: after a failure of one, and not where it refuses politely."""
    return bool(context.settings.late) and not isinstance(error, StoreBusy)


async def reconcile(context: RelayContext) -> None:
    """Once per restored copy, before anything is posted. Raises SinkError: then it is tried again.

    With several bridges the outbox is on a server, and another one that lacks the newest claims may have taken over
    from it: what has been forgotten is found in the same way."""
    restored = await context.db.read(delivery.take_restored)
    now = context.clock.now()
    if restored is not None:
        # One day more on both ends: the clocks of two machines need not agree.
        begin, end = restored.date() - timedelta(days=1), now.date() + timedelta(days=1)
    elif context.settings.late:
        begin, end = (now - FORGOTTEN).date(), (now + FORGOTTEN).date()
    else:
        return
    days = [begin + timedelta(days=n) for n in range((end - begin).days + 1)]
    sources = await context.db.read(delivery.unposted_sources)
    labels = await context.db.read(delivery.pending_labels)
    if (sources or labels) and (context.capabilities is None or not context.capabilities.read):
        if restored is not None:
            log.warning(
                "this outbox is a restored backup, and the token lacks bounces:get: events already delivered may "
                "be delivered again"
            )
        sources = labels = []
    found = 0
    for label in labels:
        found += (await _read(context, label))[1]
    for source in sources:
        for day in days:
            first = 1
            if restored is None:
                known = partial(delivery.newest_label, source=source, day=day.isoformat())
                first = await context.db.read(known)
            found += await _read_day(context, source, day, first)
    if restored is None:
        if found:
            log.warning("Listmonk has %d events that PostgreSQL lists as waiting: a standby took over", found)
        return
    await context.db.write(delivery.clear_restored)
    log.warning(
        "this outbox is a restored backup of %s: %d waiting events are already in Listmonk", restored, found
    )


async def _read_day(context: RelayContext, source: str, day: date, first: int) -> int:
    """Read the labels of one source and day from a number on, up to two empty ones in a row: one may have only
    unstored events."""
    found, number, empty = 0, first - 1, 0
    while empty < 2:
        number += 1
        rows, new = await _read(context, f"{source} {day.isoformat()}" + (f" #{number}" if number > 1 else ""))
        found += new
        empty = 0 if rows else empty + 1
    return found


async def _read(context: RelayContext, label: str) -> tuple[int, int]:
    """Read one label: how many rows it has, and how many waiting events were found in it."""
    rows = await context.sink.read_label(label)
    ids = [row.event_id for row in rows if row.ours]
    new = await context.db.write(partial(delivery.mark_found, event_ids=ids, now=context.clock.now())) if ids else 0
    return len(rows), new
