# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import htpy as h
import pytest

from bouncestream.config.model import Config
from bouncestream.dashboard.pages.event import event_page, marked, raw_page
from bouncestream.dashboard.parts import Look
from bouncestream.dashboard.reader import Pages
from bouncestream.dashboard.reading.event import OneEvent, Raw, read_event, read_raw
from bouncestream.dashboard.texts import ENGLISH
from bouncestream.outbox.view import view
from tests.dashboard.markup import HOSTILE, Page
from tests.dashboard.reading.test_event import take_mail
from tests.outbox.make import NOW

LOOK = Look(NOW, ENGLISH)
SHOWN = replace(LOOK, shown=True)


@pytest.fixture
def one(path: Path, conn: sqlite3.Connection) -> OneEvent:
    take_mail(conn)
    with view(path) as outbox:
        return read_event(Pages(outbox), Config(), "1", NOW)


@pytest.fixture
def came(path: Path, one: OneEvent) -> Raw:
    with view(path) as outbox:
        return read_raw(Pages(outbox), Config(), "1", NOW)


def page(look: Look, one: OneEvent) -> Page:
    return Page(str(h.div[event_page(look, one)]))


def test_the_way_is_told_and_addresses_are_masked(one: OneEvent) -> None:
    masked, shown = page(LOOK, one), page(SHOWN, one)
    for told in (
        "Event 1 hard user_unknown · pending",
        "The mailbox does not exist.",
        "What was found in it",
        "The questions to the mail, and its answers",
        "bouncestream explain 1",
        "History",
    ):
        assert told in masked.text
    assert "ann@example.com" not in masked.text
    assert "ann@example.com" in shown.text
    assert "/raw/1" in masked.links
    assert "<mark>" in str(h.div[event_page(LOOK, one)])


def test_the_words_that_decided_are_marked_also_with_other_blanks() -> None:
    assert str(h.p[marked("550  User\nUNKNOWN here", ["user unknown"])]) == (
        "<p><span>550  <mark>User\nUNKNOWN</mark> here</span></p>"
    )
    assert str(h.p[marked("550 fine", [])]) == "<p><span>550 fine</span></p>"
    assert str(h.p[marked("a.b axb", ["a.b"])]) == "<p><span><mark>a.b</mark> axb</span></p>"
    assert marked("", ["x"]) == ""


def test_what_came_in_is_shown_line_by_line(came: Raw) -> None:
    masked = Page(str(h.div[raw_page(LOOK, came)])).text
    assert "Final-Recipient: rfc822; a•••@example.com" in masked
    assert "ann@example.com" in Page(str(h.div[raw_page(SHOWN, came)])).text
    assert "Its beginning is shown" not in masked
    assert "Its beginning is shown" in Page(str(h.div[raw_page(LOOK, replace(came, size=9999999))])).text
    assert "has expired" in Page(str(h.div[raw_page(LOOK, replace(came, body=None))])).text
    assert "sealed" in Page(str(h.div[raw_page(LOOK, replace(came, body=None, sealed=True))])).text


@pytest.mark.parametrize("text", HOSTILE)
def test_all_that_comes_from_elsewhere_is_text(one: OneEvent, came: Raw, text: str) -> None:
    event = replace(
        one.row.event,
        diagnostic=text, evidence=text, reply_code=text, enhanced_status=text, recipient=text, source=text,
        provider=text, campaign_uuid=text, reason=text,
    )  # fmt: skip
    assert one.way is not None
    assert one.way.recipient is not None
    assert one.way.trace is not None
    signal = replace(one.way.trace.signals[0], text=text, part=text, rule=text, reason=text, decided=True)
    candidate = replace(one.way.trace.candidates[0], address=text, where=text, chosen=False)
    trace = replace(one.way.trace, signals=(signal,), candidates=(candidate,))
    whole = one.way.verdict.trace
    assert whole is not None
    told = replace(
        whole,
        steps=(replace(whole.steps[0], question=text, answer=text),),
        parts=(replace(whole.parts[0], number=text, type=text, role=text),),
    )
    recipient = replace(one.way.recipient, source=text, against=text)
    way = replace(
        one.way, recipient=recipient, trace=trace, decided=text, verdict=replace(one.way.verdict, trace=told)
    )
    hostile = replace(
        one,
        row=replace(one.row, event=event, why=text),
        steps=(replace(one.steps[0], why=text),),
        said=text, by=text, unsure=text, soft=text, judged_now=text, sent_words=text, sent={"email": text},
        way=way, marks=(text,),
    )  # fmt: skip
    for look in (LOOK, SHOWN):
        page(look, hostile)
        body = text.encode("utf-8", "surrogatepass")
        Page(str(h.div[raw_page(look, replace(came, body=body, content_type=text))]))
