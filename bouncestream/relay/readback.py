# SPDX-License-Identifier: GPL-3.0-or-later
"""Verifies what was posted: reads labels back, looks up why a row may be missing, and settles
(docs/develop/rules.md, rules 3 to 7).

Labels are read in three ways: a round, while something is unsettled; a later read, where a double may still come;
and a look right before something is posted again. Whatever shows a row of ours settles its event.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from functools import partial

from bouncestream.errors import SinkError
from bouncestream.metrics import DOUBLED, FOREIGN, READ_BACKS
from bouncestream.outbox import delivery, reposts
from bouncestream.ports import Capabilities, ListedRow, Move
from bouncestream.relay import unverified
from bouncestream.relay.context import RelayContext
from bouncestream.relay.ledger import Round

log = logging.getLogger("bouncestream.relay")

#: Labels read in one round, so that posting gets its turn.
LABELS_A_ROUND = 16
#: So many of them at most are later reads.
LATER_A_ROUND = 4
#: Labels are looked at for so long before a batch, the first one in any case; seconds. Less than LOOK_AGE, so that
#: the first of them is not old when the last one was read.
LOOK_SPAN = 1.0
#: A label that no event has: reading it shows whether Listmonk's database answers, and costs nothing.
PULSE_LABEL = "bouncestream pulse"


async def verify(context: RelayContext) -> bool:
    """Read back, in one round; False when nothing was due, or nothing new came of it."""
    began = context.clock.monotonic()
    capabilities = context.capabilities
    if capabilities is None:
        return False
    if not capabilities.read:
        return await context.settle(unverified.settle(context.ledger, began, context.settings.settle))
    later = context.later.due(began)[:LATER_A_ROUND] if began >= context.breaker.until else []
    labels = context.ledger.labels_due(began)[: LABELS_A_ROUND - len(later)]
    if not (labels or later) or began < context.read_due:
        return False
    shown_before = context.ledger.rows_shown
    try:
        context.boot_read(await context.sink.boot_id(), began)
        rows = {label: await context.sink.read_label(label) for label in dict.fromkeys(labels + later)}
    except SinkError as error:
        context.read_failed(str(error))
        return False
    context.metrics.add(READ_BACKS, "read")
    news = _news(context, rows)
    result = context.ledger.round(began, rows)
    await _tell(context, result)
    if context.ledger.rows_shown and not shown_before:
        await context.db.write(partial(delivery.set_meta, name=f"rows_shown:{capabilities.version}", value="1"))
    # Settled first: whatever the look-up meets, what was seen is written down.
    if steps := context.later.were_read(rows, began):
        await context.db.write(partial(reposts.plan_reads, steps=steps, now=context.clock.now()))
    moved = await context.settle(result.moves + await _shown(context, rows), news)
    moved = await _ended(context, {label: rows[label] for label in later}) or moved
    missing = await _missing(context, result, capabilities, began)
    if missing is None:
        return moved
    context.round_ended()
    return await context.settle(missing) or moved


async def look(context: RelayContext, labels: Sequence[str]) -> bool:
    """Right before events of these labels are posted again: is one of their rows there by now? For LOOK_SPAN at
    most; `context.looked` says at which it looked. False when a read failed: then nothing is posted."""
    context.looked = {}
    begun = context.clock.monotonic()
    rows: dict[str, Sequence[ListedRow]] = {}
    try:
        for label in labels:
            if rows and context.clock.monotonic() >= begun + LOOK_SPAN:
                break
            rows[label] = await context.sink.read_label(label)
            # Not when it was asked: one that takes longer than LOOK_AGE to answer would never be posted to again.
            context.looked[label] = context.clock.monotonic()
    except SinkError as error:
        context.looked = {}
        context.read_failed(str(error))
        return False
    if rows:
        await _tell(context, context.ledger.told(rows))
        await context.settle(await _shown(context, rows), _news(context, rows))
    return True


def _news(context: RelayContext, rows: Mapping[str, Sequence[ListedRow]]) -> list[ListedRow]:
    """The rows of events that are not settled yet: what they caused is noted when they are."""
    known = context.ledger.entries
    return [seen for some in rows.values() for seen in some if seen.ours and seen.event_id in known]


async def _shown(context: RelayContext, rows: Mapping[str, Sequence[ListedRow]]) -> list[Move]:
    """The moves of events that wait to be posted again, and are there."""
    if not context.reposts:
        return []
    waiting = await context.db.read(partial(reposts.waiting, labels=list(rows)))
    return context.ledger.shown(waiting, rows)


async def _ended(context: RelayContext, rows: Mapping[str, Sequence[ListedRow]]) -> bool:
    """Settle events that had ended without a row, perhaps in an earlier run, and are there after all."""
    ours = [seen for seen_rows in rows.values() for seen in seen_rows if seen.ours]
    ids = [seen.event_id for seen in ours]
    return bool(ids) and await context.settle(
        await context.db.read(partial(reposts.found_after_all, event_ids=ids)), ours
    )


async def _missing(
    context: RelayContext, result: Round, capabilities: Capabilities, began: float
) -> list[Move] | None:
    """The moves of events whose rows were not there, with a look-up where the token allows it. None: that
    failed."""
    if not capabilities.lookup:
        return context.ledger.settle_absent(result.absent, None, began, explains=False)
    asked = result.absent + result.missing
    if not asked:
        return []
    labels = sorted({entry.claimed.label for entry in asked})
    try:
        lookups = await context.sink.look_up([entry.claimed for entry in asked])
        # Read again: a row that came in between would itself look like a reason (its count, its blocklisting).
        rows = {label: await context.sink.read_label(label) for label in labels}
    except SinkError as error:
        context.read_failed(str(error))
        return None
    await context.settle(await _shown(context, rows), _news(context, rows))
    seen = {row.event_id for seen_rows in rows.values() for row in seen_rows}
    absent = [entry for entry in result.absent if entry.claimed.event_id not in seen]
    missing = [entry for entry in result.missing if entry.claimed.event_id not in seen]
    moves = context.ledger.settle_absent(absent, lookups, began, explains=capabilities.counts is not None)
    return moves + context.ledger.looked_up(missing, lookups, context.clock.monotonic())


async def pulse(context: RelayContext) -> None:
    """The pulse, for ever: finds outages of Listmonk's database between rounds, where no look-up can explain an
    absence. While this does not run, however it ended, no absence counts (rule 5)."""
    context.ledger.failed_at = context.clock.monotonic()  # what was before this is as good as a failed read
    try:
        await _beat(context)
    finally:
        context.ledger.read_failed(float("inf"))


async def _beat(context: RelayContext) -> None:
    while True:
        await asyncio.sleep(context.settings.pulse)
        capabilities = context.capabilities
        if capabilities is None or not capabilities.read or capabilities.lookup or not context.ledger.entries:
            continue
        try:
            await context.sink.read_label(PULSE_LABEL)
        except SinkError:
            context.ledger.read_failed(context.clock.monotonic())


async def _tell(context: RelayContext, result: Round) -> None:
    doubled: list[str] = []
    if result.doubled:
        note = partial(delivery.note_doubled, event_ids=result.doubled, now=context.clock.now())
        doubled = await context.db.write(note)
    for event_id in doubled:
        context.metrics.add(DOUBLED)
        log.error("Listmonk stored event %s twice. Next: bouncestream outbox show %s", event_id, event_id)
    if result.foreign and not context.metrics.get(FOREIGN):
        log.warning(
            "Listmonk has rows under our labels that this bridge did not post. Next: check whether another bridge "
            "uses the same source names"
        )
    if result.foreign:
        context.metrics.set(FOREIGN, max(context.metrics.get(FOREIGN), result.foreign))
