# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from contextlib import suppress
from dataclasses import replace

import pytest

from bouncestream import providers
from bouncestream.errors import StoreBusy, StoreUnavailable
from bouncestream.metrics import REQUESTS
from bouncestream.ports import Receipt, Submission
from bouncestream.sources.webhook import storing
from tests.providers.cases.mailersend import CASES as MAILERSEND
from tests.providers.cases.mailpace import CASES as MAILPACE
from tests.providers.keys import ed25519_key
from tests.sources.conftest import KEY, Start, message

SUBMISSION = Submission("news", "mailersend")
DONE = Receipt(1, 0, 0)


async def at_once(_: Submission) -> Receipt:
    return DONE


async def never(_: Submission) -> Receipt:
    await asyncio.Event().wait()
    raise AssertionError


@pytest.mark.parametrize("name", ["mailersend", "mailgun", "mailpace"])
async def test_what_is_stored_in_time(name: str) -> None:
    assert await storing.stored(at_once, SUBMISSION, providers.get(name), 0.0, 0.0) == DONE


@pytest.mark.parametrize("name", ["mailersend", "unisender_go"])
async def test_a_provider_that_waits_three_seconds_is_told_before_they_are_over(name: str) -> None:
    provider = providers.get(name)
    assert provider.deadline == 3
    with pytest.raises(StoreBusy, match=r"after 2.25 s it was not stored"):
        await storing.stored(never, SUBMISSION, provider, 2.2, 0.0)
    with pytest.raises(StoreBusy):
        await storing.stored(never, SUBMISSION, provider, 100.0, 0.0)


async def test_who_says_no_deadline_waits_for_the_disk() -> None:
    assert providers.get("mailgun").deadline == 0
    asked = asyncio.ensure_future(storing.stored(never, SUBMISSION, providers.get("mailgun"), 100.0, 0.0))
    await asyncio.sleep(0)
    assert not asked.done()
    asked.cancel()


async def test_where_no_error_may_be_told_it_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storing, "FIRST", 0.0)
    troubles = [StoreBusy("full"), StoreUnavailable("no disk")]

    async def emit(_: Submission) -> Receipt:
        if troubles:
            raise troubles.pop()
        return DONE

    assert await storing.stored(emit, SUBMISSION, providers.get("mailpace"), 0.0, 0.0) == DONE
    assert troubles == []
    troubles.append(StoreBusy("full"))
    with pytest.raises(StoreBusy, match="full"):
        await storing.stored(emit, SUBMISSION, providers.get("mailersend"), 0.0, 0.0)


# -- through the server -------------------------------------------------------------------------------------------


def mailpace() -> bytes:
    """A request that MailPace would send."""
    body = json.dumps(MAILPACE["mailpace"].document).encode()
    signed = b64encode(ed25519_key(KEY).sign(body)).decode()
    return message("/webhooks/mp", body, X_MailPace_Signature=signed)


def hook() -> dict[str, object]:
    return {"mp": replace(MAILPACE["mailpace"].with_key(KEY), name="mp")}


async def test_a_store_that_recovers_is_answered_200_by_then(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storing, "FIRST", 0.0)
    running = await start(hook())
    running.emitted.error = StoreBusy("full")
    async with running.connection() as (reader, writer):
        writer.write(mailpace())
        await running.emitted.entered.wait()
        running.emitted.error = None
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    assert len(running.emitted.submissions) == 1


async def test_no_error_is_told_to_who_would_stop_at_it(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storing, "SILENT", 0.2)
    running = await start(hook())
    running.emitted.error = StoreUnavailable("no disk")
    async with running.connection() as (reader, writer):
        writer.write(mailpace())
        with suppress(ConnectionError):
            assert await reader.read() == b"", "the connection ends without an answer"
    assert running.metrics.get(REQUESTS, "mp", "503") == 1


async def test_the_answer_in_time_says_when_to_come_again(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storing, "OURS", 0.02)
    case = MAILERSEND["mailersend"]
    asked = case.request()
    running = await start({"ms": replace(case.settings, name="ms")})
    running.emitted.gate = asyncio.Event()
    got = await running.post("/webhooks/ms", asked.body, **dict(asked.headers))
    assert (got.status, got.headers["retry-after"]) == (503, "5")
