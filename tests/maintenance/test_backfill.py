# SPDX-License-Identifier: GPL-3.0-or-later
"""Backfills at intervals: only counted until a person starts them, then stored; what fails is tried again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bouncestream.config.model import Config
from bouncestream.health import Health, Status
from bouncestream.maintenance import backfill
from bouncestream.maintenance.backfill import (
    AGAIN,
    FIRST,
    SINCE,
    Backfilling,
    BackfillState,
    backfill_state,
    note,
    reach,
)
from bouncestream.metrics import BACKFILL_ITEMS, BACKFILL_LAST, BACKFILL_RUNS, Metrics
from bouncestream.net.http import Client
from bouncestream.outbox.db import Database
from bouncestream.outbox.intake import Intake
from bouncestream.providers._settings import Webhook
from bouncestream.sources.backfill import calls
from bouncestream.sources.backfill.run import Bookmark
from tests.providers.lists import NOW, hook, lists
from tests.sources.backfill.stand_in import Api, standing_in, trusted
from tests.sources.backfill.test_run import Everybody, answering, full, pages

HOUR = 3600.0


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.seconds - 1000)

    def monotonic(self) -> float:
        return self.seconds


class Bridge:
    """The task, and all that it works with."""

    def __init__(self, db: Database, hook: Webhook, **config: Any) -> None:
        self.db, self.clock, self.health, self.metrics = db, Clock(), Health(), Metrics()
        self.people = Everybody()
        self.intake = Intake(db, clock=self.clock, metrics=self.metrics, health=self.health)
        settings = Config(webhooks={hook.name: hook}, **config)
        self.task = Backfilling(
            db, self.clock, self.health, self.metrics, settings, self.people, self.intake.missed,
            chance=lambda: 0.0, context=trusted(),
        )  # fmt: skip

    async def after(self, seconds: float) -> None:
        """A turn so much later."""
        self.clock.seconds += seconds
        await self.task.turn()

    async def rows(self) -> list[tuple[str, str, str]]:
        query = "SELECT recipient, kind, state FROM outbox ORDER BY id"
        rows: list[tuple[str, str, str]] = await self.db.read(lambda conn: conn.execute(query).fetchall())
        return rows

    async def stands(self) -> BackfillState:
        found: BackfillState = await self.db.read(partial(backfill_state, hook=self.task.config.webhooks["news"]))
        return found

    async def start(self) -> None:
        """What `bouncestream backfill news` does, beside its run."""
        await self.db.write(partial(note, hook=self.task.config.webhooks["news"], started=True, waiting=0))

    @property
    def part(self) -> tuple[Status, str]:
        part = self.health.parts["backfill:news"]
        return part.state, part.why


@pytest.fixture
async def api(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Api]:
    async with standing_in(lambda url: []) as made:

        def client(**options: Any) -> Client:
            return Client(connector=aiohttp.TCPConnector(resolver=made), **options)

        async def no_sleep(seconds: float) -> None:
            return None

        monkeypatch.setattr(calls, "Client", client)
        monkeypatch.setattr(backfill, "OneRun", partial(backfill.OneRun, sleep=no_sleep))
        yield made


@pytest.fixture
async def bridge(tmp_path: Path, api: Api) -> AsyncIterator[Bridge]:
    db = await Database.open(tmp_path / "outbox.db")
    yield Bridge(db, hook("sendgrid", backfill=6 * HOUR))
    await db.close()


async def test_nothing_is_asked_for_right_after_the_start(bridge: Bridge, api: Api) -> None:
    await bridge.after(0)
    await bridge.after(FIRST[0] - 1)
    assert api.asked == []
    await bridge.after(1)
    assert len(api.asked) == 4


async def test_the_first_run_counts_and_a_person_starts_it(
    bridge: Bridge, api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    there = lists("sendgrid")
    api.answer = answering("sendgrid", bounces=[there["bounces"].item], spam_reports=[there["spam_reports"].item])
    await bridge.after(0)
    await bridge.after(FIRST[0])
    assert await bridge.rows() == []
    state, why = bridge.part
    assert state is Status.YELLOW
    assert why.startswith("2 events whose webhooks were missed wait to be stored. Next: look at them with ")
    assert "start it with `bouncestream backfill news`" in why
    assert "found 2 missed events and stored none. Next: bouncestream backfill news" in caplog.text
    assert bridge.metrics.get(BACKFILL_RUNS, "news", "counted") == 1
    assert await bridge.stands() == BackfillState(
        provider="sendgrid", waiting=2, through_at=bridge.clock.now().isoformat()
    )
    await bridge.after(6 * HOUR)  # still only counted
    assert await bridge.rows() == []
    await bridge.start()
    await bridge.after(6 * HOUR)
    assert await bridge.rows() == [
        ("person@example.org", "hard", "pending"),
        ("person@example.org", "complaint", "pending"),
    ]
    assert bridge.part == (Status.GREEN, "")
    assert "a backfill found 2 missed events (1 complaint, 1 hard)" in caplog.text
    assert bridge.metrics.get(BACKFILL_RUNS, "news", "stored") == 1
    assert bridge.metrics.get(BACKFILL_ITEMS, "news", "new") == 6
    assert bridge.metrics.get(BACKFILL_LAST, "news") == bridge.clock.now().timestamp()
    await bridge.after(6 * HOUR)
    assert len(await bridge.rows()) == 2
    assert bridge.metrics.get(BACKFILL_ITEMS, "news", "duplicates") == 2
    bridge.task.leave()
    assert not bridge.metrics.of(BACKFILL_LAST), "another bridge asks from now on, and this time grows old"


async def test_where_nothing_was_missed_nobody_needs_to_start_it(bridge: Bridge, api: Api) -> None:
    await bridge.after(0)
    await bridge.after(FIRST[0])
    assert (await bridge.stands()).started
    api.answer = answering("sendgrid", bounces=full(1, "a"))
    await bridge.after(6 * HOUR)
    assert await bridge.rows() == [("a0@example.org", "hard", "pending")]


async def test_more_hard_bounces_than_usual_are_held(
    bridge: Bridge, api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    await bridge.start()
    api.answer = pages(full(120, "a"))
    await bridge.after(0)
    await bridge.after(FIRST[0])
    states = [state for _, _, state in await bridge.rows()]
    assert (states.count("pending"), states.count("held")) == (100, 20)
    assert "20 are held. Next: bouncestream outbox list --state held" in caplog.text


async def test_a_refused_key_is_told_and_tried_ever_more_seldom(bridge: Bridge, api: Api) -> None:
    api.answer = lambda url: (403, {}, {})
    await bridge.after(0)
    await bridge.after(FIRST[0])
    state, why = bridge.part
    assert state is Status.YELLOW
    assert "does not let the API key read this (403). Next: at SendGrid give the API key Suppressions: Read" in why
    assert bridge.health.ready
    assert bridge.metrics.get(BACKFILL_RUNS, "news", "failed") == 1
    await bridge.after(AGAIN - 1)
    assert len(api.asked) == 1
    await bridge.after(1)
    assert len(api.asked) == 2
    await bridge.after(AGAIN)
    assert len(api.asked) == 2
    api.answer = lambda url: []
    await bridge.after(AGAIN)
    assert bridge.part == (Status.GREEN, "")


async def test_without_the_look_up_it_is_said_what_the_token_needs(
    bridge: Bridge, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no() -> bool:
        return False

    monkeypatch.setattr(bridge.people, "may_look_up", no)
    await bridge.after(0)
    await bridge.after(FIRST[0])
    assert "Next: give it subscribers:get_all and subscribers:sql_query." in bridge.part[1]
    assert api.asked == []


async def test_a_start_does_not_repeat_what_was_done_a_moment_ago(bridge: Bridge, api: Api) -> None:
    done = (bridge.clock.now() - timedelta(hours=2)).isoformat()
    await bridge.db.write(partial(note, hook=bridge.task.config.webhooks["news"], started=True, through_at=done))
    await bridge.after(0)
    await bridge.after(4 * HOUR - 1)
    assert api.asked == []
    await bridge.after(1)
    assert api.asked


async def test_a_run_that_was_cut_off_goes_on(bridge: Bridge, api: Api) -> None:
    await bridge.start()
    api.answer = pages(full(500, "a"), full(500, "b"))

    seen = api.answer
    api.answer = lambda url: seen(url) if url.query["offset"] == "0" else (403, {}, {})
    await bridge.after(0)
    await bridge.after(FIRST[0])
    assert (await bridge.stands()).place
    api.answer = seen
    api.asked.clear()
    await bridge.after(AGAIN)
    assert api.asked[0].query["offset"] == "500"
    states = [state for _, _, state in await bridge.rows()]
    assert (states.count("pending"), states.count("held")) == (100, 900)
    assert (await bridge.stands()).place is None


async def test_a_webhook_that_is_taken_away_is_asked_no_more(bridge: Bridge, api: Api) -> None:
    await bridge.after(0)
    bridge.task.config = replace(bridge.task.config, webhooks={})
    await bridge.after(FIRST[0])
    assert api.asked == []
    assert "backfill:news" not in bridge.health.parts


async def test_it_asks_no_further_back_than_the_outbox_remembers(tmp_path: Path, api: Api) -> None:
    from bouncestream.config.model import Retention

    db = await Database.open(tmp_path / "outbox.db")
    bridge = Bridge(db, hook("sendgrid", backfill=HOUR), retention=Retention(events=10 * 86400.0))
    await bridge.after(0)
    await bridge.after(FIRST[0])
    since = datetime.fromtimestamp(int(api.asked[0].query["start_time"]), NOW.tzinfo)
    assert abs(since - (bridge.clock.now() - timedelta(days=7))) < timedelta(seconds=2)
    assert reach(Config(), NOW) < NOW - SINCE
    await db.close()


async def test_another_provider_begins_anew(bridge: Bridge) -> None:
    await bridge.start()
    assert await bridge.db.read(partial(backfill_state, hook=hook("mailgun"))) == BackfillState(provider="mailgun")


@pytest.mark.parametrize("odd", ["", "{", "[]", '{"provider": 5, "more": 1}', '{"provider": "sendgrid"}'])
async def test_an_odd_note_is_a_new_beginning(bridge: Bridge, odd: str) -> None:
    from bouncestream.outbox.delivery import set_meta

    await bridge.db.write(partial(set_meta, name="backfill:news", value=odd))
    assert await bridge.stands() == BackfillState(provider="sendgrid")


def test_a_bookmark_is_good_for_a_day_and_for_no_longer_span() -> None:
    bookmark = Bookmark("bounces", 0, "https://api.sendgrid.com/", NOW - SINCE, 7)
    told = {"listing": "bounces", "first": 0, "url": bookmark.url, "since": bookmark.since.isoformat(), "hard": 7}
    one = BackfillState(place=told, place_at=NOW.isoformat())
    assert one.resumed(NOW - SINCE, NOW) == bookmark
    assert one.resumed(NOW - SINCE + timedelta(hours=1), NOW + timedelta(hours=1)) == bookmark
    assert one.resumed(NOW - SINCE, NOW + timedelta(hours=25)) is None
    assert one.resumed(NOW - 2 * SINCE, NOW) is None
    assert BackfillState().resumed(NOW, NOW) is None
    assert replace(one, place={"since": "x"}).resumed(NOW, NOW) is None
