# SPDX-License-Identifier: GPL-3.0-or-later
"""Looking subscribers up: what fits one query, and why Listmonk would not store a bounce of somebody. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bouncestream.ports import Claimed, LookupResult, Subscriber
from bouncestream.sinks.listmonk import payload

#: A query travels in the URL; proxies often refuse a request line above 8 KiB.
LOOKUP_MANY, LOOKUP_CHARACTERS = 100, 4000


def finding(
    claimed: Claimed,
    by_email: Mapping[str, Subscriber],
    by_uuid: Mapping[str, Subscriber],
    asked: set[str],
    full: Mapping[str, set[int]],
    counts: Mapping[str, int],
) -> LookupResult | None:
    """Why Listmonk would not store a bounce; None when it could not be asked."""
    field, value = payload.address(claimed)
    if value not in asked:
        return None
    person = (by_email if field == "email" else by_uuid).get(value.lower())
    kind = claimed.event.kind.value
    if person is None:
        owner = by_uuid.get(claimed.event.subscriber_uuid) if field == "email" else None
        if owner is not None and payload.same_address(owner.email, claimed.event.recipient):
            return LookupResult("Listmonk has another form of the address", address_form="uuid")
        if claimed.address_form == "email" and payload.unicode_form(value) != value:
            return LookupResult("not found by the ASCII form of the domain", address_form="unicode")
        return LookupResult("Listmonk has no such subscriber")
    if person.status == "blocklisted":
        return LookupResult("the subscriber is already blocklisted")
    if person.id in full.get(kind, ()):
        return LookupResult(
            f"Listmonk stores at most {counts[kind]} {kind} bounces of a subscriber, and already has them"
        )
    return LookupResult()


def chunks(values: Sequence[str]) -> Iterator[Sequence[str]]:
    """The values in as many parts as it takes, so that each part fits a query."""
    chunk: list[str] = []
    size = 0
    for value in values:
        if chunk and (len(chunk) == LOOKUP_MANY or size + len(value) > LOOKUP_CHARACTERS):
            yield chunk
            chunk, size = [], 0
        chunk.append(value)
        size += len(value) + 4
    if chunk:
        yield chunk
