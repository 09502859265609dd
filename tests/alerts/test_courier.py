# SPDX-License-Identifier: GPL-3.0-or-later
"""Retry, backoff and pace of the channels, on a loop whose clock jumps: days pass in milliseconds."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from bouncestream.alert import Delivery, Notice, What
from bouncestream.alerts.channels import SendFailed
from bouncestream.alerts.courier import CAP, LIMIT, Courier
from bouncestream.health import Health
from bouncestream.metrics import ALERT_NOTICES, ALERT_WAITING, Metrics
from bouncestream.supervisor import Supervisor
from tests.simulation.virtual import VirtualLoop

START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DAY = 86400.0


class Clock:
    """The wall clock of a virtual loop."""

    def now(self) -> datetime:
        return START + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()


class Scripted:
    """A channel that does what its test says."""

    def __init__(self, name: str, does: Callable[[Notice], Awaitable[None]] | None = None) -> None:
        self.name = name
        self.does = does
        self.tried: list[tuple[float, int]] = []  # when, and which notice
        self.sent: list[int] = []

    async def send(self, notice: Notice) -> None:
        self.tried.append((asyncio.get_running_loop().time(), notice.id))
        if self.does is not None:
            await self.does(notice)
        self.sent.append(notice.id)


async def refuse(_: Notice) -> None:
    raise SendFailed("it answers 500")


async def hang(_: Notice) -> None:
    await asyncio.sleep(1e9)


class Book:
    """What is kept, the newest by notice and channel."""

    def __init__(self) -> None:
        self.rows: dict[tuple[int, str], Delivery] = {}

    async def keep(self, deliveries: Iterable[Delivery]) -> None:
        self.note(deliveries)

    def note(self, deliveries: Iterable[Delivery]) -> None:
        self.rows |= {(d.notice.id, d.channel): d for d in deliveries}


def notice(number: int, rule: str = "dead-letters", what: What = What.FIRED) -> Notice:
    return Notice(number, Clock().now(), what, "error", "title", "text", rule=rule)


def play(story: Callable[[Courier, Book], Awaitable[None]]) -> Metrics:
    """Run a story on a virtual loop. The dice fall so that no wait is shortened."""
    loop, metrics, book = VirtualLoop(), Metrics(), Book()

    async def run() -> None:
        async with Supervisor(Health()) as supervisor:
            courier = Courier(book.keep, Clock(), metrics, supervisor, chance=lambda: 0.0)
            await story(courier, book)
            await courier.stop()

    try:
        loop.run_until_complete(run())
    finally:
        loop.close()
    return metrics


def test_it_is_tried_again_with_growing_pauses_until_it_is_sent() -> None:
    channel = Scripted("email", refuse)

    async def story(courier: Courier, book: Book) -> None:
        courier.serve([channel])
        book.note(courier.add(notice(1)))
        await asyncio.sleep(2 * DAY)
        assert courier.trouble == "email: it answers 500"
        row = book.rows[1, "email"]
        assert (row.sent, row.ended_at, row.error) == (False, None, "it answers 500")
        assert row.tries == len(channel.tried)
        channel.does = None
        await asyncio.sleep(CAP + 1)
        assert channel.sent == [1]
        assert book.rows[1, "email"].sent
        assert book.rows[1, "email"].error == ""
        assert courier.trouble == ""

    metrics = play(story)
    times = [at for at, _ in channel.tried]
    pauses = [round(after - before) for before, after in pairwise(times)]
    assert pauses[:8] == [15, 30, 60, 120, 240, 480, 960, 1800]
    assert set(pauses[8:]) == {1800}
    assert metrics.get(ALERT_NOTICES, "email", "sent") == 1
    assert metrics.get(ALERT_NOTICES, "email", "failed") == len(times) - 1
    assert metrics.get(ALERT_WAITING, "email") == 0


def test_a_channel_that_hangs_delays_no_other() -> None:
    stuck, well = Scripted("webhook", hang), Scripted("email")

    async def story(courier: Courier, book: Book) -> None:
        courier.serve([stuck, well])
        for number in range(1, 4):
            courier.add(notice(number, rule=f"rule-{number}"))
        await asyncio.sleep(0.001)
        assert well.sent == [1, 2, 3]
        assert len(stuck.tried) == 1

    play(story)


def test_of_one_alert_only_the_newest_waits() -> None:
    channel = Scripted("email", refuse)

    async def story(courier: Courier, book: Book) -> None:
        courier.serve([channel])
        for number in range(1, 30):
            book.note(courier.add(notice(number, rule=f"rule-{number % 3}")))
            await asyncio.sleep(3600)
        channel.does = None
        await asyncio.sleep(CAP + 1)
        assert sorted(channel.sent) == [27, 28, 29]
        assert book.rows[1, "email"].error == "replaced by a newer notice"
        assert all(row.ended_at for row in book.rows.values())

    play(story)


def test_what_waits_is_bounded() -> None:
    async def story(courier: Courier, book: Book) -> None:
        courier.serve([Scripted("email", refuse)])
        for number in range(LIMIT + 50):
            book.note(courier.add(notice(number, rule=f"rule-{number}")))
        assert sum(row.ended_at is None for row in book.rows.values()) == LIMIT

    assert play(story).get(ALERT_WAITING, "email") == LIMIT


def test_a_notice_that_the_channel_dislikes_does_not_block_the_others() -> None:
    async def dislike(told: Notice) -> None:
        if told.id == 1:
            raise SendFailed("it answers 400")

    channel = Scripted("webhook", dislike)

    async def story(courier: Courier, book: Book) -> None:
        courier.serve([channel])
        for number in range(1, 4):
            courier.add(notice(number, rule=f"rule-{number}"))
        await asyncio.sleep(60)
        assert channel.sent == [2, 3]

    play(story)


def test_after_a_week_it_is_given_up() -> None:
    channel = Scripted("email", refuse)

    async def story(courier: Courier, book: Book) -> None:
        courier.serve([channel])
        book.note(courier.add(notice(1)))
        await asyncio.sleep(8 * DAY)
        assert book.rows[1, "email"].ended_at is not None
        assert not book.rows[1, "email"].sent
        assert courier.unsent(Clock().now()) == {"email": "it answers 500"}

    play(story)
    assert channel.tried[-1][0] < 7 * DAY + CAP + 1


def test_a_failing_channel_is_an_alert_after_an_hour() -> None:
    async def story(courier: Courier, book: Book) -> None:
        courier.serve([Scripted("email", refuse), Scripted("webhook")])
        courier.add(notice(1))
        await asyncio.sleep(3500)
        assert courier.unsent(Clock().now()) == {}
        await asyncio.sleep(200)
        assert courier.unsent(Clock().now()) == {"email": "it answers 500"}

    play(story)


def test_what_an_earlier_run_left_is_sent_and_the_rest_ended() -> None:
    channel = Scripted("email")

    async def story(courier: Courier, book: Book) -> None:
        courier.serve([channel])
        left = [Delivery(notice(1), "email", 3, START), Delivery(notice(2, "disk-low"), "webhook", 0, START)]
        book.note(courier.resume(left))
        await asyncio.sleep(1)
        assert channel.sent == [1]
        assert (book.rows[1, "email"].sent, book.rows[1, "email"].tries) == (True, 4)
        assert book.rows[2, "webhook"].ended_at is not None

    play(story)


def test_a_reload_exchanges_channels() -> None:
    old, new = Scripted("email", refuse), Scripted("email")

    async def story(courier: Courier, book: Book) -> None:
        courier.serve([old, Scripted("webhook", refuse)])
        book.note(courier.add(notice(1)))
        await asyncio.sleep(1)
        book.note(courier.serve([new]))
        await asyncio.sleep(0.001)
        assert new.sent == [1], "what waited goes over the channel as it is now"
        assert book.rows[1, "webhook"].error == "the channel is no longer configured"
        assert courier.trouble == ""

    play(story)


def test_a_bug_in_a_channel_is_tried_again() -> None:
    async def broken(_: Notice) -> None:
        raise KeyError("x")

    channel = Scripted("email", broken)

    async def story(courier: Courier, book: Book) -> None:
        courier.serve([channel])
        courier.add(notice(1))
        await asyncio.sleep(16)
        assert len(channel.tried) == 2
        assert "a bug: KeyError" in courier.trouble

    play(story)


def test_a_notice_that_is_replaced_while_it_is_sent_is_not_sent_twice() -> None:
    async def slow(_: Notice) -> None:
        await asyncio.sleep(5)

    channel = Scripted("email", slow)

    async def story(courier: Courier, book: Book) -> None:
        courier.serve([channel])
        book.note(courier.add(notice(1)))
        await asyncio.sleep(1)
        book.note(courier.add(notice(2, what=What.RESOLVED)))
        await asyncio.sleep(20)
        assert channel.sent == [1, 2]
        assert all(row.sent for row in book.rows.values())

    play(story)


def test_a_channel_that_does_not_reach_everybody_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    class Partly(Scripted):
        async def send(self, notice: Notice) -> str:  # type: ignore[override]
            await super().send(notice)
            return "the server rejects 1 of 2 recipients"

    channel = Partly("email")

    async def story(courier: Courier, book: Book) -> None:
        courier.serve([channel])
        for number in (1, 2):
            book.note(courier.add(notice(number)))
            await asyncio.sleep(1)
        assert (channel.sent, courier.trouble) == ([1, 2], "")

    play(story)
    assert caplog.text.count("over email did not reach everybody: the server rejects 1 of 2 recipients") == 1
