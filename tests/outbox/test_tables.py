# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows are written table by table, with the numbers that they would have one by one."""

from __future__ import annotations

import gc
import sqlite3

import pytest

from bouncestream.outbox import codec, operator, quarantine
from bouncestream.outbox.arrivals import take_many
from bouncestream.outbox.mail_room import aside_bytes
from bouncestream.ports import Receipt, State, Unreadable
from tests.outbox import make
from tests.outbox.make import NOW, event, later, submission


def test_small_bodies_of_one_commit_share_a_block(conn: sqlite3.Connection) -> None:
    """Whatever their sizes, each comes back as it came in."""
    sizes = (1, codec.SHARED, 700, codec.SHARED + 1, 3000, 2)
    bodies = [bytes([65 + n]) * size for n, size in enumerate(sizes)]
    take_many(conn, [(submission(event(f"{n}@example.com"), raw=body), NOW) for n, body in enumerate(bodies)])
    assert [operator.raw_body(conn, n + 1) for n in range(len(bodies))] == bodies
    assert conn.execute("SELECT id, last FROM block").fetchall() == [(1, 6)]
    assert conn.execute("SELECT id FROM raw WHERE block IS NULL").fetchall() == [(4,)]


def test_a_pair_needs_no_block(conn: sqlite3.Connection) -> None:
    items = [(submission(event(f"{n}@example.com"), raw=b"x" * n), NOW) for n in range(3)]  # the first has none
    take_many(conn, items)
    assert conn.execute("SELECT count(*) FROM block").fetchone() == (0,)
    assert [operator.raw_body(conn, number) for number in (1, 2)] == [b"x", b"xx"]


def test_the_numbers_go_on_and_each_event_has_its_own_raw_body(conn: sqlite3.Connection) -> None:
    make.submit(conn, event("first@example.com"), raw=b"first")
    items = [
        (submission(event(f"{n}@example.com"), event(f"{n}@example.org"), raw=b"%d" % n), later(n))
        for n in range(9)
    ]
    results = take_many(conn, items)
    assert {result.receipt for result in results} == {Receipt(accepted=2)}
    assert [row for (row,) in make.rows(conn, "id")] == list(range(1, 20))
    for item in operator.list_rows(conn):
        assert item.raw_id is not None
        assert operator.raw_body(conn, item.raw_id) == item.event.recipient.split("@")[0].encode()
        assert operator.show(conn, item.row)[1][0].after is State.PENDING
    make.submit(conn, event("last@example.com"))
    assert make.rows(conn, "id, raw_id")[-1] == (20, 11)


@pytest.mark.parametrize("count", [1, 2, 31, 32, 33, 100])
def test_known_keys_are_found_at_any_number(conn: sqlite3.Connection, count: int) -> None:
    make.submit(conn, event(f"{count - 1}@example.com"))
    results = take_many(conn, [(submission(event(f"{n}@example.com")), NOW) for n in range(count)])
    assert [result.receipt for result in results] == [Receipt(accepted=1)] * (count - 1) + [Receipt(duplicates=1)]


def test_what_goes_to_quarantine_stands_by_itself_and_its_size_counts(conn: sqlite3.Connection) -> None:
    """Mails that are set aside may fill a share of the disk only; what a guilty row has put into a block counts
    whole."""
    mails = [
        submission(event("a@example.com"), raw=b"a" * 600, provider="mailbox"),
        submission(raw=b"b" * 300, provider="mailbox", unreadable=(Unreadable("odd"),)),
        submission(event("c@example.com", hold="boredom"), raw=b"c" * 700, provider="mailbox"),
        submission(event("d@example.com"), raw=b"d" * 800, provider="mailbox"),
    ]
    results = take_many(conn, [(mail, NOW) for mail in mails])
    assert [result.receipt for result in results] == [
        Receipt(accepted=1),
        Receipt(quarantined=1),
        Receipt(quarantined=1),
        Receipt(accepted=1),
    ]
    assert aside_bytes(conn) in (300 + 700, 300 + 700 + len("sealed:2:") + 12 + 16)  # nonce and tag of a sealed one
    kept = [operator.raw_body(conn, item.raw_id)[:1] for item in quarantine.quarantine_items(conn)]
    assert kept == [b"b", b"c"]


def test_a_batch_leaves_nothing_to_the_garbage_collector(conn: sqlite3.Connection) -> None:
    """Raw bodies are up to megabytes: they go when the batch is stored, not when Python gets round to it."""
    items = [
        (submission(event(f"{n}@example.com"), event("same@example.com"), raw=b"x" * 700), NOW) for n in range(5)
    ]
    take_many(conn, items)
    gc.collect()
    gc.disable()
    try:
        take_many(conn, [*items, (submission(event("odd@example.com", hold="boredom")), NOW)])
        take_many(conn, [(submission(event("new@example.com"), raw=b"new"), NOW)])
        assert gc.collect() == 0
    finally:
        gc.enable()
