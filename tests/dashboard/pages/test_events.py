# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sqlite3
from dataclasses import replace
from typing import Any

import htpy as h
import pytest

from bouncestream.dashboard.pages.events import events_page
from bouncestream.dashboard.parts import Look
from bouncestream.dashboard.reading.events import Events, Filters
from bouncestream.dashboard.texts import ENGLISH
from bouncestream.outbox import operator
from tests.dashboard.markup import HOSTILE, Page
from tests.outbox import make
from tests.outbox.make import NOW, later

LOOK = Look(NOW, ENGLISH)
EMPTY = Events(Filters(), (), 0, None)


def page(found: Events, **changed: Any) -> Page:
    return Page(str(h.div[events_page(LOOK, replace(found, **changed), ("ses", "mx"))]))


def test_the_form_keeps_what_was_looked_for() -> None:
    filters = Filters(address="ann@example.com", kind="hard", source="gone", since="2026-02-01")
    text = str(h.div[events_page(LOOK, replace(EMPTY, filters=filters), ("ses",))])
    made = Page(text)
    assert made.forms == [
        {
            "action": "/events", "method": "get", "address": "ann@example.com", "domain": "", "campaign": "",
            "since": "2026-02-01", "until": "",
        }
    ]  # fmt: skip
    for chosen in ("hard", "gone"):
        assert f'<option value="{chosen}" selected>' in text
    assert "No event fits." in made.text
    assert "/events" in made.links
    assert "The outbox has no events yet." in page(EMPTY).text


def test_there_is_a_way_on_and_back(conn: sqlite3.Connection) -> None:
    make.submit(conn, make.event())
    rows = tuple(operator.list_rows(conn))
    made = page(EMPTY, rows=rows, go_on=7, back_to=later(days=-1), filters=Filters(kind="hard", before=9))
    assert "/events?kind=hard&before=7" in made.links
    assert "/events?kind=hard" in made.links
    assert "Shown are events back to 2026-02-28 12:00 UTC." in made.text
    assert "/events/1" in made.links


def test_a_moment_that_was_not_enough_is_no_empty_list() -> None:
    made = page(EMPTY, go_on=7, back_to=later(days=-1), filters=Filters(domain="x.org"))
    assert "None of the events back to 2026-02-28 12:00 UTC fits" in made.text
    assert "makes the search quick" in made.text
    assert "/events?domain=x.org&before=7" in made.links
    assert "without its key nobody can be looked up" in page(EMPTY, sealed=True).text


@pytest.mark.parametrize("text", HOSTILE)
def test_what_was_looked_for_is_text(text: str) -> None:
    told = text.encode("utf-8", "replace").decode()
    filters = Filters(address=told, domain=told, reason=told, source=told, campaign=told, since=told, until=told)
    Page(str(h.div[events_page(LOOK, replace(EMPTY, filters=filters, go_on=3), (text,))]))
