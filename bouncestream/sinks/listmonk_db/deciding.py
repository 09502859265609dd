# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of bounces that are recorded in Listmonk's own tables, and of their subscribers, in the order of the
bounces. Pure. As measured on Listmonk 4.1.0, 5.1.0 and 6.2.0 (November 2026), row by row:

* a bounce is counted with those of its kind that are stored of the subscriber, itself included;
* it becomes a row unless the subscriber is blocklisted already, or it is beyond the count at which Listmonk acts;
* from that count on Listmonk acts, also at a bounce that becomes no row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bouncestream.record import record

#: The actions of `bounce.actions`.
NONE, UNSUBSCRIBE, BLOCKLIST, DELETE = "none", "unsubscribe", "blocklist", "delete"
ACTIONS = frozenset({NONE, UNSUBSCRIBE, BLOCKLIST, DELETE})
BLOCKLISTED = "blocklisted"

UNKNOWN = "Listmonk has no such subscriber"
ALREADY = "the subscriber is already blocklisted"
DELETED = "Listmonk's rule for this kind deletes the subscriber, and its bounces"


@record(frozen=True, slots=True)
class Rule:
    """What Listmonk does about one kind of bounce: `bounce.actions` of its settings."""

    count: int
    action: str  #: one of ACTIONS


@dataclass(slots=True)
class Person:
    """A subscriber, as the bounces before have left it."""

    id: int
    uuid: str
    email: str
    status: str
    counts: dict[str, int] = field(default_factory=dict)  #: kind → stored bounces
    deleted: bool = False


@record(frozen=True, slots=True)
class Told:
    """A bounce that is to be recorded."""

    row: int  #: outbox.id
    kind: str
    person: Person | None  #: None: Listmonk knows none


@dataclass(slots=True)
class Decided:
    """What is to be written."""

    stored: list[int] = field(default_factory=list)  #: outbox.id of those that become rows
    unstored: dict[int, str] = field(default_factory=dict)  #: outbox.id → why there is no row
    blocklist: list[int] = field(default_factory=list)  #: ids of subscribers
    unsubscribe: list[int] = field(default_factory=list)
    delete: list[int] = field(default_factory=list)


def decide(told: Sequence[Told], rules: Mapping[str, Rule]) -> Decided:
    """Decide about bounces in their order; each `Person` is brought up to date by it."""
    found = Decided()
    for bounce in told:
        person = bounce.person
        if person is None or person.deleted:
            found.unstored[bounce.row] = UNKNOWN
            continue
        rule = rules[bounce.kind]
        count = person.counts.get(bounce.kind, 0) + 1
        if person.status == BLOCKLISTED:
            found.unstored[bounce.row] = ALREADY
        elif count > rule.count:
            found.unstored[bounce.row] = full(bounce.kind, rule.count)
        else:
            person.counts[bounce.kind] = count
            found.stored.append(bounce.row)
        if count >= rule.count:
            _act(rule.action, person, found)
    gone = {one.row for one in told if one.person is not None and one.person.deleted}
    found.unstored |= dict.fromkeys((row for row in found.stored if row in gone), DELETED)
    found.stored = [row for row in found.stored if row not in gone]
    return found


def full(kind: str, count: int) -> str:
    """The reason of a bounce beyond the count."""
    return f"Listmonk stores at most {count} {kind} bounces of a subscriber, and already has them"


def _act(action: str, person: Person, found: Decided) -> None:
    if action == DELETE:
        person.deleted = True
        found.delete.append(person.id)
    elif person.status != BLOCKLISTED:
        if action == BLOCKLIST:
            person.status = BLOCKLISTED
            found.blocklist.append(person.id)
        elif action == UNSUBSCRIBE:
            found.unsubscribe.append(person.id)
