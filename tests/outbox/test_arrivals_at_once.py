# SPDX-License-Identifier: GPL-3.0-or-later
"""Many at once and one by one come to the same, whatever came before: row by row, with their numbers, their keys,
their history and their receipts."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bouncestream.event import NO_PROOF, BounceEvent, Kind, Proof
from bouncestream.outbox import arrivals, delivery, migrate, operator
from bouncestream.ports import Move, State, Submission, Unreadable
from tests.outbox import make
from tests.outbox.make import CAMPAIGN, NOW, SUBSCRIBER

PEOPLE = ["a@example.com", "b@example.com", "c@example.com", ""]
UUIDS = ["", SUBSCRIBER, "33333333-3333-4333-8333-333333333333"]
KINDS = [Kind.HARD, Kind.SOFT, Kind.SOFT, Kind.COMPLAINT, Kind.UNSUBSCRIBE]
ANYBODY = (Proof.NONE, Proof.EXCESS)


def some_event(r: Random, mailbox: bool) -> BounceEvent:
    """One of few people and marks, so that reports meet; at times one that cannot be read, or stored."""
    proof = r.choice([Proof.UUID, Proof.ADDRESS, *ANYBODY]) if mailbox else ""
    hold = r.choice(["", "", "", "unproven" if proof in ANYBODY else "operator"])
    odd = r.randrange(40)
    return BounceEvent(
        r.choice(KINDS),
        "b\ud800d@example.com" if odd == 0 else r.choice(PEOPLE),
        "s",
        "p",
        NOW if odd else NOW - timedelta(days=900),
        r.choice(UUIDS),
        r.choice(["", CAMPAIGN]),
        reason=7 if odd == 1 else "full",  # type: ignore[arg-type]
        message_id=r.choice(["", "<1@x>", "<2@x>"]),
        provider_event_id=r.choice(["", "7", "8"]),
        evidence=f"it says so; {NO_PROOF}" if proof in ANYBODY else "it says so",
        stable_id=r.random() < 0.3,
        fingerprint=r.choice([b"", b"f"]),
        hold="boredom" if odd == 2 else hold,
        proof=proof,
        reported=r.choice(["", "a@example.com"]),
    )


def some_submission(r: Random) -> Submission:
    mailbox = r.random() < 0.5
    unreadable = [
        Unreadable(
            "odd", r.choice(["", "t"]), r.choice([b"", b"part"]), r.random() < 0.5, r.choice([b"", b"f1", b"f2"])
        )
        for _ in range(r.choice([0, 0, 0, 1, 2]))
    ]
    return Submission(
        r.choice(["s1", "s2"]),
        "mailbox" if mailbox else "generic",
        tuple(some_event(r, mailbox) for _ in range(r.choice([0, 1, 1, 1, 2, 3]))),
        tuple(unreadable),
        r.choice([b"", b"{}", b"x" * r.randrange(3000), b"y" * 40_000]),
        "application/json",
    )


def move(r: Random, conn: sqlite3.Connection, now: datetime) -> None:
    """What happens between two batches."""
    rows = [row for (row,) in make.rows(conn, "id")]
    match r.randrange(7):
        case 0:
            delivery.claim(conn, now=now, limit=r.randrange(1, 6))
        case 1:
            ends = [State.POSTED, State.VERIFIED, State.UNSTORED, State.DEAD, State.PENDING]
            moves = [
                Move(one.row, r.choice(ends), "moved", unsent=r.random() < 0.5) for one in delivery.unsettled(conn)
            ]
            delivery.settle(conn, moves, now)
        case 2:
            operator.drop(conn, [row for row in rows if r.random() < 0.3], now)
        case 3:
            operator.release(conn, [row for row in rows if r.random() < 0.3], now)
        case 4:
            for row in rows[:-1]:
                if r.random() < 0.2:
                    conn.execute("DELETE FROM outbox WHERE id = ?", (row,))
            make.recount(conn)
        case 5:
            delivery.mark_restored(conn, now)
        case _:
            delivery.clear_restored(conn)


def contents(conn: sqlite3.Connection) -> dict[str, list[object]]:
    """All that was stored, without what is made up at random, and with each raw body in the place of its number."""

    def body(number: int | None) -> bytes:
        return operator.raw_body(conn, number) if number is not None else b""

    ids = dict(conn.execute("SELECT event_id, id FROM outbox"))
    found = conn.execute("SELECT * FROM outbox ORDER BY id")
    columns = [column for column, *_ in found.description]
    rows: list[object] = []
    for values in found.fetchall():
        row = dict(zip(columns, values, strict=True))
        row |= {"event_id": "", "raw_id": body(row["raw_id"]), "supersedes": ids.get(row["supersedes"])}
        rows.append(row)
    aside = conn.execute(
        "SELECT raw_id, received_at, source, provider, why, event_type, unidentified, fingerprint FROM quarantine"
    ).fetchall()
    raw = conn.execute("SELECT id, received_at, source, content_type, bytes FROM raw").fetchall()
    return {
        "outbox": rows,
        "quarantine": sorted([(*rest, body(number)) for number, *rest in aside], key=repr),
        "raw": sorted([(*rest, body(number)) for number, *rest in raw], key=repr),
        "history": list(
            conn.execute("SELECT outbox_id, at, from_state, to_state, why FROM history ORDER BY outbox_id, id")
        ),
        "seen": list(conn.execute("SELECT * FROM seen ORDER BY key")),
        "tally": list(conn.execute("SELECT * FROM tally ORDER BY state")),
        "meta": list(conn.execute("SELECT * FROM meta ORDER BY name")),
    }


@pytest.fixture(autouse=True)
def _few_of_a_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "UNKNOWN_KEPT", 3)


def empty() -> sqlite3.Connection:
    conn = sqlite3.connect(":memory:", isolation_level=None)
    migrate.migrate(conn)
    conn.execute("UPDATE meta SET value = ?", ("ab" * 32,))
    return conn


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1 << 32))
def test_many_at_once_and_one_by_one_come_to_the_same(seed: int) -> None:
    r, now = Random(seed), NOW
    with closing(empty()) as one, closing(empty()) as many:
        for _ in range(r.randrange(1, 5)):
            items = [(some_submission(r), now) for _ in range(r.choice([1, 2, 5, 12, 30]))]
            assert arrivals.take_many(many, items) == [arrivals.take(one, *item) for item in items]
            assert contents(many) == contents(one)
            make.check_tally(many)
            now += timedelta(seconds=r.choice([1, 86_400]))
            chance = r.random()
            for conn in (one, many):
                move(Random(chance), conn, now)
