# SPDX-License-Identifier: GPL-3.0-or-later
"""The listener against the sandbox: a campaign is sent, some recipients are refused."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
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
from bouncestream.sandbox.sending import send
from bouncestream.sinks.listmonk.directory import Directory
from bouncestream.sinks.listmonk.sending import ListmonkLog
from bouncestream.sources.listmonk_log.listener import LogListener
from tests.sources.conftest import Clock, Recorder

CAMPAIGN = str(uuid.uuid4())
PEOPLE = [Subscriber(f"u{number}@example.com") for number in range(1, 101)]
GONE = "550 5.1.1 User unknown"


@dataclass
class Memory:
    stamp: str | None = None

    async def log_start(self) -> str | None:
        return self.stamp

    async def set_log_start(self, stamp: str) -> None:
        self.stamp = stamp


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


async def test_each_line_is_handed_on_once_and_again_after_a_start(start: Start) -> None:
    rig = await start()
    rig.send([3])
    listener = rig.listener()
    await listener.look()
    await listener.look()
    assert len(rig.events) == 1
    await rig.listener().look()  # the outbox knows that it is the same event
    assert len(rig.events) == 2


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
    rig.memory.stamp = None
    listener = rig.listener()
    await listener.look()
    assert rig.events == []
    assert rig.memory.stamp
    rig.send([4])
    await listener.look()
    await rig.listener().look()  # a later start goes on from there
    assert set(rig.told) == {"u4@example.com"}
    rig.memory.stamp = None
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
    rig.send([3])
    listener = rig.listener()
    rig.recorder.error = StoreBusy("full")
    with pytest.raises(StoreBusy):
        await listener.look()
    rig.recorder.error = None
    await listener.look()
    assert set(rig.told) == {"u3@example.com"}


async def test_a_restart_while_a_campaign_is_sent_is_told(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    rig = await start()
    rig.send([3], running=True)
    listener = rig.listener()
    await listener.look()
    rig.sandbox.listmonk.restart()
    await listener.look()
    assert rig.metrics.get(LOG_GAPS) == 1
    assert "while it sent News: some refusals may be missing" in caplog.text


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
