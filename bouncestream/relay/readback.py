# SPDX-License-Identifier: GPL-3.0-or-later
"""Verifies what was posted: reads labels back, looks up why a row may be missing, and settles (rules 3 to 5)."""

from __future__ import annotations

import asyncio
import logging
from functools import partial

from bouncestream.errors import SinkError
from bouncestream.metrics import DOUBLED, FOREIGN, READ_BACKS
from bouncestream.outbox import store
from bouncestream.ports import Move, Powers
from bouncestream.relay.desk import POWERS_AFTER_FAILURE, Desk
from bouncestream.sinks import unread
from bouncestream.sinks.verify import Round

log = logging.getLogger("bouncestream.relay")

#: Labels read in one round, so that posting gets its turn.
LABELS_A_ROUND = 16
#: A label that no event has: reading it shows whether Listmonk's database answers, and costs nothing.
PULSE_LABEL = "bouncestream pulse"


async def verify(desk: Desk) -> bool:
    """One round of reading back; False when nothing was due, or nothing new came of it."""
    began = desk.clock.monotonic()
    powers = desk.powers
    if powers is None or not desk.ledger.entries:
        return False
    if not powers.read:
        return await desk.settle(unread.settle(desk.ledger, began, desk.pace.settle))
    labels = desk.ledger.labels_due(began)[:LABELS_A_ROUND]
    if not labels:
        return False
    shown_before = desk.ledger.rows_shown
    try:
        desk.boot_read(await desk.sink.boot_id(), began)
        rows = {label: await desk.sink.read_label(label) for label in labels}
    except SinkError as error:
        _read_failed(desk, error)
        return False
    desk.metrics.add(READ_BACKS, "read")
    result = desk.ledger.round(began, rows)
    await _tell(desk, result)
    if desk.ledger.rows_shown and not shown_before:
        await desk.db.write(partial(store.set_meta, name=f"rows_shown:{powers.version}", value="1"))
    # Settled first: whatever the look-up meets, what was seen is written down.
    moved = await desk.settle(result.moves)
    return await desk.settle(await _missing(desk, result, powers, began)) or moved


async def _missing(desk: Desk, result: Round, powers: Powers, began: float) -> list[Move]:
    """What becomes of the events whose rows were not there, with a look-up where the token allows it."""
    if not powers.lookup:
        return desk.ledger.settle_absent(result.absent, None, began, explains=False)
    asked = result.absent + result.missing
    if not asked:
        return []
    seen: set[str] = set()
    try:
        findings = await desk.sink.look_up([entry.claimed for entry in asked])
        # Read again: a row that came in between would itself look like a reason (its count, its blocklisting).
        for label in sorted({entry.claimed.label for entry in asked}):
            seen.update(row.event_id for row in await desk.sink.read_label(label))
    except SinkError as error:
        _read_failed(desk, error)
        return []
    absent = [entry for entry in result.absent if entry.claimed.event_id not in seen]
    missing = [entry for entry in result.missing if entry.claimed.event_id not in seen]
    moves = desk.ledger.settle_absent(absent, findings, began, explains=powers.counts is not None)
    return moves + desk.ledger.looked_up(missing, findings, desk.clock.monotonic())


async def pulse(desk: Desk) -> None:
    """For ever: finds outages of Listmonk's database between rounds, where no look-up can explain an absence. While
    this does not run, however it ended, no absence counts (DESIGN, rule 5)."""
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


def _read_failed(desk: Desk, error: SinkError) -> None:
    """Its database may be away, and then its 200 means nothing: stop posting for a while."""
    now = desk.clock.monotonic()
    desk.ledger.read_failed(now)
    desk.metrics.add(READ_BACKS, "failed")
    desk.trouble(f"reading back failed: {error}")
    desk.powers_due = min(desk.powers_due, now + POWERS_AFTER_FAILURE)  # may the token still read?


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
