# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of one event; how `explain` prints it is tested with that."""

from __future__ import annotations

import sqlite3

import pytest

from bouncestream.config.model import Config
from bouncestream.errors import UsageError
from bouncestream.mail.verdict import RecipientVerdict
from bouncestream.survey.event import body_sent, decision, find, judged_now, provider_said, sent_words
from tests.outbox import make
from tests.outbox.make import NOW


def test_what_is_held_says_for_what_and_what_was_posted_with_what(conn: sqlite3.Connection) -> None:
    make.submit(conn, make.event("a@example.com", hold="unproven"), make.event("b@example.com"))
    held = find(conn, "1", Config(), NOW)
    assert "outbox release 1" in sent_words(held)
    (row,) = make.claim(conn)
    posted = find(conn, str(row.row), Config(), NOW)
    assert "attempt 1" in sent_words(posted)
    assert body_sent(posted)["email"] == "b@example.com"
    assert posted.came is not None
    assert find(conn, "2", Config(), NOW, with_raw=False).came is None
    assert provider_said(Config(), find(conn, "2", Config(), NOW, with_raw=False)) == ("", "")
    assert judged_now(Config(), find(conn, "2", Config(), NOW, with_raw=False), lambda fn: fn(conn)) == ""
    with pytest.raises(UsageError, match="No event '9'"):
        find(conn, "9", Config(), NOW)


def test_which_rule_decided() -> None:
    assert decision(RecipientVerdict("a@x", "soft", "undetermined")) == "no cause is given"
    told = RecipientVerdict("a@x", "hard", "user_unknown", rule="words", matched="user unknown", said_by="Postfix")
    assert decision(told) == "words 'user unknown' (Postfix)"
