# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of the stand-in: subscribers, lists, bounces, and the one statement that records a bounce.

The rules of `record` were measured on 4.1.0, 5.1.0 and 6.2.0 (2026-11): they count stored rows, so a bounce that is
above its count leaves no row but still acts.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bouncestream.sandbox.model import Action, Subscriber
from bouncestream.sandbox.posted import Bounce
from bouncestream.sandbox.sql import Condition


class RowRefused(Exception):
    """The database did not take the row; the words are its own."""


@dataclass(slots=True)
class MailingList:
    """A list that subscribers are on."""

    id: int
    name: str
    type: str = "private"
    optin: str = "single"
    tags: list[str] = field(default_factory=list)
    uuid: str = field(default_factory=lambda: str(uuid.uuid4()))
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(slots=True)
class Subscription:
    """The subscription of a subscriber to a list: `unconfirmed`, `confirmed` or `unsubscribed`."""

    status: str
    created_at: datetime
    updated_at: datetime


@dataclass(slots=True)
class Row:
    """A stored bounce."""

    id: int
    person: Person
    type: str
    source: str
    meta: Any
    created_at: datetime
    campaign: tuple[int, str] | None


@dataclass(slots=True)
class Person:
    """A stored subscriber with its subscriptions and bounces."""

    id: int
    uuid: str
    email: str
    name: str
    status: str
    created_at: datetime
    updated_at: datetime
    attribs: dict[str, Any] = field(default_factory=dict)
    lists: dict[int, Subscription] = field(default_factory=dict)
    rows: dict[int, Row] = field(default_factory=dict)

    def subscribe(self, list_id: int, status: str) -> None:
        """Put the subscriber on a list, or change the subscription to it."""
        now = datetime.now(UTC)
        if known := self.lists.get(list_id):
            known.status, known.updated_at = status, now
        else:
            self.lists[list_id] = Subscription(status, now, now)

    def unsubscribe(self, list_ids: Iterable[int] | None = None) -> None:
        """Unsubscribe from the lists named, or from all."""
        for list_id in list(self.lists if list_ids is None else list_ids):
            if list_id in self.lists:
                self.subscribe(list_id, "unsubscribed")

    def bounce(self, action: str) -> None:
        """Act on a bounce: unlike a change by the API it leaves all times alone, and a blocklisted subscriber on
        the lists (seen on 6.2.0, 2026-11)."""
        if action == "blocklist":
            self.status = "blocklisted"
        else:
            for subscription in self.lists.values():
                subscription.status = "unsubscribed"

    def set_status(self, status: str) -> None:
        """Set the status: `enabled`, `disabled` or `blocklisted`."""
        self.status = status
        self.updated_at = datetime.now(UTC)


