# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers that add up: what the outbox says of its events against the rows that Listmonk shows, and a provider's
own list against both. Each difference has a cause; what has none is unexplained. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bouncestream.ports import ListedRow, State

#: Cause → what it is, for an operator. In the order in which they are told.
CAUSES: Mapping[str, str] = {
    "in transit": "not final yet: on its way to Listmonk",
    "held": "held: waits for your decision, a proof or a permission",
    "dead": "a dead letter: Listmonk refused it, or it failed 8 times",
    "dropped": "dropped by the policy, a dry run or an operator",
    "blocklisted": "not stored by Listmonk: the subscriber was already blocklisted",
    "above the count": "not stored by Listmonk: above the count at which it acts",
    "no subscriber": "not stored by Listmonk: it has no such subscriber",
    "not stored": "not stored by Listmonk, for another reason that the event tells",
    "undone": "taken back by `bouncestream undo`",
    "erased": "its person was erased here, and the row is no longer in Listmonk",
    "subscriber deleted": "stored once; the subscriber was deleted in Listmonk",
    "row deleted": "stored once; the row was deleted in Listmonk, or lost as it was restored from a backup",
    "another bridge": "a row that another bridge wrote under the same source name",
    "older than retention": "in Listmonk; its event has left the outbox ([retention] events)",
    "suppressed": "in the provider's list; the person is suppressed here, so nothing is stored",
    "another application": "in the provider's list; Listmonk does not know the address",
    "before the outbox": "in the provider's list; older than the first event or than [retention] events",
    "other feedback": "in the provider's list; not a bounce or complaint, such as a delivery",
    # -- unexplained
    "never read back": "posted, and could not be verified; no row is in Listmonk",
    "counted all the same": "in Listmonk, though the outbox says that it is not",
    "counted twice": "more than one row in Listmonk",
    "unknown event": "in Listmonk under this outbox's name, and the outbox has no such event",
    "missing here": "in the provider's list, known to Listmonk, and not in the outbox",
}  # fmt: skip

#: What nobody can explain.
UNEXPLAINED = frozenset(
    {"never read back", "counted all the same", "counted twice", "unknown event", "missing here"}
)

#: How the reason of an unstored event begins, or what it holds → its cause.
_UNSTORED = (
    ("most likely", "not stored"),
    ("already blocklisted", "blocklisted"),
    ("already has them", "above the count"),
    ("no such subscriber", "no subscriber"),
    ("no subscriber", "no subscriber"),
)


@dataclass(frozen=True, slots=True)
class Ours:
    """What the outbox says of an event."""

    row: int
    event_id: str
    state: State
    kind: str
    why: str
    finished: bool
    erased: bool = False
    undone: bool = False


@dataclass(frozen=True, slots=True)
class Difference:
    """One event, or row, that both sides do not agree about."""

    cause: str
    row: int = 0  #: outbox.id; 0: there is no event
    what: str = ""  #: else: what it is, masked

    @property
    def explained(self) -> bool:
        return self.cause not in UNEXPLAINED


@dataclass(slots=True)
class Compared:
    """The result of a comparison."""

    events: Counter[str] = field(default_factory=Counter)  #: kind → events of the outbox
    stored: Counter[str] = field(default_factory=Counter)  #: kind → of these, in Listmonk
    listed: int = 0  #: entries of the provider's list that are feedback
    matched: int = 0  #: of these, in the outbox
    differences: list[Difference] = field(default_factory=list)
    missing: list[int] = field(default_factory=list)  #: rows that were stored once, and are not any more

    @property
    def causes(self) -> dict[str, int]:
        """Cause → how many, in the order of the table."""
        counted = Counter(one.cause for one in self.differences)
        return {cause: counted[cause] for cause in CAUSES if counted[cause]}

    @property
    def unexplained(self) -> list[Difference]:
        return [one for one in self.differences if not one.explained]


