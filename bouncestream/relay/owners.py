# SPDX-License-Identifier: GPL-3.0-or-later
"""Posts a batch: at once what its source proves, and what only the UUID in a bounce mail proves once Listmonk was
asked who that is (docs/develop/identity.md#proof).

Anybody can make up UUIDs, and Listmonk writes a line of log for each POST of one that it does not know. And a
bounce of an address that the person has no longer says nothing about the new one. So both end here, unstored,
without being sent. Where the token may not look up, the UUID is posted as it is: it can only be told of its person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from bouncestream.errors import SinkError, SinkRefused
from bouncestream.event import Kind
from bouncestream.outbox import delivery
from bouncestream.ports import Claimed, LookupResult, Move, State
from bouncestream.relay.context import CAPABILITIES_AFTER_FAILURE, RelayContext
from bouncestream.relay.posting import post_batch
from bouncestream.sinks.listmonk.payload import same_address

#: So many events are remembered whose UUID Listmonk knows: about 1 MB.
KNOWN_LIMIT = 10_000

UNKNOWN = "not sent: Listmonk has no subscriber with this UUID (spoofed, or the subscriber was deleted)"
MOVED = (
    "not sent: the subscriber with this UUID has changed address, and a bounce of the old address says nothing "
    "about the new one"
)


async def deliver(context: RelayContext, batch: Sequence[Claimed]) -> list[Move]:
    """`post_batch` for what was just claimed, with the look-up before it where that is needed."""
    asked = [claimed for claimed in batch if by_mail(claimed) and claimed.event_id not in context.known]
    if not asked or context.capabilities is None or not context.capabilities.lookup:
        return await post_batch(context, batch)
    rows = {claimed.row for claimed in asked}
    # First what needs no look-up: it does not wait for one.
    moves = await post_batch(context, [claimed for claimed in batch if claimed.row not in rows])
    if not_now := context.not_now():
        return moves + [_later(context, claimed, not_now) for claimed in asked]
    try:
        owners = await context.sink.owners([claimed.event.subscriber_uuid for claimed in asked])
    except SinkError as error:
        _failed(context, error)
        return moves + [_later(context, claimed, f"not sent: {error}") for claimed in asked]
    reasons = {claimed.row: reason for claimed in asked if (reason := unstorable(claimed, owners))}
    entries = [context.ledger.claimed(claimed) for claimed in asked if claimed.row in reasons]
    lookups = {row: LookupResult(reason) for row, reason in reasons.items()}
    moves += context.ledger.looked_up(entries, lookups, context.clock.monotonic())
    if unknown := sum(reason == UNKNOWN for reason in reasons.values()):
        await context.db.write(partial(delivery.add_meta, name=delivery.UNKNOWN_UUIDS, by=unknown))
    known = [claimed for claimed in asked if claimed.row not in reasons]
    # Once a run is enough, and a slow look-up must not make the look at its label too old again and again.
    if len(context.known) > KNOWN_LIMIT:
        context.known.clear()
    context.known.update(claimed.event_id for claimed in known)
    return moves + await post_batch(context, known)


def by_mail(claimed: Claimed) -> bool:
    """Whether Listmonk is told by a UUID that only a mail proves."""
    told = claimed.address_form == "uuid" and bool(claimed.event.subscriber_uuid)
    return told and claimed.event.kind is not Kind.UNSUBSCRIBE


def unstorable(claimed: Claimed, owners: Mapping[str, str]) -> str:
    """Why it is not sent, in words; empty: it is. `owners`: UUID → address now, "" for nobody; without those that
    could not be asked for."""
    event = claimed.event
    now = owners.get(event.subscriber_uuid)
    if now is None:
        return ""
    if not now:
        return UNKNOWN
    named = [event.recipient, event.reported] if event.recipient else []  # a report alone may name a forwarding
    return MOVED if named and not any(same_address(now, address) for address in named if address) else ""


def _later(context: RelayContext, claimed: Claimed, why: str) -> Move:
    wait = 0.0 if context.stopping else max(0.0, context.breaker.until - context.clock.monotonic())
    return Move(claimed.row, State.PENDING, why, delay=wait, unsent=True)


def _failed(context: RelayContext, error: SinkError) -> None:
    """Note a failed look-up: its database may be away, and then its 200 would mean nothing."""
    now = context.clock.monotonic()
    if isinstance(error, SinkRefused):
        context.capabilities_due = now  # the permission was taken away meanwhile
    else:
        context.ledger.read_failed(now)
        context.capabilities_due = min(context.capabilities_due, now + CAPABILITIES_AFTER_FAILURE)
    context.trouble(f"the subscriber lookup failed: {error}")
