# SPDX-License-Identifier: GPL-3.0-or-later
"""The listener against the sandbox: a campaign is sent, some recipients are refused."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bouncestream.config.model import ListmonkLog as Settings
from bouncestream.errors import SinkError, SinkRefused, StoreBusy
from bouncestream.event import BounceEvent, Kind
from bouncestream.health import Health, Status
from bouncestream.metrics import LOG_GAPS, SENDING_FAILED, Metrics
from bouncestream.policy import Rules
from bouncestream.ports import Campaign
from bouncestream.sandbox import BRIDGE_PERMISSIONS, ApiUser, Sandbox, SandboxSettings, Subscriber
from bouncestream.sandbox.model import Letter
from bouncestream.sandbox.sending import send
from bouncestream.sinks.listmonk.directory import Directory
from bouncestream.sinks.listmonk.sending import ListmonkLog
from bouncestream.sources.listmonk_log import weighing
from bouncestream.sources.listmonk_log.listener import RECENT, LogListener
from tests.sources.conftest import Clock, Recorder

CAMPAIGN = str(uuid.uuid4())
PEOPLE = [Subscriber(f"u{number}@example.com") for number in range(1, 101)]
GONE = "550 5.1.1 User unknown"
LINE = 'manager.go:548: error sending message in campaign News: subscriber {}: 552 "5.2.2 mailbox full"'


@dataclass
class Memory:
    place: str | None = None

    async def log_place(self) -> str | None:
        return self.place

    async def set_log_place(self, mark: str) -> None:
        self.place = mark


@dataclass
class Rig:
    sandbox: Sandbox
    client: Directory
    sending: ListmonkLog
    memory: Memory = field(default_factory=lambda: Memory(""))
    recorder: Recorder = field(default_factory=Recorder)
    metrics: Metrics = field(default_factory=Metrics)
    health: Health = field(default_factory=Health)

    def listener(self, **settings: Any) -> LogListener:
        return LogListener(
            self.sending,
            self.recorder,
            self.memory,
            Settings(**settings),
            Rules(),
            Clock(),
            self.health,
            self.metrics,
        )

    def send(self, refused: Collection[int] | Mapping[int, str], *, running: bool = False) -> int:
        words = refused if isinstance(refused, Mapping) else dict.fromkeys(refused, GONE)
        told = {f"u{number}@example.com": text for number, text in words.items()}
        return send(self.sandbox.listmonk, CAMPAIGN, told, running=running)

    @property
    def events(self) -> list[BounceEvent]:
        return [one for submission in self.recorder.submissions for one in submission.events]

    @property
    def told(self) -> list[str]:
        return sorted(one.recipient for one in self.events)

    def failed(self) -> dict[str, float]:
        return {labels[0]: value for labels, value in self.metrics.of(SENDING_FAILED).items() if value}

    async def until(self, ready: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not ready():
                await asyncio.sleep(0.01)

    @asynccontextmanager
    async def running(self, **settings: Any) -> AsyncIterator[None]:
        task = asyncio.create_task(self.listener(**settings).run())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


Start = Callable[..., Awaitable[Rig]]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    rigs: list[Rig] = []

    async def begin(permissions: Collection[str] = BRIDGE_PERMISSIONS, **settings: Any) -> Rig:
        users = {"bridge": ApiUser("bridge", "t", frozenset(permissions))}
        sandbox = Sandbox(
            SandboxSettings(campaigns={CAMPAIGN: "News"}, subscribers=PEOPLE, users=users, **settings)
        )
        url = await sandbox.start()
        client = Directory(url, "bridge", "t", instance="i")
        rigs.append(Rig(sandbox, client, ListmonkLog(url, "bridge", "t", client.by_ids)))
        return rigs[-1]

    yield begin
    for rig in rigs:
        await rig.sending.close()
        await rig.client.close()
        await rig.sandbox.close()


async def test_a_refused_recipient_is_an_event(start: Start) -> None:
    rig = await start()
    rig.send({3: GONE, 4: "552 5.2.2 mailbox full"})
    await rig.listener().look()
    assert rig.told == ["u3@example.com", "u4@example.com"]
    hard = next(one for one in rig.events if one.recipient == "u3@example.com")
    assert (hard.kind, hard.campaign_uuid, hard.hold) == (Kind.HARD, CAMPAIGN, "")
    assert hard.subscriber_uuid == rig.sandbox.listmonk.database.by_email["u3@example.com"].uuid
    assert rig.failed() == {}


async def test_each_line_is_handed_on_once_also_after_a_start(start: Start) -> None:
    rig = await start()
    rig.send([3])
    listener = rig.listener()
    await listener.look()
    await listener.look()
    await rig.listener().look()
    assert len(rig.events) == 1
    rig.sandbox.listmonk.restart()
    rig.send([4])
    await rig.listener().look()
    assert rig.told == ["u3@example.com", "u4@example.com"]
    assert rig.metrics.get(LOG_GAPS) == 1, "what was written before the restart may be missing"


async def test_what_waits_for_its_weight_is_read_again_after_a_kill(start: Start) -> None:
    rig = await start()
    rig.send(range(1, 96))
    await rig.listener().look()
    assert (rig.events, rig.memory.place) == ([], "")
    again = rig.listener()
    await again.look()
    again.clock.monotonic = lambda: 1e12  # type: ignore[method-assign]
    await again.look()
    assert len(rig.events) == 95
    assert rig.memory.place


async def test_a_campaign_of_the_same_name_a_month_later_takes_no_refusal(start: Start) -> None:
    rig = await start()
    rig.send([3])
    listener = rig.listener()
    await listener.look()
    later = str(uuid.uuid4())
    rig.sandbox.settings.campaigns = {**rig.sandbox.settings.campaigns, later: Letter("News", status="running")}
    rig.sandbox.listmonk.database.add_campaign(later, "News", ())
    await rig.listener().look()  # after a kill
    assert {one.campaign_uuid for one in rig.events} == {CAMPAIGN}


async def test_a_line_of_the_stream_is_of_the_campaign_that_has_begun_since(start: Start) -> None:
    rig = await start()
    rig.send([])
    listener = rig.listener()
    await listener.look()
    later = str(uuid.uuid4())
    letter = Letter("News", status="running", started_at=listener.clock.now())
    rig.sandbox.settings.campaigns = {**rig.sandbox.settings.campaigns, later: letter}
    rig.sandbox.listmonk.database.add_campaign(later, "News", ())
    begun = listener.clock.monotonic()
    listener.clock.monotonic = lambda: begun + RECENT  # type: ignore[method-assign]
    rig.send([3])
    await listener._read(list(rig.sandbox.listmonk.log), young=True)
    assert {one.refusal.campaign_uuid for one in listener._weighing.waiting} == {later}


async def test_the_logs_zone_is_learnt_from_when_a_campaign_was_begun(start: Start) -> None:
    rig = await start()
    jan, feb = (datetime(2026, month, 20, 12, tzinfo=UTC) for month in (10, 11))
    letters = {str(uuid.uuid4()): Letter("Month", status="finished", started_at=at, sent=99) for at in (jan, feb)}
    rig.sandbox.settings.campaigns = {**rig.sandbox.settings.campaigns, **letters}
    for mark in letters:
        rig.sandbox.listmonk.database.add_campaign(mark, "Month", ())
    for number, day in ((3, "2026/10/20"), (4, "2026/11/20")):  # its clock shows UTC+5:45
        rig.sandbox.listmonk.log.append(f"{day} 17:45:01.000001 m.go:467: start processing campaign (Month)")
        rig.sandbox.listmonk.log.append(
            f"{day} 17:46:00.000001 {LINE.format(number)}".replace("campaign News", "campaign Month")
        )
    await rig.listener().look()
    found = {one.recipient: (one.campaign_uuid, one.occurred_at) for one in rig.events}
    first, second = letters
    assert found["u3@example.com"] == (first, jan + timedelta(minutes=1, microseconds=1))
    assert found["u4@example.com"] == (second, feb + timedelta(minutes=1, microseconds=1))


async def test_a_log_whose_clock_was_set_back_is_read(start: Start) -> None:
    rig = await start()
    rig.memory.place = None
    listener = rig.listener()
    rig.sandbox.listmonk.log.append(f"2099/01/01 00:00:00.000001 {LINE.format(3)}")
    await listener.look()  # the first contact: what is there is left alone
    rig.sandbox.listmonk.log.append(f"2098/12/31 22:00:00.000001 {LINE.format(4)}")
    await listener.look()
    rig.sandbox.listmonk.log.append(f"2098/12/31 22:00:01.000001 {LINE.format(5)}")
    await rig.listener().look()
    assert rig.told == ["u4@example.com", "u5@example.com"]


async def test_campaigns_are_asked_for_only_where_the_log_has_news(start: Start) -> None:
    rig = await start()
    asked = 0

    async def campaigns() -> Sequence[Campaign]:
        nonlocal asked
        asked += 1
        return await ListmonkLog.campaigns(rig.sending)

    rig.sending.campaigns = campaigns  # type: ignore[method-assign]
    listener = rig.listener()

    async def look(*times: float) -> None:
        for now in times:
            listener.clock.monotonic = lambda now=now: now  # type: ignore[method-assign, misc]
            await listener.look()

    await look(0, 60, 120, 299)
    assert asked == 1
    rig.send([], running=True)
    await look(300, 310, 329)
    assert asked == 2
    await look(330, 340)  # it counts what was sent
    assert asked == 3
    rig.send([3])
    await look(341)
    assert (asked, rig.told) == (4, ["u3@example.com"])


async def test_the_first_contact_begins_now_or_with_all(start: Start) -> None:
    rig = await start()
    rig.send([3])
    rig.memory.place = None
    listener = rig.listener()
    await listener.look()
    assert rig.events == []
    assert rig.memory.place
    rig.send([4])
    await listener.look()
    await rig.listener().look()  # a later start goes on from there
    assert set(rig.told) == {"u4@example.com"}
    rig.memory.place = None
    await rig.listener(start="all").look()
    assert set(rig.told) == {"u3@example.com", "u4@example.com"}


async def test_what_is_no_persons_doing_is_counted(start: Start) -> None:
    rig = await start()
    rig.send(dict.fromkeys(range(1, 31), "535 5.7.8 Error: authentication failed") | {40: "EOF"})
    rig.sandbox.listmonk.write("manager.go:578", "error sending message 'Welcome': 550 5.1.1 User unknown")
    rig.sandbox.listmonk.write(
        "manager.go:548", "error sending message in campaign Deleted: subscriber 3: 550 5.1.1 User unknown"
    )
    rig.sandbox.listmonk.write(
        "manager.go:548", "error sending message in campaign News: subscriber 9999: 550 5.1.1 User unknown"
    )
    await rig.listener().look()
    assert rig.events == []
    assert rig.failed() == {
        "authentication": 30,
        "connection": 1,
        "transactional": 1,
        "not_understood": 1,
        "subscriber_gone": 1,
    }


async def test_a_server_that_refuses_everybody_is_held(start: Start) -> None:
    rig = await start()
    rig.send(range(1, 96))
    listener = rig.listener()
    await listener.look()
    assert rig.events == []  # Listmonk may not have counted yet what it has sent
    listener.clock.monotonic = lambda: 1e12  # type: ignore[method-assign]
    await listener.look()
    assert len(rig.events) == 95
    assert {one.hold for one in rig.events} == {"operator"}
    assert rig.failed() == {"everybody": 95}


async def test_a_third_that_is_refused_goes_on(start: Start) -> None:
    rig = await start()
    rig.send(range(1, 101, 3))
    await rig.listener().look()
    assert len(rig.events) == 34
    assert {one.hold for one in rig.events} == {""}


async def test_without_campaigns_a_single_mark_tells(start: Start) -> None:
    rig = await start(BRIDGE_PERMISSIONS - {"lists:get_all", "lists:manage_all"})  # campaigns:get shows some
    rig.send({3: GONE, 4: "550 5.1.1 no: subscriber 5: 550 5.1.1 User unknown"})
    listener = rig.listener()
    await listener.look()
    assert rig.told == []  # what was sent beside it is not known: it waits for its minute
    listener.clock.monotonic = lambda: 1e12  # type: ignore[method-assign]
    await listener.look()
    assert rig.told == ["u3@example.com"]
    assert rig.events[0].campaign_uuid == ""
    assert rig.failed() == {"not_understood": 1}


async def test_what_cannot_be_stored_is_tried_again(start: Start) -> None:
    rig = await start()
    rig.send({3: GONE, 4: "535 5.7.8 authentication failed"})
    listener = rig.listener()
    rig.recorder.error = StoreBusy("full")
    for _ in range(3):
        with pytest.raises(StoreBusy):
            await listener.look()
    assert rig.memory.place == ""
    rig.recorder.error = None
    await listener.look()
    assert rig.told == ["u3@example.com"]
    assert rig.failed() == {"authentication": 1}
    assert rig.memory.place


async def test_what_is_held_is_counted_once_it_is_stored(start: Start) -> None:
    rig = await start()
    rig.send(range(1, 96))
    listener = rig.listener()
    await listener.look()
    listener.clock.monotonic = lambda: 1e12  # type: ignore[method-assign]
    rig.recorder.error = StoreBusy("full")
    with pytest.raises(StoreBusy):
        await listener.look()
    assert rig.failed() == {}
    rig.recorder.error = None
    await listener.look()
    assert rig.failed() == {"everybody": 95}


async def test_while_nothing_can_be_stored_the_log_keeps_what_is_more(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weighing, "MOST", 30)
    rig = await start()
    rig.send(range(1, 101, 3))
    listener = rig.listener()
    rig.recorder.error = StoreBusy("full")
    for _ in range(2):
        with pytest.raises(StoreBusy):
            await listener.look()
    rig.send([5])
    with pytest.raises(StoreBusy):
        await listener.look()
    assert len(listener._weighing.waiting) == 34
    rig.recorder.error = None
    await listener.look()
    await listener.look()
    assert len(rig.told) == 35


async def test_a_restart_while_a_campaign_is_sent_is_told(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    rig = await start()
    rig.send([3], running=True)
    listener = rig.listener()
    await listener.look()
    rig.sandbox.listmonk.restart()
    await listener.look()
    assert rig.metrics.get(LOG_GAPS) == 1
    assert "while it sent News: some refusals may be missing" in caplog.text
    rig.sandbox.listmonk.write(
        "manager.go:548", "error sending message in campaign Deleted: subscriber 3: 550 5.1.1 User unknown"
    )
    await listener.look()
    assert listener._noted() == (
        "lines not understood: 1; some lines may be missing: Listmonk was restarted while it sent News, seen at "
        "2026-11-22 12:00 UTC"
    )


async def test_the_stream_is_quick(start: Start) -> None:
    rig = await start()
    rig.send([], running=True)
    async with rig.running(poll=600.0):
        await rig.until(lambda: bool(rig.sandbox.listmonk.listeners))
        rig.send([5], running=True)
        await rig.until(lambda: rig.told == ["u5@example.com"])
    assert not rig.failed()


async def test_the_stream_is_open_only_while_a_campaign_is_sent(start: Start) -> None:
    rig = await start()
    rig.send([], running=True)
    async with rig.running(poll=0.05):
        await rig.until(lambda: bool(rig.sandbox.listmonk.listeners))
        rig.send([])
        await rig.until(lambda: not rig.sandbox.listmonk.listeners)


async def test_a_token_that_may_not_is_told(start: Start) -> None:
    rig = await start(BRIDGE_PERMISSIONS - {"settings:get"})
    async with rig.running():
        await rig.until(lambda: "listmonk_log" in rig.health.parts)
    part = rig.health.parts["listmonk_log"]
    assert part.state is Status.YELLOW
    assert "grant settings:get" in part.why


async def test_what_hides_the_stream_costs_nothing(start: Start) -> None:
    rig = await start()
    rig.send([], running=True)

    async def closed() -> AsyncIterator[str]:
        raise SinkError("GET /api/events: a proxy")
        yield ""

    rig.sending.log_stream = closed  # type: ignore[method-assign, assignment]
    async with rig.running(poll=0.05):
        await rig.until(lambda: bool(rig.health.parts))
        rig.send([7])
        await rig.until(lambda: rig.told == ["u7@example.com"])


async def test_a_refused_look_is_no_outage(start: Start) -> None:
    rig = await start(frozenset())
    with pytest.raises(SinkRefused):
        await rig.listener().look()
