# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sqlite3
from dataclasses import replace

import pytest

from bouncestream.dashboard.pages.listing import events_table
from bouncestream.dashboard.parts import Look
from bouncestream.dashboard.texts import ENGLISH
from bouncestream.outbox import operator
from bouncestream.outbox.operator import Listed
from tests.dashboard.markup import HOSTILE, Page
from tests.outbox import make
from tests.outbox.make import NOW

LOOK = Look(NOW, ENGLISH)


def rows(conn: sqlite3.Connection) -> list[Listed]:
    return operator.list_rows(conn)


def test_a_row_tells_who_what_and_where_it_stands(conn: sqlite3.Connection) -> None:
    make.submit(conn, make.event("ann@example.com", reason="user_unknown"))
    make.submit(conn, make.event("", subscriber_uuid=make.SUBSCRIBER, campaign_uuid=make.CAMPAIGN))
    text = Page(str(events_table(LOOK, "Events", rows(conn)))).text
    assert "a•••@example.com hard user_unknown ses pending" in text
    assert make.SUBSCRIBER in text
    assert "12:00:00" in text


@pytest.mark.parametrize("text", HOSTILE)
def test_a_row_of_strangers_is_text(conn: sqlite3.Connection, text: str) -> None:
    make.submit(conn, make.event("ann@example.com"))
    (row,) = rows(conn)
    event = replace(row.event, recipient=text, reason=text, source=text, subscriber_uuid=text)
    for look in (LOOK, replace(LOOK, shown=True)):
        Page(str(events_table(look, text, [replace(row, event=event, why=text)])))
