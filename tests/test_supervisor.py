# SPDX-License-Identifier: GPL-3.0-or-later
"""No task ends unseen: on a loop whose clock jumps, so that hours of rests pass at once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from itertools import pairwise

import pytest

from bouncestream.errors import StoreUnavailable, TaskLost
from bouncestream.health import Health, Status
from bouncestream.logs import Formatter
from bouncestream.supervisor import LONGEST_REST, WELL, Bugs, Supervisor, words
from tests.simulation.virtual import VirtualLoop

PART = "task:beat"


def play(story: Callable[[Supervisor, Health], Awaitable[None]], lost: Callable[[], None] = lambda: None) -> Health:
    """Run a story; the dice fall so that no rest is shortened."""
    health, loop = Health(), VirtualLoop()

    async def run() -> None:
        async with Supervisor(health, chance=lambda: 0.0, on_lost=lost) as supervisor:
            await story(supervisor, health)

    try:
        loop.run_until_complete(run())
    finally:
        loop.close()
    return health


class Failing:
    """Work that fails so many times, then goes on."""

    def __init__(self, times: int, error: Callable[[], BaseException] = lambda: KeyError("x")) -> None:
        self.left, self.error = times, error
        self.begun: list[float] = []

    async def __call__(self) -> None:
        self.begun.append(asyncio.get_running_loop().time())
        if self.left:
            self.left -= 1
            raise self.error()
        await asyncio.Event().wait()


async def cancelled_inside() -> None:
    """What a task looks like whose own child was cancelled by somebody else."""
    child = asyncio.ensure_future(asyncio.sleep(1))
    child.cancel()
    await child


async def returns() -> None:
    """A task that should go on, and does not."""


@pytest.mark.parametrize(
    "error",
    [lambda: KeyError("x"), lambda: MemoryError(), lambda: ExceptionGroup("two", [ValueError(), OSError()])],
)
def test_a_task_that_fails_is_begun_again_after_rests_that_grow(error: Callable[[], BaseException]) -> None:
    work = Failing(12, error)

    async def story(supervisor: Supervisor, health: Health) -> None:
        supervisor.keep("beat", work)
        await asyncio.sleep(0.5)
        assert health.parts[PART].state is Status.RED
        assert "restarted" in health.parts[PART].why
        await asyncio.sleep(4 * 3600)
        assert health.parts[PART].state is Status.GREEN

    play(story)
    rests = [round(b - a) for a, b in pairwise(work.begun)]
    assert rests == [1, 2, 4, 8, 16, 32, 64, 128, 256, *[LONGEST_REST] * 3]


@pytest.mark.parametrize("work", [returns, cancelled_inside])
def test_whatever_ends_by_itself_is_seen(work: Callable[[], Awaitable[None]]) -> None:
    async def story(supervisor: Supervisor, health: Health) -> None:
        supervisor.keep("beat", work, status=Status.YELLOW)
        await asyncio.sleep(0.5)
        assert health.parts[PART].state is Status.YELLOW

    play(story)


def test_what_fails_now_and_then_stays_on_the_board_and_its_rests_do_not_begin_anew() -> None:
    begun: list[float] = []

    async def flapping() -> None:
        begun.append(asyncio.get_running_loop().time())
        await asyncio.sleep(WELL / 2)
        raise ValueError

    async def story(supervisor: Supervisor, health: Health) -> None:
        supervisor.keep("beat", flapping)
        await asyncio.sleep(1800)
        assert health.parts[PART].state is Status.RED

    play(story)
    assert len(begun) < 20


def test_what_went_well_for_long_rests_shortly_again() -> None:
    begun: list[float] = []

    async def seldom() -> None:
        begun.append(asyncio.get_running_loop().time())
        await asyncio.sleep(3600)
        raise ValueError

    async def story(supervisor: Supervisor, health: Health) -> None:
        supervisor.keep("beat", seldom)
        await asyncio.sleep(7 * 3600)

    play(story)
    assert {round(b - a) for a, b in pairwise(begun)} == {3601}


def test_a_finite_task_may_return() -> None:
    async def story(supervisor: Supervisor, health: Health) -> None:
        task = supervisor.keep("beat", returns, finite=True)
        await asyncio.sleep(10)
        assert task.done()
        assert health.parts == {}

    play(story)


@pytest.mark.parametrize("work", [Failing(1), returns, cancelled_inside])
def test_a_vital_task_ends_all(work: Callable[[], Awaitable[None]]) -> None:
    ends: list[bool] = []

    async def story(supervisor: Supervisor, health: Health) -> None:
        supervisor.keep("outbox", work, vital=True)
        await asyncio.sleep(0)
        await asyncio.sleep(10)
        assert ends == [True]
        assert "bouncestream exits" in health.parts["task:outbox"].why
        with pytest.raises(TaskLost, match=r"The task outbox has ended: .*\. bouncestream cannot run without it"):
            supervisor.raise_lost()

    assert play(story, lambda: ends.append(True)).parts["task:outbox"].state is Status.RED


def test_stopping_ends_every_task_and_is_no_trouble(caplog: pytest.LogCaptureFixture) -> None:
    ended = []

    async def tidy() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(2)
            ended.append(True)

    async def story(supervisor: Supervisor, health: Health) -> None:
        one = supervisor.keep("beat", tidy)
        supervisor.keep("outbox", tidy, vital=True)
        await asyncio.sleep(1)
        one.cancel()
        await asyncio.sleep(3)
        assert one.cancelled()
        supervisor.raise_lost()

    health = play(story)
    assert ended == [True, True]
    assert health.parts == {}
    assert not caplog.records


def test_a_task_that_is_cancelled_while_it_rests_leaves_the_board() -> None:
    async def story(supervisor: Supervisor, health: Health) -> None:
        task = supervisor.keep("beat", Failing(9))
        await asyncio.sleep(0.5)
        task.cancel()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert health.parts == {}

    play(story)


def test_each_kind_of_bug_has_its_traceback_once(caplog: pytest.LogCaptureFixture) -> None:
    errors: list[BaseException] = [KeyError("a"), KeyError("b"), ValueError("c"), KeyError("d")]
    work = Failing(4, lambda: errors[4 - work.left - 1])

    async def story(supervisor: Supervisor, health: Health) -> None:
        supervisor.keep("beat", work)
        await asyncio.sleep(60)

    play(story)
    lines = [Formatter().format(record) for record in caplog.records if record.name == "bouncestream.tasks"]
    assert ["Traceback" in line for line in lines] == [True, False, True, False]
    assert all("task beat: a bug (" in line for line in lines)
    assert "test_supervisor.py, line" in lines[0]


def test_words_of_an_error() -> None:
    assert words(StoreUnavailable("The disk is full.")) == "The disk is full."
    assert words(ValueError("secret")) == "a bug (ValueError)"
    assert words(ExceptionGroup("g", [ExceptionGroup("h", [KeyError("k")])])) == "a bug (KeyError)"


def test_bugs_of_a_place_that_cares_for_itself() -> None:
    bugs = Bugs("the relay", chance=lambda: 0.5)
    assert bugs.well(0)
    assert bugs.note(ValueError(), 0) == 0.75
    assert not bugs.well(0.75 + WELL - 0.1)
    assert bugs.note(ValueError(), 10) == 1.5
    assert bugs.well(11.5 + WELL)
    assert bugs.why == ""
    assert bugs.note(ValueError(), 100) == 0.75


def test_the_log_shows_a_traceback_only_where_it_is_asked_for() -> None:
    try:
        raise ValueError("x")
    except ValueError as error:
        record = logging.LogRecord("bouncestream.x", logging.ERROR, "f", 1, "m", (), (ValueError, error, None))
    assert "Traceback" not in Formatter().format(record)
    assert "Traceback" in Formatter(tracebacks=True).format(record)
