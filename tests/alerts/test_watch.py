# SPDX-License-Identifier: GPL-3.0-or-later
"""The watching task on a real outbox, with a real receiver. Time is handed in by a clock that the test moves."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from bouncestream.alert import Notice, What
from bouncestream.alerts.channels import SendFailed
from bouncestream.alerts.watch import Watch
from bouncestream.config.alerting import Alerts, Heartbeat, JsonWebhook, Summary
from bouncestream.config.model import Config
from bouncestream.crypto.secret import Secret
from bouncestream.doctor.finding import Finding, Level, partly_examined, unexamined
from bouncestream.errors import SinkError, StoreUnavailable
from bouncestream.event import Kind, Proof
from bouncestream.health import Health, Status
from bouncestream.metrics import ALERT_ACTIVE, HEARTBEATS, LOST, REQUESTS, Metrics
from bouncestream.outbox import alerts, arrivals, delivery
from bouncestream.outbox.db import Database
from bouncestream.ports import Unreadable
from bouncestream.providers import webhook
from tests.alerts.receivers import Hooks, hooks
from tests.outbox import make

NOW = datetime(2026, 3, 2, 6, 30, tzinfo=UTC)  # a Monday


class Clock:
    """Stands still until the test moves it."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return (self.at - NOW).total_seconds()

    def go(self, **by: float) -> None:
        self.at += timedelta(**by)


class World:
    """An outbox, and one run of watching after the other."""

    def __init__(self, db: Database, receiver: Hooks) -> None:
        self.db, self.receiver = db, receiver
        self.clock, self.health, self.metrics = Clock(), Health(), Metrics()
        # nothing delivers here
        hook = JsonWebhook(url=Secret(f"{receiver.url}/hook"))
        self.alerts = Alerts(every=0.01, mute=("oldest-pending",), webhook=hook)
        self.paused = ""

    @property
    def config(self) -> Config:
        return Config(alerts=self.alerts, webhooks={"shop": webhook(name="shop", provider="generic")})

    @asynccontextmanager
    async def running(self, **options: object) -> AsyncIterator[Watch]:
        watch = Watch(
            self.db,
            self.clock,
            self.health,
            self.metrics,
            self.config,
            paused=lambda: self.paused,
            **options,  # type: ignore[arg-type]
        )
        task = asyncio.create_task(watch.run())
        try:
            await self.turns(watch)
            yield watch
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def turns(self, watch: Watch, count: int = 2) -> None:
        """Until it has looked again at what is now."""
        for _ in range(count):
            watch.turned.clear()
            async with asyncio.timeout(20):
                await watch.turned.wait()

    async def quarantine(self, number: int = 1) -> None:
        job = partial(
            arrivals.take,
            submission=make.submission(source="shop", unreadable=(Unreadable(f"not JSON {number}"),)),
            now=self.clock.now(),
        )
        await self.db.write(job)

    async def bounces(self, numbers: range, kind: Kind = Kind.HARD) -> None:
        events = [make.event(f"p{n}@example.com", kind, source="shop") for n in numbers]
        job = partial(arrivals.take, submission=make.submission(*events, source="shop"), now=self.clock.now())
        await self.db.write(job)

    async def rows(self, sql: str) -> list[tuple[object, ...]]:
        return await self.db.read(lambda conn: conn.execute(sql).fetchall())


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    db = await Database.open(tmp_path / "outbox.db", lock=True)
    async with hooks() as receiver:
        try:
            yield World(db, receiver)
        finally:
            await db.close()


async def test_an_alert_is_sent_once_over_two_runs_and_then_resolved(world: World) -> None:
    async with world.running() as watch:
        await world.quarantine()
        await world.receiver.until(1)
        await world.turns(watch)
        assert world.metrics.get(ALERT_ACTIVE, "quarantine") == 1
        assert world.metrics.get(ALERT_ACTIVE, "dead-letters") == 0
    world.clock.go(hours=1)
    async with world.running() as watch:
        await world.turns(watch, 5)
        assert world.metrics.get(ALERT_ACTIVE, "quarantine") == 1, "a restart does not forget it"
        world.clock.go(hours=24)
        await world.receiver.until(2)
        await world.turns(watch)
    assert not world.metrics.of(ALERT_ACTIVE), "another bridge may know more from now on"
    assert world.receiver.events() == [("fired", "quarantine"), ("resolved", "quarantine")]
    assert await world.rows("SELECT what FROM notices ORDER BY id") == [("fired",), ("resolved",)]
    assert await world.rows("SELECT sent FROM notice_deliveries") == [(1,), (1,)]


