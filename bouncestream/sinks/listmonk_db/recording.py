# SPDX-License-Identifier: GPL-3.0-or-later
"""Records claimed bounces in Listmonk's tables, as part of a transaction that settles their events as well: what is
claimed, recorded and settled in one is recorded once, whatever is killed.

Each ends in the state that it would end in by Listmonk's API: a row, or the reason why there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC

import orjson

from bouncestream.event import clean_uuid
from bouncestream.ports import Claimed, State, Subscriber
from bouncestream.record import record
from bouncestream.sinks.listmonk import payload
from bouncestream.sinks.listmonk_db.deciding import UNSUBSCRIBE, Decided, Person, Told, decide
from bouncestream.sinks.listmonk_db.known import Settings
from bouncestream.sinks.listmonk_db.tables import Bounce, Conn, Tables

RECORDED = "recorded in Listmonk's tables"
FOUND = "its row is in Listmonk: not recorded again"

#: Why a bounce is not told, by what Listmonk has under its UUID (UUID → address, "" for nobody); empty: it is.
Refuses = Callable[[Claimed, Mapping[str, str]], str]


@record(frozen=True, slots=True)
class Recorded:
    """What became of one bounce."""

    row: int  #: outbox.id
    event_id: str
    attempt: int
    state: State
    why: str
    bounce: int = 0  #: Listmonk's own id of the row that was stored; 0: none was
    person: Subscriber | None = None  #: as the batch has left it, with its lists before where it was taken off them


def tell(
    conn: Conn,
    tables: Tables,
    settings: Settings,
    claimed: Sequence[Claimed],
    instance: str,
    refuses: Refuses = lambda claimed, owners: "",
) -> list[Recorded]:
    """Record bounces in their order, as Listmonk itself would. One may have its row already: the API was told of it
    before, or this outbox is a restored backup."""
    ends = {one.row: (State.DEAD, why) for one in claimed if (why := _bad(one, settings))}
    todo = [one for one in claimed if one.row not in ends]
    emails = {form for one in todo for form in _forms(one)}
    uuids = {mark for one in todo if (mark := clean_uuid(one.event.subscriber_uuid))}
    by_email, by_uuid = tables.people(conn, emails, uuids)
    people = {one.id for one in by_uuid.values()}
    there = tables.stored(conn, people, instance, {one.event_id for one in todo})
    owners = {mark: by_uuid[mark].email if mark in by_uuid else "" for mark in uuids}
    told: list[Told] = []
    for one in todo:
        if one.event_id in there:
            ends[one.row] = State.VERIFIED, FOUND
        elif why := refuses(one, owners):
            ends[one.row] = State.UNSTORED, why
        else:
            told.append(Told(one.row, one.event.kind.value, _meant(one, by_email, by_uuid)))
    decided = decide(told, settings.rules)
    ends |= {row: (State.UNSTORED, why) for row, why in decided.unstored.items()}
    meant = {one.row: one.person for one in told}
    return _written(conn, tables, settings, claimed, instance, ends, meant, decided)


def _written(
    conn: Conn,
    tables: Tables,
    settings: Settings,
    claimed: Sequence[Claimed],
    instance: str,
    ends: Mapping[int, tuple[State, str]],
    people: Mapping[int, Person | None],
    decided: Decided,
) -> list[Recorded]:
    stored = set(decided.stored)
    marks = {mark for one in claimed if one.row in stored and (mark := clean_uuid(one.event.campaign_uuid))}
    campaigns = tables.campaigns(conn, marks)
    leaving = {
        person.id
        for one in claimed
        if one.row in stored and settings.actions[one.event.kind.value] == UNSUBSCRIBE
        if (person := people[one.row]) is not None
    }
    lists = tables.lists(conn, leaving)
    rows = [
        _row(one, person, campaigns, instance)
        for one in claimed
        if one.row in stored and (person := people[one.row]) is not None
    ]
    numbers = tables.write(conn, rows, decided)
    found = []
    for one in claimed:
        state, why = ends.get(one.row, (State.VERIFIED, RECORDED))
        person = people.get(one.row) if one.row in stored else None
        subscriber = None
        if person is not None:
            subscriber = Subscriber(person.id, person.uuid, person.email, person.status, lists.get(person.id, {}))
        number = numbers.get(one.event_id, 0)
        found.append(Recorded(one.row, one.event_id, one.attempt, state, why, number, subscriber))
    return found


def _row(one: Claimed, person: Person, campaigns: Mapping[str, int], instance: str) -> Bounce:
    event = one.event
    at = event.occurred_at.astimezone(UTC).isoformat(timespec="milliseconds") if event.occurred_at else None
    meta = orjson.dumps(payload.meta(one, instance)).decode()
    campaign = campaigns.get(clean_uuid(event.campaign_uuid))
    return Bounce(person.id, campaign, event.kind.value, one.label, meta, at)


def _bad(one: Claimed, settings: Settings) -> str:
    """Why Listmonk refuses a bounce whoever it is about, in the words of its API; empty: it takes it."""
    field, value = payload.address(one)
    if field == "subscriber_uuid":
        return "" if clean_uuid(value) else "Listmonk refuses it: Invalid fields: subscriber_uuid"
    value = value.strip().lower()
    if not payload.is_bare(value):
        return "Listmonk refuses it: Invalid email."
    if settings.refuses(value.rpartition("@")[2]):
        return "Listmonk refuses it: The e-mail domain is blocklisted."
    return ""


def _forms(one: Claimed) -> set[str]:
    """The addresses that a subscriber may have, as Listmonk stores them."""
    recipient = one.event.recipient
    return {form.strip().lower() for form in (recipient, payload.unicode_form(recipient)) if form}


def _meant(one: Claimed, by_email: Mapping[str, Person], by_uuid: Mapping[str, Person]) -> Person | None:
    """The subscriber whom a bounce is about: by the name that it is told by, else by another one of the same."""
    field, value = payload.address(one)
    owner = by_uuid.get(clean_uuid(one.event.subscriber_uuid))
    if field == "subscriber_uuid":
        return owner
    if (person := by_email.get(value.strip().lower())) is not None:
        return person
    if owner is not None and payload.same_address(owner.email, one.event.recipient):
        return owner
    return by_email.get(payload.unicode_form(one.event.recipient).strip().lower())
