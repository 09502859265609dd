# SPDX-License-Identifier: GPL-3.0-or-later
"""What our bounces caused: noted once, found again by scope, and marked when it is undone."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import timedelta

import pytest

from bouncestream.event import Kind, person_key
from bouncestream.outbox import caused, operator
from bouncestream.outbox.caused import Scope
from bouncestream.outbox.people import secret_of
from bouncestream.ports import Cause, ListedRow, State, Subscriber
from tests.outbox import make

UUID = "11111111-0000-4000-8000-000000000001"
BLOCKS = {"hard": "blocklist", "soft": "none"}


@pytest.fixture
def verified(conn: sqlite3.Connection) -> list[str]:
    """The event ids of rows 1 to 3: hard, soft, hard at another domain."""
    make.submit(
        conn,
        make.event("a@example.com"),
        make.event("b@example.com", kind=Kind.SOFT),
        make.event("c@sub.example.org"),
    )
    make.claim(conn, limit=3)
    for row in (1, 2, 3):
        make.settle(conn, row, State.POSTED, State.VERIFIED)
    return [str(event_id) for (event_id,) in make.rows(conn, "event_id")]


def seen(event_id: str, number: int, status: str = "blocklisted") -> ListedRow:
    return ListedRow(event_id, 1, True, number, 100 + number, UUID, status)


def rows(conn: sqlite3.Connection, scope: Scope = Scope()) -> list[int]:  # noqa: B008 - it is frozen
    return [one.row for one in caused.causes(conn, scope)]


def note(conn: sqlite3.Connection, found: Sequence[ListedRow]) -> None:
    caused.note(conn, found, BLOCKS, make.NOW)


def test_only_what_had_an_effect_is_noted(conn: sqlite3.Connection, verified: list[str]) -> None:
    one, two, three = verified
    note(conn, [seen(one, 7), seen(two, 8, "enabled"), seen(three, 9, ""), seen("unknown", 10), ListedRow(one, 1)])
    assert rows(conn) == [1, 3]
    (first, _) = caused.causes(conn, Scope())
    assert (first.bounce_id, first.subscriber_id, first.status, first.action) == (
        7,
        107,
        "blocklisted",
        "blocklist",
    )
    assert first.subscriber == person_key(UUID, secret_of(conn))


def test_a_second_sight_changes_nothing(conn: sqlite3.Connection, verified: list[str]) -> None:
    note(conn, [seen(verified[0], 7)])
    note(conn, [seen(verified[0], 8)])
    assert [one.bounce_id for one in caused.causes(conn, Scope())] == [7]


def test_what_is_noted_has_no_address_and_no_uuid(conn: sqlite3.Connection, verified: list[str]) -> None:
    note(conn, [seen(event_id, number) for number, event_id in enumerate(verified, 1)])
    text = repr(conn.execute("SELECT * FROM caused").fetchall())
    assert "example" not in text
    assert UUID not in text


@pytest.mark.parametrize(
    ("scope", "found"),
    [
        (Scope(), [1, 3]),
        (Scope(domain="example.com"), [1]),
        (Scope(domain="example.org"), [3]),
        (Scope(domain="ample.org"), []),
        (Scope(kinds=[Kind.COMPLAINT]), []),
        (Scope(campaign_uuid=UUID), []),
        (Scope(since=make.NOW), [1, 3]),
        (Scope(since=make.NOW + timedelta(seconds=1)), []),
    ],
)
def test_scopes(conn: sqlite3.Connection, verified: list[str], scope: Scope, found: list[int]) -> None:
    note(conn, [seen(verified[0], 7), seen(verified[2], 9)])
    assert rows(conn, scope) == found


def test_when_it_was_told_is_when_its_attempt_was_claimed(conn: sqlite3.Connection, verified: list[str]) -> None:
    note(conn, [seen(verified[0], 7)])
    (one,) = caused.causes(conn, Scope())
    at = conn.execute("SELECT at FROM history WHERE outbox_id = 1 AND to_state = 'claimed'").fetchone()[0]
    assert one.told_at.isoformat(timespec="milliseconds").replace("+00:00", "Z") == at


def test_lists_of_before_are_kept_when_the_row_is_seen(conn: sqlite3.Connection, verified: list[str]) -> None:
    person = Subscriber(
        107, UUID, "a@example.com", "enabled", {1: "confirmed", 2: "unsubscribed", 3: "unconfirmed"}
    )
    caused.note_lists(conn, {1: person}, make.NOW)
    assert rows(conn) == []  # not seen yet
    caused.note(conn, [seen(verified[0], 7, "enabled")], {"hard": "unsubscribe"}, make.NOW)
    (one,) = caused.causes(conn, Scope())
    assert (one.bounce_id, one.lists) == (7, {1: "confirmed", 3: "unconfirmed"})


def test_begun_finished_and_marked(conn: sqlite3.Connection, verified: list[str]) -> None:
    note(conn, [seen(verified[0], 7)])
    began = caused.begin(conn, caused.causes(conn, Scope()), [seen(verified[0], 7)], "then", BLOCKS, make.NOW)
    assert rows(conn) == []
    (one,) = caused.begun(conn)
    assert (one.begun, one.found, one.event_id) == (began, "then", verified[0])
    assert caused.undone(conn, 1) is None
    assert caused.finish(conn, 107, began, make.NOW, "it is back") == [1]
    assert caused.undone(conn, 1) == make.NOW
    assert caused.begun(conn) == []
    assert operator.show(conn, 1)[0].state is State.DROPPED
    assert operator.show(conn, 1)[0].why == "undone: it is back"
    make.check_tally(conn)


def test_of_two_undos_one_has_a_subscriber(conn: sqlite3.Connection, verified: list[str]) -> None:
    """Each has read how it stands before the other begins."""
    note(conn, [seen(verified[0], 7)])

    def begin(read: list[Cause], minute: int) -> str:
        now = make.NOW + timedelta(minutes=minute)
        return caused.begin(conn, read, [seen(verified[0], 7)], f"found {minute}", BLOCKS, now)

    read = caused.causes(conn, Scope())
    first = begin(read, 1)
    assert first
    assert begin(read, 2) == ""
    # both go on with what an undo that was killed had begun
    read = caused.begun(conn)
    second = begin(read, 3)
    assert begin(read, 4) == ""
    (one,) = caused.begun(conn)
    assert (one.begun, one.found) == (second, "found 3")
    # and one that was overtaken neither ends it nor gives it up
    assert caused.finish(conn, 107, first, make.NOW, "it is back") == []
    caused.leave(conn, 1, 107, first, make.NOW, "it is gone")
    assert caused.begun(conn) == [one]
    assert caused.finish(conn, 107, second, make.NOW, "it is back") == [1]
    assert begin(read, 5) == ""
    make.check_tally(conn)


def test_what_is_left_alone_is_written_down_once_for_each_reason(
    conn: sqlite3.Connection, verified: list[str]
) -> None:
    note(conn, [seen(verified[0], 7)])
    before = len(operator.show(conn, 1)[1])
    for why in ("it was changed", "it was changed", "it is gone"):
        caused.leave(conn, 1, 107, "", make.NOW, why)
    assert [step.why for step in operator.show(conn, 1)[1][before:]] == [
        "an undo left it alone: it was changed",
        "an undo left it alone: it is gone",
    ]
    assert rows(conn) == [1]


def test_labels_of_which_nothing_is_noted(conn: sqlite3.Connection, verified: list[str]) -> None:
    labels = caused.unread_labels(conn, Scope(kinds=[Kind.HARD]))
    assert labels == [conn.execute("SELECT label FROM outbox WHERE id = 1").fetchone()[0]]
    note(conn, [seen(verified[0], 7), seen(verified[2], 9)])
    assert caused.unread_labels(conn, Scope(kinds=[Kind.HARD])) == []


def test_what_the_relay_holds_is_in_no_scope(conn: sqlite3.Connection, verified: list[str]) -> None:
    make.submit(conn, make.event("d@example.com"))
    make.claim(conn, limit=1)
    make.settle(conn, 4, State.POSTED)
    ids = [str(event_id) for (event_id,) in make.rows(conn, "event_id")]
    assert set(caused.in_scope(conn, ids, Scope()).values()) == {1, 2, 3}
    assert caused.waiting(conn, Scope()) == {"": 1}