def in_words(compared: Compared) -> str:
    """The comparison with Listmonk in some lines, for the weekly summary."""
    events, stored = sum(compared.events.values()), sum(compared.stored.values())
    lines = [f"  {events} events in the outbox, {stored} of them in Listmonk"]
    lines += [f"  {number} {cause}: {CAUSES[cause]}" for cause, number in compared.causes.items()]
    if number := len(compared.unexplained):
        lines.append(f"  {number} unexplained. Next: `bouncestream reconcile --since 7d` names them.")
    return "\n".join(lines)


def against_listmonk(
    into: Compared,
    ours: Mapping[str, Ours],
    rows: Iterable[ListedRow],
    others: Collection[str],
    before: str,
) -> None:
    """Compare the events of one label with the rows that Listmonk shows under it. `others`: ids of events of this
    outbox that are not compared now; `before`: events whose id sorts before this one are older than retention."""
    seen: Counter[str] = Counter()
    for row in rows:
        if not row.ours:
            into.differences.append(Difference("another bridge", what=row.event_id))
        elif row.event_id in ours:
            seen[row.event_id] += 1
        elif row.event_id not in others:
            cause = "older than retention" if row.event_id < before else "unknown event"
            into.differences.append(Difference(cause, what=row.event_id))
    for event_id, one in ours.items():
        number = seen[event_id]
        into.events[one.kind] += 1
        into.stored[one.kind] += bool(number)
        if cause := _cause(one, number):
            into.differences.append(Difference(cause, one.row))
        elif not number and one.state is State.VERIFIED and one.kind != "unsubscribe":
            into.missing.append(one.row)


def _cause(one: Ours, number: int) -> str:
    """The cause of what is different about an event of which Listmonk shows `number` rows; empty: nothing is, or it
    was stored once and is missing."""
    state = one.state
    if number > 1:
        return "counted twice"
    if one.kind == "unsubscribe" and state is State.VERIFIED:
        return ""  # carried out at the subscriber, without a row
    if one.undone:
        return "counted all the same" if number else "undone"
    if state is State.VERIFIED:
        return "" if number or not one.erased else "erased"
    if state is State.POSTED and one.finished:
        return "" if number else "never read back"
    if state in (State.PENDING, State.CLAIMED, State.POSTED):
        return "in transit"
    if number:
        return "counted all the same"
    if state is State.UNSTORED:
        return next(
            (cause for words, cause in _UNSTORED if words in one.why), "erased" if one.erased else "not stored"
        )
    return state.value  # held, dead or dropped


def missing(into: Compared, rows: Iterable[int], known: Collection[int]) -> None:
    """Of rows that were stored once: `known` are those whose subscriber Listmonk still has."""
    for row in rows:
        into.differences.append(Difference("row deleted" if row in known else "subscriber deleted", row))


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a provider's list."""

    address: str  #: normalised
    line: int
    at: datetime | None = None
    feedback: bool = True  #: False: its word says that it is no bounce and no complaint


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of the address of an entry."""

    times: Sequence[datetime] = ()  #: when bounces of it were reported here
    suppressed: bool = False
    subscriber: bool | None = None  #: whether Listmonk knows it; None: it could not be asked


def against_provider(
    into: Compared, entries: Iterable[Entry], facts: Mapping[str, Facts], first: datetime | None
) -> None:
    """Compare a provider's list with the outbox. An entry is known here when the outbox has any event about its
    address: lists differ in what they call a date. `first`: no event of the outbox is older."""
    for entry in entries:
        if not entry.feedback:
            into.differences.append(Difference("other feedback", what=f"line {entry.line}"))
            continue
        into.listed += 1
        known = facts.get(entry.address, Facts())
        if known.times:
            into.matched += 1
            continue
        if known.suppressed:
            cause = "suppressed"
        elif known.subscriber is False:
            cause = "another application"
        elif entry.at is not None and first is not None and entry.at < first:
            cause = "before the outbox"
        else:
            cause = "missing here"
        into.differences.append(Difference(cause, what=f"line {entry.line}"))
