# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from datetime import datetime

import pytest

from bouncestream.errors import StoreBusy
from bouncestream.judging.refusal import Refusal
from bouncestream.metrics import SENDING_FAILED, Metrics
from bouncestream.policy import Rules
from bouncestream.sources.listmonk_log.weighing import Waiting, Weighing
from tests.sources.conftest import Clock, Recorder

AT = datetime(2026, 11, 29, 16, 1)  # noqa: DTZ001 - by the log's clock


def refusal(number: int, words: str = "550 5.1.1 User unknown") -> Refusal:
    return Refusal(number, words, "News", address=f"u{number}@example.com", day="2026-11-29")


def weighing(recorder: Recorder, sent: float | None) -> Weighing:
    def through(_: Waiting, now: float) -> float | None:
        return sent

    return Weighing(recorder, Rules(), Clock(), Metrics(), through)


async def test_beside_many_that_got_through_each_is_stored() -> None:
    recorder = Recorder()
    made = weighing(recorder, 1000)
    for number in range(50):
        made.add(refusal(number), AT)
    await made.settle()
    assert len(recorder.submissions) == 50
    assert made.waiting == []


async def test_one_that_cannot_be_stored_waits_and_the_others_do_not() -> None:
    class Some(Recorder):
        async def __call__(self, submission):
            if submission.events[0].recipient == "u3@example.com" and self.error:
                raise self.error
            self.submissions.append(submission)

    recorder = Some(error=StoreBusy("full"))
    made = weighing(recorder, 1000)
    for number in range(5):
        made.add(refusal(number), AT)
    with pytest.raises(StoreBusy):
        await made.settle()
    assert [one.refusal.subscriber for one in made.waiting] == [3]
    recorder.error = None
    await made.settle()
    assert len(recorder.submissions) == 5


async def test_a_soft_one_and_a_cause_wait_for_nothing() -> None:
    recorder = Recorder()
    made = weighing(recorder, 0)
    made.add(refusal(1, "552 5.2.2 mailbox full"), AT)
    made.add(refusal(2, "EOF"), AT)
    made.add(refusal(3), AT)
    await made.settle()
    assert [one.events[0].recipient for one in recorder.submissions] == ["u1@example.com"]
    assert made.metrics.get(SENDING_FAILED, "connection") == 1
    assert [one.refusal.subscriber for one in made.waiting] == [3]


@pytest.mark.parametrize(("sent", "cause"), [(1, "everybody"), (None, "many")])
async def test_how_many_got_through_is_said_to_be_known_or_not(sent: float | None, cause: str) -> None:
    recorder = Recorder()
    made = weighing(recorder, sent)
    for number in range(20):
        made.add(refusal(number), AT)
    made.clock.monotonic = lambda: 1e12  # type: ignore[method-assign]
    await made.settle()
    assert {one.events[0].hold for one in recorder.submissions} == {"operator"}
    assert made.metrics.get(SENDING_FAILED, cause) == 20
    assert made.metrics.get(SENDING_FAILED, "many" if cause == "everybody" else "everybody") == 0
