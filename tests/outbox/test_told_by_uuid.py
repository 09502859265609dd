# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom only the UUID in a bounce mail proves: how that is stored, and that no such report speaks for others."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from bouncestream.event import BounceEvent, Kind, Proof
from bouncestream.outbox import arrivals, delivery, migrate, operator
from bouncestream.outbox.arrivals import take, take_many
from bouncestream.outbox.operator import rejudge
from bouncestream.ports import State
from tests.outbox import make
from tests.outbox.make import CAMPAIGN, NOW, SUBSCRIBER, event, submission, submit

VICTIM = "victim@example.com"
PERSON = "33333333-3333-4333-8333-333333333333"


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    conn = make.connect(tmp_path / "outbox.db")
    yield conn
    conn.close()


def by_uuid(recipient: str = VICTIM, kind: Kind = Kind.HARD, uuid: str = "", **fields: object) -> BounceEvent:
    """A report that anyone can write who makes up two UUIDs."""
    named = {"provider": "mailbox", "subscriber_uuid": uuid or str(uuid4()), "campaign_uuid": CAMPAIGN}
    return event(recipient, kind, **(named | {"proof": Proof.UUID} | fields))


def unproven(kind: Kind = Kind.SOFT, **fields: object) -> BounceEvent:
    return event(VICTIM, kind, provider="mailbox", **({"proof": Proof.NONE} | fields))


def told(conn: sqlite3.Connection) -> list[tuple[object, ...]]:
    """Of each row: state, kind, and whom Listmonk would be told of."""
    columns = (
        "state, kind, CASE WHEN address_form = 'uuid' OR recipient = '' THEN subscriber_uuid ELSE recipient END"
    )
    return make.rows(conn, columns)


@pytest.mark.parametrize("many", [False, True])
def test_it_is_told_by_the_uuid_and_keeps_both_addresses(conn: sqlite3.Connection, many: bool) -> None:
    items = [(submission(event("p0@example.com", subscriber_uuid=SUBSCRIBER)), NOW)]
    items += [(submission(event("", subscriber_uuid=str(uuid4()))), NOW) for _ in range(2)]
    items += [(submission(by_uuid("p9@example.com", uuid=SUBSCRIBER, reported="target@example.net")), NOW)]
    if many:
        take_many(conn, items)
    else:
        for item in items:
            take(conn, *item)
    assert make.rows(conn, "address_form, recipient, reported") == [
        ("email", "p0@example.com", ""),
        ("email", "", ""),
        ("email", "", ""),
        ("uuid", "p9@example.com", "target@example.net"),
    ]
    claimed = make.claim(conn)[-1]
    assert (claimed.address_form, claimed.event.reported) == ("uuid", "target@example.net")
    assert operator.show(conn, 4)[0].event.reported == "target@example.net"


@pytest.mark.parametrize("many", [False, True])
def test_mails_that_prove_nothing_are_counted(conn: sqlite3.Connection, many: bool) -> None:
    excess = [event(f"x{i}@example.com", proof=Proof.EXCESS, hold="unproven") for i in range(3)]
    items = [
        (submission(unproven(), *excess), NOW),
        (submission(unproven(message_id="<2@x>")), NOW),
        (submission(by_uuid("a@example.com")), NOW),
        (submission(event("b@example.com")), NOW),
    ]
    if many:
        take_many(conn, items)
    else:
        for item in items:
            take(conn, *item)
    assert [delivery.get_meta(conn, name) for name in (delivery.UNPROVEN, delivery.EXCESS)] == ["2", "3"]


def test_a_mail_that_names_nobody_but_a_uuid_is_told_by_it_even_without_proof(conn: sqlite3.Connection) -> None:
    submit(conn, by_uuid("", Kind.SOFT, proof=Proof.NONE))
    assert make.rows(conn, "address_form") == [("uuid",)]


@pytest.mark.parametrize("kind", [Kind.SOFT, Kind.HARD])
@pytest.mark.parametrize("hold", ["", "unproven"])
def test_nobody_makes_his_own_doubtful_report_graver_or_frees_it_with_made_up_uuids(
    conn: sqlite3.Connection, kind: Kind, hold: str
) -> None:
    if kind is Kind.HARD and not hold:
        return  # reported as soft at most
    submit(conn, unproven(kind, hold=hold))
    forged = by_uuid()
    submit(conn, forged)
    rows = told(conn)
    assert ("pending", "hard", VICTIM) not in rows
    assert ("pending", "hard", forged.subscriber_uuid) in rows
    make.check_tally(conn)
    if hold:
        assert rows[0] == ("dropped", kind.value, VICTIM)


