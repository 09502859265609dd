# SPDX-License-Identifier: GPL-3.0-or-later
"""Foreign text in the database cannot rewrite a terminal; bodies and recipients stay what they were."""

from __future__ import annotations

import sqlite3

import pytest

from bouncestream.event import DIAGNOSTIC_LIMIT
from bouncestream.outbox import arrivals, codec, delivery, operator
from bouncestream.outbox.quarantine import quarantine_items
from bouncestream.ports import Move, State, Submission, Unreadable
from tests.outbox import make
from tests.outbox.make import NOW, claim, event, submission, submit

EVIL = "a\x1b[2Jb\nc\u202ed\u2028e\udfff漢"
TAME = "a\\x1b[2Jb\\nc\\u202ed\\u2028e\\udfff漢"
FIELDS = ("reason", "reply_code", "enhanced_status", "message_id", "provider_event_id", "evidence")


@pytest.mark.parametrize("many", [False, True])
def test_what_is_stored_of_an_event_is_printable(conn: sqlite3.Connection, many: bool) -> None:
    evil = event(diagnostic=EVIL.replace("\udfff", ""), **dict.fromkeys(FIELDS, EVIL))
    if many:
        items = [(submission(evil), NOW), *((submission(event(f"{n}@example.com")), NOW) for n in range(5))]
        assert {taken.receipt.accepted for taken in arrivals.take_many(conn, items)} == {1}
    else:
        assert submit(conn, evil).accepted == 1
    assert make.rows(conn, ", ".join(FIELDS))[0] == (TAME,) * len(FIELDS)
    assert make.rows(conn, "diagnostic")[0] == (TAME.replace("\\udfff", ""),)
    assert submit(conn, evil).duplicates == 1, "the identity is that of what came in"


def test_a_graver_report_brings_nothing_else(conn: sqlite3.Connection) -> None:
    from bouncestream.event import Kind

    submit(conn, event(kind=Kind.SOFT))
    submit(conn, event(reason=EVIL, evidence=EVIL, diagnostic="\x07"))
    assert make.rows(conn, "kind, reason, evidence, diagnostic") == [("hard", TAME, TAME, "\\x07")]


def test_reasons_are_printable(conn: sqlite3.Connection) -> None:
    submit(conn, event())
    claim(conn)
    delivery.settle(conn, [Move(1, State.PENDING, f"Listmonk says {EVIL}")], NOW)
    why = make.one(conn, "SELECT why FROM outbox")
    assert isinstance(why, str)
    assert why.isprintable()
    assert why.startswith("Listmonk says a\\x1b[2J")
    assert operator.show(conn, 1)[1][-1].why == why


def test_what_is_quarantined_is_told_in_printable_words(conn: sqlite3.Connection) -> None:
    for _ in range(25):
        submit(conn, unreadable=(Unreadable(f"odd {EVIL}", f"type {EVIL}"),), raw=b"\x1b[2J")
    items = quarantine_items(conn)
    assert len(items) == arrivals.UNKNOWN_KEPT
    assert items[0].why.isprintable()
    assert items[0].event_type.isprintable()
    assert operator.raw_body(conn, items[0].raw_id) == b"\x1b[2J"
    arrivals.take(conn, Submission("ses", "generic", (event(),), raw=b"x", content_type="text/\x1b[2J"), NOW)
    raw_id = make.one(conn, "SELECT raw_id FROM outbox")
    assert isinstance(raw_id, int)
    head = operator.raw_head(conn, raw_id)
    assert head is not None
    assert head[1] == "text/\\x1b[2J"


def test_a_recipient_is_who_it_is(conn: sqlite3.Connection) -> None:
    submit(conn, event("o\u202edd@example.com"))
    assert claim(conn)[0].event.recipient == "o\u202edd@example.com"


@pytest.mark.parametrize("text", ["\x1b" * 5000, "漢\x00" * 5000, "x" * 5000, "", "fine"])
def test_it_stays_within_its_limit(text: str) -> None:
    shown = codec.visible(text)
    assert shown.isprintable()
    assert len(shown.encode()) <= DIAGNOSTIC_LIMIT
    assert codec.visible(shown) == shown
