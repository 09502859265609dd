# SPDX-License-Identifier: GPL-3.0-or-later
"""Old mails on their way to an Emit: which are fed, in what portions, and what is counted."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bouncestream.errors import StoreBusy
from bouncestream.judging.mail import Judging
from bouncestream.mail import decode
from bouncestream.mail.verdict import Verdict
from bouncestream.sources.mailfiles.backfill import BATCH_EVENTS, BREATH, Backfilled, backfill
from bouncestream.sources.mailfiles.reader import FileMail
from tests.sources.conftest import Recorder
from tests.sources.mails import bounce, fixture

AT = datetime(2026, 11, 3, tzinfo=UTC)
JUDGING = Judging("old")


def mail(raw: bytes | None, at: datetime | None = AT) -> FileMail:
    return FileMail("a.eml", raw, at, 10, "" if raw is not None else "Permission denied")


async def run(mails: Iterable[FileMail], emit: Recorder, since: datetime | None = None) -> Backfilled:
    return await backfill(mails, emit, JUDGING, since, asyncio.Event())


async def test_each_mail_is_counted_for_what_it_is() -> None:
    emit = Recorder()
    mails = [
        mail(bounce(1)),
        mail(bounce(2), AT - timedelta(seconds=1)),
        mail(bounce(3), None),  # nothing tells how old it is
        mail(fixture("ordinary_mail")),
        mail(None),
    ]
    done = await run(mails, emit, since=AT)
    assert [submission.events[0].recipient for submission in emit.submissions] == [
        "reader1@example.com",
        "reader3@example.com",
    ]
    assert (done.mails, done.bytes, done.ignored, done.too_old, done.unreadable) == (5, 50, 1, 1, 1)
    assert done.named == [("a.eml", "Permission denied")]
    assert not done.interrupted


async def test_a_mail_on_which_the_reader_fails_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    read = decode.read

    def failing(raw: bytes, **kwargs: Any) -> Verdict:
        if b"reader2@" in raw:
            raise ValueError("a bug")
        return read(raw, **kwargs)

    monkeypatch.setattr(decode, "read", failing)
    emit = Recorder()
    done = await run([mail(bounce(1)), mail(bounce(2)), mail(bounce(3))], emit)
    assert [(len(one.events), len(one.unreadable)) for one in emit.submissions] == [(1, 0), (0, 1), (1, 0)]
    assert emit.submissions[1].raw == bounce(2)
    assert done.named == [("a.eml", "a bug in the mail parser: ValueError; it is kept in quarantine")]
    assert done.unreadable == 0


async def test_a_batch_is_handed_over_at_once_and_is_no_longer_than_it_may_be() -> None:
    waiting: list[int] = []
    most = 0

    class Counting(Recorder):
        async def __call__(self, submission: object) -> object:  # type: ignore[override]
            nonlocal most
            waiting.append(1)
            most = max(most, len(waiting))
            await asyncio.sleep(0)
            waiting.pop()
            return None

    await run((mail(bounce(number)) for number in range(BATCH_EVENTS + 10)), Counting())
    assert most == BATCH_EVENTS


async def test_it_ends_when_it_is_told_to_with_what_was_read_stored() -> None:
    emit, stopped = Recorder(), asyncio.Event()

    def told(done: Backfilled) -> None:
        if done.mails >= 2 * BREATH:
            stopped.set()

    mails = (mail(bounce(number)) for number in range(10 * BREATH))
    done = await backfill(mails, emit, JUDGING, None, stopped, told)
    assert done.interrupted
    assert done.mails == len(emit.submissions) == 2 * BREATH


async def test_where_nothing_can_be_stored_it_ends_and_says_how_far_it_came() -> None:
    emit, done = Recorder(error=StoreBusy("locked")), Backfilled()
    mails = (mail(bounce(number)) for number in range(3 * BATCH_EVENTS))
    with pytest.raises(StoreBusy):
        await backfill(mails, emit, JUDGING, None, asyncio.Event(), done=done)
    assert done.mails == BATCH_EVENTS
