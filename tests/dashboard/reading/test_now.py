# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sqlite3
from pathlib import Path

from bouncestream.dashboard.parts import Bars
from bouncestream.dashboard.reader import Pages
from bouncestream.dashboard.reading import now
from bouncestream.event import Kind
from bouncestream.outbox import alerts
from bouncestream.outbox.view import view
from bouncestream.ports import State
from tests.dashboard.stage import RUNNING, config
from tests.outbox import make
from tests.outbox.make import NOW, later


def seen(path: Path) -> now.Now:
    with view(path) as outbox:
        return now.read_now(Pages(outbox), config(path), RUNNING, NOW)


def test_an_empty_outbox(path: Path, conn: sqlite3.Connection) -> None:
    found = seen(path)
    assert (found.events, found.bars, found.listmonk_at, found.waiting) == ((), {}, None, ())
    assert found.found["sink"]["why"] == "Listmonk v6.2.0"


def test_what_came_in_by_day_also_what_is_not_counted_yet(path: Path, conn: sqlite3.Connection) -> None:
    make.submit(conn, make.event("a@example.com"), now=later(days=-40))
    make.submit(conn, make.event("b@example.com", Kind.SOFT), now=later(days=-29))
    make.submit(conn, make.event("c@example.com"), now=later(days=-1))
    newest, counted = alerts.new_arrivals(conn, NOW)
    alerts.count_arrivals(conn, newest, counted)
    make.submit(conn, make.event("d@example.com"), make.event("e@example.com"), now=later(hours=-1))
    bars = seen(path).bars["ses"]
    assert len(bars.days) == now.DAYS
    assert (bars.days[0], bars.days[-2], bars.days[-1]) == ({"soft": 1}, {"hard": 1}, {"hard": 2})
    assert (bars.of("hard"), bars.of("soft")) == (3, 1)
    assert isinstance(bars, Bars)


def test_the_newest_events_and_the_newest_proof(path: Path, conn: sqlite3.Connection) -> None:
    for number in range(30):
        make.submit(conn, make.event(f"r{number}@example.com"), now=later(minutes=-60))
    first, second, *_ = make.claim(conn)
    make.settle(conn, first.row, State.POSTED, State.VERIFIED, now=later(minutes=-9))
    make.settle(conn, second.row, State.DEAD, now=later(minutes=-5))
    found = seen(path)
    assert found.events is not None
    assert [row.event.recipient for row in found.events][::24] == ["r29@example.com", "r5@example.com"]
    assert len(found.events) == now.LATEST
    assert found.listmonk_at == later(minutes=-9)
    assert [text for _, text, _ in found.waiting] == ["1 dead"]
