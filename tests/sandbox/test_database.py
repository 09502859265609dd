# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables keep their indexes in step."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bouncestream.sandbox import Subscriber
from bouncestream.sandbox.database import Database, RowRefused
from bouncestream.sandbox.model import DEFAULT_ACTIONS, Action
from bouncestream.sandbox.posted import Bounce


def bounce(email: str, kind: str = "soft", poison: str = "", source: str = "esp") -> Bounce:
    return Bounce(email, "", "", kind, source, {}, datetime(2026, 1, 1, tzinfo=UTC), poison)


@pytest.fixture
def database() -> Database:
    made = Database()
    for name in "ab":
        made.add_person(Subscriber(f"{name}@example.com"))
    return made


def test_why_no_row_is_stored(database):
    told = [database.record(bounce("a@example.com"), DEFAULT_ACTIONS) for _ in range(3)]
    assert told == ["", "", "above the count"]
    assert database.record(bounce("b@example.com", "hard"), DEFAULT_ACTIONS) == ""
    assert database.record(bounce("b@example.com"), DEFAULT_ACTIONS) == "blocklisted"
    assert database.record(bounce("c@example.com"), DEFAULT_ACTIONS) == "unknown subscriber"
    with pytest.raises(RowRefused, match="words"):
        database.record(bounce("a@example.com", poison="words"), DEFAULT_ACTIONS)


def test_delete_takes_all_rows_and_indexes_along(database):
    actions = {"soft": Action(5, "none"), "hard": Action(1, "delete"), "complaint": Action(1, "none")}
    for source in ("one", "two"):
        database.record(bounce("a@example.com", source=source), actions)
    assert database.record(bounce("a@example.com", "hard"), actions) == "subscriber deleted"
    assert not database.rows
    assert not database.by_source
    assert database.by_email.keys() == {"b@example.com"}
    assert len(database.by_uuid) == len(database.people) == 1


def test_a_deleted_list_leaves_its_subscribers(database):
    database.delete_list(1)
    assert all(not person.lists for person in database.people.values())


def test_addresses_and_uuids_are_unique(database):
    person = database.by_email["a@example.com"]
    for again in (Subscriber("A@example.com"), Subscriber("c@example.com", person.uuid)):
        with pytest.raises(KeyError):
            database.add_person(again)
    with pytest.raises(KeyError):
        database.rename(person, "b@example.com")
    database.rename(person, "c@example.com")
    assert database.by_email.keys() == {"b@example.com", "c@example.com"}
