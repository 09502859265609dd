# SPDX-License-Identifier: GPL-3.0-or-later
"""A rehearsal counts as the real thing does, and leaves nothing behind."""

from __future__ import annotations

import sqlite3

import pytest

from bouncestream.event import Kind
from bouncestream.outbox import suppression
from bouncestream.outbox.arrivals import take
from bouncestream.outbox.dry_run import Rehearsal
from bouncestream.ports import Submission, Unreadable
from tests.outbox import make

NOBODY = Unreadable("nobody", unidentified=True, fingerprint=b"1" * 32)

SUBMISSIONS = [
    make.submission(make.event()),
    make.submission(make.event()),
    make.submission(make.event(kind=Kind.COMPLAINT), make.event("bob@example.com", Kind.SOFT)),
    make.submission(make.event("bob@example.com", Kind.SOFT, message_id="", fingerprint=b"2")),
    make.submission(unreadable=(NOBODY,)),
    make.submission(unreadable=(NOBODY, Unreadable("unreadable"))),
]


@pytest.mark.parametrize("empty", [True, False])
def test_it_counts_as_the_real_thing(file_conn: sqlite3.Connection, empty: bool) -> None:
    if not empty:
        for submission in SUBMISSIONS[2:5]:
            take(file_conn, submission, make.NOW)
    rehearsal, before = Rehearsal(), file_conn.total_changes

    def receipt(submission: Submission) -> object:
        return rehearsal.take(file_conn, submission).receipt

    rehearsed = [receipt(submission) for submission in SUBMISSIONS]
    assert file_conn.total_changes == before
    assert rehearsed == [take(file_conn, submission, make.NOW).receipt for submission in SUBMISSIONS]


def test_without_an_outbox_everything_is_new_once() -> None:
    rehearsal = Rehearsal()
    kinds = [rehearsal.take(None, submission).kinds for submission in SUBMISSIONS]
    assert kinds == [[Kind.HARD], [], [Kind.COMPLAINT, Kind.SOFT], [Kind.SOFT], [], []]


def test_what_rests_on_words_alone_is_told_as_the_real_thing_would_tell_it(conn: sqlite3.Connection) -> None:
    def unsure(number: int, **fields: object) -> Submission:
        at = make.later(days=number)
        return make.submission(make.event(sure=False, message_id=str(number), occurred_at=at, **fields))

    take(conn, unsure(0), make.later(days=9))
    shown = [unsure(2), unsure(2, recipient="bob@example.com"), unsure(5, recipient="bob@example.com")]
    rehearsal = Rehearsal()
    rehearsed = [rehearsal.take(conn, submission).kinds for submission in shown]
    assert rehearsed == [[Kind.HARD], [Kind.SOFT], [Kind.HARD]]
    assert rehearsed == [take(conn, submission, make.later(days=9)).kinds for submission in shown]


def test_of_whom_nothing_is_stored_nothing_would_be(conn: sqlite3.Connection) -> None:
    suppression.suppress(conn, ["ann@example.com"], make.NOW)
    taken = Rehearsal().take(conn, make.submission(make.event("ann@example.com"), make.event("bob@example.com")))
    assert (taken.suppressed, len(taken.kinds)) == (1, 1)
