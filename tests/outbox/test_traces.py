# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sqlite3

import pytest

from bouncestream.alert import AlertState, Delivery, Notice, What
from bouncestream.event import Kind, Proof
from bouncestream.folders import FolderKey
from bouncestream.mail.spellings import names_of
from bouncestream.outbox import alerts, arrivals, mailboxes, traces
from bouncestream.outbox.queries import QUERIES
from bouncestream.outbox.traces import Traces
from bouncestream.ports import Unreadable
from tests.outbox import make
from tests.outbox.make import NOW, SUBSCRIBER

ANN = names_of("ann@example.com")


def everything(conn: sqlite3.Connection) -> None:
    """Ann in each table, beside others: 1 by address, 2 by her UUID alone, 3 by her UUID in a mail that names her
    address, 4 about Bob, whose server names Ann, 5 and 6 about Bob and Ann in one request, 7 about nobody near."""
    make.submit(conn, make.event("ann@example.com", subscriber_uuid=SUBSCRIBER, diagnostic="<Ann@example.com>"))
    make.submit(conn, make.event("", subscriber_uuid=SUBSCRIBER, message_id="<2@x>"), raw=b"{}")
    mail = {"provider": "mailbox", "proof": Proof.UUID}
    make.submit(
        conn, make.event("ann@example.com", Kind.SOFT, subscriber_uuid=make.CAMPAIGN, message_id="<3>", **mail)
    )
    make.submit(conn, make.event("bob@example.com", message_id="<4>", diagnostic="see ann@example.com"))
    both = make.event("bob@example.com", message_id="<5>"), make.event("ann@example.com", message_id="<6>")
    make.submit(conn, *both, raw=b'[{"to": "bob@example.com"}, {"to": "ann@example.com"}]')
    make.submit(conn, make.event("joann@example.com", message_id="<7>"), raw=b'{"to": "joann@example.com"}')
    odd = Unreadable("no date for ann@example.com", part=b"x"), Unreadable("who?", unidentified=True, part=b"y")
    make.submit(conn, unreadable=odd)
    make.submit(conn, unreadable=(Unreadable("not JSON", part=b"to: Ann <ann@example.com>"),))
    state = AlertState(
        "dead", "ann@example.com", "error", True, NOW, NOW, NOW, None, 1, 0, 1, "ann@example.com", ""
    )
    notice = Notice(1, NOW, What("fired"), "error", "ann@example.com is dead", "", "", "dead", "", None)
    sent = Delivery(notice, "email", error="550 <ann@example.com>", due_at=NOW)
    alerts.save(conn, [state], [notice], [sent])
    mailboxes.note_tries(conn, FolderKey("b", "INBOX", 1), [7], "cannot read the mail of ann@example.com", NOW)
    conn.execute("UPDATE history SET why = 'said ann@example.com' WHERE outbox_id = 7")


def walk(conn: sqlite3.Connection, *names: str) -> Traces:
    return traces.search(lambda job: job(conn), names)[1]


@pytest.mark.parametrize("steps", [1, 3, 1000])
def test_a_walk_finds_all_in_all_tables_in_any_steps(
    conn: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    monkeypatch.setattr(traces, "ROWS", steps)
    monkeypatch.setattr(traces, "BODIES", steps)
    everything(conn)
    found = walk(conn, *ANN)
    assert found.events == (1, 2, 3, 6)
    assert found.mentions == (4,)
    assert found.history == (7,)
    assert (found.raw, found.shared) == ((1, 2, 3, 5, 9), (5,)), "and not that of JoAnn"
    assert found.quarantine == (1, 3)
    assert found.alerts == (("dead", "ann@example.com"),)
    assert found.notices == (1,)
    assert found.deliveries == ((1, "email"),)
    assert found.tries == (("b", "INBOX", 1, 7),)


def test_the_other_tables_hold_no_names(file_conn: sqlite3.Connection) -> None:
    """A new table is looked into, or it is named here."""
    tables = {name for (name,) in file_conn.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    looked = {"outbox", "history", "raw", "block", "quarantine", "alerts", "notices", "notice_deliveries", "tries"}
    numbers = {
        "data_keys",
        "meta",
        "seen",
        "labels",
        "tally",
        "folders",
        "marks",
        "passed_over",
        "source_hours",
        "later_reads",
        "caused",
        "let_go",
    }
    own = {"erasures", "suppressed"}
    assert tables - {"sqlite_stat1", "sqlite_stat4"} == looked | numbers | own


def test_a_webhook_proves_address_and_uuid_and_a_mail_does_not(conn: sqlite3.Connection) -> None:
    everything(conn)
    assert traces.also_known(conn, ANN) == (*ANN, SUBSCRIBER)
    assert walk(conn, SUBSCRIBER) == walk(conn, *ANN), "the address is known once an event with both was seen"
    assert walk(conn, make.CAMPAIGN).events == (3,), "which says nothing of whom the mail names beside its UUID"


def test_bodies_that_were_stored_together(conn: sqlite3.Connection) -> None:
    people = ["bob", "ann", "cy", "dan"]
    items = [
        (make.submission(make.event(f"{name}@example.com"), raw=f"to {name}@example.com".encode()), NOW)
        for name in people
    ]
    arrivals.take_many(conn, items)
    assert make.one(conn, "SELECT count(*) FROM block") == 1
    assert walk(conn, *ANN).raw == (2,)


def test_the_rows_of_a_person_are_found_by_an_index(file_conn: sqlite3.Connection) -> None:
    """At a million rows a walk takes seconds, and this takes none."""
    steps = [row[3] for row in file_conn.execute(f"EXPLAIN QUERY PLAN {QUERIES['rows_of_person']}", (b"x",))]
    assert len(steps) == 1
    assert steps[0].replace("main.", "").startswith("SEARCH outbox USING")
    assert "(person=?)" in steps[0]
    everything(file_conn)
    assert traces.rows_of(file_conn, ANN) == [1, 6]
    assert traces.rows_of(file_conn, [SUBSCRIBER]) == [2]
