# SPDX-License-Identifier: GPL-3.0-or-later
"""A forgery that shares an identity key with a true report takes nothing away from it. Whoever writes it has a
UUID, his own or a made-up one, and knows or guesses the Message-ID of the victim's letter."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from bouncestream.event import NO_PROOF, BounceEvent, Kind, Proof
from bouncestream.outbox import delivery
from bouncestream.outbox.known import Known, gravest
from bouncestream.ports import Move, State
from tests.outbox import make
from tests.outbox.make import CAMPAIGN, NOW, event, submit

VICTIM, HIS = "victim@example.com", "stranger@example.com"
STRANGER, PERSON = "9b1f7c52-3d0e-4a6b-8c8e-1f2a3b4c5d01", "9b1f7c52-3d0e-4a6b-8c8e-1f2a3b4c5d02"
MAILED = "<a-guessed-id@example.org>"


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    conn = make.connect(tmp_path / "outbox.db")
    yield conn
    conn.close()


def mail(uuid: str, kind: Kind = Kind.HARD, recipient: str = VICTIM, **fields: object) -> BounceEvent:
    told = {"subscriber_uuid": uuid, "campaign_uuid": CAMPAIGN, "proof": Proof.UUID, "message_id": MAILED}
    return event(recipient, kind, **({"provider": "mailbox"} | told | fields))


def hook(kind: Kind = Kind.HARD) -> BounceEvent:
    return event(VICTIM, kind, message_id=MAILED)


def signed(kind: Kind = Kind.HARD) -> BounceEvent:
    return event(VICTIM, kind, provider="mailbox", proof=Proof.ADDRESS, message_id=MAILED)


def end(conn: sqlite3.Connection, state: State) -> None:
    """All that is pending is posted, and ends so."""
    for claimed in make.claim(conn):
        if state is not State.UNSTORED:
            delivery.settle(conn, [Move(claimed.row, State.POSTED, "")], NOW)
        delivery.settle(conn, [Move(claimed.row, state, "")], NOW)


def about(conn: sqlite3.Connection) -> list[tuple[object, ...]]:
    """Of each row: its kind, and whom Listmonk is told of."""
    return make.rows(conn, "kind, CASE address_form WHEN 'uuid' THEN subscriber_uuid ELSE recipient END")


def row(number: int, kind: Kind) -> Known:
    return Known(number, f"event-{number}", State.VERIFIED, kind, "", None, 1, VICTIM, "", "", 0, "", False, "")


def test_a_report_is_compared_with_the_gravest_row_and_of_equals_with_the_newest() -> None:
    """Of equals the older one may have ended long ago, or be superseded: what holds is said by the newest."""
    soft, hard, later_soft, later_hard = row(1, Kind.SOFT), row(2, Kind.HARD), row(3, Kind.SOFT), row(4, Kind.HARD)
    for order in itertools.permutations((soft, hard, later_soft, later_hard)):
        assert gravest(order) == later_hard
    for order in itertools.permutations((soft, hard, later_soft)):
        assert gravest(order) == hard
    for pair in ((soft, later_soft), (later_soft, soft)):
        assert gravest(pair) == later_soft
    assert gravest([]) is None


@pytest.mark.parametrize("true", [hook(), hook(Kind.SOFT), signed(), mail(PERSON), mail(PERSON, Kind.SOFT)])
def test_a_true_report_after_a_forgery_that_ended_unsent_is_told_once(
    conn: sqlite3.Connection, true: BounceEvent
) -> None:
    submit(conn, mail(STRANGER))
    end(conn, State.UNSTORED)
    assert submit(conn, true).accepted == 1
    assert about(conn)[1:] == [(true.kind, PERSON if true.by_uuid else VICTIM)]
    assert submit(conn, true).duplicates == 1
    make.check_tally(conn)


@pytest.mark.parametrize("true", [hook(), signed()])
def test_what_waits_by_a_strangers_uuid_is_told_by_the_address_that_is_proven(
    conn: sqlite3.Connection, true: BounceEvent
) -> None:
    submit(conn, mail(STRANGER))
    assert submit(conn, true).duplicates == 1
    assert about(conn) == [("hard", VICTIM)]
    assert "sent by address" in str(make.one(conn, "SELECT why FROM history ORDER BY id DESC"))
    make.check_tally(conn)


@pytest.mark.parametrize("true", [hook(Kind.SOFT), signed(Kind.SOFT), mail(PERSON)])
def test_another_report_stands_beside_what_waits_by_a_strangers_uuid(
    conn: sqlite3.Connection, true: BounceEvent
) -> None:
    submit(conn, mail(STRANGER))
    assert submit(conn, true).accepted == 1
    assert submit(conn, true).duplicates == 1
    assert about(conn) == [("hard", STRANGER), (true.kind, PERSON if true.by_uuid else VICTIM)]


@pytest.mark.parametrize("uuid", [STRANGER, PERSON])
def test_a_repeated_report_stays_a_duplicate_after_a_graver_forgery(conn: sqlite3.Connection, uuid: str) -> None:
    true = hook(Kind.SOFT) if uuid == STRANGER else mail(PERSON, Kind.SOFT)
    submit(conn, true)
    end(conn, State.VERIFIED)
    submit(conn, mail(STRANGER))
    end(conn, State.UNSTORED)
    assert submit(conn, true).duplicates == 1
    assert submit(conn, hook() if uuid == STRANGER else mail(PERSON)).accepted == 1
    assert len(about(conn)) == 3


@pytest.mark.parametrize("first", [mail(STRANGER, recipient=HIS), mail(STRANGER, reported=HIS)])
def test_what_was_told_of_the_stranger_himself_covers_nobody_else(
    conn: sqlite3.Connection, first: BounceEvent
) -> None:
    submit(conn, first)
    end(conn, State.VERIFIED)
    submit(conn, mail(STRANGER))  # the same campaign: known, whatever address it names
    assert submit(conn, hook()).accepted == 1
    assert about(conn)[-1] == ("hard", VICTIM)


def test_the_same_bounce_by_mail_and_by_webhook_is_one_in_either_order(conn: sqlite3.Connection) -> None:
    submit(conn, mail(PERSON))
    end(conn, State.VERIFIED)
    assert submit(conn, hook()).duplicates == 1
    other = {"message_id": "<2@example.org>", "campaign_uuid": "5a0db0c5-0000-4000-8000-0000000000c2"}
    submit(conn, event(VICTIM, message_id="<2@example.org>"))
    end(conn, State.VERIFIED)
    assert submit(conn, mail(PERSON, **other)).duplicates == 1
    assert submit(conn, mail(PERSON, **other)).duplicates == 1
    assert len(about(conn)) == 2


def held(kind: Kind = Kind.HARD) -> BounceEvent:
    told = {"provider": "mailbox", "proof": Proof.NONE, "message_id": MAILED}
    return event(VICTIM, kind, hold="unproven", evidence=f"delivery report; {NO_PROOF}: held", **told)


@pytest.mark.parametrize("true", [hook(Kind.SOFT), signed(Kind.SOFT), mail(PERSON, Kind.SOFT)])
def test_a_proven_milder_report_does_not_free_a_graver_one_without_proof(
    conn: sqlite3.Connection, true: BounceEvent
) -> None:
    submit(conn, held())
    assert submit(conn, true).accepted == 1
    assert make.rows(conn, "state, kind") == [("held", "hard"), ("pending", "soft")]
    assert submit(conn, true).duplicates == 1
    assert submit(conn, hook(Kind.SOFT)).duplicates == 1  # the same bounce by another way
    make.check_tally(conn)


@pytest.mark.parametrize("true", [hook(Kind.SOFT), signed(Kind.SOFT), mail(PERSON, Kind.SOFT)])
def test_what_is_held_without_proof_takes_no_key_from_a_report_that_was_told(
    conn: sqlite3.Connection, true: BounceEvent
) -> None:
    submit(conn, true)
    end(conn, State.VERIFIED)
    submit(conn, held())
    assert submit(conn, true).duplicates == 1
    assert make.rows(conn, "state, kind") == [("verified", "soft"), ("held", "hard")]
    submit(conn, hook())
    assert ("pending", "hard") in make.rows(conn, "state, kind")


@pytest.mark.parametrize("true", [hook(), signed(), mail(PERSON), hook(Kind.SOFT), mail(PERSON, Kind.SOFT)])
def test_what_an_operator_dropped_for_a_forgery_covers_no_report_with_proof(
    conn: sqlite3.Connection, true: BounceEvent
) -> None:
    submit(conn, held())
    make.settle(conn, 1, State.DROPPED)
    assert submit(conn, held()).duplicates == 1
    assert submit(conn, true).accepted == 1
    assert about(conn)[1:] == [(true.kind, PERSON if true.by_uuid else VICTIM)]
    assert submit(conn, true).duplicates == 1
    assert submit(conn, hook(true.kind)).duplicates == 1
    make.check_tally(conn)


def test_what_an_operator_dropped_of_a_webhook_stays_dropped(conn: sqlite3.Connection) -> None:
    submit(conn, hook())
    make.settle(conn, 1, State.DROPPED)
    assert submit(conn, hook()).duplicates == 1
