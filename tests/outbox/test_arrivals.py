# SPDX-License-Identifier: GPL-3.0-or-later
"""Identity: what is one event, what is graver, what is kept; and that a bad row harms no neighbour."""

from __future__ import annotations

import dataclasses
import itertools
import sqlite3
import zlib
from datetime import timedelta
from pathlib import Path

import pytest

from bouncestream.event import BounceEvent, Kind
from bouncestream.outbox import arrivals, codec, delivery, operator
from bouncestream.outbox.quarantine import quarantine_items
from bouncestream.ports import Receipt, State, Unreadable
from tests.outbox import make
from tests.outbox.make import CAMPAIGN, NOW, SUBSCRIBER, event, one, submission, submit

NEW, KNOWN = Receipt(accepted=1), Receipt(duplicates=1)


def test_a_new_event_is_pending_with_its_history(conn: sqlite3.Connection) -> None:
    assert submit(conn, event(reason="user-unknown")) == NEW
    assert make.rows(conn, "state, kind, recipient, reason, next_attempt_at, why") == [
        (
            "pending",
            "hard",
            "ann@example.com",
            "user-unknown",
            "2026-03-01T12:00:00.000Z",
            "received from webhook ses",
        )
    ]
    history = conn.execute("SELECT outbox_id, at, from_state, to_state, why FROM history").fetchall()
    assert history == [(1, "2026-03-01T12:00:00.000Z", "", "pending", "received from webhook ses")]
    make.check_tally(conn)


def test_what_came_in_by_mail_says_so(conn: sqlite3.Connection) -> None:
    submit(conn, event(), source="bounces", provider="mailbox")
    assert one(conn, "SELECT why FROM outbox") == "received from mailbox bounces"
    submit(conn, event("bob@example.com"), source="mta", provider="mailbox", way="mail listener mta")
    assert one(conn, "SELECT why FROM outbox WHERE id = 2") == "received from mail listener mta"


def test_the_event_comes_back_as_it_went_in(conn: sqlite3.Connection) -> None:
    full = BounceEvent(
        Kind.SOFT, "ann@example.com", "ses", "generic", make.later(hours=-2), SUBSCRIBER, CAMPAIGN, "mailbox-full",
        "452", "4.2.2", "smtp; 452 4.2.2 über quota 漢字", "<1@example.com>", "abc", "the provider says soft",
    )  # fmt: skip
    submit(conn, full)
    assert make.claim(conn)[0].event == full
    assert make.claim(conn) == []


def test_event_ids_sort_by_arrival(conn: sqlite3.Connection) -> None:
    for number in range(20):
        submit(conn, event(f"{number}@example.com"), now=make.later(number))
    ids = [event_id for (event_id,) in make.rows(conn, "event_id")]
    assert ids == sorted(ids)
    assert ids[9] < codec.id_bound(make.later(9.5)) < ids[10]


# Every identity key on its own makes two reports one event; a field that is no key does not part them.
SENT = {"campaign_uuid": CAMPAIGN, "subscriber_uuid": SUBSCRIBER, "message_id": ""}
SAME = [
    (event(), event()),
    (event(), event(diagnostic="other words", reason="other")),
    (event(message_id="<A@x>"), event(message_id=" a@X ")),
    (event(**SENT), event("bob@example.com", **SENT)),
    (event(**SENT), event("", **SENT)),
    (event(provider_event_id="7", stable_id=True), event(message_id="", provider_event_id="7", stable_id=True)),
    (event(message_id="", fingerprint=b"x"), event(message_id="", fingerprint=b"x")),
    (event(), event(source="other", provider="mailbox")),
]
OTHER = [
    (event(), event("bob@example.com")),
    (event(), event(message_id="<2@x>")),
    (event(), event(kind=Kind.COMPLAINT)),
    (event(kind=Kind.COMPLAINT), event(kind=Kind.UNSUBSCRIBE)),
    (event(provider_event_id="7"), event(message_id="<2@x>", provider_event_id="7")),
    (event(message_id="", fingerprint=b"x"), event(message_id="", fingerprint=b"y")),
    (event(**SENT), event(**SENT | {"campaign_uuid": SUBSCRIBER})),
]


@pytest.mark.parametrize(("first", "second"), SAME)
def test_reports_that_share_a_key_are_one_event(
    conn: sqlite3.Connection, first: BounceEvent, second: BounceEvent
) -> None:
    assert submit(conn, first) == NEW
    assert submit(conn, second) == KNOWN
    assert len(make.rows(conn)) == 1


