# SPDX-License-Identifier: GPL-3.0-or-later
"""What comes again: graver after a claim, an unsubscription after its end, and what a restored backup forgot."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import pytest

from bouncestream.event import Kind, Proof
from bouncestream.outbox import arrivals, delivery, operator
from bouncestream.ports import Move, Receipt, State
from tests.outbox import make
from tests.outbox.make import NOW, claim, event, later, settle, submission, submit

NEW, KNOWN = Receipt(accepted=1), Receipt(duplicates=1)


# Graver, of what may have been posted


@pytest.mark.parametrize("held", [False, True])
def test_what_was_ever_claimed_is_superseded_although_it_waits(conn: sqlite3.Connection, held: bool) -> None:
    submit(conn, event(kind=Kind.SOFT))
    for _ in range(2):
        claim(conn)
        moves = [Move(1, State.POSTED, "200"), Move(1, State.PENDING, "absent", absent=True, failed=True)]
        delivery.settle(conn, moves, NOW)
    if held:
        delivery.settle(conn, [Move(1, State.HELD, "may not", held_for="permission")], NOW)
    assert submit(conn, event(kind=Kind.HARD)) == NEW
    assert make.rows(conn, "id, kind, attempt, failures, superseded_by") == [
        (1, "soft", 2, 2, 2),
        (2, "hard", 0, 0, None),
    ]
    assert operator.show(conn, 2)[0].supersedes == operator.show(conn, 1)[0].event_id
    assert submit(conn, event(kind=Kind.HARD)) == KNOWN
    make.check_tally(conn)


def test_while_a_restored_backup_was_not_compared_nothing_is_upgraded_in_place(conn: sqlite3.Connection) -> None:
    submit(conn, event(kind=Kind.SOFT))
    delivery.mark_restored(conn, NOW)
    assert submit(conn, event(kind=Kind.HARD)) == NEW  # the soft one may be in Listmonk already
    delivery.clear_restored(conn)
    submit(conn, event("b@example.com", kind=Kind.SOFT))
    assert submit(conn, event("b@example.com", kind=Kind.HARD)) == KNOWN


# Unsubscriptions

LEFT = event(kind=Kind.UNSUBSCRIBE, message_id="", fingerprint=b"x")
ENDS = [State.VERIFIED, State.UNSTORED, State.DEAD, State.DROPPED]


@pytest.mark.parametrize("state", ENDS)
@pytest.mark.parametrize("fields", [{"message_id": "", "fingerprint": b"x"}, {"message_id": "<1@x>"}])
@pytest.mark.parametrize("many", [False, True])
def test_who_leaves_again_is_heard_again(
    conn: sqlite3.Connection, state: State, fields: dict[str, object], many: bool
) -> None:
    left = event(kind=Kind.UNSUBSCRIBE, **fields)
    submit(conn, left)
    claim(conn)
    settle(conn, 1, state)
    if many:
        items = [(submission(left), later(9)), (submission(event()), later(9)), (submission(left), later(9))]
        assert [taken.receipt for taken in arrivals.take_many(conn, items)] == [NEW, NEW, KNOWN]
    else:
        assert submit(conn, left, now=later(9)) == NEW
        assert submit(conn, left, now=later(9)) == KNOWN  # it waits
    row = make.one(conn, "SELECT max(id) FROM outbox WHERE kind = 'unsubscribe'")
    assert isinstance(row, int)
    assert operator.show(conn, row)[1][0].why == "reported by webhook ses again, after an earlier one was finished"
    claim(conn, later(9))
    settle(conn, row, State.VERIFIED)
    assert submit(conn, left, now=later(99)) == NEW
    make.check_tally(conn)


@pytest.mark.parametrize("to", [None, State.CLAIMED, State.HELD])
def test_an_unsubscription_that_is_not_finished_is_a_duplicate(conn: sqlite3.Connection, to: State | None) -> None:
    submit(conn, LEFT)
    if to is not None:
        assert delivery.settle(conn, [Move(1, to, "x", held_for="permission" if to == "held" else "")], NOW) == []
    assert submit(conn, LEFT) == KNOWN
    assert len(make.rows(conn)) == 1


def test_an_unsubscription_whose_row_retention_took_is_heard_again(conn: sqlite3.Connection) -> None:
    submit(conn, LEFT)
    submit(conn, event())  # so that its number does not come again
    conn.execute("DELETE FROM outbox WHERE id = 1")
    make.recount(conn)
    assert submit(conn, LEFT) == NEW
    assert submit(conn, LEFT) == KNOWN
    make.check_tally(conn)


def test_a_mail_that_is_read_again_takes_nobody_off_who_came_back(conn: sqlite3.Connection) -> None:
    left = event(kind=Kind.UNSUBSCRIBE, message_id="", fingerprint=b"x", proof=Proof.UUID, occurred_at=NOW)
    older, newer = replace(left, occurred_at=later(-99)), replace(left, occurred_at=later(9))
    submit(conn, left)
    claim(conn)
    settle(conn, 1, State.VERIFIED)
    assert [submit(conn, one, now=later(99)) for one in (left, older)] == [KNOWN, KNOWN]
    assert submit(conn, newer, now=later(99)) == NEW
    claim(conn, later(99))
    settle(conn, 2, State.VERIFIED)
    assert [submit(conn, one, now=later(999)) for one in (left, older, newer)] == [KNOWN] * 3
    make.check_tally(conn)


@pytest.mark.parametrize("proof", [Proof.UUID, ""])
def test_a_webhook_that_is_sent_again_takes_nobody_off_who_came_back(conn: sqlite3.Connection, proof: str) -> None:
    left = event(kind=Kind.UNSUBSCRIBE, occurred_at=NOW, proof=proof)
    submit(conn, left)
    claim(conn)
    settle(conn, 1, State.VERIFIED)
    assert submit(conn, left, now=later(99)) == KNOWN
    assert submit(conn, replace(left, occurred_at=later(9)), now=later(99)) == NEW
    make.check_tally(conn)


def test_nor_does_it_once_retention_has_taken_the_row(conn: sqlite3.Connection) -> None:
    left = event(kind=Kind.UNSUBSCRIBE, message_id="", fingerprint=b"x", proof=Proof.UUID, occurred_at=NOW)
    newer = replace(left, occurred_at=later(days=40))
    submit(conn, left)
    submit(conn, event())  # so that its number does not come again
    conn.execute("DELETE FROM outbox WHERE id = 1")
    make.recount(conn)
    assert submit(conn, left, now=later(days=50)) == KNOWN
    assert submit(conn, newer, now=later(days=50)) == NEW
    conn.execute("DELETE FROM outbox WHERE kind = 'unsubscribe'")
    make.recount(conn)
    assert [submit(conn, one, now=later(days=90)) for one in (left, newer)] == [KNOWN] * 2
    make.check_tally(conn)


@pytest.mark.parametrize("kind", [Kind.HARD, Kind.COMPLAINT])
def test_only_unsubscriptions_are(conn: sqlite3.Connection, kind: Kind) -> None:
    submit(conn, event(kind=kind))
    claim(conn)
    settle(conn, 1, State.VERIFIED)
    assert submit(conn, event(kind=kind)) == KNOWN


# A restored backup


def test_the_note_of_a_restored_backup_comes_and_goes(conn: sqlite3.Connection) -> None:
    assert delivery.take_restored(conn) is None
    delivery.mark_restored(conn, NOW)
    delivery.mark_restored(conn, later(5))  # the backup of a restored backup
    assert delivery.take_restored(conn) == later(5)
    delivery.clear_restored(conn)
    delivery.clear_restored(conn)
    assert delivery.take_restored(conn) is None


def test_sources_of_what_was_never_posted(conn: sqlite3.Connection) -> None:
    assert delivery.unposted_sources(conn) == []
    submit(conn, event("tried@example.com", source="tried"))
    claim(conn)
    delivery.settle(conn, [Move(1, State.PENDING, "429")], NOW)
    submit(conn, event("left@example.com", Kind.UNSUBSCRIBE, source="left"))
    submit(conn, event("held@example.com", source="held", hold="brake"))
    for number, source in enumerate(["ses", "mail", "ses"]):
        submit(conn, event(f"{number}@example.com", source=source))
    assert delivery.unposted_sources(conn) == ["mail", "ses"]


def test_what_listmonk_has_already_is_verified_and_not_posted_again(conn: sqlite3.Connection) -> None:
    for number in range(5):
        submit(conn, event(f"{number}@example.com", hold="brake" if number == 4 else ""))
    claim(conn, limit=1)
    ids = [str(event_id) for (event_id,) in make.rows(conn, "event_id")]
    found = [ids[0], ids[1], ids[1], ids[3], ids[4], "unknown"]
    assert delivery.mark_found(conn, found, later(9)) == 2
    assert delivery.mark_found(conn, found, later(9)) == 0
    assert delivery.mark_found(conn, [], later(9)) == 0
    assert [state for (state,) in make.rows(conn, "state")] == [
        "claimed",
        "verified",
        "pending",
        "verified",
        "held",
    ]
    item, steps = operator.show(conn, 2)
    assert (item.finished_at, item.next_attempt_at, steps[-1].before) == (later(9), None, "pending")
    assert "after a backup was restored" in steps[-1].why
    assert [row.row for row in claim(conn)] == [3]
    make.check_tally(conn)
