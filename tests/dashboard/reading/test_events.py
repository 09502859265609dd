# SPDX-License-Identifier: GPL-3.0-or-later
"""The search: each filter, page by page, and what it says when a moment is not enough."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bouncestream.crypto.secret import Secret
from bouncestream.dashboard.reader import QUERY, Pages
from bouncestream.dashboard.reading import events
from bouncestream.dashboard.reading.events import LIMIT, LONGER, Events, Filters, filters_of, read_events
from bouncestream.errors import StoreSlow
from bouncestream.event import Kind
from bouncestream.outbox.view import view
from bouncestream.ports import State
from tests.outbox import make
from tests.outbox.make import NOW, later


def search(path: Path, key: Secret | None = None, **filters: Any) -> Events:
    with view(path, key=key, reveal=key is not None) as outbox:
        return read_events(Pages(outbox), Filters(**filters))


def who(found: Events) -> list[str]:
    return [row.event.recipient.partition("@")[0] for row in found.rows]


@pytest.fixture
def some(conn: sqlite3.Connection) -> None:
    make.submit(conn, make.event("a@one.example", reason="user_unknown"), now=later(days=-9))
    make.submit(conn, make.event("b@one.example", Kind.SOFT, reason="spam", source="mx"), now=later(days=-5))
    make.submit(conn, make.event("c@two.example", Kind.SOFT, campaign_uuid=make.CAMPAIGN), now=later(days=-5))
    make.submit(conn, make.event("d@two.example", Kind.COMPLAINT, hold="unproven"), now=later(days=-1))
    make.submit(conn, make.event("a@one.example", Kind.SOFT, message_id="<2@x>"), now=NOW)


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, "adcba"),
        ({"address": "A@one.example"}, "aa"),
        ({"address": "<a@one.example>", "kind": "hard"}, "a"),
        ({"address": "nobody@one.example"}, ""),
        ({"domain": "two.example"}, "dc"),
        ({"reason": "spam"}, "b"),
        ({"kind": "soft"}, "acb"),
        ({"state": "held"}, "d"),
        ({"state": "held", "domain": "one.example"}, ""),
        ({"state": "pending", "kind": "hard"}, "a"),
        ({"state": "pending", "before": 5}, "cba"),
        ({"state": "dropped"}, ""),
        ({"source": "mx"}, "b"),
        ({"campaign": make.CAMPAIGN}, "c"),
        ({"since": "2026-02-24", "until": "2026-02-24"}, "cb"),
        ({"since": "2026-02-28"}, "ad"),
        ({"until": "2026-02-20"}, "a"),
        ({"since": "2027-01-01"}, ""),
        ({"until": "2020-01-01"}, ""),
        ({"before": 3}, "ba"),
    ],
)
def test_each_filter(path: Path, some: None, filters: dict[str, Any], found: str) -> None:
    told = search(path, **filters)
    assert "".join(who(told)) == found
    assert (told.go_on, told.back_to) == (0, None)


@pytest.mark.parametrize("day", ["0001-01-01", "1969-12-31", "9999-12-30", "9999-12-31"])
def test_a_search_by_the_first_or_the_last_day_there_is(path: Path, some: None, day: str) -> None:
    for name in ("until", "since"):
        assert search(path, **{name: getattr(filters_of({name: day}), name)}).go_on == 0


def test_page_after_page_comes_to_every_event_once(path: Path, conn: sqlite3.Connection) -> None:
    for number in range(2 * LIMIT + 7):
        make.submit(conn, make.event(f"r{number}@example.com", hold="unproven" if number % 2 else ""))
    for filters, all_of in (({}, 2 * LIMIT + 7), ({"state": "held"}, LIMIT + 3), ({"state": "pending"}, LIMIT + 4)):
        seen: list[str] = []
        before, pages = 0, 0
        while True:
            found = search(path, before=before, **filters)  # type: ignore[arg-type]
            seen += who(found)
            pages += 1
            if not found.go_on:
                break
            assert found.back_to is not None
            before = found.go_on
        assert len(seen) == len(set(seen)) == all_of
        assert pages == -(-all_of // LIMIT)


@pytest.mark.parametrize("one_in", [40, 1000])
def test_a_search_among_dead_events_goes_on_below_those_that_the_index_named(
    path: Path, conn: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch, one_in: int
) -> None:
    monkeypatch.setattr(events, "_NAMED", 100)
    for number in range(250):
        domain = "one.example" if number % one_in == 5 else "two.example"
        make.submit(conn, make.event(f"r{number}@{domain}", hold="unproven"), now=later(number))
    seen: list[str] = []
    before, steps = 0, []
    while True:
        found = search(path, state="held", domain="one.example", before=before)
        seen += who(found)
        before = found.go_on
        steps.append((before, found.back_to))
        if not before:
            break
    assert seen == [f"r{number}" for number in reversed(range(250)) if number % one_in == 5]
    assert steps == [(151, later(150)), (51, later(50)), (0, None)]
    assert search(path, state="held", domain="one.example", before=51 + 100, since="2027-01-01").go_on == 0


def test_where_a_moment_is_not_enough_it_says_how_far_it_came(
    path: Path, conn: sqlite3.Connection, some: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "STEP", 1)
    looked: list[int] = []
    real = Pages.walk

    def two(self: Pages, fn: Any, high: int, low: int, step: int, seconds: float = QUERY) -> int:
        if seconds != QUERY:  # the longer search has no time either
            return high + 1

        def only_two(conn: sqlite3.Connection, first: int, last: int) -> bool:
            looked.append(first)
            return bool(fn(conn, first, last)) and len(looked) < 2

        return real(self, only_two, high, low, step)

    monkeypatch.setattr(Pages, "walk", two)
    found = search(path, domain="one.example", kind="hard")
    assert (who(found), found.go_on, found.back_to) == ([], 4, later(days=-1))
    looked.clear()
    found = search(path, domain="one.example", kind="hard", before=found.go_on)
    assert (who(found), found.go_on) == ([], 2)
    looked.clear()
    assert who(search(path, domain="one.example", kind="hard", before=2)) == ["a"]


def test_a_search_that_has_found_nothing_goes_on_for_a_second(
    path: Path, conn: sqlite3.Connection, some: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, times = Pages.walk, []

    def soon_over(self: Pages, fn: Any, high: int, low: int, step: int, seconds: float = QUERY) -> int:
        times.append(seconds)
        return real(self, fn, high, max(low, high - 1) if seconds == QUERY else low, step, seconds)

    monkeypatch.setattr(Pages, "walk", soon_over)
    found = search(path, reason="user_unknown", kind="hard")
    assert (who(found), found.go_on, times) == (["a"], 0, [QUERY, LONGER])
    times.clear()
    assert search(path, reason="", kind="soft").rows[0].row == 5
    assert times == [QUERY], "something was found, and the next page goes on"


def test_a_sealed_outbox_is_searched_by_address_only_with_its_key(path: Path) -> None:
    conn = make.connect(path, key=make.KEY)
    make.submit(conn, make.event("a@one.example"))
    conn.close()
    assert search(path, address="a@one.example").sealed
    assert who(search(path, key=make.KEY, address="a@one.example")) == ["a"]
    assert len(search(path, domain="one.example").rows) == 1


def test_a_query_becomes_filters_and_a_query_again() -> None:
    told = {
        "address": " a@x ",
        "kind": "hard",
        "state": "held",
        "since": "2026-02-01",
        "before": "12",
        "domain": "X.org",
    }
    found = filters_of(told)
    assert found == Filters(address="a@x", kind="hard", state="held", since="2026-02-01", before=12, domain="x.org")
    assert found.query(before=0) == "?address=a%40x&domain=x.org&kind=hard&state=held&since=2026-02-01"
    assert found.any
    assert not filters_of({"before": "3"}).any
    assert Filters().query() == ""
    assert filters_of({"kind": "x", "state": "y", "since": "z", "until": "2026-13-01", "before": "-1"}) == Filters()
    assert {State.HELD, State.DEAD} < {*State}


@given(
    st.dictionaries(st.sampled_from(["address", "kind", "state", "since", "until", "before", "domain"]), st.text())
)
def test_any_query_is_read(query: dict[str, str]) -> None:
    found = filters_of(query)
    assert len(found.address) <= 320
    found.query()


def test_a_piece_that_is_too_slow_is_made_smaller(path: Path, some: None, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Pages.read
    sizes: list[int] = []

    def slow(self: Pages, fn: Any) -> Any:
        if fn.__name__ == "<lambda>" and (bounds := fn.__defaults__):
            sizes.append(bounds[1] - bounds[0] + 1)
            if sizes[-1] > 1:
                raise StoreSlow("too slow")
        return real(self, fn)

    monkeypatch.setattr(Pages, "read", slow)
    assert who(search(path)) == ["a", "d", "c", "b", "a"]
    assert sizes[0] == 5
