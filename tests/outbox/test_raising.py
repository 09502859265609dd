# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sqlite3

from bouncestream.event import BounceEvent, Kind, Proof
from bouncestream.outbox import people, raising
from bouncestream.outbox.people import person_key
from bouncestream.policy import KEPT_SOFT, Rules
from bouncestream.ports import Move, State
from tests.outbox import make
from tests.outbox.make import NOW, SUBSCRIBER, later


def full(n: int = 0, **fields: object) -> BounceEvent:
    """The nth bounce of a full mailbox."""
    fields = {"reason": "mailbox_full", "message_id": f"<{n}>", "kind": Kind.SOFT} | fields
    return make.event(**fields)  # type: ignore[arg-type]


def counted(conn: sqlite3.Connection, rules: Rules | None = None, **more: frozenset[str]) -> int:
    person = person_key("ann@example.com", people.secret_of(conn))
    return len(raising.soft_bounces(conn, person, rules or Rules(), **more))


def test_only_proven_sure_soft_bounces_without_a_word_of_the_policy_count(conn: sqlite3.Connection) -> None:
    make.submit(
        conn,
        full(0),
        full(1, evidence="no proof of origin: reported as soft at most", provider="mailbox", proof=Proof.NONE),
        full(2, sure=False),
        full(3, kind=Kind.HARD),
        full(4, reason="policy"),
        full(5, hold="unproven"),
        full(6, source="open"),
        full(7, recipient="bob@example.com"),
    )
    assert counted(conn) == 2
    assert counted(conn, unproven=frozenset({"open"})) == 1
    assert counted(conn, Rules({"mailbox_full": "soft"})) == 0


def test_what_an_operator_dropped_does_not_count_and_what_is_only_kept_does(conn: sqlite3.Connection) -> None:
    make.submit(conn, full(0), full(1))
    make.settle(conn, 1, State.DROPPED)
    from bouncestream.outbox import delivery

    delivery.settle(conn, [Move(2, State.DROPPED, KEPT_SOFT)], NOW)
    assert counted(conn) == 1


def test_it_is_told_as_hard_once_by_a_new_event(conn: sqlite3.Connection) -> None:
    make.submit(conn, full(0, evidence="5.2.2"))
    make.claim(conn)
    make.settle(conn, 1, State.POSTED, State.VERIFIED)
    assert raising.told_as_hard(conn, 1, "on 5 days", later(5))
    assert make.rows(conn) == [(1, "verified", "soft"), (2, "pending", "hard")]
    assert make.rows(conn, "supersedes IS NOT NULL, superseded_by, evidence, sure")[1] == (
        1,
        None,
        "5.2.2; on 5 days",
        None,
    )
    assert not raising.told_as_hard(conn, 1, "on 5 days", later(6)), "never twice"
    assert not raising.told_as_hard(conn, 2, "on 5 days", later(6)), "and no hard one"
    assert not raising.told_as_hard(conn, 9, "on 5 days", later(6))
    assert counted(conn) == 0
    make.check_tally(conn)
    receipt = make.submit(conn, full(0, kind=Kind.HARD), now=later(days=1))
    assert (receipt.accepted, receipt.duplicates) == (0, 1), "a graver report of the same mail is known already"


def test_what_was_counted_before_somebody_was_told_as_hard_counts_no_more(conn: sqlite3.Connection) -> None:
    make.submit(conn, full(0), full(1))
    assert not raising.is_counted(conn, 1)
    assert raising.told_as_hard(conn, 2, "on 2 days", later(5))
    make.submit(conn, full(2))
    assert [raising.is_counted(conn, row) for row in (1, 2, 4, 9)] == [True, True, False, False]
    assert counted(conn) == 1


def test_who_is_told_by_the_uuid_still_is(conn: sqlite3.Connection) -> None:
    make.submit(conn, full(0, provider="mailbox", subscriber_uuid=SUBSCRIBER, proof=Proof.UUID))
    assert raising.told_as_hard(conn, 1, "why", NOW)
    (before, after) = make.rows(conn, "person, address_form, recipient, subscriber_uuid")
    assert before == after


def test_the_next_soft_ones_and_the_row_itself(conn: sqlite3.Connection) -> None:
    make.submit(conn, full(0), full(1, reason="spam"), full(2))
    found, last = raising.soft_after(conn, 0, 2)
    assert ([row.id for row in found], last) == ([1], 2)
    assert raising.soft_after(conn, 3, 2) == ([], 3)
    assert raising.counted_with(conn, 1, Rules())[0]
    assert raising.counted_with(conn, 2, Rules())[0] is False
    assert raising.counted_with(conn, 99, Rules()) == (False, [])