def test_a_webhooks_report_is_not_turned_into_one_about_somebody_else(conn: sqlite3.Connection) -> None:
    submit(conn, event(VICTIM, Kind.SOFT))
    submit(conn, forged := by_uuid())
    assert told(conn) == [("pending", "soft", VICTIM), ("pending", "hard", forged.subscriber_uuid)]


def test_a_webhooks_graver_report_is_not_told_by_the_uuid_that_a_mail_made_up(conn: sqlite3.Connection) -> None:
    submit(conn, forged := by_uuid(kind=Kind.SOFT))
    submit(conn, event(VICTIM, Kind.HARD))
    assert told(conn) == [("pending", "soft", forged.subscriber_uuid), ("pending", "hard", VICTIM)]


def test_of_one_person_a_graver_report_takes_the_place_of_the_milder(conn: sqlite3.Connection) -> None:
    submit(conn, by_uuid(kind=Kind.SOFT, uuid=SUBSCRIBER))
    submit(conn, by_uuid("other@example.com", uuid=SUBSCRIBER))
    assert told(conn) == [("pending", "hard", SUBSCRIBER)]


def test_what_a_webhook_says_of_the_same_person_is_made_graver_and_told_by_the_uuid(
    conn: sqlite3.Connection,
) -> None:
    submit(conn, event("old@example.com", Kind.SOFT, campaign_uuid=CAMPAIGN, subscriber_uuid=SUBSCRIBER))
    submit(conn, by_uuid("new@example.com", uuid=SUBSCRIBER, message_id=""))
    assert told(conn) == [("pending", "hard", SUBSCRIBER)]
    assert make.rows(conn, "recipient, reported") == [("old@example.com", "new@example.com")]


@pytest.mark.parametrize("hold", ["unproven", ""])
def test_the_same_made_up_uuid_in_both_of_his_reports_does_not_help_him(
    conn: sqlite3.Connection, hold: str
) -> None:
    """Half of Listmonk's headers at first, which is no proof; then both."""
    made_up = str(uuid4())
    submit(conn, unproven(Kind.HARD if hold else Kind.SOFT, subscriber_uuid=made_up, hold=hold))
    submit(conn, by_uuid(uuid=made_up))
    assert told(conn) == [("pending", "hard", made_up)]
    make.check_tally(conn)


def test_the_same_bounce_by_mail_and_by_webhook_is_one(conn: sqlite3.Connection) -> None:
    submit(conn, event(VICTIM, campaign_uuid=CAMPAIGN, subscriber_uuid=SUBSCRIBER))
    assert arrivals.take(conn, submission(by_uuid(uuid=SUBSCRIBER)), NOW).duplicates == 1
    assert told(conn) == [("pending", "hard", VICTIM)]


def test_a_milder_report_without_proof_frees_nothing(conn: sqlite3.Connection) -> None:
    """Of two mailboxes the one holds what has no proof, and the other tells it as soft."""
    submit(conn, unproven(Kind.HARD, hold="unproven"))
    submit(conn, unproven())
    assert told(conn) == [("held", "hard", VICTIM)]


def test_what_is_judged_again_is_told_of_whom_the_new_judgement_proves(conn: sqlite3.Connection) -> None:
    submit(conn, unproven())
    assert rejudge(conn, 1, by_uuid(uuid=SUBSCRIBER, reported="a@example.net"), NOW, "judged again")
    assert told(conn) == [("pending", "hard", SUBSCRIBER)]
    assert make.rows(conn, "recipient, reported, campaign_uuid") == [(VICTIM, "a@example.net", CAMPAIGN)]