@pytest.mark.parametrize(("first", "second"), OTHER)
def test_reports_that_share_no_key_are_two(
    conn: sqlite3.Connection, first: BounceEvent, second: BounceEvent
) -> None:
    assert submit(conn, first) == NEW
    assert submit(conn, second) == NEW


def test_within_one_submission_it_is_the_same(conn: sqlite3.Connection) -> None:
    assert submit(conn, event(), event(), event("bob@example.com")) == Receipt(accepted=2, duplicates=1)


def test_a_duplicate_is_known_after_a_restart(path: Path) -> None:
    first = make.connect(path)
    submit(first, event())
    first.close()
    again = make.connect(path)
    assert submit(again, event()) == KNOWN
    again.close()


def test_a_duplicate_teaches_its_other_keys(conn: sqlite3.Connection) -> None:
    by_webhook = event(campaign_uuid=CAMPAIGN, subscriber_uuid=SUBSCRIBER, message_id="")
    by_both = event(campaign_uuid=CAMPAIGN, subscriber_uuid=SUBSCRIBER, message_id="<9@x>")
    by_mail = event(message_id="<9@x>", provider="mailbox", source="bounces")
    assert submit(conn, by_webhook) == NEW
    assert submit(conn, by_both) == KNOWN
    assert submit(conn, by_mail) == KNOWN


def test_a_report_that_joins_two_rows_is_compared_with_the_gravest(conn: sqlite3.Connection) -> None:
    submit(conn, event(kind=Kind.SOFT, message_id="<9@x>"))
    submit(conn, event(kind=Kind.HARD, **SENT))
    assert submit(conn, event(kind=Kind.HARD, **SENT | {"message_id": "<9@x>"})) == KNOWN
    assert [kind for (kind,) in make.rows(conn, "kind")] == ["soft", "hard"]


@pytest.mark.parametrize("kind", [Kind.HARD, Kind.SOFT])
def test_equal_or_milder_changes_nothing(conn: sqlite3.Connection, kind: Kind) -> None:
    submit(conn, event(reason="first"))
    before = conn.execute("SELECT * FROM outbox").fetchall()
    assert submit(conn, event(kind=kind, reason="second"), now=make.later(60)) == KNOWN
    assert conn.execute("SELECT * FROM outbox").fetchall() == before
    assert one(conn, "SELECT count(*) FROM raw") == 1


@pytest.mark.parametrize("hold", ["", "brake"])
def test_graver_upgrades_what_nobody_was_told_of(conn: sqlite3.Connection, hold: str) -> None:
    submit(conn, event(kind=Kind.SOFT, reason="mailbox-full", hold=hold))
    assert submit(conn, event(kind=Kind.HARD, reason="user-unknown", hold=hold), now=make.later(60)) == KNOWN
    state = "held" if hold else "pending"
    assert make.rows(conn, "state, held_for, kind, reason, received_at") == [
        (state, hold, "hard", "user-unknown", codec.stamp(NOW))
    ]
    _, steps = operator.show(conn, 1)
    assert (steps[-1].before, steps[-1].after) == (state, state)
    assert steps[-1].why == "soft → hard: webhook ses reports it as more severe"
    assert one(conn, "SELECT raw_id FROM outbox") == 2  # the raw body of what it says now
    make.check_tally(conn)


@pytest.mark.parametrize(
    "state", [State.CLAIMED, State.POSTED, State.VERIFIED, State.UNSTORED, State.DEAD, State.DROPPED]
)
def test_graver_supersedes_what_listmonk_was_told(conn: sqlite3.Connection, state: State) -> None:
    submit(conn, event(kind=Kind.SOFT))
    make.settle(
        conn, 1, *([] if state is State.DROPPED else [State.CLAIMED]), *([] if state is State.CLAIMED else [state])
    )
    assert submit(conn, event(kind=Kind.HARD)) == NEW
    assert make.rows(conn, "id, state, kind, superseded_by") == [
        (1, state, "soft", 2),
        (2, "pending", "hard", None),
    ]
    old, new = (operator.show(conn, row)[0] for row in (1, 2))
    assert new.supersedes == old.event_id
    assert submit(conn, event(kind=Kind.HARD)) == KNOWN
    assert submit(conn, event(kind=Kind.SOFT)) == KNOWN
    make.check_tally(conn)


def test_a_key_of_the_superseded_row_leads_on_to_the_graver(conn: sqlite3.Connection) -> None:
    submit(conn, event(kind=Kind.SOFT, **SENT | {"message_id": "<9@x>"}))
    make.settle(conn, 1, State.CLAIMED, State.VERIFIED)
    assert submit(conn, event(kind=Kind.HARD, **SENT)) == NEW
    # this one knows only the key that the graver report did not have
    assert submit(conn, event(kind=Kind.HARD, message_id="<9@x>")) == KNOWN