class Database:
    """The database: all tables, in memory, indexed as the reads need them."""

    def __init__(self) -> None:
        self.people: dict[int, Person] = {}
        self.by_email: dict[str, Person] = {}
        self.by_uuid: dict[str, Person] = {}
        self.lists: dict[int, MailingList] = {}
        self.rows: dict[int, Row] = {}
        self.by_source: dict[str, dict[int, Row]] = {}
        self.campaigns: dict[str, tuple[int, str]] = {}
        self.sent_to: dict[str, set[int]] = {}  #: a campaign's UUID → the ids of its lists
        self.optins: list[tuple[int, frozenset[int]]] = []  #: opt-in letters: to whom, for which lists
        self._people_ids = self._list_ids = self._row_ids = 0
        self.add_list("Default list", tags=["test"])
        self.add_list("Opt-in list", type="public", optin="double", tags=["test"])

    def add_list(
        self, name: str, type: str = "private", optin: str = "single", tags: Iterable[str] = ()
    ) -> MailingList:
        """A new list; ids are never reused."""
        self._list_ids += 1
        made = self.lists[self._list_ids] = MailingList(self._list_ids, name, type, optin, list(tags))
        return made

    def add_campaign(self, mark: str, name: str, lists: Iterable[int] = ()) -> None:
        """A new campaign by its UUID, to those of the lists that are there."""
        self.campaigns[mark.lower()] = (len(self.campaigns) + 1, name)
        self.sent_to[mark.lower()] = {list_id for list_id in lists if list_id in self.lists}

    def delete_list(self, list_id: int) -> None:
        """Remove a list and its subscriptions, if it is there."""
        if self.lists.pop(list_id, None):
            for lists in self.sent_to.values():
                lists.discard(list_id)
            for person in self.people.values():
                person.lists.pop(list_id, None)

    def add_person(self, new: Subscriber, status: str = "confirmed") -> Person:
        """A new subscriber; KeyError if the address or the UUID is there already."""
        email, mark = new.email.strip().lower(), (new.uuid or str(uuid.uuid4())).lower()
        if email in self.by_email or mark in self.by_uuid:
            raise KeyError(email)
        self._people_ids += 1
        now = datetime.now(UTC)
        name = new.name or email.partition("@")[0]
        person = Person(self._people_ids, mark, email, name, new.status, now, now, dict(new.attribs))
        for list_id in new.lists:
            if list_id in self.lists:
                person.subscribe(list_id, status)
        self.people[person.id] = self.by_email[email] = self.by_uuid[mark] = person
        return person

    def ask_optin(self, person: Person) -> None:
        """Mail the opt-in letter of the lists that want one and are not confirmed yet, if there are any."""
        asks = {i for i, one in person.lists.items() if one.status == "unconfirmed"}
        if asks := {i for i in asks if self.lists[i].optin == "double"}:
            self.optins.append((person.id, frozenset(asks)))

    def rename(self, person: Person, email: str) -> None:
        """Another address for a subscriber; KeyError if somebody else has it."""
        if self.by_email.get(email, person) is not person:
            raise KeyError(email)
        del self.by_email[person.email]
        person.email = email
        self.by_email[email] = person

    def delete_person(self, person_id: int) -> None:
        """Remove a subscriber and its bounces, if it is there."""
        if person := self.people.pop(person_id, None):
            del self.by_email[person.email], self.by_uuid[person.uuid]
            for row_id in list(person.rows):
                self.delete_row(row_id)

    def delete_row(self, row_id: int) -> None:
        """Remove a bounce, if it is there."""
        if row := self.rows.pop(row_id, None):
            row.person.rows.pop(row_id, None)
            of_source = self.by_source[row.source]
            del of_source[row_id]
            if not of_source:
                del self.by_source[row.source]

    def record(self, bounce: Bounce, actions: Mapping[str, Action]) -> str:
        """Record one bounce and act on it. Empty if a row was stored, else why none is, by design."""
        if bounce.poison:
            raise RowRefused(bounce.poison)
        known = self.by_uuid if bounce.subscriber_uuid else self.by_email
        person = known.get(bounce.subscriber_uuid or bounce.email)
        if person is None:
            self._row_ids += 1  # the sequence moves on before the statement fails
            return "unknown subscriber"
        rule = actions[bounce.type]
        number = 1 + sum(row.type == bounce.type for row in person.rows.values())
        if person.status == "blocklisted":  # who is deleted all the same, by this bounce (seen on all three)
            if number >= rule.count and rule.action == "delete":
                self.delete_person(person.id)
            return "blocklisted"
        if number <= rule.count:
            self._store(bounce, person)
        if number >= rule.count and rule.action != "none":
            if rule.action == "delete":
                self.delete_person(person.id)
                return "subscriber deleted"
            person.bounce(rule.action)
        return "" if number <= rule.count else "above the count"

    def _store(self, bounce: Bounce, person: Person) -> None:
        self._row_ids += 1
        row = Row(
            self._row_ids,
            person,
            bounce.type,
            bounce.source,
            bounce.meta,
            bounce.created_at,
            self.campaigns.get(bounce.campaign_uuid),
        )
        self.rows[row.id] = person.rows[row.id] = row
        self.by_source.setdefault(row.source, {})[row.id] = row

    def find(self, conditions: Iterable[Condition]) -> list[Person]:
        """The subscribers that meet one of the conditions."""
        by_column: dict[str, Callable[[str], Person | None]] = {
            "email": self.by_email.get,
            "uuid": self.by_uuid.get,
            "id": lambda value: self.people.get(int(value)),
        }
        found = (by_column[one.column](value) for one in conditions for value in one.values)
        return list({person.id: person for person in found if person}.values())