def test_what_waited_before_the_upgrade_goes_the_same_way(tmp_path: Path) -> None:
    conn = make.older(tmp_path / "old.db")
    make.upgrade(conn, before="told_by_uuid")
    insert = """INSERT INTO outbox (event_id, state, kind, recipient, subscriber_uuid, campaign_uuid, source,
        provider, received_at, occurred_at, held_for, next_attempt_at, finished_at)
        VALUES (?, ?, 'hard', 'a@example.com', ?, ?, 's', ?, '2026-03-01T11:00:00.000Z', '2026-03-01T11:00:00.000Z',
        ?, ?, ?)"""
    at = "2026-03-01T11:00:00.000Z"
    rows = [
        (State.PENDING, SUBSCRIBER, CAMPAIGN, "mailbox", "uuid"),
        (State.HELD, SUBSCRIBER, CAMPAIGN, "mailbox", "uuid"),
        (State.DEAD, SUBSCRIBER, CAMPAIGN, "mailbox", "uuid"),
        (State.UNSTORED, SUBSCRIBER, CAMPAIGN, "mailbox", "uuid"),
        (State.CLAIMED, SUBSCRIBER, CAMPAIGN, "mailbox", "email"),  # perhaps with Listmonk, by its address
        (State.POSTED, SUBSCRIBER, CAMPAIGN, "mailbox", "email"),
        (State.PENDING, "", "", "mailbox", "email"),
        (State.PENDING, SUBSCRIBER, CAMPAIGN, "sendamatic", "email"),
    ]
    for i, (state, subscriber, campaign, provider, _) in enumerate(rows):
        final = state in (State.DEAD, State.UNSTORED)
        held, due = "operator" if state is State.HELD else "", at if state is State.PENDING else None
        conn.execute(insert, (f"id-{i}", state, subscriber, campaign, provider, held, due, at if final else None))
    migrate.migrate(conn)
    assert [form for (form,) in make.rows(conn, "address_form")] == [row[-1] for row in rows]
    claimed = make.claim(conn)
    assert [(c.address_form, c.event.reported) for c in claimed] == [("uuid", ""), ("email", ""), ("email", "")]
    conn.close()


def test_what_an_earlier_version_took_for_proof_is_told_as_soft(tmp_path: Path) -> None:
    conn = make.older(tmp_path / "old.db")
    make.upgrade(conn, before="hints")
    today = {"headers": ("raw", "TEXT NOT NULL DEFAULT ''"), "domain": ("outbox", "TEXT NOT NULL DEFAULT ''")}
    today |= {"person": ("outbox", "BLOB NOT NULL DEFAULT x''"), "sure": ("outbox", "INTEGER")}
    for column, (table, kind) in today.items():  # which today's program writes
        conn.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind}")
    conn.execute("CREATE TABLE suppressed (person BLOB)")  # which it asks
    hints = (
        "the returned From is of example.org",
        "the returned Message-ID is of example.org",
        "the return address names the recipient (VERP)",
    )
    proof = "delivery report; Final-Recipient; proof of origin: "
    for i, hint in enumerate(hints):
        kind = Kind.COMPLAINT if i == 0 else Kind.HARD
        submit(conn, event(f"hint{i}@example.com", kind, provider="mailbox", evidence=proof + hint))
    submit(conn, event("hook@example.com", evidence=proof + hints[0]))
    headers = proof + "the returned message has Listmonk's own headers"
    submit(conn, by_uuid(uuid=SUBSCRIBER, evidence=headers))
    accepted = "delivery report; no proof of origin: accepted as configured"
    submit(conn, event("accepted@example.com", provider="mailbox", evidence=accepted))
    submit(conn, event("away@example.com", provider="mailbox", evidence=proof + hints[0]))
    make.settle(conn, 7, State.CLAIMED)
    verp = event("his@example.com", provider="mailbox", evidence=proof + hints[2], subscriber_uuid=PERSON)
    submit(conn, verp)
    for column, (table, _) in today.items():
        conn.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
    conn.execute("DROP TABLE suppressed")
    migrate.migrate(conn)
    assert [kind for (kind,) in make.rows(conn, "kind")] == ["soft"] * 3 + ["hard"] * 5
    assert told(conn)[-1] == ("pending", "hard", PERSON)
    assert make.one(conn, "SELECT why FROM history WHERE outbox_id = 1 ORDER BY id DESC").startswith(
        "complaint → soft"
    )
    assert make.one(conn, "SELECT count(*) FROM history WHERE why LIKE '%only a hint%'") == 3
    assert len(make.claim(conn)) == 7
    conn.close()
