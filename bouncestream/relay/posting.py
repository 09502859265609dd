# SPDX-License-Identifier: GPL-3.0-or-later
"""Posts one claimed batch, and says what each answer means for its event (docs/develop/rules.md: rules 1, 2, 8)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

from bouncestream.backoff import backoff
from bouncestream.errors import SinkError
from bouncestream.event import Kind
from bouncestream.metrics import POSTS
from bouncestream.ports import Answer, Claimed, Move, PostOutcome, State
from bouncestream.relay.context import CAPABILITIES_AFTER_FAILURE, RelayContext
from bouncestream.relay.ledger import LIMIT, LOOK_AGE, Entry
from bouncestream.relay.unsubscribe import LOOKUP_PERMISSION, held, unsubscribe

#: An unsubscription that Listmonk cannot be told now waits so long at most; seconds.
WISH_LIMIT = 600.0


async def probe(context: RelayContext) -> bool:
    """Whether posting is possible as such; if not, the breaker pauses and knows what to do about it."""
    answer = await context.sink.probe()
    if answer.outcome is PostOutcome.REFUSED:
        if context.breaker.paused:
            context.capabilities_due = float("-inf")
        context.breaker.fine()
        return True
    context.breaker.pause(context.clock.monotonic(), answer)
    return False


async def post_batch(context: RelayContext, batch: Sequence[Claimed]) -> list[Move]:
    """Post what was just claimed, over a few connections. No move: it is read back before anything is said."""
    bounces: list[Entry] = []
    moves: list[Move] = []
    for claimed in batch:
        if why := context.settings.rules.ignores(claimed.event):
            moves.append(Move(claimed.row, State.DROPPED, why))
        elif claimed.event.kind is not Kind.UNSUBSCRIBE:
            bounces.append(context.ledger.claimed(claimed))
    todo = iter(bounces)
    async with asyncio.TaskGroup() as group:
        for _ in range(min(context.settings.connections, len(bounces))):
            group.create_task(_post_each(context, todo, moves))
    for claimed in batch:
        if claimed.event.kind is Kind.UNSUBSCRIBE:
            moves.append(await _unsubscribe(context, claimed))
    return moves


async def _post_each(context: RelayContext, todo: Iterator[Entry], moves: list[Move]) -> None:
    for entry in todo:
        now = context.clock.monotonic()
        if not_now := context.not_now() or _look_is_old(context, entry.claimed, now):
            context.ledger.back_to_pending(entry, now)
            wait = 0.0 if context.stopping else max(0.0, context.breaker.until - now)
            moves.append(Move(entry.claimed.row, State.PENDING, not_now, delay=wait, unsent=True))
            continue
        context.ledger.sending(entry, now)
        answer = await context.sink.post(entry.claimed)
        context.metrics.add(POSTS, answer.outcome.value)
        if (move := await _answered(context, entry, answer)) is not None:
            moves.append(move)


def _look_is_old(context: RelayContext, claimed: Claimed, now: float) -> str:
    """Posted again, long after its label was looked at: its older row may have come meanwhile."""
    if claimed.posts < 2 or context.capabilities is None or not context.capabilities.read:
        return ""
    if now <= context.looked.get(claimed.label, float("-inf")) + LOOK_AGE:
        return ""
    return f"not sent: its label was last read over {LOOK_AGE:g} s ago; retried in the next batch"


async def _answered(context: RelayContext, entry: Entry, answer: Answer) -> Move | None:
    """None: it may have counted, or may still, so it is read back."""
    now = context.clock.monotonic()
    row, number = entry.claimed.row, entry.claimed.attempt
    if answer.outcome is PostOutcome.ACCEPTED:
        context.ledger.closed(entry, now, answered=True)
        context.breaker.fine()
        return Move(row, State.POSTED, f"attempt {number}: Listmonk accepted it into its queue")
    if answer.outcome is PostOutcome.REFUSED:
        context.ledger.forget(entry)
        context.breaker.fine()
        return Move(row, State.DEAD, f"Listmonk refused it: {answer.words}", failed=True)
    words = answer.words or f"Listmonk answered {answer.status}"
    if answer.outcome in (PostOutcome.NOT_SENT, PostOutcome.BUSY):
        context.trouble(words, answer.retry_after)
        context.ledger.back_to_pending(entry, now)
        wait = max(0.0, context.breaker.until - now)
        return Move(row, State.PENDING, f"attempt {number} did not count: {words}", delay=wait, unsent=True)
    if answer.outcome is PostOutcome.DENIED:
        context.ledger.back_to_pending(entry, now)
        return await _denied(context, entry, f"attempt {number} was answered {answer.status}: {words}")
    context.ledger.closed(entry, now, answered=False)
    if answer.outcome is PostOutcome.FOREIGN:
        context.breaker.pause(now, answer)
    else:
        context.trouble(words, answer.retry_after)
        # Without a status there was no answer, and the sink's own trouble is the likelier cause: ask it soon.
        context.capabilities_due = min(context.capabilities_due, now + CAPABILITIES_AFTER_FAILURE)
        entry.at_fault = bool(answer.status) and await probe(context)
    return None


async def _denied(context: RelayContext, entry: Entry, words: str) -> Move:
    """A firm no that is not about the event's form: a probe tells whether it is about this event at all."""
    row = entry.claimed.row
    if not await probe(context):
        wait = max(0.0, context.breaker.until - context.clock.monotonic())
        return Move(row, State.PENDING, words, delay=wait, unsent=True)
    failures = entry.claimed.failures + 1
    if failures >= LIMIT:
        why = f"{words}; it failed {failures} times while others were accepted"
        return Move(row, State.DEAD, why, failed=True)
    return Move(
        row, State.PENDING, words, delay=backoff(failures, jitter=context.chance()), failed=True, unsent=True
    )


async def _unsubscribe(context: RelayContext, claimed: Claimed) -> Move:
    if context.settings.unsubscribe == "ignore":
        return Move(claimed.row, State.DROPPED, "the policy ignores unsubscriptions")
    if not_now := context.not_now():
        return Move(claimed.row, State.PENDING, not_now, delay=_later(context, claimed))
    if context.capabilities is None:
        why = "not sent: what the token may do is not known yet"
        return Move(claimed.row, State.PENDING, why, delay=_later(context, claimed))
    if not context.capabilities.lookup:
        # Without the permission to see all, nobody is found: that must not look like an unknown subscriber.
        return held(claimed, f"the token lacks {LOOKUP_PERMISSION}")
    policy = context.settings.unsubscribe
    delay = backoff(claimed.failures + 1, jitter=context.chance())
    try:
        return await unsubscribe(context.sink, claimed, policy=policy, delay=delay)
    except SinkError as error:
        context.trouble(str(error))
        why = f"not done yet, will be retried: {error}"
        return Move(claimed.row, State.PENDING, why, delay=_later(context, claimed))


def _later(context: RelayContext, claimed: Claimed) -> float:
    """Seconds until an unsubscription is tried again: longer each time, as it is claimed also while Listmonk is
    down, where bounces are recorded in its tables."""
    if context.stopping:
        return 0.0
    grown = backoff(claimed.attempt, cap=WISH_LIMIT, jitter=context.chance())
    return max(grown, context.breaker.until - context.clock.monotonic())
