# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sqlite3

from bouncestream.outbox.quarantine import drop_items, mark_replayed, quarantine_items, store_again
from bouncestream.ports import Unreadable
from tests.outbox import make
from tests.outbox.make import NOW, submit


def test_the_quarantine_is_replayed_once(conn: sqlite3.Connection) -> None:
    submit(conn, unreadable=(Unreadable("odd"), Unreadable("odder", "Opened")), raw=b"body")
    items = quarantine_items(conn)
    assert [(item.why, item.event_type, item.source) for item in items] == [
        ("odd", "", "ses"),
        ("odder", "Opened", "ses"),
    ]
    assert mark_replayed(conn, items[0].id, NOW)
    assert not mark_replayed(conn, items[0].id, NOW)
    assert [item.id for item in quarantine_items(conn)] == [2]
    assert [item.replayed_at for item in quarantine_items(conn, replayed=True)] == [NOW, None]
    assert quarantine_items(conn, after=2) == []


def test_event_and_mark_are_stored_together_and_once(conn: sqlite3.Connection) -> None:
    make.submit(conn, unreadable=(Unreadable("could not be read"),))
    again = make.submission(make.event())
    taken = store_again(conn, 1, again, make.later(1))
    assert taken is not None
    assert taken.receipt.accepted == 1
    assert store_again(conn, 1, make.submission(make.event("bob@example.com")), make.later(2)) is None
    assert len(make.rows(conn)) == 1
    assert make.one(conn, "SELECT replayed_at FROM quarantine") == "2026-03-01T12:00:01.000Z"


def test_what_is_no_feedback_after_all_is_only_marked(conn: sqlite3.Connection) -> None:
    make.submit(conn, unreadable=(Unreadable("could not be read"),))
    taken = store_again(conn, 1, make.submission(), make.later(1))
    assert taken is not None
    assert not taken.changed
    assert make.rows(conn) == []
    assert make.one(conn, "SELECT count(*) FROM quarantine WHERE replayed_at IS NULL") == 0


def test_what_is_dropped_is_gone_for_good(conn: sqlite3.Connection) -> None:
    submit(conn, unreadable=(Unreadable("odd"), Unreadable("odder"), Unreadable("oddest")), raw=b"body")
    mark_replayed(conn, 3, NOW)
    assert drop_items(conn, [1, 3, 99], NOW) == [1]
    assert [item.id for item in quarantine_items(conn, replayed=True)] == [2, 3]
    assert store_again(conn, 1, make.submission(make.event()), NOW) is None


def test_the_number_of_a_dropped_item_does_not_come_again(conn: sqlite3.Connection) -> None:
    """Somebody may read the dropped item just now, and would then mark another one as read."""
    submit(conn, unreadable=(Unreadable("odd"), Unreadable("odder")), raw=b"body")
    assert drop_items(conn, [1, 2], NOW) == [1, 2]
    submit(conn, unreadable=(Unreadable("new"),), raw=b"another body")
    assert [item.id for item in quarantine_items(conn)] == [3]
    assert store_again(conn, 2, make.submission(make.event()), NOW) is None
    assert drop_items(conn, [1, 2], NOW) == []
