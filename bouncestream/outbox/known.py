# SPDX-License-Identifier: GPL-3.0-or-later
"""A row that an identity key leads to, and for whom it speaks (docs/develop/identity.md). Pure.

Two reports that share a key are one event, since whatever Listmonk is told for the one covers the other. But the
keys of a mail are made of what it says, and only its UUID proves anybody: with his own UUID, or a made-up one, and
somebody else's address and Message-ID a stranger's forgery shares a key with the true report. It is told of his
UUID, or of nobody once the look-up has shown that the address is not his. So it covers no report about others.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from bouncestream.event import NO_PROOF, UNPROVEN, BounceEvent, Kind
from bouncestream.ports import State


class Known(NamedTuple):
    """The columns of the query of that name, see `of`."""

    row: int
    event_id: str
    state: str
    kind: str
    held_for: str
    superseded_by: int | None  #: the row of the graver report in its place
    attempt: int
    recipient: str
    subscriber_uuid: str
    address_form: str
    unsent: int
    reported: str
    unproven: bool  #: its mail proved nothing
    occurred_at: str
    sure: int | None = None  #: of a proven hard: 0 when it rests on words alone

    @classmethod
    def of(cls, values: Sequence[Any]) -> Known:
        """The row whose columns the query has selected: its evidence tells whether anything was proven."""
        *before, evidence, occurred_at, sure = values
        return cls._make((*before, NO_PROOF in evidence, occurred_at, sure))

    @property
    def gravity(self) -> int:
        return Kind(self.kind).gravity

    @property
    def by_uuid(self) -> bool:
        """Whether Listmonk is told by the UUID: whose address the mail names is not known before the look-up."""
        return self.address_form == "uuid"

    @property
    def doubted(self) -> bool:
        """Whether it waits for a proof, or a person."""
        return self.state == State.HELD and self.held_for == "unproven"

    @property
    def silent(self) -> bool:
        """Whether Listmonk is told of nobody for it, as far as is known."""
        return self.doubted or self.state in (State.UNSTORED, State.DEAD, State.DROPPED)


def gravest(known: Iterable[Known]) -> Known | None:
    """The row to compare a report with: the gravest, of equals the newest; None: there is none."""
    return max(known, key=lambda one: (one.gravity, one.row), default=None)


def covers(known: Known, event: BounceEvent) -> bool:
    """Whether what Listmonk is told for a row is told about the person of an event that shares a key with it."""
    if event.proof not in UNPROVEN:
        if known.doubted and event.kind.gravity < known.gravity:
            return False  # it proves what it says, and not the graver thing that was held for the want of a proof
        if known.unproven and known.silent and not known.doubted:
            return False  # such as what an operator dropped for a forgery
    if not known.by_uuid or known.subscriber_uuid == event.subscriber_uuid:
        return True
    if event.by_uuid or event.subscriber_uuid:
        return False
    # The event names an address, which may be that of the UUID: the same bounce by mail and by webhook. Where the
    # mail names two addresses, the look-up may have found the other one.
    if event.recipient != known.recipient or known.reported or known.state == State.UNSTORED:
        return False
    unsure = known.state in (State.PENDING, State.CLAIMED) and event.proof not in UNPROVEN
    return not (unsure and event.kind.gravity < known.gravity)


def named_alone(known: Known, event: BounceEvent) -> bool:
    """Whether an equal report proves the address of a row that was to be told by its UUID, and that was not told
    yet: the look-up may find that both do not belong together."""
    proven = not event.by_uuid and event.proof not in UNPROVEN
    untold = known.state == State.PENDING and known.attempt == known.unsent
    equal = event.kind.gravity == known.gravity and event.subscriber_uuid != known.subscriber_uuid
    return known.by_uuid and proven and untold and equal


def same_person(event: BounceEvent, known: Known) -> bool:
    """Whether a row and an event are about one person, whom the event proves. What only a UUID proves is told by it
    from then on."""
    if event.by_uuid or known.by_uuid:
        return event.subscriber_uuid == known.subscriber_uuid
    return not event.proof or event.recipient == known.recipient


def takes(event: BounceEvent, row: int, known: Known | None, found: Iterable[Known]) -> bool:
    """Whether the keys that led to the rows in `found` lead to `row`, which is the event's, from now on. `known`:
    which of them covers it."""
    if known is None:
        return not event.by_uuid or all(one.silent for one in found)
    # From a report about an address a UUID takes no key, and what proves nothing takes none: that row goes on to
    # this one (`superseded_by`), and speaks for itself still where the UUID turns out to be another one's.
    weaker = event.proof in UNPROVEN or (event.by_uuid and not known.by_uuid)
    return row != known.row and (known.state == State.HELD or not weaker)
