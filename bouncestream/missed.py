# SPDX-License-Identifier: GPL-3.0-or-later
"""The values of a backfill: items of a provider's lists on their way from `sources/backfill` into the outbox, and
whom Listmonk knows among them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from bouncestream.event import BounceEvent
from bouncestream.ports import Submission, Subscriber
from bouncestream.record import record

#: The header that a submission out of a provider's list has, with the name of the list: nobody posted it.
LIST = "Bouncestream-List"


@record(frozen=True, slots=True)
class Missed:
    """An item of a provider's list that a webhook may have brought before: a submission of one event, whose time is
    its own, and the names by which the outbox may know the person."""

    submission: Submission
    names: tuple[str, ...]  #: address, and UUID if it is known

    @property
    def event(self) -> BounceEvent:
        return self.submission.events[0]


@record(frozen=True, slots=True)
class Found:
    """The receipt of some `Missed`."""

    kinds: tuple[str, ...] = ()  #: of each that is new, as what it was stored
    held: int = 0  #: of these: held for an operator
    duplicates: int = 0


class KeepMissed(Protocol):
    """The way in which a backfill hands over what a page brought."""

    async def __call__(self, items: Sequence[Missed], hard: int) -> Found:
        """Return once all of it is on disk, or (in a dry run) counted. `hard`: so many hard bounces the run has
        found before. Raises StoreBusy or StoreUnavailable when nothing was stored."""


class People(Protocol):
    """Whom Listmonk knows. Each call has a time limit, and raises SinkError when it fails."""

    async def may_look_up(self) -> bool:
        """Whether the token may look people up: else nobody is known."""

    async def known(self, addresses: Collection[str]) -> Mapping[str, Subscriber]:
        """Address, as it was asked for → its subscriber; of those alone that Listmonk has."""