async def test_what_could_not_be_sent_is_sent_by_the_next_run(world: World) -> None:
    world.receiver.answer = 503
    async with world.running() as watch:
        await world.quarantine()
        await world.receiver.until(1)
        await world.turns(watch)
        assert world.health.parts["alerts"].why == "webhook: it answers 503"
        assert world.health.ready, "alerts that do not get through stop nothing"
    assert await world.rows("SELECT tries, error, ended_at FROM notice_deliveries") == [(1, "it answers 503", None)]
    world.receiver.answer = 200
    async with world.running() as watch:
        await world.receiver.until(2)
        await world.turns(watch)
    assert [body["id"] for body in world.receiver.bodies()] == [1, 1]
    assert await world.rows("SELECT tries, error, sent FROM notice_deliveries") == [(2, "", 1)]


async def test_a_full_disk_is_told_though_nothing_can_be_written(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world.running() as watch:
        real = world.db.write

        async def full(*args: object, **kwargs: object) -> None:
            raise StoreUnavailable("The disk of the outbox is full")

        monkeypatch.setattr(world.db, "write", full)
        world.health.set("outbox", Status.RED, "The disk of the outbox is full")
        await world.turns(watch)
        world.clock.go(seconds=61)
        await world.receiver.until(1)
        await world.turns(watch)
        assert world.receiver.events() == [("fired", "part-red")]
        assert await world.rows("SELECT * FROM notices") == []
        monkeypatch.setattr(world.db, "write", real)
        await world.turns(watch)
        assert await world.rows("SELECT rule, active FROM alerts WHERE active") == [("part-red", 1)]
        assert await world.rows("SELECT sent FROM notice_deliveries") == [(1,)]
    assert len(world.receiver.requests) == 1


async def test_a_pause_and_lost_events_are_told(world: World) -> None:
    async with world.running() as watch:
        world.paused = "grant webhooks:post_bounce to the API user's role"
        world.metrics.add(LOST, by=300)
        await world.turns(watch)
        world.clock.go(seconds=61)
        await world.receiver.until(2)
        assert sorted(world.receiver.events()) == [("fired", "events-lost"), ("fired", "listmonk-paused")]
        world.paused = ""
        await world.turns(watch)
        world.clock.go(seconds=61)
        await world.receiver.until(3)
    assert world.receiver.events()[-1] == ("resolved", "listmonk-paused")


async def test_findings_of_the_doctor_become_alerts(world: World) -> None:
    found: list[Finding] = [Finding("tls-expiring", Level.WARNING, "tls", "it expires in 9 days", fix="renew it")]
    asked: list[str] = []

    async def quick(config: Config) -> Sequence[Finding]:
        asked.append(config.listmonk.url)
        return list(found)

    world.alerts = replace(world.alerts, checks=0.01)
    async with world.running(quick=quick) as watch:
        await world.receiver.until(1)
        await world.turns(watch)
        assert world.metrics.get(ALERT_ACTIVE, "doctor") == 1
        found.clear()
        world.clock.go(seconds=61)
        await world.receiver.until(2)
    first, last = world.receiver.bodies()
    assert (first["rule"], first["subject"], first["level"], first["fix"]) == (
        "doctor",
        "tls-expiring",
        "warning",
        "renew it",
    )
    assert last["event"] == "resolved"
    assert len(asked) > 1


async def test_what_the_doctor_could_not_look_at_is_not_called_mended(world: World) -> None:
    expires = Finding("tls-expires-soon", Level.WARNING, "tls", "it expires in 9 days", fix="renew it")
    found: list[Finding] = [expires]
    asked = asyncio.Condition()

    async def quick(config: Config) -> Sequence[Finding]:
        async with asked:
            asked.notify_all()
        return list(found)

    async def looked(watch: Watch) -> None:
        for _ in range(2):
            async with asyncio.timeout(20), asked:
                await asked.wait()
        world.clock.go(minutes=10)
        await world.turns(watch)

    world.alerts = replace(world.alerts, checks=0.01)
    async with world.running(quick=quick) as watch:
        await world.receiver.until(1)
        found[:] = [partly_examined({"tls-"})]
        await looked(watch)
        found[:] = [unexamined("its process failed")]
        await world.receiver.until(2)
        await world.turns(watch, 4)
    async with world.running(quick=quick) as watch:  # nor by the next run
        await looked(watch)
        assert [(body["event"], body["subject"]) for body in world.receiver.bodies()] == [
            ("fired", "tls-expires-soon"),
            ("fired", "not-examined"),
        ]
        found[:] = [partly_examined({"pixel-"})]
        await looked(watch)
        await world.receiver.until(4)
    resolved = {body["subject"] for body in world.receiver.bodies()[2:] if body["event"] == "resolved"}
    assert resolved == {"tls-expires-soon", "not-examined"}


async def test_a_doctor_that_fails_stops_nothing(world: World, caplog: pytest.LogCaptureFixture) -> None:
    async def quick(config: Config) -> Sequence[Finding]:
        raise RuntimeError("a bug")

    async with world.running(quick=quick):
        await world.quarantine()
        await world.receiver.until(1)
    assert "the doctor's checks failed" in caplog.text


async def test_a_bug_in_a_rule_stops_neither_watching_nor_bridge(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with world.running() as watch:
        broken = asyncio.Event()

        def bug(*_: object) -> None:
            broken.set()
            raise RuntimeError("a bug")

        with monkeypatch.context() as patch:
            patch.setattr("bouncestream.alerts.watch.judge", bug)
            async with asyncio.timeout(20):
                await broken.wait()
        await world.turns(watch)
    assert "watching: a bug (RuntimeError" in caplog.text


async def test_the_heartbeat_stops_while_a_part_is_red(world: World) -> None:
    beat = Heartbeat(url=Secret(f"{world.receiver.url}/beat"), every=0.02)
    world.alerts = replace(world.alerts, heartbeat=beat)
    async with world.running() as watch:
        await world.receiver.until(3, "/beat")
        world.health.set("listmonk", Status.RED, "connection refused")
        await asyncio.sleep(0.1)  # one may be on its way
        count = len(world.receiver.requests)
        await asyncio.sleep(0.2)
        assert len(world.receiver.requests) == count
        world.alerts = replace(world.alerts, heartbeat=replace(beat, when="alive"))
        watch.reload(world.config)
        await world.receiver.until(count + 2)
    assert world.metrics.get(HEARTBEATS, "sent") >= 4


async def test_a_heartbeat_that_fails_is_told_once(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    world.receiver.answer = 500
    url = f"{world.receiver.url}/beat/s3cret"
    world.alerts = replace(world.alerts, heartbeat=Heartbeat(url=Secret(url), every=0.02))
    async with world.running():
        await world.receiver.until(4)
    assert caplog.text.count("the heartbeat could not be sent: it answers 500") == 1
    assert "s3cret" not in caplog.text


async def test_arrivals_are_counted_once_by_the_hour(world: World) -> None:
    await world.bounces(range(3))
    world.clock.go(hours=1)
    await world.bounces(range(3, 5), Kind.SOFT)
    count = "SELECT source, kind, sum(events) FROM source_hours GROUP BY 1, 2 ORDER BY 2"
    async with world.running() as watch:
        await world.turns(watch)
        assert await world.rows(count) == [("shop", "hard", 3), ("shop", "soft", 2)]
    async with world.running() as watch:
        await world.bounces(range(5, 6))
        await world.turns(watch, 3)
        assert await world.rows(count) == [("shop", "hard", 4), ("shop", "soft", 2)]
    hours = await world.db.read(partial(alerts.hours, since=0))
    assert [row[0] for row in hours] == [alerts.hour_of(NOW), *[alerts.hour_of(NOW) + 1] * 2]


async def test_a_silent_source_is_told_and_its_return_too(world: World) -> None:
    async with world.running() as watch:
        for day in range(20):
            world.clock.go(days=1)
            await world.bounces(range(day * 10, day * 10 + 3))
            await world.turns(watch)
        assert world.receiver.requests == []
        world.clock.go(hours=51)
        await world.receiver.until(1)
        (body,) = world.receiver.bodies()
        assert (body["rule"], body["subject"]) == ("silent-source", "shop")
        await world.bounces(range(900, 901))
        await world.receiver.until(2)
    assert world.receiver.events()[-1] == ("resolved", "silent-source")


async def test_the_summary_comes_once_a_day(world: World) -> None:
    world.alerts = replace(world.alerts, summary=Summary(every="daily", at="07:00"))
    await world.bounces(range(3))
    async with world.running() as watch:
        await world.turns(watch)
        assert world.receiver.requests == []
        world.clock.go(minutes=31)
        await world.receiver.until(1)
        await world.turns(watch, 3)
    async with world.running() as watch:
        await world.turns(watch, 3)
        assert len(world.receiver.requests) == 1
        world.clock.go(days=1)
        await world.receiver.until(2)
    first, second = world.receiver.bodies()
    assert first["event"] == "summary"
    assert "shop: 3 hard" in first["text"]
    assert "Received:\n  nothing" in second["text"]


@pytest.mark.parametrize("trouble", ["", "Listmonk is away"])
async def test_a_weekly_summary_tells_whether_the_numbers_add_up(world: World, trouble: str) -> None:
    async def numbers(since: datetime) -> str:
        if trouble:
            raise SinkError(trouble)
        return f"  since {since:%A %H:%M}: 3 events"

    world.alerts = replace(world.alerts, summary=Summary(every="weekly", at="07:00"))
    async with world.running(numbers=numbers) as watch:
        await world.turns(watch)
        world.clock.go(days=7)
        await world.receiver.until(1)
    (body,) = world.receiver.bodies()
    told = f"could not be compared: {trouble}" if trouble else "since Monday 07:00: 3 events"
    assert f"Outbox and Listmonk (`bouncestream reconcile`):\n  {told}" in body["text"]


async def test_a_summary_goes_over_the_channels_that_it_names(world: World) -> None:
    world.alerts = replace(world.alerts, summary=Summary(every="daily", at="07:00", channels="email"))
    async with world.running() as watch:
        world.clock.go(minutes=31)
        await world.turns(watch, 3)
        assert await world.rows("SELECT what FROM notices") == [("summary",)]
    assert world.receiver.requests == []


async def test_a_reload_takes_new_channels_and_thresholds(world: World) -> None:
    async with hooks() as other, world.running() as watch:
        world.alerts = replace(
            world.alerts, mute=("dead-letters",), webhook=JsonWebhook(url=Secret(f"{other.url}/hook"))
        )
        watch.reload(world.config)
        await world.quarantine()
        await other.until(1)
    assert world.receiver.requests == []


async def test_no_more_is_remembered_than_fits(world: World) -> None:
    class Failing:
        name = "email"

        async def send(self, notice: Notice) -> None:
            raise SendFailed("no")

    world.alerts = replace(world.alerts, repeat=1.0)
    world.health.set("relay", Status.RED, "x")
    channels: Callable[[Config], Sequence[Failing]] = lambda config: [Failing()]  # noqa: E731
    async with world.running(channels=channels) as watch:
        for _ in range(alerts.KEEP_NOTICES + 60):
            world.clock.go(seconds=61)
            await world.turns(watch, 1)
    (notices,) = (await world.rows("SELECT count(*) FROM notices"))[0]
    (deliveries,) = (await world.rows("SELECT count(*) FROM notice_deliveries WHERE due_at IS NOT NULL"))[0]
    assert isinstance(notices, int)
    assert isinstance(deliveries, int)
    assert alerts.KEEP_NOTICES <= notices <= alerts.KEEP_NOTICES + 2
    assert deliveries <= 2


async def test_earlier_alerts_that_cannot_be_read_stop_nothing(world: World) -> None:
    def unreadable(conn: sqlite3.Connection) -> None:
        conn.execute("DROP TABLE alerts")

    await world.db.write(unreadable)
    async with world.running() as watch:
        await world.turns(watch)


async def test_a_flood_of_forged_mails_is_one_alert_each_and_not_a_thousand(world: World) -> None:
    def forge(conn: sqlite3.Connection) -> None:
        for number in range(300):
            doubted = make.event(f"v{number}@example.com", Kind.SOFT, proof=Proof.NONE)
            held = make.event(f"w{number}@example.com", Kind.SOFT, proof=Proof.EXCESS, hold="unproven")
            arrivals.take(conn, make.submission(doubted, held, provider="mailbox"), world.clock.now())
        delivery.add_meta(conn, delivery.UNKNOWN_UUIDS, 21)

    rules = ("unknown-uuids", "unproven-flood", "unproven-many")
    async with world.running() as watch:
        for _ in range(3):
            await world.db.write(forge)
            await world.turns(watch)
            world.clock.go(minutes=5)
        told = await world.rows("SELECT rule, what FROM notices ORDER BY rule")
        assert [row for row in told if row[0] in rules] == [(rule, "fired") for rule in rules]
        texts = dict(await world.rows("SELECT rule, text FROM notices"))  # type: ignore[arg-type]
        assert "300 bounce mails" in texts["unproven-flood"]
        assert "21 bounce mails" in texts["unknown-uuids"]
        world.clock.go(hours=3)
        await world.turns(watch)
        assert world.metrics.get(ALERT_ACTIVE, "unproven-flood") == 0


async def test_a_summary_comes_once_though_it_cannot_be_written_down(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.alerts = replace(world.alerts, summary=Summary(every="daily", at="07:00"))

    async def full(*args: object, **kwargs: object) -> None:
        raise StoreUnavailable("The disk of the outbox is full")

    async with world.running() as watch:
        with monkeypatch.context() as patch:
            patch.setattr(world.db, "write", full)
            world.clock.go(minutes=31)
            await world.receiver.until(1)
            await world.turns(watch, 5)
        await world.turns(watch)
    async with world.running() as watch:
        await world.turns(watch)
    assert world.receiver.events() == [("summary", "")]


async def test_a_clock_that_was_ahead_silences_no_summary(world: World) -> None:
    ahead = (NOW + timedelta(days=400)).isoformat()
    await world.db.write(partial(delivery.set_meta, name="summary_at", value=ahead))
    world.alerts = replace(world.alerts, summary=Summary(every="daily", at="07:00"))
    async with world.running() as watch:
        await world.turns(watch)
        assert world.receiver.requests == [], "watching begins now"
        world.clock.go(minutes=31)
        await world.receiver.until(1)


async def test_a_reload_leaves_a_watch_alone_that_does_not_run(world: World) -> None:
    world.receiver.answer = 503
    async with world.running() as watch:
        await world.quarantine()
        await world.receiver.until(1)
    async with hooks() as other:
        world.alerts = replace(world.alerts, webhook=JsonWebhook(url=Secret(f"{other.url}/hook")))
        watch.reload(world.config)
        never_ran = Watch(world.db, world.clock, world.health, world.metrics, world.config)
        never_ran.reload(Config(alerts=replace(world.alerts, webhook=JsonWebhook())))
        assert not {task.get_name() for task in asyncio.all_tasks() if "alerts over" in task.get_name()}
        again = asyncio.create_task(watch.run())
        await other.until(1)
        again.cancel()
        with suppress(asyncio.CancelledError):
            await again
        assert other.events() == [("fired", "quarantine")]


async def test_a_channel_that_is_removed_takes_its_notices_with_it(world: World) -> None:
    world.receiver.answer = 503
    async with world.running() as watch:
        await world.quarantine()
        await world.receiver.until(1)
        await world.turns(watch)
        assert len(await world.db.read(alerts.waiting)) == 1
        world.alerts = replace(world.alerts, webhook=JsonWebhook())
        watch.reload(world.config)
        await world.turns(watch)
        assert await world.db.read(alerts.waiting) == []
    assert await world.rows("SELECT error FROM notice_deliveries") == [("the channel is no longer configured",)]


async def test_a_reload_lets_a_channel_finish_that_stays_as_it_is(world: World) -> None:
    world.receiver.hang = True
    async with world.running() as watch:
        await world.quarantine()
        await world.receiver.until(1)
        world.alerts = replace(world.alerts, apprise=Secret("json://127.0.0.1:9/x"))
        watch.reload(world.config)
        await world.turns(watch, 5)
        assert watch._courier.names == ["webhook", "apprise:json"]
        assert len(world.receiver.requests) == 1, "what hangs was not sent again"


async def test_what_an_earlier_run_left_is_read_once_it_can_be(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.receiver.answer = 503
    world.health.set("brake", Status.YELLOW, "57 hard bounces are held")
    async with world.running() as watch:
        await world.receiver.until(1)
        for number in range(6):  # told, and over
            await world.quarantine(number)
            await world.turns(watch)
            world.clock.go(days=1)
            await world.turns(watch)
    notices = await world.rows("SELECT * FROM notices ORDER BY id")
    assert len(notices) > 7
    waiting = len(await world.db.read(alerts.waiting))
    active = await world.rows("SELECT rule, fired_at FROM alerts WHERE active")
    world.receiver.answer = 200
    world.receiver.requests.clear()

    async def fails_over(*_: object) -> None:
        raise StoreUnavailable("PostgreSQL fails over")

    with monkeypatch.context() as patch:
        patch.setattr(world.db, "read", fails_over)
        async with world.running() as watch:
            await world.turns(watch)
            patch.undo()
            await world.receiver.until(waiting)
            await world.quarantine(99)
            await world.receiver.until(waiting + 1)
            await world.turns(watch)
    assert world.receiver.bodies()[-1]["id"] == len(notices) + 1
    kept = await world.rows("SELECT * FROM notices ORDER BY id")
    assert (kept[:-1], kept[-1][0]) == (notices, len(notices) + 1)
    assert (await world.rows("SELECT rule, fired_at FROM alerts WHERE active AND rule = 'brake'"))[0] in active
    assert len(world.receiver.requests) == waiting + 1, "none was told again"


async def test_an_outbox_that_cannot_be_read_is_told_all_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await world.db.write(partial(alerts.save, notices=[Notice(1, NOW, What.TEST, "info", "t", "earlier")]))

    async def away(*_: object) -> None:
        raise StoreUnavailable("no PostgreSQL answers")

    with monkeypatch.context() as patch:
        patch.setattr(world.db, "read", away)
        world.health.set("outbox", Status.RED, "no PostgreSQL answers")
        async with world.running() as watch:
            world.clock.go(seconds=61)
            await world.receiver.until(1)
            patch.undo()
            await world.turns(watch)
            assert await world.rows("SELECT rule FROM alerts WHERE active") == [("part-red",)]
    assert world.receiver.events() == [("fired", "part-red")]
    assert await world.rows("SELECT id, text FROM notices") == [(1, "earlier")]
    assert caplog.text.count("earlier alerts are not known yet: no PostgreSQL answers") == 1


async def test_a_lease_that_returns_tells_nothing_old(world: World) -> None:
    """Of two bridges, each with counters of its own, one tells people after the other."""
    here, there = world.metrics, Metrics()
    async with world.running() as watch:
        here.add(LOST, by=300)
        here.add(REQUESTS, "shop", "200", by=9)
        await world.receiver.until(1)
        await world.turns(watch)
    for metrics in (there, here):
        world.metrics = metrics
        world.clock.go(hours=2)
        async with world.running() as watch:
            world.clock.go(minutes=2)
            await world.turns(watch)
            assert watch._sources.seen("shop", world.clock.now()).newest is None, "a request of long ago"
    assert [rule for rule, what in await world.rows("SELECT rule, what FROM notices") if what == "fired"] == [
        "events-lost"
    ]
