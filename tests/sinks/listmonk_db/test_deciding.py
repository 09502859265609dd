# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from bouncestream.sinks.listmonk_db.deciding import ALREADY, DELETED, UNKNOWN, Decided, Person, Rule, Told, decide

USUAL = {"soft": Rule(2, "none"), "hard": Rule(1, "blocklist"), "complaint": Rule(1, "blocklist")}


def person(status: str = "enabled", **counts: int) -> Person:
    return Person(7, "u", "a@example.com", status, dict(counts))


def told(who: Person | None, *kinds: str, rules: dict[str, Rule] | None = None) -> Decided:
    return decide([Told(row, kind, who) for row, kind in enumerate(kinds, 1)], rules or USUAL)


def test_a_bounce_becomes_a_row() -> None:
    found = told(person(), "soft")
    assert (found.stored, found.unstored, found.blocklist) == ([1], {}, [])


def test_one_at_the_count_is_stored_and_acts() -> None:
    who = person()
    found = told(who, "hard")
    assert (found.stored, found.blocklist, who.status) == ([1], [7], "blocklisted")


def test_beyond_the_count_there_is_no_row_and_it_acts_all_the_same() -> None:
    found = told(person(soft=5), "soft", rules=USUAL | {"soft": Rule(3, "blocklist")})
    assert (found.stored, found.blocklist) == ([], [7])
    assert "at most 3 soft bounces" in found.unstored[1]


def test_who_is_blocklisted_gets_no_row() -> None:
    assert told(person("blocklisted"), "soft").unstored == {1: ALREADY}
    found = told(person(), "hard", "soft", "complaint")
    assert (found.stored, found.unstored) == ([1], {2: ALREADY, 3: ALREADY})


def test_kinds_are_counted_apart() -> None:
    assert told(person(soft=2), "soft", "hard").stored == [2]


def test_who_is_disabled_is_counted() -> None:
    assert told(person("disabled"), "soft").stored == [1]


def test_an_unknown_subscriber_has_no_row() -> None:
    assert told(None, "hard").unstored == {1: UNKNOWN}


def test_who_is_deleted_takes_the_rows_along() -> None:
    rules = USUAL | {"soft": Rule(2, "delete")}
    found = told(person(), "soft", "soft", "soft", rules=rules)
    assert (found.stored, found.delete) == ([], [7])
    assert found.unstored == {1: DELETED, 2: DELETED, 3: UNKNOWN}


def test_unsubscribing_happens_again_at_each_bounce() -> None:
    found = told(person(), "soft", "soft", rules=USUAL | {"soft": Rule(1, "unsubscribe")})
    assert (found.stored, found.unsubscribe) == ([1], [7, 7])
