# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a subscriber is brought back: by what we caused, how the subscriber stands now, and the bounces that
Listmonk has of it. Pure; times are arguments.

Only what is ours and as we left it. Our row proves that the subscriber was not blocklisted before it. Once it is,
Listmonk stores no further row, so the newest row is the one that did it. And a bounce moves none of Listmonk's
times: one that is later than our POST is somebody's work, which stays.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta

from bouncestream.event import Kind
from bouncestream.ports import Cause, ListedRow
from bouncestream.record import record
from bouncestream.sinks.listmonk.answers import SubscriberState

GONE = "Listmonk has no such subscriber any more"
ANOTHER = "another subscriber has its number in Listmonk now"
ENABLED = "it is not blocklisted any more"
ON_LISTS = "it is on its lists again, or has left them itself"
ROW_GONE = "its bounce was deleted in Listmonk"
LATER = "a later bounce, which is not of this undo, is stored"
NOT_BY_US = "Listmonk does not blocklist at such a bounce, so something else did it"
NOT_LOOKED_UP = "on which lists it was before is not known"
DELETED = "Listmonk deletes subscribers at such a bounce, which cannot be undone"


@record(frozen=True, slots=True)
class Verdict:
    """What is done with a subscriber."""

    left: str = ""  #: why it is left alone; empty: it is brought back
    done: bool = False  #: an earlier try has done all of it
    enable: bool = False  #: it is taken off the blocklist
    lists: Mapping[int, str] = field(default_factory=dict)  #: list id → the subscription that it gets again


def judge(
    cause: Cause,
    person: SubscriberState | None,
    same: bool,
    rows: Sequence[ListedRow],
    ours: Collection[str],
    action: str,
    ahead: float = 0.0,
) -> Verdict:
    """The verdict on the subscriber whom `cause` is about. `person`: as it stands, None: it is gone; `same`: its
    UUID is still that of the one we told of; `rows`: its bounces; `ours`: event ids that are undone; `action`: what
    Listmonk does at that kind of bounce, empty: not known; `ahead`: seconds by which its clock is."""
    if person is None:
        return Verdict(GONE)
    if not same:
        return Verdict(ANOTHER)
    if cause.begun and person.status != "blocklisted" and not _missing(cause, person):
        return Verdict(done=True)
    mine = [row for row in rows if row.ours and row.event_id in ours]
    if not mine and not cause.begun:
        return Verdict(ROW_GONE)
    newest = max((row.number for row in mine), default=cause.bounce_id)
    if any(row.number > newest for row in rows):
        return Verdict(LATER)
    since = cause.told_at + timedelta(seconds=ahead)
    if cause.begun and person.updated_at.isoformat() != cause.found:
        return Verdict(_touched(person.updated_at))
    if action == "unsubscribe":
        return _lists(cause, person, since)
    if person.status != "blocklisted":
        return Verdict(ENABLED)
    if action == "delete":
        return Verdict(DELETED)
    if action == "none" or (not action and cause.kind is Kind.SOFT):
        return Verdict(NOT_BY_US)
    if (changed := max([person.updated_at, *(at for _, at in person.lists.values())])) > since:
        return Verdict(_touched(changed))
    return Verdict(enable=True)


def _lists(cause: Cause, person: SubscriberState, since: datetime) -> Verdict:
    """The subscriber was taken off all lists: it comes back to those that it was on, and has not left since."""
    if not cause.lists:
        return Verdict(NOT_LOOKED_UP)
    if person.updated_at > since:
        return Verdict(_touched(person.updated_at))
    back = {number: cause.lists[number] for number in _missing(cause, person) if person.lists[number][1] <= since}
    return Verdict(lists=back) if back else Verdict(ON_LISTS)


def _missing(cause: Cause, person: SubscriberState) -> list[int]:
    """The lists that the subscriber was on before, and has a place on that is not what it was."""
    return [
        number for number in cause.lists if number in person.lists and person.lists[number][0] == "unsubscribed"
    ]


def _touched(at: datetime) -> str:
    return f"it was changed in Listmonk since ({at:%Y-%m-%d %H:%M} UTC)"