def test_a_proof_frees_what_was_held_for_the_want_of_one(conn: sqlite3.Connection) -> None:
    submit(conn, event(hold="unproven"), provider="mailbox", source="bounces")
    assert submit(conn, event(hold="unproven")) == KNOWN
    assert one(conn, "SELECT state FROM outbox") == "held"
    taken = arrivals.take(conn, submission(event()), NOW)
    assert (taken.receipt, taken.changed) == (KNOWN, True)
    assert make.rows(conn, "state, held_for") == [("pending", "")]
    assert operator.show(conn, 1)[1][-1].why == "also reported by webhook ses, with proof"
    make.check_tally(conn)


def test_a_graver_proof_frees_and_upgrades(conn: sqlite3.Connection) -> None:
    submit(conn, event(kind=Kind.SOFT, hold="unproven"))
    assert submit(conn, event(kind=Kind.HARD)) == KNOWN
    assert make.rows(conn, "state, kind, held_for") == [("pending", "hard", "")]
    make.check_tally(conn)


def test_a_report_without_proof_makes_nothing_graver_that_is_pending(conn: sqlite3.Connection) -> None:
    submit(conn, event(kind=Kind.SOFT))
    assert submit(conn, event(kind=Kind.HARD, hold="unproven")) == NEW
    assert make.rows(conn, "state, kind") == [("pending", "soft"), ("held", "hard")]


@pytest.mark.parametrize("hold", ["permission", "brake"])
def test_only_the_want_of_a_proof_ends_by_a_second_report(conn: sqlite3.Connection, hold: str) -> None:
    submit(conn, event(hold=hold))
    assert submit(conn, event()) == KNOWN
    assert one(conn, "SELECT held_for FROM outbox") == hold


def test_what_retention_took_away_is_still_a_duplicate(conn: sqlite3.Connection) -> None:
    submit(conn, event(kind=Kind.SOFT))
    conn.execute("DELETE FROM outbox")
    assert submit(conn, event(kind=Kind.HARD)) == KNOWN
    assert make.rows(conn) == []


# What is kept


def test_the_raw_body_is_kept_once_for_a_submission(conn: sqlite3.Connection) -> None:
    body = b'{"text": "' + b"delivery failed " * 100 + b'"}'
    submit(conn, event(), event("bob@example.com"), raw=body)
    assert make.rows(conn, "raw_id") == [(1,), (1,)]
    encoding, stored = conn.execute("SELECT encoding, body FROM raw").fetchone()
    assert encoding == "zlib"
    assert len(stored) < len(body) / 4
    assert operator.raw_body(conn, 1) == body
    assert operator.raw_head(conn, 1) == (NOW, "application/json", len(body))


@pytest.mark.parametrize("size", [0, 1, 512, 513, 4096, 4097, 100_000])
def test_a_raw_body_comes_back_byte_for_byte(size: int) -> None:
    for body in (
        bytes(size),
        bytes(n * n * 7919 % 251 for n in range(size)),
        zlib.compress(bytes(range(256)) * 99),
    ):
        encoding, packed = codec.pack(body)
        assert codec.unpack(encoding, packed) == body
        assert len(packed) <= len(body)


def test_a_long_diagnostic_is_clipped(conn: sqlite3.Connection) -> None:
    submit(conn, event(diagnostic="ä" * 3000))
    assert one(conn, "SELECT diagnostic FROM outbox") == "ä" * 1024


@pytest.mark.parametrize("off", [timedelta(days=-401), timedelta(hours=2)])
def test_an_absurd_date_becomes_the_time_of_receipt(conn: sqlite3.Connection, off: timedelta) -> None:
    submit(conn, event(occurred_at=NOW + off, evidence="rule 1"))
    occurred, evidence = make.rows(conn, "occurred_at, evidence")[0]
    assert occurred == codec.stamp(NOW)
    assert str(evidence).startswith("rule 1; its own date")
    assert "implausible" in str(evidence)


def test_times_of_other_zones_are_stored_in_utc(conn: sqlite3.Connection) -> None:
    from datetime import timezone

    submit(conn, event(occurred_at=make.later(hours=-1).astimezone(timezone(timedelta(hours=9)))))
    assert one(conn, "SELECT occurred_at FROM outbox") == "2026-03-01T11:00:00.000Z"


# Quarantine


