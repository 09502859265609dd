# SPDX-License-Identifier: GPL-3.0-or-later
"""Verifies what was posted: reads labels back, looks up why a row may be missing, and settles
(docs/delivery.md, rules 3 to 7).

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
from bouncestream.outbox import delivery as store
from bouncestream.outbox import reposts
from bouncestream.ports import Move, Powers, Seen
from bouncestream.relay import unverified as unread
from bouncestream.relay.context import Desk
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


async def verify(desk: Desk) -> bool:
    """One round of reading back; False when nothing was due, or nothing new came of it."""
    began = desk.clock.monotonic()
    powers = desk.powers
    if powers is None:
        return False
    if not powers.read:
        return await desk.settle(unread.settle(desk.ledger, began, desk.pace.settle))
    later = desk.later.due(began)[:LATER_A_ROUND] if began >= desk.breaker.until else []
    labels = desk.ledger.labels_due(began)[: LABELS_A_ROUND - len(later)]
    if not (labels or later) or began < desk.read_due:
        return False
    shown_before = desk.ledger.rows_shown
    try:
        desk.boot_read(await desk.sink.boot_id(), began)
        rows = {label: await desk.sink.read_label(label) for label in dict.fromkeys(labels + later)}
    except SinkError as error:
        desk.read_failed(str(error))
        return False
    desk.metrics.add(READ_BACKS, "read")
    result = desk.ledger.round(began, rows)
    await _tell(desk, result)
    if desk.ledger.rows_shown and not shown_before:
        await desk.db.write(partial(store.set_meta, name=f"rows_shown:{powers.version}", value="1"))
    # Settled first: whatever the look-up meets, what was seen is written down.
    if steps := desk.later.were_read(rows, began):
        await desk.db.write(partial(reposts.plan_reads, steps=steps, now=desk.clock.now()))
    moved = await desk.settle(result.moves + await _shown(desk, rows))
    moved = await _ended(desk, {label: rows[label] for label in later}) or moved
    missing = await _missing(desk, result, powers, began)
    if missing is None:
        return moved
    desk.round_ended()
    return await desk.settle(missing) or moved


async def look(desk: Desk, labels: Sequence[str]) -> bool:
    """Right before events of these labels are posted again: is one of their rows there by now? For LOOK_SPAN at
    most; `desk.looked` says at which it looked. False when a read failed: then nothing is posted."""
    desk.looked = {}
    begun = desk.clock.monotonic()
    rows: dict[str, Sequence[Seen]] = {}
    try:
        for label in labels:
            if rows and desk.clock.monotonic() >= begun + LOOK_SPAN:
                break
            rows[label] = await desk.sink.read_label(label)
            # Not when it was asked: one that takes longer than LOOK_AGE to answer would never be posted to again.
            desk.looked[label] = desk.clock.monotonic()
    except SinkError as error:
        desk.looked = {}
        desk.read_failed(str(error))
        return False
    if rows:
        await _tell(desk, desk.ledger.told(rows))
        await desk.settle(await _shown(desk, rows))
    return True


async def _shown(desk: Desk, rows: Mapping[str, Sequence[Seen]]) -> list[Move]:
    """What waits to be posted again, and is there."""
    waiting = await desk.db.read(partial(reposts.waiting, labels=list(rows)))
    return desk.ledger.shown(waiting, rows)


async def _ended(desk: Desk, rows: Mapping[str, Sequence[Seen]]) -> bool:
    """What had ended without a row, perhaps in an earlier run, and is there after all."""
    ids = [seen.event_id for seen_rows in rows.values() for seen in seen_rows if seen.ours]
    return bool(ids) and await desk.settle(await desk.db.read(partial(reposts.found_after_all, event_ids=ids)))


async def _missing(desk: Desk, result: Round, powers: Powers, began: float) -> list[Move] | None:
    """What becomes of the events whose rows were not there, with a look-up where the token allows it. None: that
    failed."""
    if not powers.lookup:
        return desk.ledger.settle_absent(result.absent, None, began, explains=False)
    asked = result.absent + result.missing
    if not asked:
        return []
    labels = sorted({entry.claimed.label for entry in asked})
    try:
        findings = await desk.sink.look_up([entry.claimed for entry in asked])
        # Read again: a row that came in between would itself look like a reason (its count, its blocklisting).
        rows = {label: await desk.sink.read_label(label) for label in labels}
    except SinkError as error:
        desk.read_failed(str(error))
        return None
    await desk.settle(await _shown(desk, rows))
    seen = {row.event_id for seen_rows in rows.values() for row in seen_rows}
    absent = [entry for entry in result.absent if entry.claimed.event_id not in seen]
    missing = [entry for entry in result.missing if entry.claimed.event_id not in seen]
    moves = desk.ledger.settle_absent(absent, findings, began, explains=powers.counts is not None)
    return moves + desk.ledger.looked_up(missing, findings, desk.clock.monotonic())


async def pulse(desk: Desk) -> None:
    """For ever: finds outages of Listmonk's database between rounds, where no look-up can explain an absence. While
    this does not run, however it ended, no absence counts (rule 5)."""
    desk.ledger.failed_at = desk.clock.monotonic()  # what was before this is as good as a failed read
    try:
        await _beat(desk)
    finally:
        desk.ledger.read_failed(float("inf"))


async def _beat(desk: Desk) -> None:
    while True:
        await asyncio.sleep(desk.pace.pulse)
        powers = desk.powers
        if powers is None or not powers.read or powers.lookup or not desk.ledger.entries:
            continue
        try:
            await desk.sink.read_label(PULSE_LABEL)
        except SinkError:
            desk.ledger.read_failed(desk.clock.monotonic())


async def _tell(desk: Desk, result: Round) -> None:
    doubled: list[str] = []
    if result.doubled:
        note = partial(store.note_doubled, event_ids=result.doubled, now=desk.clock.now())
        doubled = await desk.db.write(note)
    for event_id in doubled:
        desk.metrics.add(DOUBLED)
        log.error("Listmonk holds event %s twice: bouncestream outbox show %s", event_id, event_id)
    if result.foreign and not desk.metrics.get(FOREIGN):
        log.warning("rows under our labels are not ours: does a second bridge use the same source name?")
    if result.foreign:
        desk.metrics.set(FOREIGN, max(desk.metrics.get(FOREIGN), result.foreign))