def test_trouble_is_kept_with_its_reason(conn: sqlite3.Connection) -> None:
    receipt = submit(
        conn, unreadable=(Unreadable("no recipient"), Unreadable("not JSON", part=b"{x")), raw=b"whole"
    )
    assert receipt == Receipt(quarantined=2)
    first, second = quarantine_items(conn)
    assert (first.why, operator.raw_body(conn, first.raw_id)) == ("no recipient", b"whole")
    assert (second.why, operator.raw_body(conn, second.raw_id)) == ("not JSON", b"{x")
    assert delivery.quarantine_count(conn) == 2


def test_of_an_unknown_type_the_first_twenty_of_a_day_are_kept(conn: sqlite3.Connection) -> None:
    for _ in range(25):
        assert submit(conn, unreadable=(Unreadable("unknown", "Opened"),)) == Receipt(quarantined=1)
    assert submit(conn, unreadable=(Unreadable("unknown", "Clicked"),)).quarantined == 1
    assert submit(conn, unreadable=(Unreadable("unknown", "Opened"),), source="other").quarantined == 1
    assert delivery.quarantine_count(conn) == 22
    assert one(conn, "SELECT count(*) FROM raw") == 22
    submit(conn, unreadable=(Unreadable("unknown", "Opened"),), now=make.later(days=1))
    assert delivery.quarantine_count(conn) == 23


BAD = {
    "lone surrogate": event("b\ud800d@example.com"),
    "surrogate elsewhere": event("bad@example.com", subscriber_uuid="\udfff"),
    "CHECK": event("", message_id=""),
    "hold": event("bad@example.com", hold="boredom"),
    "type": event("bad@example.com", reason=b"bytes"),
    "no such type": event("bad@example.com", reply_code=object()),
    "naive time": event("bad@example.com", occurred_at=NOW.replace(tzinfo=None)),
    "not a kind": event("bad@example.com", kind="explosion"),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_row_goes_to_quarantine_and_its_neighbours_are_stored(conn: sqlite3.Connection, name: str) -> None:
    receipt = submit(conn, event("a@example.com"), BAD[name], event("c@example.com"), raw=b"all three")
    assert receipt == Receipt(accepted=2, quarantined=1)
    assert make.rows(conn, "recipient") == [("a@example.com",), ("c@example.com",)]
    (item,) = quarantine_items(conn)
    assert operator.raw_body(conn, item.raw_id) == b"all three"
    assert "bad@example.com" not in item.why
    assert one(conn, "SELECT count(*) FROM history") == 2
    assert one(conn, "SELECT count(*) FROM seen") == 2
    make.check_tally(conn)


def test_a_bad_row_without_a_body_is_quarantined_too(conn: sqlite3.Connection) -> None:
    assert submit(conn, BAD["lone surrogate"], raw=b"") == Receipt(quarantined=1)
    assert operator.raw_body(conn, 1) == b""


def test_a_bad_graver_report_leaves_the_row_as_it_was(file_conn: sqlite3.Connection) -> None:
    submit(file_conn, event(kind=Kind.SOFT))
    for limit in (None, 900):  # refused when it is read, and when it is stored
        if limit:
            file_conn.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, limit)
        bad = b"bytes" if limit is None else "long " * 300
        assert submit(file_conn, event(reason=bad)) == Receipt(quarantined=1)
        assert make.rows(file_conn, "kind, reason, raw_id") == [("soft", "", 1)]


def test_a_bad_content_type_harms_nothing(conn: sqlite3.Connection) -> None:
    bad = dataclasses.replace(submission(event()), content_type="text/\udcff")
    assert arrivals.take(conn, bad, NOW).receipt == NEW


def test_keys_differ_between_databases(tmp_path: Path) -> None:
    keys = set()
    for name in ("one.db", "two.db"):
        conn = make.connect(tmp_path / name)
        submit(conn, event())
        keys.add(one(conn, "SELECT key FROM seen"))
        conn.close()
    assert len(keys) == 2


def test_in_whatever_order_reports_come_listmonk_hears_the_gravest(tmp_path: Path) -> None:
    reports = [
        event(kind=Kind.SOFT, message_id="<9@x>"),
        event(kind=Kind.SOFT, **SENT | {"message_id": "<9@x>"}),
        event(kind=Kind.HARD, **SENT),
        event(kind=Kind.HARD, **SENT | {"message_id": "<9@x>"}),
    ]
    for number, order in enumerate(itertools.permutations(reports)):
        conn = make.connect(tmp_path / f"{number}.db")
        for report in order:
            submit(conn, report)
        hard = one(conn, "SELECT count(*) FROM outbox WHERE kind = 'hard'")
        conn.close()
        assert hard == 1, order
